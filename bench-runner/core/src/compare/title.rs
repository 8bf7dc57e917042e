//! Readable titles of blocks: the same name for the same comparison everywhere.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::{Arm, Block, Pin, Plan, Role};

/// Number of digits of a hash in a title.
const SHORT: usize = 10;

/// More names than this are counted.
const NAMED: usize = 3;

/// Title of a block: `titlecase 3.6.0: full build`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct BlockTitle {
    /// The project with its version: `titlecase 3.6.0`.
    pub(super) project: String,
    /// Content of the builds in plain words: `full build`.
    pub(super) task: String,
    /// Both, and the name of the matrix if two blocks would share a title.
    pub(super) text: String,
}

/// The title of each block, such as `titlecase 3.6.0: full build`.
pub fn titles(plan: &Plan) -> Vec<String> {
    block_titles(plan).into_iter().map(|title| title.text).collect()
}

/// A title for each block, in its parts. If a block spans several projects or workloads, they are named if they are few and
/// counted otherwise, those of the baseline last: `cargo check vs. full build`.
pub(super) fn block_titles(plan: &Plan) -> Vec<BlockTitle> {
    let mut titles: Vec<BlockTitle> = plan.blocks.iter().map(|block| title(plan, block)).collect();
    let mut times: BTreeMap<String, usize> = BTreeMap::new();
    for title in &titles {
        *times.entry(title.text.clone()).or_default() += 1;
    }
    for (block, title) in plan.blocks.iter().zip(&mut titles) {
        if let Some((matrix, _)) = block.id.as_str().split_once('/')
            && times[&title.text] > 1
        {
            title.task = format!("{} ({matrix})", title.task);
            title.text = format!("{}: {}", title.project, title.task);
        }
    }
    titles
}

fn title(plan: &Plan, block: &Block) -> BlockTitle {
    let revs: BTreeSet<&str> = block.arms.iter().filter_map(|arm| arm.variant.rev.as_deref()).collect();
    let is_one_commit = block.arms.iter().all(|arm| arm.variant.rev.is_some());
    let name = |project: &str| match (revs.len(), revs.first()) {
        (1, Some(rev)) if is_one_commit => format!("{project} (commit {})", short(rev)),
        (0 | 1, _) => with_version(plan, project),
        (count, _) => format!("{project}, {count} commits"),
    };
    let projects = compared(block, "projects", |arm| name(&arm.variant.project));
    let commits = block.commits.values().map(Vec::len).max();
    let task = compared(block, "workloads", |arm| workload_phrase(&arm.variant.workload, commits));
    let text = [projects.as_str(), task.as_str()].into_iter().filter(|part| !part.is_empty());
    BlockTitle { text: text.collect::<Vec<_>>().join(": "), project: projects, task }
}

/// The values of the arms: `a`, `b vs. a` or `b, c vs. a` with the baseline's last, or their number.
fn compared(block: &Block, what: &str, value: impl Fn(&Arm) -> String) -> String {
    let mut of_variants: Vec<String> = Vec::new();
    let mut of_baseline: Option<String> = None;
    for arm in &block.arms {
        let value = value(arm);
        if arm.role == Role::Baseline {
            of_baseline = Some(value);
        } else if !of_variants.contains(&value) {
            of_variants.push(value);
        }
    }
    let Some(baseline) = of_baseline else { return of_variants.join(", ") };
    of_variants.retain(|value| *value != baseline);
    match of_variants.len() {
        0 => baseline,
        few if few < NAMED => format!("{} vs. {baseline}", of_variants.join(", ")),
        many => format!("{} {what}", many + 1),
    }
}

/// A workload in plain words, such as `rebuild after an edit`; one that is not known as it is written.
/// `commits` is the number of replayed commits, if there are any.
pub fn workload_phrase(workload: &str, commits: Option<usize>) -> String {
    let (name, word) = workload.split_once(':').map_or((workload, None), |(name, word)| (name, Some(word)));
    let phrase = match name {
        "clean" => "full build",
        "incremental" => "rebuild after an edit",
        "check" => "cargo check",
        "check-incremental" => "cargo check after an edit",
        "test" => "build of the tests",
        "test-incremental" => "rebuild of the tests after an edit",
        "clippy" => "cargo clippy",
        "doc" => "cargo doc",
        "noop" => "build without changes",
        "deps-only" => "build of the dependencies",
        "after-release" => "full build after a release build",
        "replay" => {
            // The oldest commit is the starting point of the others.
            let count = word.map(str::to_owned).or(commits.map(|count| count.saturating_sub(1).to_string()));
            return match count {
                Some(count) => format!("rebuild after each of the last {count} commits"),
                None => "rebuild after each of the last commits".to_owned(),
            };
        }
        _ => return workload.to_owned(),
    };
    word.map_or_else(|| phrase.to_owned(), |class| format!("{phrase} ({class})"))
}

fn with_version(plan: &Plan, name: &str) -> String {
    match plan.projects.iter().find(|project| project.name == name).map(|project| &project.pin) {
        Some(Pin::CratesIo { version, .. }) => format!("{name} {version}"),
        Some(Pin::Git { rev }) => format!("{name} {}", short(rev)),
        Some(Pin::Tree { sha256 }) => format!("{name} (tree {})", short(sha256)),
        None => name.to_owned(),
    }
}

fn short(hash: &str) -> String {
    hash.chars().take(SHORT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::fixture;

    fn title_of(values: &[(&str, &str)]) -> String {
        let names = vec!["variant"; values.len() - 1];
        let mut plan = fixture::plan(vec![fixture::block("m", false, &names)]);
        plan.projects.clear();
        for (arm, (project, workload)) in plan.blocks[0].arms.iter_mut().zip(values) {
            arm.variant.project = (*project).to_owned();
            arm.variant.workload = (*workload).to_owned();
        }
        titles(&plan).remove(0)
    }

    #[test]
    fn a_title_says_project_and_task_in_plain_words() {
        assert_eq!(title_of(&[("p", "clean"), ("p", "clean")]), "p: full build");
        assert_eq!(title_of(&[("p", "incremental:signature")]), "p: rebuild after an edit (signature)");
        assert_eq!(title_of(&[("p", "replay:10")]), "p: rebuild after each of the last 10 commits");
        assert_eq!(title_of(&[("p", "mine")]), "p: mine");
    }

    #[test]
    fn the_baseline_comes_last_and_many_values_are_counted() {
        assert_eq!(title_of(&[("p", "clean"), ("p", "check")]), "p: cargo check vs. full build");
        assert_eq!(title_of(&[("p", "clean"), ("q", "clean")]), "q vs. p: full build");
        let many = [("p", "clean"), ("p", "check"), ("p", "doc"), ("p", "test"), ("p", "noop")];
        assert_eq!(title_of(&many[..3]), "p: cargo check, cargo doc vs. full build");
        assert_eq!(title_of(&many), "p: 5 workloads");
    }

    #[test]
    fn a_title_names_the_commit_that_all_build() {
        let mut plan = fixture::plan(vec![fixture::block("m", false, &["toolchain=stable"])]);
        plan.blocks[0].arms.iter_mut().for_each(|arm| arm.variant.rev = Some("ab".repeat(20)));
        let of_one = titles(&plan).remove(0);
        assert!(of_one.contains(" (commit ababababab): "), "{of_one}");
        plan.blocks[0].arms[0].variant.rev = None;
        assert!(!titles(&plan)[0].contains("commit"), "the others build what is checked out");
    }

    #[test]
    fn blocks_that_would_share_a_title_name_their_matrix() {
        let blocks = ["one", "two"].map(|matrix| fixture::block(matrix, true, &["linker=lld"]));
        let plan = fixture::plan(blocks.to_vec());
        let titles = titles(&plan);
        assert!(titles[0].ends_with(" (one)") && titles[1].ends_with(" (two)"), "{titles:?}");
    }
}
