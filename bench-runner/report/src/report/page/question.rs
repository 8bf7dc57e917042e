//! Title of a page: the question that its run answers.

use std::collections::BTreeSet;

use bench_runner_core::compare::Comparison;
use bench_runner_core::record::{AS_CONFIGURED, Block, Plan, Role, SNIPPET, Variant};

use crate::figure::wording;

/// Largest number of things that a title names; more are counted.
const NAMED: usize = 3;

/// Axes in words, by key.
const AXES: [(&str, &str); 18] = [
    ("linker", "linker"),
    ("linker-driver", "linker driver"),
    ("linker-threads", "number of linker threads"),
    ("profile", "profile"),
    ("toolchain", "toolchain"),
    ("backend", "code generation backend"),
    ("lto", "LTO setting"),
    ("codegen-units", "number of codegen units"),
    ("opt-level", "optimization level"),
    ("debug", "debug info setting"),
    ("split-debuginfo", "split debug info setting"),
    ("strip", "strip setting"),
    ("jobs", "number of jobs"),
    ("threads", "number of compiler threads"),
    ("target-cpu", "target CPU"),
    ("cache", "compiler cache"),
    ("rev", "commit"),
    ("project", "project"),
];

/// The question; a sentence that is always true if there is none.
pub(super) fn question(plan: &Plan, comparison: &Comparison) -> String {
    let mut about_settings: Vec<&Block> = Vec::new();
    let mut about_workloads: Vec<&Block> = Vec::new();
    for block in plan.blocks.iter().filter(|block| block.arms.iter().any(|arm| arm.role == Role::Variant)) {
        match varying(block).as_slice() {
            [only] if only == "workload" => about_workloads.push(block),
            _ => about_settings.push(block),
        }
    }
    let projects = projects(comparison);
    let settings = settings_question(&about_settings, &projects);
    let workloads = workloads_question(&about_workloads);
    match (settings, workloads) {
        (Some(settings), Some(workloads)) => format!("{settings}, and {workloads}?"),
        (Some(settings), None) => format!("{settings}?"),
        (None, Some(workloads)) => format!("{} for {projects}?", wording::capitalized(&workloads)),
        (None, None) if comparison.blocks.is_empty() => "Nothing was compared".to_owned(),
        (None, None) => format!("Build times of {projects}"),
    }
}

fn settings_question(blocks: &[&Block], projects: &str) -> Option<String> {
    let (first, others) = blocks.split_first()?;
    let verb = verb(blocks);
    if let Some((variant, baseline)) = only_pair(first)
        && others.iter().all(|block| only_pair(block) == Some((variant, baseline)))
    {
        return Some(format!("Does {variant} {verb} {projects} faster than {baseline}"));
    }
    let mut kinds: Vec<Vec<String>> = Vec::new();
    for keys in blocks.iter().map(|block| varying(block)) {
        if !kinds.contains(&keys) {
            kinds.push(keys);
        }
    }
    let name_all = |keys: &[String]| keys.iter().map(|key| axis_name(key)).collect::<Vec<_>>();
    Some(match kinds.as_slice() {
        [keys] if keys.is_empty() || keys.len() > NAMED => {
            format!("Which settings {verb} {projects} fastest")
        }
        [keys] if keys.len() > 1 => {
            format!("Which combination of {} {verb}s {projects} fastest", wording::join_and(&name_all(keys)))
        }
        [keys] if keys[0] == "project" => format!("Which project is the fastest to {verb}"),
        [keys] if keys[0] == "rev" => {
            format!("Which commit of {} is the fastest to {verb}", without_commits(projects))
        }
        [keys] => format!("Which {} {verb}s {projects} fastest", axis_name(&keys[0])),
        several if several.len() <= NAMED && several.iter().all(|keys| keys.len() == 1) => {
            let names: Vec<String> =
                several.iter().map(|keys| format!("which {}", axis_name(&keys[0]))).collect();
            format!("{} {verb} {projects} fastest", wording::capitalized(&wording::join_and(&names)))
        }
        _ => format!("Which settings {verb} {projects} fastest"),
    })
}

/// The question about workloads as a clause, without its project.
fn workloads_question(blocks: &[&Block]) -> Option<String> {
    let first = workload_pair(blocks.first()?);
    let same = blocks.iter().all(|block| workload_pair(block) == first);
    Some(match first.filter(|_| same) {
        Some([variant, baseline]) => format!("how does {variant} compare with {baseline}"),
        None => "which workload takes the least time".to_owned(),
    })
}

/// Workloads of the only variant and its baseline, in words.
fn workload_pair(block: &Block) -> Option<[String; 2]> {
    let arms: Vec<&Variant> =
        block.arms.iter().filter(|arm| arm.role != Role::Twin).map(|arm| &arm.variant).collect();
    let [baseline, variant] = arms[..] else { return None };
    Some([variant, baseline].map(|one| wording::workload_subject(&one.workload)))
}

/// Names of the only variant and its baseline, if the block has one variant that differs in settings.
fn only_pair(block: &Block) -> Option<(&str, &str)> {
    let arms: Vec<&Variant> =
        block.arms.iter().filter(|arm| arm.role != Role::Twin).map(|arm| &arm.variant).collect();
    let [baseline, variant] = arms[..] else { return None };
    let in_settings = (&baseline.project, &baseline.workload, &baseline.rev)
        == (&variant.project, &variant.workload, &variant.rev);
    let short = |variant: &'_ Variant| variant.name.chars().count() <= 40;
    (in_settings && short(baseline) && short(variant)).then_some((&variant.name, &baseline.name))
}

/// Keys of the axes that vary in a block, in the order of the scenario, then those that name no axis.
fn varying(block: &Block) -> Vec<String> {
    let variants = || block.arms.iter().map(|arm| &arm.variant);
    let keys: BTreeSet<&str> =
        variants().flat_map(|variant| variant.settings.keys().map(String::as_str)).collect();
    let all = block.axes.iter().map(String::as_str).chain(["project", "workload", "rev"]).chain(keys);
    let mut found: Vec<String> = Vec::new();
    for key in all {
        let values: BTreeSet<Option<&str>> = variants().map(|variant| value(variant, key)).collect();
        if values.len() > 1 && !found.iter().any(|known| known == key) {
            found.push(key.to_owned());
        }
    }
    found
}

fn value<'v>(variant: &'v Variant, key: &str) -> Option<&'v str> {
    match key {
        "project" => Some(&variant.project),
        "workload" => Some(&variant.workload),
        "rev" => variant.rev.as_deref(),
        key => variant.settings.get(key).map(String::as_str),
    }
}

fn axis_name(key: &str) -> String {
    match AXES.iter().find(|(known, _)| *known == key) {
        Some((_, name)) => (*name).to_owned(),
        None if key == SNIPPET || key == AS_CONFIGURED => "configuration".to_owned(),
        None if key == "workload" => "workload".to_owned(),
        None => format!("value of {}", key.strip_prefix("env.").unwrap_or(key)),
    }
}

/// Verb for the workloads of some blocks.
fn verb(blocks: &[&Block]) -> &'static str {
    let arms = || blocks.iter().flat_map(|block| &block.arms).map(|arm| arm.variant.workload.as_str());
    let all = |name: &str| arms().all(|workload| workload.split([':', '-']).next() == Some(name));
    match () {
        () if all("check") => "check",
        () if all("clippy") => "lint",
        () if all("doc") => "document",
        () => "build",
    }
}

/// Projects with their versions, each once.
fn projects(comparison: &Comparison) -> String {
    let mut all: Vec<String> = Vec::new();
    for block in &comparison.blocks {
        let project = block.setup.project.as_str();
        // A local tree is named by its hash, which says nothing to a reader.
        let project = project.split(" (tree ").next().unwrap_or_default().to_owned();
        if !all.contains(&project) {
            all.push(project);
        }
    }
    if all.len() > NAMED { format!("{} projects", all.len()) } else { wording::join_and(&all) }
}

/// `itoa` for `itoa, 2 commits`.
fn without_commits(project: &str) -> &str {
    let counted = project.rsplit_once(", ").filter(|(_, count)| count.ends_with(" commits"));
    counted.map_or(project, |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bench_runner_core::bundle::fixture as files;
    use bench_runner_core::compare::BlockResult;
    use bench_runner_core::record::{Arm, BlockId};

    use super::*;
    use crate::figure::fixture::{comparison, empty_block};

    /// A block whose arms have these workloads and settings; the first is the baseline.
    fn block(arms: &[(&str, &[(&str, &str)])]) -> Block {
        let mut block = files::plan().blocks.remove(0);
        let template = block.arms.remove(0);
        block.axes.clear();
        block.arms = arms
            .iter()
            .enumerate()
            .map(|(at, (workload, settings))| {
                let words: Vec<String> =
                    settings.iter().map(|(key, value)| format!("{key}={value}")).collect();
                let pairs = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
                let variant = Variant {
                    name: words.join(" "),
                    workload: (*workload).to_owned(),
                    settings: pairs.collect::<BTreeMap<_, _>>(),
                    ..template.variant.clone()
                };
                let role = if at == 0 { Role::Baseline } else { Role::Variant };
                Arm { role, variant, ..template.clone() }
            })
            .collect();
        block
    }

    fn linkers(workload: &'static str) -> Block {
        block(&[
            (workload, &[("linker", "default")]),
            (workload, &[("linker", "bfd")]),
            (workload, &[("linker", "mold")]),
        ])
    }

    fn check(blocks: Vec<Block>, expected: &str) {
        let results = ["clean", "incremental"].map(|workload| {
            let id = BlockId::new("m", "p", workload);
            BlockResult { id, ..empty_block("titlecase 3.6.0") }
        });
        let plan = Plan { blocks, ..files::plan() };
        assert_eq!(question(&plan, &comparison(results.to_vec())), expected);
    }

    #[test]
    fn the_axis_names_the_question() {
        check(vec![linkers("clean"), linkers("incremental")], "Which linker builds titlecase 3.6.0 fastest?");
        check(vec![linkers("check")], "Which linker checks titlecase 3.6.0 fastest?");
        let other = block(&[
            ("clean", &[("env.BURN", "1")]),
            ("clean", &[("env.BURN", "2")]),
            ("clean", &[("env.BURN", "3")]),
        ]);
        check(vec![other], "Which value of BURN builds titlecase 3.6.0 fastest?");
    }

    #[test]
    fn a_project_is_named_without_its_number_of_commits() {
        assert_eq!(without_commits("itoa, 2 commits"), "itoa");
        assert_eq!(without_commits("itoa, hexyl"), "itoa, hexyl");
        assert_eq!(without_commits("itoa"), "itoa");
    }

    #[test]
    fn several_axes_are_one_question_or_two() {
        let both = block(&[
            ("clean", &[("profile", "dev"), ("lto", "off")]),
            ("clean", &[("profile", "dev"), ("lto", "thin")]),
            ("clean", &[("profile", "release"), ("lto", "thin")]),
        ]);
        check(vec![both], "Which combination of LTO setting and profile builds titlecase 3.6.0 fastest?");
        let debug = block(&[
            ("clean", &[("debug", "full")]),
            ("clean", &[("debug", "none")]),
            ("clean", &[("debug", "limited")]),
        ]);
        check(
            vec![debug, linkers("clean")],
            "Which debug info setting and which linker build titlecase 3.6.0 fastest?",
        );
    }

    #[test]
    fn a_pair_is_asked_for_by_name() {
        let pair = block(&[("clean", &[("linker", "default")]), ("clean", &[("linker", "mold")])]);
        check(vec![pair.clone()], "Does linker=mold build titlecase 3.6.0 faster than linker=default?");
        let workloads = block(&[("clean", &[]), ("check", &[])]);
        let how = "how does cargo check compare with a full build";
        check(
            vec![linkers("clean"), workloads.clone()],
            &format!("Which linker builds titlecase 3.6.0 fastest, and {how}?"),
        );
        check(vec![workloads], "How does cargo check compare with a full build for titlecase 3.6.0?");
    }

    #[test]
    fn what_cannot_be_asked_is_still_true() {
        check(vec![], "Build times of titlecase 3.6.0");
        assert_eq!(question(&files::plan(), &comparison(Vec::new())), "Nothing was compared");
        let unnamed = block(&[("clean", &[]), ("clean", &[]), ("clean", &[])]);
        check(vec![unnamed], "Which settings build titlecase 3.6.0 fastest?");
    }
}
