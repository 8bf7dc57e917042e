//! What to do on each class of machines: switch, stay, or not known, by a rule and by how often a day each workload is
//! built.
//!
//! A variant fits a class if no workload that counts is slower there than the rule allows, up to the upper end of its
//! interval, and if it takes no more memory than there may be. Of those that fit, the one that saves most is worth
//! switching to, if the lower end of what it saves is above what is worth it.

mod evidence;
mod values;

use bench_runner_core::record::{Role, Variant};
use bench_runner_core::stats::{UncertainValue, sum};

use super::differences::{latest, same_tools};
use super::run::{Run, each_once};
use super::same::{Subject, alike};
use super::table::arm_of;
use super::values::Refused;
use evidence::{Evidence, in_block};
pub use values::{
    Candidate, Choice, Decisions, Fits, MemoryLimit, OfClass, OfWorkload, Question, Rule, Saved,
};

/// What each class should do.
pub fn decide(runs: &[Run<'_>], rule: &Rule) -> Decisions {
    let (kept, mut remarks) = each_once(runs);
    remarks.extend(kept.iter().filter_map(|run| past(run, &kept)));
    let (asked, refused) = questions(&kept);
    let questions = asked.iter().map(|question| question.answer(rule)).collect();
    Decisions { questions, refused, remarks }
}

/// That a run was made with other tools than the machine's last one, and so counts for less.
fn past(run: &Run<'_>, all: &[Run<'_>]) -> Option<String> {
    let manifest = run.manifest;
    let last = latest(all.iter().map(|run| run.manifest), &manifest.machine.instance)?;
    (!same_tools(last, manifest)).then(|| {
        format!(
            "the run {} was made with other tools or jobs than {}, a later one on the same machine, and counts only for \
             what was not measured again",
            manifest.run, last.run
        )
    })
}

/// The blocks of a question.
struct Asked<'a> {
    matrix: String,
    project: String,
    baseline: &'a Variant,
    subjects: Vec<Subject<'a>>,
}

fn questions<'a>(runs: &[Run<'a>]) -> (Vec<Asked<'a>>, Vec<Refused>) {
    let (mut asked, mut refused): (Vec<Asked<'a>>, Vec<Refused>) = (Vec::new(), Vec::new());
    for groups in alike(runs) {
        refused.extend(super::same::refusals(&groups).into_iter().filter(|_| groups.len() > 1));
        let Some(group) = groups.into_iter().next() else { continue };
        let parts: Vec<&str> = group[0].result.id.as_str().split('/').collect();
        let Some(baseline) = group[0].baseline() else { continue };
        let (matrix, project) = match parts[..] {
            [matrix, project, workload] if project != "*" && workload != "*" && baseline.rev.is_none() => {
                (matrix, project)
            }
            _ => {
                let reason = "it compares projects, workloads or commits, which are nothing to roll out";
                refused.extend(group.iter().map(|subject| subject.refused(reason.to_owned())));
                continue;
            }
        };
        let known = |one: &&mut Asked<'a>| {
            one.matrix == matrix && one.project == project && one.baseline.settings == baseline.settings
        };
        match asked.iter_mut().find(known) {
            Some(one) => one.subjects.extend(group),
            None => asked.push(Asked {
                matrix: matrix.to_owned(),
                project: project.to_owned(),
                baseline,
                subjects: group,
            }),
        }
    }
    (asked, refused)
}

impl<'a> Asked<'a> {
    fn answer(&self, rule: &Rule) -> Question {
        let mut classes: Vec<&str> = Vec::new();
        for class in self.subjects.iter().map(|subject| subject.of.manifest.machine.class.as_str()) {
            if !classes.contains(&class) {
                classes.push(class);
            }
        }
        let variants = self.variants();
        let classes: Vec<OfClass> =
            classes.into_iter().map(|class| self.of_class(class, &variants, rule)).collect();
        Question {
            project: self.project.clone(),
            matrix: self.matrix.clone(),
            baseline: self.baseline.name.clone(),
            for_all: for_all(&classes, &variants, rule),
            classes,
        }
    }

    /// What could be switched to; the workload of these variants is that of the block they are from.
    fn variants(&self) -> Vec<&'a Variant> {
        let mut found: Vec<&Variant> = Vec::new();
        let arms = self.subjects.iter().flat_map(|subject| &subject.planned.arms);
        for arm in arms.filter(|arm| arm.role != Role::Twin) {
            let variant = &arm.variant;
            let known = |other: &&Variant| other.settings == variant.settings;
            if variant.settings != self.baseline.settings && !found.iter().any(known) {
                found.push(variant);
            }
        }
        found
    }

    fn of_class(&self, class: &str, variants: &[&Variant], rule: &Rule) -> OfClass {
        let own: Vec<&Subject<'_>> =
            self.subjects.iter().filter(|subject| subject.of.manifest.machine.class == class).collect();
        // One choice is made among all of them, so what each saves is bounded at a level for them together.
        let level = 1.0 - 0.05 / variants.len().max(1) as f64;
        let mut candidates: Vec<Candidate> =
            variants.iter().map(|variant| candidate(&own, variant, rule, level)).collect();
        let seconds = |one: &Candidate| one.saved.map_or(f64::NEG_INFINITY, |saved| saved.seconds);
        candidates.sort_by(|one, other| seconds(other).total_cmp(&seconds(one)));
        let mut instances: Vec<&str> =
            own.iter().map(|subject| subject.of.manifest.machine.instance.as_str()).collect();
        instances.sort_unstable();
        instances.dedup();
        let choice = choice(&candidates, rule);
        OfClass { class: class.to_owned(), machines: instances.len(), choice, candidates }
    }
}

fn choice(candidates: &[Candidate], rule: &Rule) -> Choice {
    if let Some(best) = candidates.iter().find(|one| one.is_worth_it(rule)) {
        return Choice::Switch(best.variant.clone());
    }
    let not_worth_it = |one: &Candidate| {
        matches!(one.fits, Fits::No(_)) || one.saved.is_some_and(|saved| saved.high <= rule.worth)
    };
    let mut there = candidates.iter().filter(|one| one.fits != Fits::Absent).peekable();
    if there.peek().is_some() && there.all(not_worth_it) { Choice::Stay } else { Choice::NotKnown }
}

/// One variant for every class; it is asked for only where there are several.
fn for_all(classes: &[OfClass], variants: &[&Variant], rule: &Rule) -> Option<String> {
    if classes.len() < 2 {
        return None;
    }
    let everywhere = |variant: &&&Variant| -> Option<f64> {
        let own: Vec<&Candidate> = classes
            .iter()
            .filter_map(|class| class.candidates.iter().find(|one| one.settings == variant.settings))
            .collect();
        let fits = own.len() == classes.len() && own.iter().all(|one| one.fits == Fits::Yes);
        let worth = own.iter().any(|one| one.is_worth_it(rule));
        let total = own.iter().filter_map(|one| Some(one.saved?.seconds)).sum();
        (fits && worth).then_some(total)
    };
    let fitting = variants.iter().filter_map(|variant| Some((everywhere(&variant)?, *variant)));
    fitting.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, variant)| variant.name.clone())
}

/// A variant on the runs of one class.
fn candidate(own: &[&Subject<'_>], variant: &Variant, rule: &Rule, level: f64) -> Candidate {
    let (name, settings) = (variant.name.clone(), variant.settings.clone());
    if own.iter().all(|subject| arm_of(subject, &in_block(subject, variant)).is_none()) {
        let (saved, workloads, runs) = (None, Vec::new(), Vec::new());
        return Candidate { variant: name, settings, fits: Fits::Absent, saved, workloads, runs };
    }
    let (mut workloads, mut days, mut troubles) = (Vec::new(), Vec::new(), Vec::new());
    let mut runs: Vec<String> = Vec::new();
    for (workload, per_day) in &rule.per_day {
        let under: Vec<&Subject<'_>> = own
            .iter()
            .filter(|subject| subject.baseline().is_some_and(|baseline| baseline.workload == *workload))
            .copied()
            .collect();
        match Evidence::of(&under, variant) {
            Ok(evidence) => {
                runs.extend(
                    evidence.runs.iter().filter(|run| !runs.contains(run)).cloned().collect::<Vec<_>>(),
                );
                troubles.extend(evidence.trouble(workload, rule));
                days.push(evidence.saved.scaled_by(*per_day));
                workloads.push(evidence.of_workload(workload, *per_day));
            }
            Err(reason) => troubles.push(Fits::NotKnown(format!("{workload}: {reason}"))),
        }
    }
    let complete = days.len() == rule.per_day.len();
    let saved = sum(&days).filter(|_| complete).map(|total| saved(&total, level));
    let broken = troubles.iter().find(|trouble| matches!(trouble, Fits::No(_))).cloned();
    let fits = broken.or_else(|| troubles.into_iter().next()).unwrap_or(Fits::Yes);
    Candidate { variant: name, settings, fits, saved, workloads, runs }
}

fn saved(total: &UncertainValue, level: f64) -> Saved {
    let (low, high) = total.interval(level);
    Saved { seconds: total.value, low, high }
}
