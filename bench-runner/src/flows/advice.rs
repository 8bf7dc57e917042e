//! Bundle and comparison → advice: for each block the lines that apply the best of the variants shown to be
//! faster. It does not query the machine, so it works for bundles from other machines.

use bench_runner_core::bundle::{Bundle, Manifest};
use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, Ratio, Verdict};
use bench_runner_core::record::{Arm, Block, ProofResult, TEXT_SETTINGS};
use bench_runner_measure::axes::{self, AdvisedFiles, Settings, Situation};
use bench_runner_measure::corpus::Project;
use bench_runner_report::figure::wording;
use bench_runner_report::report::Advice;

/// The advice for a bundle. Blocks with the same lines share one advice; there is none if no variant is
/// faster than its baseline.
pub fn advice(bundle: &Bundle, comparison: &Comparison) -> Vec<Advice> {
    let advise_block = |(block, planned)| advise_block(&bundle.manifest, comparison, block, planned);
    merge_equal(blocks(bundle, comparison).filter_map(advise_block))
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
    block: &BlockResult,
    planned: &Block,
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
    for passed in faster.iter().take(proven.unwrap_or(0)) {
        advice.remarks.push(format!(
            "{}: {} took {}, but nothing in its builds proves that it was in force.",
            block.title,
            wording::arm_name(passed.arm),
            wording::ratio_phrase(passed.ratio)
        ));
    }
    advice.remarks.extend(rivals(&best, &faster, block));
    let slower = slower_elsewhere(&advice.files, &best, comparison, manifest);
    // Evidence against the advice comes first.
    advice.remarks.splice(0..0, slower);
    Some(advice)
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
    let baseline = block.arms.get(block.baseline).map(wording::arm_name).unwrap_or_default();
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

/// Reason why the difference between an arm and its baseline is not a setting of a project, if it is not.
fn why_no_setting(baseline: &Arm, best: &Arm) -> Option<String> {
    let (one, other) = (&baseline.variant, &best.variant);
    let what = match () {
        () if one.project != other.project => "it is another project",
        () if one.rev != other.rev => "it is another commit of the project",
        () if one.workload != other.workload => "it is another workload, which is chosen on the command line",
        () => return None,
    };
    Some(format!("There is nothing to configure: {what}."))
}

fn add_lines_or_reason(
    advice: &mut Advice,
    manifest: &Manifest,
    one: &AdviceCandidate<'_>,
    (block, planned): (&BlockResult, &Block),
) {
    let baseline = planned.arms.get(block.baseline);
    match baseline.and_then(|baseline| why_no_setting(baseline, one.planned)) {
        Some(why) => advice.remarks.push(why),
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

/// Other faster variants whose intervals overlap with that of the best.
fn rivals(best: &AdviceCandidate<'_>, faster: &[AdviceCandidate<'_>], block: &BlockResult) -> Option<String> {
    let close = faster.iter().filter(|other| {
        other.arm.variant != best.arm.variant
            && other.ratio.ratio >= best.ratio.ratio
            && other.ratio.low < best.ratio.high
    });
    let names: Vec<String> = close.map(|other| wording::arm_name(other.arm)).collect();
    (!names.is_empty()).then(|| {
        format!(
            "{}: {} took nearly the same time, so it was not shown which of them is the fastest.",
            block.title,
            names.join(", ")
        )
    })
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

/// The context of a variant's settings, as far as the bundle has it.
pub(super) fn situation(manifest: &Manifest, project: &str, settings: &Settings) -> Situation {
    let host = host(&manifest.machine.details, axes::toolchain_name(settings));
    let planned = manifest.plan.projects.iter().find(|planned| planned.name == project);
    let project = planned.and_then(|planned| Project::from_plan(planned).ok());
    let package = project.as_ref().and_then(|project| project.source.published_crate().map(str::to_owned));
    let profile = project.as_ref().and_then(|project| project.build.profile.clone());
    Situation {
        own_lld: host.as_deref() == Some("x86_64-unknown-linux-gnu")
            && compilers_from(manifest, settings, (1, 90)),
        host,
        by_cargo: project.is_none_or(|project| project.build.tool.is_cargo()),
        profile: profile.unwrap_or_else(|| "dev".to_owned()),
        package,
    }
}

/// The target of a variant's builds: the one in the bundle, if it is the only one or the toolchain's name
/// ends with it. Older bundles do not have targets; then the machine's facts suggest one.
fn host(details: &serde_json::Value, toolchain: Option<&str>) -> Option<String> {
    let Some(hosts) = details["hosts"].as_array() else { return usual_host(&details["facts"]) };
    let mut hosts = hosts.iter().filter_map(serde_json::Value::as_str);
    let host = match (hosts.clone().count(), toolchain) {
        (1, _) => hosts.next(),
        (_, Some(name)) => hosts.find(|host| name.ends_with(*host)),
        (_, None) => None,
    };
    host.map(str::to_owned)
}

/// The usual target of compilers on such a machine.
fn usual_host(facts: &serde_json::Value) -> Option<String> {
    let (arch, os) = (facts["arch"].as_str()?, facts["os"].as_str()?);
    let system = match os {
        "linux" => "unknown-linux-gnu",
        "macos" => "apple-darwin",
        "windows" => "pc-windows-msvc",
        _ => return None,
    };
    Some(format!("{arch}-{system}"))
}

/// True if all compilers of the run that may have built a variant have this version or a later one.
fn compilers_from(manifest: &Manifest, settings: &Settings, least: (u32, u32)) -> bool {
    let version = |text: &str| {
        let mut numbers = text.strip_prefix("rustc ")?.split(['.', '-', ' ']);
        Some((numbers.next()?.parse::<u32>().ok()?, numbers.next()?.parse::<u32>().ok()?))
    };
    let wanted = axes::toolchain_name(settings).unwrap_or_default();
    let mut compilers = manifest.tools.iter().filter(|tool| tool.name == "rustc").peekable();
    // If the variant names a nightly, the other compilers do not matter.
    let nightly = |text: &str| !wanted.starts_with("nightly") || text.contains("nightly");
    compilers.peek().is_some()
        && compilers
            .filter(|tool| nightly(&tool.version))
            .all(|tool| version(&tool.version).is_some_and(|version| version >= least))
}

#[cfg(test)]
mod tests {
    use bench_runner_core::bundle::{ToolEntry, fixture};

    use super::*;

    #[test]
    fn a_target_is_what_the_compilers_said() {
        let of = |hosts: &[&str], toolchain: Option<&str>| {
            let facts = serde_json::json!({ "arch": "x86_64", "os": "linux" });
            host(&serde_json::json!({ "facts": facts, "hosts": hosts }), toolchain)
        };
        let (gnu, musl) = ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl");
        assert_eq!(of(&[musl], None).as_deref(), Some(musl));
        assert_eq!(of(&[musl], Some("nightly")).as_deref(), Some(musl));
        // With several, the name of the toolchain decides.
        assert_eq!(of(&[gnu, musl], Some("stable-x86_64-unknown-linux-musl")).as_deref(), Some(musl));
        assert_eq!(of(&[gnu, musl], Some("stable")), None);
        assert_eq!(of(&[gnu, musl], None), None);
        assert_eq!(of(&[], None), None);
    }

    #[test]
    fn without_that_a_target_is_told_by_the_facts_or_not_at_all() {
        let of = |facts: &str| {
            let facts: serde_json::Value = serde_json::from_str(facts).unwrap();
            host(&serde_json::json!({ "facts": facts }), None)
        };
        assert_eq!(of(r#"{"arch": "x86_64", "os": "linux"}"#).as_deref(), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(of(r#"{"arch": "aarch64", "os": "macos"}"#).as_deref(), Some("aarch64-apple-darwin"));
        assert_eq!(of(r#"{"arch": "x86_64", "os": "plan9"}"#), None);
        assert_eq!(of("null"), None);
    }

    #[test]
    fn a_compiler_counts_where_the_variant_may_have_been_built_by_it() {
        let of = |versions: &[&str], toolchain: Option<&str>| {
            let tool = |version: &&str| ToolEntry {
                name: "rustc".into(),
                version: (*version).into(),
                sha256: String::new(),
            };
            let manifest = Manifest { tools: versions.iter().map(tool).collect(), ..fixture::manifest() };
            let settings = toolchain.map(|name| ("toolchain".to_owned(), name.to_owned()));
            compilers_from(&manifest, &settings.into_iter().collect(), (1, 90))
        };
        let (old, new, nightly) = (
            "rustc 1.89.0 (29483883e 2025-08-04)",
            "rustc 1.95.0 (59807616e 2026-04-14)",
            "rustc 1.97.0-nightly (e50aa6fba 2026-05-19)",
        );
        assert!(of(&[new], None) && !of(&[old], None) && !of(&[], None) && !of(&[old, new], None));
        assert!(of(&[old, nightly], Some("nightly")) && !of(&[old, nightly], Some("stable")));
    }
}
