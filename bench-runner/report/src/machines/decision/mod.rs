//! Decision for each class of machines (switch, stay, or not known), by a rule and the builds per day of each
//! workload.
//!
//! A variant fits a class if for each workload of the rule the upper end of its ratio's interval is within
//! the allowed slowdown and its peak memory is within the limit. A fitting variant is worth switching to if
//! the lower end of its savings is above the rule's threshold; of several, the one that saves most is chosen.

mod evidence;
mod values;

use bench_runner_core::compare::workload_phrase;
use bench_runner_core::record::{Role, Variant};
use bench_runner_core::stats::{UncertainValue, sum};

use super::grouping::{RunBlock, group_by_comparison};
use super::run::{ComparedRun, deduplicate};
use super::setup_differences::{latest_run, same_tools};
use super::table::find_arm;
use super::values::RefusedBlock;
use evidence::{WorkloadEvidence, variant_in_block};
pub use values::{
    ClassDecision, DailySavings, Decisions, MemoryLimit, Rule, RuleFit, SwitchCandidate, SwitchChoice,
    SwitchQuestion, WorkloadSavings,
};

/// Decides for each class of machines.
pub fn decide(runs: &[ComparedRun<'_>], rule: &Rule) -> Decisions {
    let (kept, mut remarks) = deduplicate(runs);
    remarks.extend(kept.iter().filter_map(|run| outdated_remark(run, &kept)));
    let (asked, refused) = questions(&kept);
    let questions = asked.iter().map(|question| question.answer(rule)).collect();
    Decisions { questions, refused, remarks }
}

/// Remark about a run that was made with other tools than its machine's latest run and so counts for less.
fn outdated_remark(run: &ComparedRun<'_>, all: &[ComparedRun<'_>]) -> Option<String> {
    let manifest = run.manifest;
    let last = latest_run(all.iter().map(|run| run.manifest), &manifest.machine.instance)?;
    (!same_tools(last, manifest)).then(|| {
        format!(
            "the run {} was made with other tools or jobs than {}, a later one on the same machine, and counts only for \
             what was not measured again",
            manifest.run, last.run
        )
    })
}

/// Blocks of a question.
struct QuestionBlocks<'a> {
    matrix: String,
    project: String,
    baseline: &'a Variant,
    blocks: Vec<RunBlock<'a>>,
}

fn questions<'a>(runs: &[ComparedRun<'a>]) -> (Vec<QuestionBlocks<'a>>, Vec<RefusedBlock>) {
    let (mut asked, mut refused): (Vec<QuestionBlocks<'a>>, Vec<RefusedBlock>) = (Vec::new(), Vec::new());
    for groups in group_by_comparison(runs) {
        refused.extend(super::grouping::refusals(&groups).into_iter().filter(|_| groups.len() > 1));
        let Some(group) = groups.into_iter().next() else { continue };
        let parts: Vec<&str> = group[0].result.id.as_str().split('/').collect();
        let Some(baseline) = group[0].baseline() else { continue };
        let (matrix, project) = match parts[..] {
            [matrix, project, workload] if project != "*" && workload != "*" && baseline.rev.is_none() => {
                (matrix, project)
            }
            _ => {
                let reason = "it compares projects, workloads or commits, which are nothing to roll out";
                refused.extend(group.iter().map(|block| block.refuse(reason.to_owned())));
                continue;
            }
        };
        let known = |one: &&mut QuestionBlocks<'a>| {
            one.matrix == matrix && one.project == project && one.baseline.settings == baseline.settings
        };
        match asked.iter_mut().find(known) {
            Some(one) => one.blocks.extend(group),
            None => asked.push(QuestionBlocks {
                matrix: matrix.to_owned(),
                project: project.to_owned(),
                baseline,
                blocks: group,
            }),
        }
    }
    (asked, refused)
}

impl<'a> QuestionBlocks<'a> {
    fn answer(&self, rule: &Rule) -> SwitchQuestion {
        let mut classes: Vec<&str> = Vec::new();
        for class in self.blocks.iter().map(|block| block.run.manifest.machine.class.as_str()) {
            if !classes.contains(&class) {
                classes.push(class);
            }
        }
        let variants = self.variants();
        let classes: Vec<ClassDecision> =
            classes.into_iter().map(|class| self.decide_for_class(class, &variants, rule)).collect();
        SwitchQuestion {
            project: self.project.clone(),
            matrix: self.matrix.clone(),
            baseline: self.baseline.name.clone(),
            for_all: for_all(&classes, &variants, rule),
            classes,
        }
    }

    /// Variants that could be switched to; their workload is that of the block they are from.
    fn variants(&self) -> Vec<&'a Variant> {
        let mut found: Vec<&Variant> = Vec::new();
        let arms = self.blocks.iter().flat_map(|block| &block.planned.arms);
        for arm in arms.filter(|arm| arm.role != Role::Twin) {
            let variant = &arm.variant;
            let known = |other: &&Variant| other.settings == variant.settings;
            if variant.settings != self.baseline.settings && !found.iter().any(known) {
                found.push(variant);
            }
        }
        found
    }

    fn decide_for_class(&self, class: &str, variants: &[&Variant], rule: &Rule) -> ClassDecision {
        let own: Vec<&RunBlock<'_>> =
            self.blocks.iter().filter(|block| block.run.manifest.machine.class == class).collect();
        // One variant is chosen among all, so the intervals of their savings hold simultaneously
        // (Bonferroni).
        let level = 1.0 - 0.05 / variants.len().max(1) as f64;
        let mut candidates: Vec<SwitchCandidate> =
            variants.iter().map(|variant| candidate(&own, variant, rule, level)).collect();
        let seconds = |one: &SwitchCandidate| one.saved.map_or(f64::NEG_INFINITY, |saved| saved.seconds);
        candidates.sort_by(|one, other| seconds(other).total_cmp(&seconds(one)));
        let mut instances: Vec<&str> =
            own.iter().map(|block| block.run.manifest.machine.instance.as_str()).collect();
        instances.sort_unstable();
        instances.dedup();
        let choice = choose(&candidates, rule);
        ClassDecision { class: class.to_owned(), machines: instances.len(), choice, candidates }
    }
}

fn choose(candidates: &[SwitchCandidate], rule: &Rule) -> SwitchChoice {
    if let Some(best) = candidates.iter().find(|one| one.is_worth_it(rule)) {
        return SwitchChoice::Switch(best.variant.clone());
    }
    let not_worth_it = |one: &SwitchCandidate| {
        matches!(one.fits, RuleFit::No(_)) || one.saved.is_some_and(|saved| saved.high <= rule.worth)
    };
    let mut there = candidates.iter().filter(|one| one.fits != RuleFit::Absent).peekable();
    if there.peek().is_some() && there.all(not_worth_it) {
        SwitchChoice::Stay
    } else {
        SwitchChoice::NotKnown
    }
}

/// One variant for every class; `None` if there is only one class or no variant fits all of them.
fn for_all(classes: &[ClassDecision], variants: &[&Variant], rule: &Rule) -> Option<String> {
    if classes.len() < 2 {
        return None;
    }
    let everywhere = |variant: &&&Variant| -> Option<f64> {
        let own: Vec<&SwitchCandidate> = classes
            .iter()
            .filter_map(|class| class.candidates.iter().find(|one| one.settings == variant.settings))
            .collect();
        let fits = own.len() == classes.len() && own.iter().all(|one| one.fits == RuleFit::Yes);
        let worth = own.iter().any(|one| one.is_worth_it(rule));
        let total = own.iter().filter_map(|one| Some(one.saved?.seconds)).sum();
        (fits && worth).then_some(total)
    };
    let fitting = variants.iter().filter_map(|variant| Some((everywhere(&variant)?, *variant)));
    fitting.max_by(|(one, _), (other, _)| one.total_cmp(other)).map(|(_, variant)| variant.name.clone())
}

/// A variant, judged by the runs of one class.
fn candidate(own: &[&RunBlock<'_>], variant: &Variant, rule: &Rule, level: f64) -> SwitchCandidate {
    let (name, settings) = (variant.name.clone(), variant.settings.clone());
    if own.iter().all(|block| find_arm(block, &variant_in_block(block, variant)).is_none()) {
        let (saved, workloads, runs) = (None, Vec::new(), Vec::new());
        return SwitchCandidate { variant: name, settings, fits: RuleFit::Absent, saved, workloads, runs };
    }
    let (mut workloads, mut days, mut objections) = (Vec::new(), Vec::new(), Vec::new());
    let mut runs: Vec<String> = Vec::new();
    for (workload, per_day) in &rule.per_day {
        let under: Vec<&RunBlock<'_>> = own
            .iter()
            .filter(|block| block.baseline().is_some_and(|baseline| baseline.workload == *workload))
            .copied()
            .collect();
        match WorkloadEvidence::from_blocks(&under, variant) {
            Ok(evidence) => {
                runs.extend(
                    evidence.runs.iter().filter(|run| !runs.contains(run)).cloned().collect::<Vec<_>>(),
                );
                objections.extend(evidence.objection(workload, rule));
                days.push(evidence.saved.scaled_by(*per_day));
                workloads.push(evidence.to_savings(workload, *per_day));
            }
            Err(reason) => {
                objections.push(RuleFit::NotKnown(format!("{}: {reason}", workload_phrase(workload, None))))
            }
        }
    }
    let complete = days.len() == rule.per_day.len();
    let saved = sum(&days).filter(|_| complete).map(|total| daily_savings(&total, level));
    let broken = objections.iter().find(|objection| matches!(objection, RuleFit::No(_))).cloned();
    let fits = broken.or_else(|| objections.into_iter().next()).unwrap_or(RuleFit::Yes);
    SwitchCandidate { variant: name, settings, fits, saved, workloads, runs }
}

fn daily_savings(total: &UncertainValue, level: f64) -> DailySavings {
    let (low, high) = total.interval(level);
    DailySavings { seconds: total.value, low, high }
}
