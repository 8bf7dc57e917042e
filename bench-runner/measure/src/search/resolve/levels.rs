//! Values of a space file → levels: without those that this machine cannot use, and with values that are the
//! same here merged.

use bench_runner_core::record::Refusal;

use super::machine::{KeyValue, Machine};
use super::{Allowance, COUNTS_THREADS, DeclaredAxis, DroppedLevel, World, axes, share_of_threads};

/// An axis while its levels are being determined. The first level is always there.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ProbedAxis {
    pub(super) key: String,
    pub(super) levels: Vec<ProbedLevel>,
}

#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct ProbedLevel {
    /// `None` leaves the setting untouched.
    pub(super) value: Option<String>,
    pub(super) aliases: Vec<String>,
    /// Reason why this machine cannot use it with all other axes untouched, if another axis can change that.
    pub(super) refused_alone: Option<Refusal>,
    /// Equal for values that mean the same here.
    identities: Vec<String>,
    /// True if the configuration in force sets it already, so that it is the same as to leave it untouched.
    is_set: bool,
    /// The builds with this setting, as cargo plans them.
    builds: Option<Vec<String>>,
}

impl ProbedLevel {
    /// Its value and the values that are the same.
    pub(super) fn names(&self) -> impl Iterator<Item = &String> {
        self.value.iter().chain(&self.aliases)
    }
}

/// The levels of all axes.
pub(super) fn probe_all<W: World + ?Sized>(
    declared: &[&DeclaredAxis],
    allowed: &[Allowance],
    machine: &mut Machine<'_, W>,
    dropped: &mut Vec<DroppedLevel>,
) -> Vec<ProbedAxis> {
    let keys: Vec<&str> = declared.iter().map(|axis| axis.key.as_str()).collect();
    let mut all = Vec::new();
    for axis in declared {
        let key = axis.key.as_str();
        let mut levels = vec![untouched(key, machine)];
        for word in &axis.values {
            let value = in_numbers(&word.text, machine.threads);
            match probe_level((key, &value), &keys, allowed, machine) {
                Ok(level) => merge(&mut levels, level),
                Err(refusal) => {
                    let key = key.to_owned();
                    dropped.push(DroppedLevel { key, value, refusal });
                }
            }
        }
        all.push(ProbedAxis { key: key.to_owned(), levels });
    }
    all
}

/// The level that leaves `key` untouched.
fn untouched<W: World + ?Sized>(key: &str, machine: &mut Machine<'_, W>) -> ProbedLevel {
    let mut identities = Vec::new();
    let known = axes::find(key).map(|axis| axis.values()).unwrap_or_default();
    for value in known.iter().filter(|value| !value.contains(' ')) {
        // To set such a value is the same as to set nothing.
        if machine.adds_nothing((key, value))
            && let Ok(available) = machine.probe((key, value), &[])
        {
            identities.push(available.identity);
        }
    }
    ProbedLevel { identities, builds: machine.planned_builds(&[]), ..ProbedLevel::default() }
}

/// Adds a level, or the name of its value to the level that is the same.
fn merge(levels: &mut Vec<ProbedLevel>, level: ProbedLevel) {
    let same = |known: &&mut ProbedLevel| {
        let untouched = known.value.is_none() && level.is_set;
        let by_name = level.value.as_ref().is_some_and(|value| known.names().any(|name| name == value));
        let by_identity = known.identities.iter().any(|identity| level.identities.contains(identity));
        untouched || by_name || by_identity || known.builds.is_some() && known.builds == level.builds
    };
    match levels.iter_mut().find(same) {
        // Two shares of the machine's threads can be one number.
        Some(known) if known.names().any(|name| Some(name) == level.value.as_ref()) => {}
        Some(known) => known.aliases.extend(level.value),
        None => levels.push(level),
    }
}

fn probe_level<W: World + ?Sized>(
    setting: KeyValue<'_>,
    keys: &[&str],
    allowed: &[Allowance],
    machine: &mut Machine<'_, W>,
) -> Result<ProbedLevel, Refusal> {
    check_threads(setting, machine.threads)?;
    let (key, value) = setting;
    if key == "toolchain" && value.starts_with("nightly") && !allowed.contains(&Allowance::Nightly) {
        return Err(Refusal::new("a nightly toolchain is not allowed").with_help("add `--allow nightly`"));
    }
    if !machine.applies(setting) {
        return Err(Refusal::new(format!("`{key}` makes no difference to the workloads")));
    }
    if let Some(reason) = machine.conflict(&[setting]) {
        return Err(Refusal::new(reason));
    }
    machine.check_workloads(setting)?;
    let level = ProbedLevel { value: Some(value.to_owned()), ..ProbedLevel::default() };
    match machine.probe(setting, &[]) {
        Ok(available) => {
            let builds = machine.planned_builds(&[setting]);
            let is_set = available.already_set || machine.is_default(setting);
            Ok(ProbedLevel { identities: vec![available.identity], is_set, builds, ..level })
        }
        Err(refusal) => {
            let dependencies = machine.dependencies(setting);
            if dependencies.iter().any(|other| keys.contains(&other.as_str())) {
                return Ok(ProbedLevel { refused_alone: Some(refusal), ..level });
            }
            Err(refusal)
        }
    }
}

/// Checks that a number of threads is not more than the machine has. Linkers use all of them by themselves.
fn check_threads((key, value): KeyValue<'_>, threads: usize) -> Result<(), Refusal> {
    let Some(number) = value.parse::<usize>().ok().filter(|_| COUNTS_THREADS.contains(&key)) else {
        return Ok(());
    };
    match number.cmp(&threads) {
        std::cmp::Ordering::Greater => Err(Refusal::new(format!("this machine has {threads} threads"))),
        std::cmp::Ordering::Equal if key == "linker-threads" => {
            Err(Refusal::new(format!("linkers use all {threads} threads of this machine by themselves")))
        }
        _ => Ok(()),
    }
}

/// A value with a share of the machine's threads as a number, at least 1.
pub(super) fn in_numbers(text: &str, threads: usize) -> String {
    match share_of_threads(text) {
        Some(divisor) => (threads / divisor).max(1).to_string(),
        None => text.to_owned(),
    }
}
