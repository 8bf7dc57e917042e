//! Flags that choose a linker. docs/ARCHITECTURE.md lists the link lines and marks observed for each.

use std::io;
use std::path::{Path, PathBuf};

use bench_runner_core::record::short_hash;

use super::super::axis::Context;
use super::name::LinkerName;
use super::probe;

/// Flags for rustc that choose `linker`; `driver` is the linker driver, if one is named.
pub(super) fn linker_flags(linker: &LinkerName, driver: Option<&str>, context: &Context) -> Vec<String> {
    let toolchain = context.toolchain.as_ref();
    // rustc puts its own lld on the command line first, and `-fuse-ld=lld` alone would find it again, as
    // would a directory given with `-B`.
    let without_own_lld = probe::links_with_own_lld(context).then(|| "-Clinker-features=-lld".to_owned());
    let directory = |dir: &Path| format!("-Clink-arg=-B{}", dir.display());
    match linker {
        LinkerName::Default => keeping_default(driver, context),
        LinkerName::Bfd | LinkerName::Gold | LinkerName::Mold => {
            vec![format!("-Clink-arg=-fuse-ld={}", linker.text())]
        }
        LinkerName::Lld => {
            without_own_lld.into_iter().chain(["-Clink-arg=-fuse-ld=lld".to_owned()]).collect()
        }
        LinkerName::RustLld => match toolchain.and_then(|toolchain| toolchain.gcc_ld()) {
            Some(dir) => vec![directory(&dir), "-Clink-arg=-fuse-ld=lld".to_owned()],
            None => Vec::new(),
        },
        LinkerName::Wild | LinkerName::At(_) => match probe::by_directory(linker, context) {
            Some(linker) => {
                let dir = directory_of(&linker, &context.tools);
                without_own_lld.into_iter().chain([directory(&dir)]).collect()
            }
            None => Vec::new(),
        },
    }
}

/// Flags that keep the lld of rustc where it is the default: rustc stops using it with a driver other than
/// `cc`.
pub(super) fn keeping_default(driver: Option<&str>, context: &Context) -> Vec<String> {
    let own = probe::links_with_own_lld(context) && !probe::is_configured(context);
    match driver {
        Some(driver) if own && driver != "cc" => linker_flags(&LinkerName::RustLld, None, context),
        _ => Vec::new(),
    }
}

/// Directory in which `linker` is called `ld`, so that a C compiler finds it through `-B`.
pub(super) fn directory_of(linker: &Path, tools: &Path) -> PathBuf {
    tools.join(format!("ld-{}", short_hash(&linker.display().to_string())))
}

/// Creates that directory.
pub(super) fn link_ld(linker: &Path, tools: &Path) -> io::Result<()> {
    let dir = directory_of(linker, tools);
    std::fs::create_dir_all(&dir)?;
    match std::os::unix::fs::symlink(linker, dir.join("ld")) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes::fixture;

    #[test]
    fn flags_carry_the_setting_that_asks_for_them() {
        let tools = tempfile::tempdir().unwrap();
        let context = Context { toolchain: None, tools: tools.path().to_owned(), ..fixture::context() };
        let applied = |value: &str| {
            let request = fixture::apply("linker", value, &context);
            (request.rustflags, request.rustflags_from)
        };
        assert_eq!(applied("mold"), (vec!["-Clink-arg=-fuse-ld=mold".into()], vec!["linker=mold".into()]));
        assert_eq!(applied("default"), (vec![], vec![]));
        let (flags, from) = applied("/opt/wild/wild");
        let dir = Path::new(flags[0].strip_prefix("-Clink-arg=-B").unwrap());
        assert_eq!(std::fs::read_link(dir.join("ld")).unwrap(), Path::new("/opt/wild/wild"));
        assert_eq!(from, ["linker=/opt/wild/wild"]);
    }
}
