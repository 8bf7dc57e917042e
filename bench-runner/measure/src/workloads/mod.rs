//! What is timed: one file per workload. A workload says what state the build starts from, what happens to the sources
//! before each round, what the build is to bring about, and which units it should compile.
//!
//! Some take a word after a colon: `incremental:signature` names the class of the edit, `replay:20` the number of
//! commits.
//!
//! Knows nothing of axes, plans or samples.

mod after_release;
mod check;
mod check_incremental;
mod clean;
mod clippy;
mod deps_only;
mod doc;
mod incremental;
mod noop;
mod replay;
mod test;
mod test_incremental;
mod units;

use crate::build::Goal;
use crate::corpus::EditClass;

pub use units::{Judged, Shown, Units};

/// Commits that `replay` builds where no number is given.
const USUAL_COMMITS: u32 = 10;
/// Most commits that can be replayed: each is a tree of its own in the cache.
const MOST_COMMITS: u32 = 1000;

/// One workload.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Workload {
    /// Its name in scenarios and files, without what may stand after a colon.
    pub name: &'static str,
    /// One line for help texts.
    pub summary: &'static str,
    /// What the build brings about.
    pub goal: Goal,
    /// What the build starts from.
    pub start: Start,
    /// What is built.
    pub sources: Sources,
    /// Which units it should compile.
    pub units: Units,
}

/// What a build starts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// An empty target directory.
    Empty,
    /// What the variant's last build left.
    Warm,
    /// What a build of the release profile left, and nothing else.
    AfterRelease,
}

/// What is built, and what happens to it before each round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sources {
    /// The sources as they were pinned.
    AsPinned,
    /// With an edit that is new in every round: the first one of a class, or else the project's ordinary one.
    Edited(Option<EditClass>),
    /// With the project's own crates emptied.
    Skeleton,
    /// The project's last commits, as many as this, the next one in every round.
    Replayed(u32),
}

impl Sources {
    /// Whether they change from round to round.
    pub fn change(self) -> bool {
        matches!(self, Self::Edited(_) | Self::Replayed(_))
    }
}

impl Workload {
    /// Whether what it builds is the project's real result, which can be tried out.
    pub(crate) fn makes_the_artefact(&self) -> bool {
        self.goal == Goal::Build && self.sources != Sources::Skeleton
    }

    /// How it is written, with what may stand after a colon.
    pub fn form(&self) -> String {
        match self.sources {
            Sources::Edited(_) => format!("{}[:CLASS]", self.name),
            Sources::Replayed(_) => format!("{}[:N]", self.name),
            Sources::AsPinned | Sources::Skeleton => self.name.to_owned(),
        }
    }
}

/// All workloads, in the order of help texts.
pub const ALL: [Workload; 12] = [
    clean::CLEAN,
    incremental::INCREMENTAL,
    check::CHECK,
    check_incremental::CHECK_INCREMENTAL,
    test::TEST,
    test_incremental::TEST_INCREMENTAL,
    clippy::CLIPPY,
    doc::DOC,
    noop::NOOP,
    deps_only::DEPS_ONLY,
    after_release::AFTER_RELEASE,
    replay::REPLAY,
];

/// A text that is no workload.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct UnknownWorkload {
    /// What is wrong with it.
    pub message: String,
    /// What would be right.
    pub help: String,
}

/// The workload that `text` names.
///
/// # Errors
/// Where there is none, or it cannot have what stands after the colon.
pub fn find(text: &str) -> Result<Workload, UnknownWorkload> {
    let (name, word) = text.split_once(':').map_or((text, None), |(name, word)| (name, Some(word)));
    let workload = ALL.into_iter().find(|workload| workload.name == name);
    let workload = workload.ok_or_else(|| UnknownWorkload {
        message: format!("unknown workload `{text}`"),
        help: match bench_runner_core::nearest::nearest(name, ALL.iter().map(|workload| workload.name)) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("known are {}", ALL.map(|workload| workload.form()).join(", ")),
        },
    })?;
    match (word, workload.sources) {
        (None, _) => Ok(workload),
        (Some(word), Sources::Edited(_)) => with_class(workload, word),
        (Some(word), Sources::Replayed(_)) => with_commits(workload, word),
        (Some(word), _) => Err(UnknownWorkload {
            message: format!("`{name}` takes nothing after a colon, and `{word}` stands there"),
            help: format!("write `{name}`"),
        }),
    }
}

fn with_class(workload: Workload, word: &str) -> Result<Workload, UnknownWorkload> {
    let class = EditClass::ALL.into_iter().find(|class| class.as_str() == word);
    let class = class.ok_or_else(|| UnknownWorkload {
        message: format!("there is no class of edits `{word}`"),
        help: match bench_runner_core::nearest::nearest(word, EditClass::ALL.map(EditClass::as_str)) {
            Some(class) => format!("did you mean `{}:{class}`?", workload.name),
            None => format!("valid are {}", EditClass::ALL.map(EditClass::as_str).join(", ")),
        },
    })?;
    Ok(Workload { sources: Sources::Edited(Some(class)), units: Units::OfClass(class), ..workload })
}

fn with_commits(workload: Workload, word: &str) -> Result<Workload, UnknownWorkload> {
    let number = word.parse().ok().filter(|number| (1..=MOST_COMMITS).contains(number));
    let number = number.ok_or_else(|| UnknownWorkload {
        message: format!("`{word}` is not a number of commits"),
        help: format!("from 1 to {MOST_COMMITS}, such as `{}:{USUAL_COMMITS}`", workload.name),
    })?;
    Ok(Workload { sources: Sources::Replayed(number), ..workload })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn found_by_name_or_nearest() {
        assert_eq!(find("noop").unwrap().units, Units::None);
        let wrong = |text: &str| find(text).unwrap_err();
        assert_eq!(wrong("increment").help, "did you mean `incremental`?");
        assert!(wrong("zzzzzz").help.starts_with("known are clean, incremental[:CLASS], "));
        for workload in ALL {
            assert_eq!(find(workload.name), Ok(workload));
        }
    }

    #[test]
    fn a_class_or_a_number_may_stand_after_a_colon() {
        let found = find("test-incremental:signature").unwrap();
        assert_eq!((found.name, found.goal), ("test-incremental", Goal::Test));
        assert_eq!(found.sources, Sources::Edited(Some(EditClass::Signature)));
        assert_eq!(found.units, Units::OfClass(EditClass::Signature));
        assert_eq!(find("replay:3").unwrap().sources, Sources::Replayed(3));
        assert_eq!(find("replay").unwrap().sources, Sources::Replayed(10));
        let wrong = |text: &str| find(text).unwrap_err().to_string();
        assert_eq!(wrong("clean:body"), "`clean` takes nothing after a colon, and `body` stands there");
        assert_eq!(wrong("incremental:boddy"), "there is no class of edits `boddy`");
        assert_eq!(find("incremental:boddy").unwrap_err().help, "did you mean `incremental:body`?");
        for number in ["", "0", "-1", "1001", "ten"] {
            assert_eq!(wrong(&format!("replay:{number}")), format!("`{number}` is not a number of commits"));
        }
    }
}
