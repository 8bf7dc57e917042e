//! Bundle and comparison → advice: for each block the lines that apply the best of the variants shown to be
//! faster. A variant that needs no line goes first if the best was not told apart from it. It does not query the machine,
//! so it works for bundles from other machines.

mod no_setting;
mod situation;

use std::cell::RefCell;
use std::collections::BTreeMap;

use bench_runner_core::bundle::{Bundle, Manifest};
use bench_runner_core::compare::{
    ArmResult, BlockResult, Comparison, Policy, Ratio, RequestedBaseline, RunRecord, Verdict, compare,
};
use bench_runner_core::record::{AS_CONFIGURED, Arm, Block, ProofResult, TEXT_SETTINGS};
use bench_runner_measure::axes::{self, AdvisedFiles};
use bench_runner_report::figure::wording;
use bench_runner_report::report::Advice;

use no_setting::{no_setting_sentence, why_no_setting};
pub(super) use situation::situation;

/// The advice for a bundle. Blocks with the same lines share one advice; there is none if no variant is
/// faster than its baseline. `policy` is that of the comparison.
pub fn advice(bundle: &Bundle, comparison: &Comparison, policy: &Policy) -> Vec<Advice> {
    let pairs = Pairs { bundle, policy, known: RefCell::default() };
    let advise_block =
        |(block, planned)| advise_block(&bundle.manifest, comparison, (block, planned), &pairs);
    merge_equal(blocks(bundle, comparison).filter_map(advise_block))
}

/// Verdicts on pairs of variants of a run.
struct Pairs<'a> {
    bundle: &'a Bundle,
    policy: &'a Policy,
    /// Comparisons by the baseline that was chosen.
    known: RefCell<BTreeMap<String, Comparison>>,
}

impl Pairs<'_> {
    /// True if two variants of a block were compared and not told apart.
    fn are_not_told_apart(&self, block: &BlockResult, one: &ArmResult, other: &ArmResult) -> bool {
        let mut known = self.known.borrow_mut();
        let against = known.entry(one.variant.clone()).or_insert_with(|| {
            let baseline = Some(RequestedBaseline::new(one.variant.as_str()));
            compare(&RunRecord::from(self.bundle), &Policy { baseline, ..self.policy.clone() })
        });
        let judged = against.blocks.iter().find(|judged| judged.id == block.id);
        let is_other = |arm: &&ArmResult| arm.role == other.role && arm.variant == other.variant;
        let verdict =
            judged.and_then(|judged| judged.arms.iter().find(is_other)?.ratio).map(|ratio| ratio.verdict);
        matches!(verdict, Some(Verdict::Undecided | Verdict::Equivalent))
    }
}

/// The lines that apply one variant of a bundle, whatever its result.
pub(crate) fn advice_for(bundle: &Bundle, comparison: &Comparison, variant: &str) -> Vec<Advice> {
    let advise_block = |(block, planned)| {
        let one = candidates(block, planned).find(|one| one.planned.variant.name == variant)?;
        let mut advice = without_lines(&one, block);
        add_lines_or_reason(&mut advice, &bundle.manifest, &one, (block, planned));
        Some(advice)
    };
    merge_equal(blocks(bundle, comparison).filter_map(advise_block))
}

/// The blocks of a comparison, with their plans.
fn blocks<'a>(
    bundle: &'a Bundle,
    comparison: &'a Comparison,
) -> impl Iterator<Item = (&'a BlockResult, &'a Block)> {
    let planned =
        |block: &BlockResult| bundle.manifest.plan.blocks.iter().find(|planned| planned.id == block.id);
    comparison.blocks.iter().filter_map(move |block| Some((block, planned(block)?)))
}

fn merge_equal(advice: impl Iterator<Item = Advice>) -> Vec<Advice> {
    let mut all: Vec<Advice> = Vec::new();
    for one in advice {
        match all.iter_mut().find(|other| other.heading == one.heading && other.files == one.files) {
            Some(other) => {
                other.titles.extend(one.titles);
                let new = one.remarks.into_iter().filter(|remark| !other.remarks.contains(remark));
                other.remarks.extend(new.collect::<Vec<_>>());
            }
            None => all.push(one),
        }
    }
    all
}

fn without_lines(one: &AdviceCandidate<'_>, block: &BlockResult) -> Advice {
    Advice { heading: heading(one), titles: vec![title(one, block)], files: Vec::new(), remarks: Vec::new() }
}

/// The arms of a block that have a ratio.
fn candidates<'a>(block: &'a BlockResult, planned: &'a Block) -> impl Iterator<Item = AdviceCandidate<'a>> {
    let arms = planned.arms.iter().zip(&block.arms);
    arms.filter_map(|(planned, arm)| Some(AdviceCandidate { planned, arm, ratio: arm.ratio.as_ref()? }))
}

/// An arm of a block with its ratio, and its plan.
#[derive(Clone, Copy)]
struct AdviceCandidate<'a> {
    planned: &'a Arm,
    arm: &'a ArmResult,
    ratio: &'a Ratio,
}

fn advise_block(
    manifest: &Manifest,
    comparison: &Comparison,
    (block, planned): (&BlockResult, &Block),
    pairs: &Pairs<'_>,
) -> Option<Advice> {
    let faster = candidates(block, planned).filter(|one| one.ratio.verdict == Verdict::Faster);
    let mut faster: Vec<_> = faster.collect();
    faster.sort_by(|one, other| one.ratio.ratio.total_cmp(&other.ratio.ratio));
    let proven = faster.iter().position(|one| is_proven(one, block));
    let best = *faster.get(proven.unwrap_or(0))?;
    let mut advice = without_lines(&best, block);
    if proven.is_none() {
        advice.remarks.push(format!(
            "{}: nothing in the builds of this variant proves that it was in force, so no lines are recommended.",
            block.title
        ));
        return Some(advice);
    }
    add_lines_or_reason(&mut advice, manifest, &best, (block, planned));
    if !advice.files.is_empty()
        && let Some(simpler) = simpler(manifest, &best, (block, planned), pairs)
    {
        return Some(advise_simpler(manifest, &best, &simpler, block));
    }
    for passed in faster.iter().take(proven.unwrap_or(0)) {
        advice.remarks.push(format!(
            "{}: {} took {}, but nothing in its builds proves that it was in force.",
            block.title,
            wording::arm_name(passed.arm),
            wording::ratio_phrase(passed.ratio)
        ));
    }
    advice.remarks.extend(rivals(&best, &faster, block, pairs));
    let slower = slower_elsewhere(&advice.files, &best, comparison, manifest);
    // Evidence against the advice comes first.
    advice.remarks.splice(0..0, slower);
    Some(advice)
}

/// The variant that needs no line of configuration and that `best` was not told apart from: the user's own configuration,
/// otherwise the fastest of them.
fn simpler<'a>(
    manifest: &Manifest,
    best: &AdviceCandidate<'_>,
    (block, planned): (&'a BlockResult, &'a Block),
    pairs: &Pairs<'_>,
) -> Option<AdviceCandidate<'a>> {
    let mut free: Vec<AdviceCandidate<'a>> = candidates(block, planned)
        .filter(|one| {
            why_no_setting(one.planned, best.planned).is_none() && needs_no_line(manifest, one.planned)
        })
        .collect();
    free.sort_by(|one, other| one.ratio.ratio.total_cmp(&other.ratio.ratio));
    free.sort_by_key(|one| !is_own_configuration(one.planned));
    free.into_iter().find(|one| pairs.are_not_told_apart(block, best.arm, one.arm))
}

/// True if a project has the settings of an arm without any line of configuration.
fn needs_no_line(manifest: &Manifest, arm: &Arm) -> bool {
    let settings = &arm.variant.settings;
    let advised = axes::advise(settings, &situation(manifest, &arm.variant.project, settings));
    is_own_configuration(arm) || advised.files.is_empty() && advised.unwritable.is_empty()
}

/// True if an arm is the user's own configuration and nothing else.
fn is_own_configuration(arm: &Arm) -> bool {
    arm.variant.settings.len() == 1 && arm.variant.settings.contains_key(AS_CONFIGURED)
}

/// Advice for a variant that needs no line of configuration and does as well as the best.
fn advise_simpler(
    manifest: &Manifest,
    best: &AdviceCandidate<'_>,
    simpler: &AdviceCandidate<'_>,
    block: &BlockResult,
) -> Advice {
    let mut advice = without_lines(simpler, block);
    let why = if is_own_configuration(simpler.planned) {
        "which is what you have, so there is nothing to change"
    } else {
        "which needs no line of configuration"
    };
    advice.remarks.push(format!(
        "{}: {} took {}, but was not told apart from {}, {why}.",
        block.title,
        wording::arm_name(best.arm),
        wording::ratio_phrase(best.ratio),
        wording::arm_name(simpler.arm),
    ));
    let settings = &simpler.planned.variant.settings;
    let situation = situation(manifest, &simpler.planned.variant.project, settings);
    advice.remarks.extend(axes::advise(settings, &situation).remarks);
    advice
}

/// Name of the variant, and the settings that are not part of the name because the whole block or a named set
/// has them.
fn heading(best: &AdviceCandidate<'_>) -> String {
    let name = wording::arm_name(best.arm);
    let unnamed =
        best.planned.variant.settings.iter().filter(|(key, _)| !TEXT_SETTINGS.contains(&key.as_str()));
    let unnamed: Vec<String> = unnamed
        .map(|(key, value)| format!("{key}={value}"))
        .filter(|setting| !name.contains(setting.as_str()))
        .collect();
    if unnamed.is_empty() { name } else { format!("{name}, with {}", unnamed.join(", ")) }
}

fn title(best: &AdviceCandidate<'_>, block: &BlockResult) -> String {
    let baseline = block.arms.get(block.baseline).map(wording::arm_subject).unwrap_or_default();
    let result = wording::result_phrase(block, best.arm).unwrap_or_default();
    format!("{}: {result}, compared with {baseline}", block.title)
}

/// True if builds prove every setting of an arm.
fn is_proven(one: &AdviceCandidate<'_>, block: &BlockResult) -> bool {
    let of_arm =
        || block.proofs.iter().filter(|proof| proof.role == one.arm.role && proof.variant == one.arm.variant);
    let shows = |key: &String| {
        of_arm().any(|proof| {
            proof.axis == *key && matches!(proof.result, ProofResult::Holds | ProofResult::NotApplicable)
        })
    };
    of_arm().all(|proof| proof.result != ProofResult::Fails) && one.planned.variant.settings.keys().all(shows)
}

fn add_lines_or_reason(
    advice: &mut Advice,
    manifest: &Manifest,
    one: &AdviceCandidate<'_>,
    (block, planned): (&BlockResult, &Block),
) {
    let baseline = planned.arms.get(block.baseline);
    match baseline.and_then(|baseline| Some((why_no_setting(baseline, one.planned)?, baseline))) {
        Some((why, baseline)) => {
            advice.remarks.push(no_setting_sentence(manifest, &why, baseline, one.planned));
        }
        None => add_lines(advice, manifest, one, block),
    }
}

fn add_lines(advice: &mut Advice, manifest: &Manifest, best: &AdviceCandidate<'_>, block: &BlockResult) {
    let settings = &best.planned.variant.settings;
    let situation = situation(manifest, &best.planned.variant.project, settings);
    let AdvisedFiles { files, needs, remarks, unwritable } = axes::advise(settings, &situation);
    advice.files = files;
    if settings.is_empty() {
        let baseline = block.arms.get(block.baseline).map(wording::arm_name).unwrap_or_default();
        advice.remarks.push(format!("This is the project with nothing set: remove what {baseline} adds."));
    }
    advice.remarks.extend(unwritable.iter().map(|why| format!("This cannot be written to a file: {why}.")));
    advice.remarks.extend(remarks);
    advice.remarks.extend(requirements(manifest, &needs));
    advice.remarks.extend(side_effects(&best.planned.co_changes, settings.len()));
}

/// Side effects of the settings beyond what their axes are named for, each setting named once, or not at all
/// if there is only one.
fn side_effects(co_changes: &[String], settings: usize) -> Option<String> {
    let mut of_setting: Vec<(&str, Vec<&str>)> = Vec::new();
    for change in co_changes {
        let (setting, what) = change.split_once(": ").unwrap_or(("", change));
        match of_setting.iter_mut().find(|(known, _)| *known == setting) {
            Some((_, all)) => all.push(what),
            None => of_setting.push((setting, vec![what])),
        }
    }
    let changes = of_setting.iter().map(|(setting, all)| match (settings, *setting) {
        (..=1, _) | (_, "") => all.join("; "),
        (_, setting) => format!("{setting}: {}", all.join("; ")),
    });
    let changes: Vec<String> = changes.collect();
    (!changes.is_empty()).then(|| format!("Side effects: {}.", changes.join("; ")))
}

/// Tools to install, with the measured versions.
fn requirements(manifest: &Manifest, needs: &[&str]) -> Option<String> {
    let versions = |name: &str| {
        let of_name = manifest.tools.iter().filter(|tool| tool.name == name);
        of_name.map(|tool| tool.version.as_str()).collect::<Vec<_>>().join(" or ")
    };
    let compilers = Some(versions("rustc")).filter(|versions| !versions.is_empty());
    let needed: Vec<String> = needs
        .iter()
        .map(|name| match versions(name) {
            versions if versions.is_empty() => format!("`{name}`"),
            versions => format!("`{name}` ({versions})"),
        })
        .collect();
    let measured = compilers.map(|versions| format!("Measured with {versions}."));
    let install = (!needed.is_empty()).then(|| {
        format!(
            "It needs {}, the version that was measured, installed wherever the project is built.",
            needed.join(" and ")
        )
    });
    let sentences: Vec<String> = install.into_iter().chain(measured).collect();
    (!sentences.is_empty()).then(|| sentences.join(" "))
}

/// Other faster variants that were not told apart from the best.
fn rivals(
    best: &AdviceCandidate<'_>,
    faster: &[AdviceCandidate<'_>],
    block: &BlockResult,
    pairs: &Pairs<'_>,
) -> Option<String> {
    let others = faster.iter().filter(|other| other.arm.variant != best.arm.variant);
    let open = others.filter(|other| pairs.are_not_told_apart(block, best.arm, other.arm));
    let names: Vec<String> = open.map(|other| wording::arm_name(other.arm)).collect();
    let were = if names.len() == 1 { "was" } else { "were" };
    (!names.is_empty())
        .then(|| format!("{}: {} {were} not told apart from it.", block.title, names.join(", ")))
}

/// Results in which the same settings, or others with the same lines, were slower: `cache=cold` and
/// `cache=warm` have the same lines.
fn slower_elsewhere(
    files: &[(String, String)],
    best: &AdviceCandidate<'_>,
    comparison: &Comparison,
    manifest: &Manifest,
) -> Option<String> {
    let the_same = |arm: &Arm| {
        let settings = &arm.variant.settings;
        let same =
            || axes::advise(settings, &situation(manifest, &arm.variant.project, settings)).files == files;
        *settings == best.planned.variant.settings || !files.is_empty() && same()
    };
    let mut slower: Vec<String> = Vec::new();
    for block in &comparison.blocks {
        let planned = manifest.plan.blocks.iter().find(|planned| planned.id == block.id);
        for (planned, arm) in planned.into_iter().flat_map(|planned| planned.arms.iter().zip(&block.arms)) {
            let ratio = arm.ratio.filter(|ratio| ratio.verdict == Verdict::Slower);
            if let Some(ratio) = ratio.filter(|_| the_same(planned)) {
                let name = wording::arm_name(arm);
                slower.push(format!("{}: {name}, {}", block.title, wording::ratio_phrase(&ratio)));
            }
        }
    }
    (!slower.is_empty())
        .then(|| format!("The same lines were also measured to be slower: {}.", slower.join("; ")))
}
