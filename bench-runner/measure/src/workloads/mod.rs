//! Workloads: what is timed. Each is an entry of a table with the state that the build starts from, the
//! change of the sources before each round, the goal of the build, and the units that it should compile.
//!
//! Some accept a word after a colon: `incremental:signature` names the class of the edit, `replay:20` the
//! number of commits.
//!
//! Independent of axes, plans and samples.

#![warn(missing_docs)]

mod rebuild;

use bench_runner_core::record::Refusal;
use bench_runner_core::suggest::suggest;

use crate::build::Goal;
use crate::corpus::EditClass;

pub use rebuild::{ExpectedRebuild, RebuildFinding, RebuildInput};

/// Default number of commits for `replay`.
const USUAL_COMMITS: u32 = 10;
/// Maximum number of commits for `replay`: each has a tree in the cache.
const MOST_COMMITS: u32 = 1000;

/// One workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// Name in scenarios and files, without the part after the colon.
    pub name: &'static str,
    /// One line for help texts.
    pub summary: &'static str,
    /// Goal of the build.
    pub goal: Goal,
    /// State that the build starts from.
    pub start: StartState,
    /// Sources that are built.
    pub sources: SourceChange,
    /// Units that the build should compile.
    pub expected_rebuild: ExpectedRebuild,
}

/// State that a build starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StartState {
    /// An empty target directory.
    Empty,
    /// The target directory of the variant after its last build.
    Warm,
    /// The target directory after a build of the release profile, and nothing else.
    AfterRelease,
}

/// Sources that are built, and their change before each round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceChange {
    /// The pinned sources.
    AsPinned,
    /// Sources with an edit that is new in every round: the first one of a class, or else the ordinary edit
    /// of the project.
    Edited(Option<EditClass>),
    /// Sources with the project's own crates emptied.
    Skeleton,
    /// The project's last commits, as many as this; each round has the next one.
    Replayed(u32),
}

impl SourceChange {
    /// True if the sources change from round to round.
    pub fn changes_between_rounds(self) -> bool {
        matches!(self, Self::Edited(_) | Self::Replayed(_))
    }
}

impl Workload {
    /// True if the build makes the real artifact of the project, which can be tried out.
    pub(crate) fn makes_artifact(&self) -> bool {
        self.goal == Goal::Build && self.sources != SourceChange::Skeleton
    }

    /// Syntax of its name, with the optional part after the colon.
    pub fn syntax(&self) -> String {
        match self.sources {
            SourceChange::Edited(_) => format!("{}[:CLASS]", self.name),
            SourceChange::Replayed(_) => format!("{}[:N]", self.name),
            SourceChange::AsPinned | SourceChange::Skeleton => self.name.to_owned(),
        }
    }
}

/// All workloads, in the order of help texts.
pub const ALL: [Workload; 12] = [
    from_nothing("clean", Goal::Build, "everything, dependencies included, from an empty target directory"),
    after_an_edit("incremental", Goal::Build, "a build after an edit that is new in every round"),
    from_nothing("check", Goal::Check, "cargo check of everything from an empty target directory"),
    after_an_edit("check-incremental", Goal::Check, "cargo check after an edit that is new in every round"),
    from_nothing("test", Goal::Test, "cargo test --no-run from an empty target directory"),
    after_an_edit(
        "test-incremental",
        Goal::Test,
        "cargo test --no-run after an edit that is new in every round",
    ),
    from_nothing("clippy", Goal::Clippy, "cargo clippy from an empty target directory"),
    from_nothing("doc", Goal::Doc, "cargo doc --no-deps from an empty target directory"),
    Workload {
        start: StartState::Warm,
        expected_rebuild: ExpectedRebuild::None,
        ..from_nothing("noop", Goal::Build, "a build of what is already built")
    },
    Workload {
        sources: SourceChange::Skeleton,
        ..from_nothing(
            "deps-only",
            Goal::Build,
            "all dependencies from an empty target directory, one's own crates emptied",
        )
    },
    Workload {
        start: StartState::AfterRelease,
        ..from_nothing(
            "after-release",
            Goal::Build,
            "a dev build of everything beside what a release build has left",
        )
    },
    Workload {
        sources: SourceChange::Replayed(USUAL_COMMITS),
        expected_rebuild: ExpectedRebuild::AsCommitted,
        ..after_an_edit(
            "replay",
            Goal::Build,
            "the project's own last commits, each built on top of the one before it",
        )
    },
];

/// A build of the pinned sources from an empty target directory.
const fn from_nothing(name: &'static str, goal: Goal, summary: &'static str) -> Workload {
    let (start, sources, expected_rebuild) =
        (StartState::Empty, SourceChange::AsPinned, ExpectedRebuild::All);
    Workload { name, summary, goal, start, sources, expected_rebuild }
}

/// A build on top of the last one, after an edit that is new in every round.
const fn after_an_edit(name: &'static str, goal: Goal, summary: &'static str) -> Workload {
    let (start, sources, expected_rebuild) =
        (StartState::Warm, SourceChange::Edited(None), ExpectedRebuild::Some);
    Workload { name, summary, goal, start, sources, expected_rebuild }
}

/// Finds the workload that `text` names.
///
/// # Errors
/// If there is none, or the part after the colon is invalid.
pub fn find(text: &str) -> Result<Workload, Refusal> {
    let (name, word) = text.split_once(':').map_or((text, None), |(name, word)| (name, Some(word)));
    let workload = ALL.into_iter().find(|workload| workload.name == name);
    let workload = workload.ok_or_else(|| {
        Refusal::new(format!("unknown workload `{text}`"))
            .with_help(format!("known are {}", ALL.map(|workload| workload.syntax()).join(", ")))
            .did_you_mean(name, ALL.iter().map(|workload| workload.name))
    })?;
    match (word, workload.sources) {
        (None, _) => Ok(workload),
        (Some(word), SourceChange::Edited(_)) => with_class(workload, word),
        (Some(word), SourceChange::Replayed(_)) => with_commits(workload, word),
        (Some(word), _) => {
            let what = format!("`{name}` takes nothing after a colon, and `{word}` stands there");
            Err(Refusal::new(what).with_help(format!("write `{name}`")))
        }
    }
}

fn with_class(workload: Workload, word: &str) -> Result<Workload, Refusal> {
    let class = EditClass::ALL.into_iter().find(|class| class.as_str() == word);
    let class = class.ok_or_else(|| {
        let classes = EditClass::ALL.map(EditClass::as_str);
        Refusal::new(format!("there is no class of edits `{word}`")).with_help(match suggest(word, classes) {
            Some(class) => format!("did you mean `{}:{class}`?", workload.name),
            None => format!("valid are {}", classes.join(", ")),
        })
    })?;
    let (sources, expected_rebuild) = (SourceChange::Edited(Some(class)), ExpectedRebuild::OfClass(class));
    Ok(Workload { sources, expected_rebuild, ..workload })
}

fn with_commits(workload: Workload, word: &str) -> Result<Workload, Refusal> {
    let number = word.parse().ok().filter(|number| (1..=MOST_COMMITS).contains(number));
    let number = number.ok_or_else(|| {
        Refusal::new(format!("`{word}` is not a number of commits"))
            .with_help(format!("from 1 to {MOST_COMMITS}, such as `{}:{USUAL_COMMITS}`", workload.name))
    })?;
    Ok(Workload { sources: SourceChange::Replayed(number), ..workload })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use bench_runner_core::record::Variant;

    use super::*;

    #[test]
    fn found_by_name_or_nearest() {
        assert_eq!(find("noop").unwrap().expected_rebuild, ExpectedRebuild::None);
        let help = |text: &str| find(text).unwrap_err().help.unwrap();
        assert_eq!(help("increment"), "did you mean `incremental`?");
        assert!(help("zzzzzz").starts_with("known are clean, incremental[:CLASS], "));
        for workload in ALL {
            assert_eq!(find(workload.name), Ok(workload));
        }
    }

    #[test]
    fn judging_knows_what_starts_from_nothing() {
        for Workload { name, start, .. } in ALL {
            let variant = Variant {
                name: "v".into(),
                project: "p".into(),
                workload: name.into(),
                rev: None,
                settings: BTreeMap::new(),
            };
            assert_eq!(variant.starts_from_nothing(), start == StartState::Empty, "{name}");
        }
    }

    #[test]
    fn a_class_or_a_number_may_stand_after_a_colon() {
        let found = find("test-incremental:signature").unwrap();
        assert_eq!((found.name, found.goal), ("test-incremental", Goal::Test));
        assert_eq!(found.sources, SourceChange::Edited(Some(EditClass::Signature)));
        assert_eq!(found.expected_rebuild, ExpectedRebuild::OfClass(EditClass::Signature));
        assert_eq!(find("replay:3").unwrap().sources, SourceChange::Replayed(3));
        assert_eq!(find("replay").unwrap().sources, SourceChange::Replayed(10));
        let wrong = |text: &str| find(text).unwrap_err().to_string();
        assert_eq!(wrong("clean:body"), "`clean` takes nothing after a colon, and `body` stands there");
        assert_eq!(wrong("incremental:boddy"), "there is no class of edits `boddy`");
        assert_eq!(
            find("incremental:boddy").unwrap_err().help.as_deref(),
            Some("did you mean `incremental:body`?")
        );
        for number in ["", "0", "-1", "1001", "ten"] {
            assert_eq!(wrong(&format!("replay:{number}")), format!("`{number}` is not a number of commits"));
        }
    }
}
