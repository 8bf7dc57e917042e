//! Every axis is tried on a tiny project with real builds: with all additions of its value to a build request
//! the proof holds, and without any one of them it fails. The project itself has contrary settings, so that a
//! removal has an effect.
//!
//! A new axis needs an entry in [`entries`], and a new field of a build request needs a line in
//! [`removal::without_each`].

mod advised;
mod building;
mod removal;
mod table;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use bench_runner_core::record::ProofResult;
use bench_runner_measure::axes::{self, Context, ProofFinding, ProofInput, ReferenceBuild, Settings};
use bench_runner_measure::build::{BuildEvidence, BuildRequest, SettingsInForce, Toolchain};
use libtest_mimic::Trial;

use crate::lab::Lab;
use crate::trials::{ALWAYS, LONG, TrialConditions, trial};
use building::{build, context, cores, in_force, path, project, toolchain};
use removal::without_each;
use table::{Case, Entry, Need, entries};

pub(crate) fn tests() -> Vec<Trial> {
    let mut trials =
        vec![trial("sabotage::every_axis_and_each_of_its_values_has_an_entry", ALWAYS, complete)];
    for entry in entries().into_values() {
        match entry {
            Entry::Built(cases) => {
                // The first value of each axis always runs, the others run in the gate.
                let whens = std::iter::once(ALWAYS).chain(std::iter::repeat(LONG));
                trials.extend(
                    cases
                        .into_iter()
                        .zip(whens)
                        .map(|(case, when)| trial_with("sabotage", when, case, try_out)),
                );
            }
            Entry::Unseen(key, value) => {
                let name = format!("sabotage::{key} cannot be seen");
                trials.push(trial(&name, ALWAYS, move || unseen(key, value)));
            }
        }
    }
    trials.extend(advised::tests());
    trials
}

/// A trial of one value, which is skipped if the machine lacks a requirement.
fn trial_with(of: &str, when: TrialConditions, case: Case, run: fn(&Case)) -> Trial {
    let beside: String = case.beside.iter().map(|(key, value)| format!(" {key}={value}")).collect();
    let value = case.value.lines().collect::<Vec<_>>().join("; ");
    let name = format!("{of}::{}={value}{beside}", case.key);
    let needs = case.needs;
    let when = match needs {
        Need::Nothing | Need::Absent => when,
        Need::Program(program) => when.with(program),
        Need::LongProgram(program) => ALWAYS.where_installed(program),
        Need::Nightly if nightly_is_here() => when,
        Need::Nightly => {
            let name = format!("{name} (skipped: rustup has no toolchain `nightly`)");
            return Trial::test(name, || Ok(())).with_ignored_flag(true);
        }
    };
    trial(&name, when, move || run(&case))
}

fn nightly_is_here() -> bool {
    let home = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".rustup")));
    let installed = home.into_iter().flat_map(|home| crate::lab::entries(&home.join("toolchains")));
    installed.filter_map(|path| Some(path.file_name()?.to_owned())).any(|name| {
        let name = name.to_string_lossy();
        // Dated nightlies have other names.
        name.strip_prefix("nightly-").is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

fn complete() {
    let entries = entries();
    for axis in axes::all() {
        let Some(entry) = entries.get(axis.key()) else { panic!("no entry for the axis {}", axis.key()) };
        let Entry::Built(cases) = entry else { continue };
        let tried: BTreeSet<&str> = cases.iter().map(|case| case.value).collect();
        for value in axis.values().iter().filter(|value| axis.parse(axis.key(), value).is_ok()) {
            // A form such as `a number` is not a value.
            assert!(tried.contains(value) || value.contains(' '), "no case for {}={value}", axis.key());
        }
    }
    let known: BTreeSet<&str> = axes::all().iter().map(|axis| axis.key()).collect();
    assert!(entries.keys().all(|key| known.contains(key)), "an entry for what is no axis");
}

fn unseen(key: &str, value: &str) {
    let context = Context {
        toolchain: None,
        config: None,
        in_force: SettingsInForce::default(),
        manifest: None,
        path: path(),
        tools: "/nowhere".into(),
    };
    let settings = Settings::from([(key.to_owned(), value.to_owned())]);
    let input = ProofInput { build: &BuildEvidence::default(), reference: None, edited: false };
    assert_eq!(prove(key, &settings, &context, &input).result, ProofResult::NotProvable);
}

fn try_out(case: &Case) {
    let (lab, settings, toolchain) = laid_out(case);
    let context = context(&lab, &toolchain);
    if let Need::Absent = case.needs {
        return lacking(case, &settings, &context);
    }
    let base = BuildRequest { jobs: cores() + 1, ..BuildRequest::default() };
    let mut request = base.clone();
    let parsed = axes::parse_all(&settings).expect("valid settings");
    for setting in parsed.iter() {
        if let Err(refusal) = setting.probe(&context) {
            panic!("{}: {refusal:?}", setting.key);
        }
        setting.value.prepare(&context).expect("a value that can be applied");
        setting.value.apply(&parsed, &context, &mut request);
    }
    let context = in_force(&lab, &toolchain, &request, context);
    let built = build(&lab, case, &toolchain, &request);
    let others = others(case, &settings);
    let beside = {
        let mut request = base.clone();
        let others = axes::parse_all(&others).expect("valid settings");
        others.iter().for_each(|setting| setting.value.apply(&others, &context, &mut request));
        request
    };
    // A proof by comparison has a build without the value to compare with.
    let compared = parsed.get(case.key).expect("the setting").value.is_proven_by_comparison();
    let plain = compared.then(|| build(&lab, case, &toolchain, &beside));
    let reference = plain.as_ref().map(|build| ReferenceBuild { name: "as it is", build, alone: true });
    let prove = |build: &BuildEvidence| {
        prove(case.key, &settings, &context, &ProofInput { build, reference, edited: false })
    };
    let whole = prove(&built);
    assert_eq!(whole.result, ProofResult::Holds, "expected {}, found {}", whole.expected, whole.found);
    let sabotaged = without_each(&request, &beside);
    assert!(sabotaged.len() >= case.adds, "{} additions only", sabotaged.len());
    for (what, request) in sabotaged {
        let built = build(&lab, case, &toolchain, &request);
        let finding = prove(&built);
        // A raw setting without effect on a build may still be in force.
        let raw = ["cargo-args", "config"].contains(&case.key);
        let gone = if raw { ProofResult::NotProvable } else { ProofResult::Fails };
        assert_eq!(finding.result, gone, "without {what} it finds {}", finding.found);
    }
    if case.key == "toolchain" {
        let other = building::toolchain(Some(if case.value == "nightly" { "stable" } else { "nightly" }));
        let built = build(&lab, case, &other, &request);
        let finding = prove(&built);
        assert_eq!(finding.result, ProofResult::Fails, "by another toolchain it finds {}", finding.found);
    }
}

/// The project of a case, its settings with those that it needs, and the toolchain that they name.
fn laid_out(case: &Case) -> (Lab, Settings, Toolchain) {
    let lab = Lab::new();
    project(&lab, case.manifest);
    let own = (case.key, case.value);
    let settings = case.beside.iter().chain([&own]);
    let settings = settings.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    if own == ("cache", "off") {
        lab.write("own/.cargo/config.toml", "[build]\nrustc-wrapper = \"sccache\"\n");
    }
    let toolchain = toolchain(axes::toolchain_name(&settings));
    (lab, settings, toolchain)
}

/// The settings besides the one under test.
fn others(case: &Case, settings: &Settings) -> Settings {
    settings.iter().filter(|(key, _)| *key != case.key).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// Values that no test machine has: the refusal must have the command that would provide them.
fn lacking(case: &Case, settings: &Settings, context: &Context) {
    let settings = axes::parse_all(settings).expect("valid settings");
    match settings.get(case.key).expect("the setting").probe(context) {
        Err(refusal) => assert!(refusal.help.is_some(), "no help"),
        Ok(_) => try_out(&Case { needs: Need::Nothing, ..case.clone() }),
    }
}

fn prove(key: &str, settings: &Settings, context: &Context, input: &ProofInput<'_>) -> ProofFinding {
    let settings = axes::parse_all(settings).expect("valid settings");
    settings.get(key).expect("the setting").value.prove(&settings, context, input)
}
