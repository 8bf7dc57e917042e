//! Programs that builds find by name, independent of cargo's configuration: a user's own `cc` may choose the
//! linker or cache results.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use bench_runner_measure::process::find_in_path;

use super::fidelity::format_user_path;

/// Names by which rustc and build scripts call compilers, linkers and archivers.
const NAMES: [&str; 8] = ["cc", "c++", "gcc", "g++", "clang", "clang++", "ld", "ar"];
/// Parts of the names of programs that wrap a compiler under its name.
const BEFORE: [&str; 4] = ["ccache", "sccache", "distcc", "icecc"];
/// The variable that injects a library into every program, as `mold -run` does.
const PRELOADED: &str = "LD_PRELOAD";

/// Remarks about the programs on `path`, and about the library that would be injected in the user's
/// environment.
pub(super) fn notes(path: &OsString, variable: impl Fn(&str) -> Option<OsString>) -> Vec<String> {
    let mut notes = Vec::new();
    for name in NAMES {
        let Some(program) = find_in_path(name, path) else { continue };
        let real = program.canonicalize().unwrap_or_else(|_| program.clone());
        let called = real.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        let what = if BEFORE.iter().any(|part| called.contains(part)) {
            called.as_str()
        } else if is_script(&real) {
            "a script"
        } else {
            continue;
        };
        notes.push(format!(
            "`{name}` on your PATH is {what} ({}): what it keeps elsewhere can make a build from nothing warm, and the \
             linker may be its choice",
            format_user_path(&program)
        ));
    }
    if let Some(library) = variable(PRELOADED).filter(|value| !value.is_empty()) {
        let library = Path::new(&library).file_name().unwrap_or(&library).to_string_lossy().into_owned();
        notes.push(format!(
            "`{PRELOADED}` is set in your environment ({library}) and is not passed on to builds; what it changes, such \
             as the linker under `mold -run`, is not changed here"
        ));
    }
    notes
}

fn is_script(program: &Path) -> bool {
    let mut start = [0; 2];
    File::open(program).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"#!"
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn a_compiler_that_is_another_program_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let program = |name: &str, text: &[u8]| {
            let path = dir.path().join(name);
            std::fs::write(&path, text).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        };
        program("cc", b"#!/bin/sh\nexec /usr/bin/cc \"$@\" -fuse-ld=gold\n");
        program("ccache", b"\x7fELF");
        program("ld", b"\x7fELF");
        symlink("ccache", dir.path().join("gcc")).unwrap();
        let path = dir.path().as_os_str().to_owned();
        let found = notes(&path, |_| None);
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].starts_with("`cc` on your PATH is a script ("), "{found:?}");
        assert!(found[1].starts_with("`gcc` on your PATH is ccache ("), "{found:?}");
        let preloaded = notes(&OsString::new(), |name| {
            (name == PRELOADED).then(|| OsString::from("/usr/lib/mold/mold-wrapper.so"))
        });
        assert!(preloaded[0].contains("(mold-wrapper.so) and is not passed on"), "{preloaded:?}");
    }
}
