//! Inputs that builds request and the user has, but not the copy or the environment of the build: files and
//! variables that build scripts name to cargo, and variables that crates read during compilation.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Component, Path, PathBuf};

use serde_json::Value;

/// Inputs that a build requested.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct RequestedInputs {
    pub(super) variables: BTreeSet<String>,
    /// Absolute paths.
    pub(super) files: BTreeSet<PathBuf>,
}

/// Reads the requests of build scripts, whose directories are in cargo's messages (`stdout`), and those in
/// the compiler's dep-info files below `dirs`.
pub(super) fn read(stdout: &str, dirs: &[&Path]) -> RequestedInputs {
    let mut inputs = RequestedInputs::default();
    for script in stdout.lines().filter_map(script) {
        for line in script.output().lines() {
            let output = line.strip_prefix("cargo::").or_else(|| line.strip_prefix("cargo:"));
            let Some((key, value)) = output.and_then(|output| output.split_once('=')) else { continue };
            match (key, &script.package) {
                ("rerun-if-env-changed", _) => drop(inputs.variables.insert(value.trim().to_owned())),
                ("rerun-if-changed", Some(dir)) => drop(inputs.files.insert(without_dots(&dir.join(value)))),
                _ => {}
            }
        }
    }
    for dir in dirs {
        variables_below(dir, 0, &mut inputs.variables);
    }
    inputs
}

/// A build script that has run, in this build or before.
struct Script {
    /// The directory of its package, if it is a local one.
    package: Option<PathBuf>,
    out_dir: PathBuf,
}

fn script(line: &str) -> Option<Script> {
    let message: Value = serde_json::from_str(line).ok()?;
    if message["reason"] != "build-script-executed" {
        return None;
    }
    let id = message["package_id"].as_str()?;
    // `path+file:///d#n@1.0.0`; before Rust 1.77 `n 1.0.0 (path+file:///d)`.
    let path = id.split_once("path+file://").map(|(_, url)| url.split(['#', ')']).next().unwrap_or(url));
    let package = path.map(|path| percent_decode(path).into());
    Some(Script { package, out_dir: message["out_dir"].as_str()?.into() })
}

/// Percent-decodes a part of a URL.
fn percent_decode(text: &str) -> String {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let hex = after.get(..2).filter(|_| *first == b'%').and_then(|hex| std::str::from_utf8(hex).ok());
        match hex.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &after[2..];
            }
            None => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

impl Script {
    fn output(&self) -> String {
        let beside = |name: &str| Some(self.out_dir.parent()?.join(name));
        // Cargo's newer layout uses another name.
        let read = |name| fs::read(beside(name)?).ok();
        let output = ["output", "stdout", "run/stdout"].into_iter().find_map(read).unwrap_or_default();
        String::from_utf8_lossy(&output).into_owned()
    }
}

/// The path without `.` and `..`.
fn without_dots(path: &Path) -> PathBuf {
    let mut without_dots = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => drop(without_dots.pop()),
            Component::CurDir => {}
            other => without_dots.push(other),
        }
    }
    without_dots
}

/// Adds the variables from the compiler's dep-info files.
fn variables_below(dir: &Path, depth: usize, found: &mut BTreeSet<String>) {
    const DEEPEST: usize = 6;
    for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
        let path = entry.path();
        let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
        let skipped = ["incremental", ".fingerprint"].iter().any(|name| path.ends_with(name));
        if is_dir && depth < DEEPEST && !skipped {
            variables_below(&path, depth + 1, found);
        } else if !is_dir && path.extension().is_some_and(|extension| extension == "d") {
            let text = fs::read_to_string(&path).unwrap_or_default();
            let noted = text.lines().filter_map(|line| line.strip_prefix("# env-dep:"));
            found.extend(noted.map(|noted| noted.split('=').next().unwrap_or(noted).to_owned()));
        }
    }
}

impl RequestedInputs {
    /// The requested variables that `user` has and a build does not. Variables that cargo sets are never
    /// missing.
    pub(super) fn missing_variables(
        &self,
        user: impl Fn(&str) -> bool,
        build: impl Fn(&str) -> bool,
    ) -> Vec<String> {
        const CARGO_FILES: [&str; 8] =
            ["DEBUG", "HOST", "NUM_JOBS", "OPT_LEVEL", "OUT_DIR", "PROFILE", "RUSTC_LINKER", "TARGET"];
        let own = |name: &&String| !name.starts_with("CARGO") && !CARGO_FILES.contains(&name.as_str());
        self.variables.iter().filter(own).filter(|name| user(name) && !build(name)).cloned().collect()
    }

    /// The requested files that are in the user's tree and not in its copy, as paths relative to `copy`, the
    /// directory of the project in the copy; `user` is the same directory in the user's tree.
    pub(super) fn missing_files(&self, copy: &Path, user: &Path) -> Vec<String> {
        let at_home = |file: &Path| {
            let mut from = (copy, user);
            let mut up = PathBuf::new();
            // A project may request files above its directory.
            while !file.starts_with(from.0) {
                from = (from.0.parent()?, from.1.parent()?);
                up.push("..");
            }
            let rest = file.strip_prefix(from.0).ok()?;
            Some((from.1.join(rest), up.join(rest)))
        };
        let missing = self.files.iter().filter(|file| !file.exists()).filter_map(|file| at_home(file));
        missing.filter(|(home, _)| home.exists()).map(|(_, named)| named.display().to_string()).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scripts_and_crates_ask_for_is_held_against_what_the_user_has() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| {
            let path = dir.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write(
            "t/debug/build/p-1/output",
            "cargo:rerun-if-changed=.env\ncargo::rerun-if-changed=../dist\ncargo:rerun-if-env-changed=OWN\n",
        );
        write("t/debug/build/q-1/output", "cargo:rerun-if-changed=x\ncargo:rerun-if-env-changed=HOST\n");
        write("t/debug/deps/p-1.d", "p: src/main.rs\n\n# env-dep:GIT_HASH\n# env-dep:CARGO_PKG_NAME=p\n");
        write("copy/p/src/main.rs", "");
        ["home/p/.env", "home/dist", "home/p/src/main.rs"].iter().for_each(|name| write(name, ""));
        let at = |name: &str| dir.path().join(name).display().to_string();
        let line = |id: &str, name: &str| {
            let out = at(&format!("t/debug/build/{name}/out"));
            format!(
                "{}\n",
                serde_json::json!({"reason": "build-script-executed", "package_id": id, "out_dir": out})
            )
        };
        let own = format!("path+file://{}#p@0.1.0", at("copy/p"));
        let stdout = line(&own, "p-1") + &line("registry+https://x/#q@1.0.0", "q-1");
        let inputs = read(&stdout, &[&dir.path().join("t")]);
        assert_eq!(inputs.missing_variables(|_| true, |name| name == "OWN"), ["GIT_HASH"]);
        assert_eq!(inputs.missing_variables(|name| name == "OWN", |_| false), ["OWN"]);
        let missing_files = inputs.missing_files(&dir.path().join("copy/p"), &dir.path().join("home/p"));
        assert_eq!(missing_files, ["../dist", ".env"]);
        let old = format!("p 0.1.0 (path+file://{})", at("copy/p"));
        assert_eq!(percent_decode("/a%20b%/c"), "/a b%/c");
        assert_eq!(read(&line(&old, "p-1"), &[]).files, inputs.files);
    }
}
