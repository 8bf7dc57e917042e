//! The flags that bring a linker into play. docs/ARCHITECTURE.md has what was seen with which toolchain.

use std::io;
use std::path::{Path, PathBuf};

use bench_runner_core::record::short_hash;

use super::super::axis::Context;
use super::name::LinkerName;
use super::probe;

/// The flags for rustc that `linker` stands for, with another program than rustc's usual one to call the linker where
/// one is named.
pub(super) fn linker_flags(linker: &LinkerName, driver: Option<&str>, context: &Context) -> Vec<String> {
    let toolchain = context.toolchain.as_ref();
    // rustc's own lld is named on the command line before anything that is added here, and `-fuse-ld=lld` alone
    // would find it again, as would a directory given with `-B`.
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

/// What keeps rustc's own lld where it is the default: rustc forgets it as soon as it is told to call any other
/// program than `cc`.
pub(super) fn keeping_default(driver: Option<&str>, context: &Context) -> Vec<String> {
    let own = probe::links_with_own_lld(context) && !probe::is_configured(context);
    match driver {
        Some(driver) if own && driver != "cc" => linker_flags(&LinkerName::RustLld, None, context),
        _ => Vec::new(),
    }
}

/// The directory in which `linker` is called `ld`, where a C compiler finds it through `-B`.
pub(super) fn directory_of(linker: &Path, tools: &Path) -> PathBuf {
    tools.join(format!("ld-{}", short_hash(&linker.display().to_string())))
}

/// Makes that directory.
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
            let request = fixture::applied("linker", value, &context);
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
