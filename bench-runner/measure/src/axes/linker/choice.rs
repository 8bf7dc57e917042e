//! The choice of a linker by a link line: the expected arguments for a value, and the actual ones.

use super::super::axis::Context;
use super::name::LinkerName;
use super::{flags, probe};

/// Expected way in which a link line chooses the linker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LinkerChoice {
    /// No expectation.
    Any,
    /// By the name after `-fuse-ld=`; `own` says whether rustc's own directory must or must not be searched.
    Name { name: &'static str, own: Option<bool> },
    /// By a directory given with `-B`; this is the complete argument.
    Directory(String),
}

impl LinkerChoice {
    /// The choice of a value of the axis.
    pub(super) fn for_linker(linker: &LinkerName, context: &Context) -> Self {
        let name = |name, own| Self::Name { name, own };
        match linker {
            LinkerName::Default => Self::Any,
            LinkerName::Bfd => name("bfd", None),
            LinkerName::Gold => name("gold", None),
            LinkerName::Mold => name("mold", None),
            LinkerName::Lld => name("lld", Some(false)),
            LinkerName::RustLld => name("lld", Some(true)),
            LinkerName::Wild | LinkerName::At(_) => match probe::by_directory(linker, context) {
                Some(path) => {
                    let dir = flags::directory_of(&path, &context.tools);
                    Self::Directory(format!("-B{}", dir.display()))
                }
                None => Self::Any,
            },
        }
    }

    /// True if a link line with these arguments makes this choice.
    pub(super) fn matches_args(&self, args: &[String]) -> bool {
        // If there are several names, the C compiler uses the last.
        let named = args.iter().rev().find_map(|arg| arg.strip_prefix("-fuse-ld="));
        let from_own = args.iter().any(|arg| arg.starts_with("-B") && arg.ends_with("/gcc-ld"));
        match self {
            Self::Any => true,
            Self::Name { name, own } => named == Some(*name) && own.is_none_or(|own| own == from_own),
            Self::Directory(flag) => named.is_none() && !from_own && args.contains(flag),
        }
    }

    /// The choice as an addition to the expectation.
    pub(super) fn describe(&self) -> String {
        match self {
            Self::Any => String::new(),
            Self::Name { name, .. } => format!(" by -fuse-ld={name}"),
            Self::Directory(flag) => format!(" by {}", without_directories(flag)),
        }
    }
}

/// Arguments of a link line that choose a linker.
pub(super) fn selecting_args(args: &[String]) -> String {
    let chosen: Vec<String> = args
        .iter()
        .filter(|arg| ["-fuse-ld", "-B", "--ld-path"].iter().any(|start| arg.starts_with(start)))
        .map(|arg| without_directories(arg))
        .collect();
    if chosen.is_empty() { "no flag that chooses a linker".to_owned() } else { chosen.join(" ") }
}

/// Removes directories from an argument up to the last name, because bundles are published.
pub(super) fn without_directories(arg: &str) -> String {
    match arg.split_once('/') {
        Some((before, path)) => {
            let last = path.trim_end_matches('/').rsplit('/').next().unwrap_or(path);
            format!("{before}…/{last}")
        }
        None => arg.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        line.split_whitespace().map(str::to_owned).collect()
    }

    #[test]
    fn of_several_names_the_last_counts() {
        let bfd = LinkerChoice::Name { name: "bfd", own: None };
        assert!(bfd.matches_args(&words("cc -B/tc/gcc-ld -fuse-ld=lld -fuse-ld=bfd")));
        assert!(!bfd.matches_args(&words("cc -fuse-ld=bfd -fuse-ld=mold")));
        assert!(!bfd.matches_args(&words("cc")));
    }

    #[test]
    fn a_directory_counts_only_where_no_name_is_given() {
        let directory = LinkerChoice::Directory("-B/tools/ld-1".into());
        assert!(directory.matches_args(&words("cc -B/tools/ld-1")));
        assert!(!directory.matches_args(&words("cc -B/tools/ld-1 -fuse-ld=mold")));
        assert!(!directory.matches_args(&words("cc -B/tools/ld-12")));
        assert!(!directory.matches_args(&words("cc -B/tools/ld-1 -B/tc/bin/gcc-ld")));
    }

    #[test]
    fn no_directory_of_the_machine_gets_into_a_proof() {
        let args = ["cc", "-B/home/me/a b/gcc-ld", "-fuse-ld=lld", "--ld-path=/opt/me/mold", "-o", "/home/x"];
        let args = args.map(str::to_owned);
        assert_eq!(selecting_args(&args), "-B…/gcc-ld -fuse-ld=lld --ld-path=…/mold");
        assert_eq!(without_directories("-Clink-arg=-B/home/me/ld-1/"), "-Clink-arg=-B…/ld-1");
        assert_eq!(LinkerChoice::Directory("-B/home/me/ld-1".into()).describe(), " by -B…/ld-1");
    }
}
