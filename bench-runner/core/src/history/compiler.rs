//! Compilers, as they name themselves.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A rustc, by the line that `rustc --version` prints, such as `rustc 1.95.0 (59807616e 2026-04-14)`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Compiler {
    /// Release, such as `1.95.0` or `1.97.0-nightly`.
    pub release: String,
    /// First digits of the commit that it was built from; `None` if it does not say.
    pub commit: Option<String>,
    /// Date of that commit, such as `2026-04-14`; `None` if it does not say.
    pub date: Option<String>,
}

/// Place of a compiler among others: release, then stable after its nightlies, then date.
pub type CompilerAge = ([u32; 3], bool, Option<String>);

impl Compiler {
    /// Reads the line; what stands behind commit and date does not matter. `None` if it has no release.
    pub fn parse(line: &str) -> Option<Self> {
        let said = line.strip_prefix("rustc ")?.trim();
        let (release, rest) = said.split_once(' ').unwrap_or((said, ""));
        numbers(release)?;
        let built_from =
            rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map(|(inside, _)| inside);
        let (commit, date) = built_from.and_then(|inside| inside.split_once(' ')).unzip();
        let is_hash = |text: &&str| text.len() >= 7 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        let is_known = commit.as_ref().is_some_and(is_hash);
        let known = |text: Option<&str>| text.filter(|_| is_known).map(str::to_owned);
        Some(Self { release: release.to_owned(), commit: known(commit), date: known(date) })
    }

    /// True if another compiler that says the same is the same. A compiler that somebody built may say the same as
    /// before it was changed.
    pub fn is_identified(&self) -> bool {
        self.commit.is_some() && !self.release.ends_with("-dev")
    }

    /// The order of compilers. It is that of the releases first, because a stable release is older than its date: it was a
    /// nightly twelve weeks before.
    pub fn age(&self) -> CompilerAge {
        (numbers(&self.release).unwrap_or_default(), !self.release.contains('-'), self.date.clone())
    }

    /// Name for readers: the release, and for one that has several builds the date.
    pub fn short(&self) -> String {
        match &self.date {
            Some(date) if self.release.contains('-') => format!("{} {date}", self.release),
            _ => self.release.clone(),
        }
    }
}

impl fmt::Display for Compiler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rustc {}", self.release)?;
        match (&self.commit, &self.date) {
            (Some(commit), Some(date)) => write!(f, " ({commit} {date})"),
            _ => Ok(()),
        }
    }
}

/// The three numbers of a release.
fn numbers(release: &str) -> Option<[u32; 3]> {
    let numbers = release.split('-').next()?;
    let parsed: Vec<u32> = numbers.split('.').map(str::parse).collect::<Result<_, _>>().ok()?;
    parsed.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compiler(line: &str) -> Compiler {
        Compiler::parse(line).unwrap()
    }

    #[test]
    fn a_compiler_is_known_by_release_and_commit() {
        let stable = compiler("rustc 1.95.0 (59807616e 2026-04-14)");
        assert_eq!(
            (stable.commit.as_deref(), stable.date.as_deref()),
            (Some("59807616e"), Some("2026-04-14"))
        );
        assert_eq!(stable.to_string(), "rustc 1.95.0 (59807616e 2026-04-14)");
        assert!(stable.is_identified());
        let debian = compiler("rustc 1.85.0 (4d91de4e4 2025-02-17) (built from a source tarball)");
        assert_eq!((debian.short().as_str(), debian.is_identified()), ("1.85.0", true));
        for (line, shown) in [
            ("rustc 1.63.0", "rustc 1.63.0"),
            ("rustc 1.63.0 (built from a source tarball)", "rustc 1.63.0"),
            ("rustc 1.97.0-dev", "rustc 1.97.0-dev"),
        ] {
            assert_eq!((compiler(line).to_string().as_str(), compiler(line).is_identified()), (shown, false));
        }
        assert!(
            !compiler("rustc 1.97.0-dev (e50aa6fba 2026-05-19)").is_identified(),
            "it may have been changed since"
        );
        assert_eq!(
            compiler("rustc 1.97.0-nightly (e50aa6fba 2026-05-19)").short(),
            "1.97.0-nightly 2026-05-19"
        );
        for no_compiler in ["", "rustc", "rustc x", "rustc 1.95", "cargo 1.95.0"] {
            assert_eq!(Compiler::parse(no_compiler), None, "{no_compiler}");
        }
    }

    #[test]
    fn releases_go_before_dates() {
        let mut all = [
            "rustc 1.97.0-nightly (e50aa6fba 2026-05-19)",
            "rustc 1.96.0 (ac68faa20 2026-05-25)",
            "rustc 1.97.0-nightly (aaaaaaaaa 2026-05-01)",
            "rustc 1.96.0-beta.3 (bbbbbbbbb 2026-05-10)",
            "rustc 1.100.0 (ccccccccc 2026-11-10)",
            "rustc 1.63.0",
        ]
        .map(compiler);
        all.sort_by_key(Compiler::age);
        let names = all.map(|one| one.short());
        let expected = [
            "1.63.0",
            "1.96.0-beta.3 2026-05-10",
            "1.96.0",
            "1.97.0-nightly 2026-05-01",
            "1.97.0-nightly 2026-05-19",
            "1.100.0",
        ];
        assert_eq!(names, expected);
    }
}
