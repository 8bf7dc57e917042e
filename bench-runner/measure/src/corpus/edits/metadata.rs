//! Reads `cargo metadata` of a source tree: its packages, their targets and the dependencies between them.

use std::collections::{BTreeMap, HashMap};
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::process::{ToolCall, ToolEnv, ToolError, check_tool};

/// The packages of a tree could not be read from cargo.
#[derive(Debug, thiserror::Error)]
pub enum MetadataError {
    /// cargo failed.
    #[error("failed to find out about the packages of {}: {error}", tree.display())]
    Cargo {
        tree: PathBuf,
        /// The failed call.
        error: ToolError,
    },
    /// The output of cargo is not what was expected.
    #[error("cannot read what `cargo metadata` says of {}", tree.display())]
    Unclear { tree: PathBuf },
}

/// One package of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WorkspacePackage {
    pub(super) name: String,
    /// Its `Cargo.toml`.
    pub(super) manifest: PathBuf,
    /// True if cargo builds it by default.
    pub(super) default: bool,
    /// True if its edition is 2015, in which paths work differently.
    pub(super) oldest_edition: bool,
    /// The oldest Rust version that it states: the number after `1.`.
    pub(super) rust_version: Option<u32>,
    pub(super) targets: Vec<PackageTarget>,
    /// Names of the workspace packages that it needs for a build; dependencies for tests do not count.
    pub(super) needs: Vec<String>,
    /// True if it needs any package by path, in the workspace or not.
    pub(super) needs_local: bool,
}

/// One target of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PackageTarget {
    /// Its kind, such as `lib`, `bin`, `custom-build`.
    pub(super) kind: String,
    pub(super) name: String,
    /// True if it is built without naming features.
    pub(super) plain: bool,
    /// Its root file.
    pub(super) file: PathBuf,
}

impl PackageTarget {
    /// True if other crates can depend on it.
    pub(super) fn is_library(&self) -> bool {
        !["bin", "example", "test", "bench", "custom-build"].contains(&self.kind.as_str())
    }
}

impl WorkspacePackage {
    /// The root file of its library.
    pub(super) fn library(&self) -> Option<&Path> {
        self.targets.iter().find(|target| target.is_library()).map(|target| target.file.as_path())
    }

    /// True if its library is a proc macro.
    pub(super) fn is_proc_macro(&self) -> bool {
        self.targets.iter().any(|target| target.kind == "proc-macro")
    }

    /// The root files of its programs that are built: those of the given names, or all if no name is given.
    pub(super) fn programs(&self, named: &[String]) -> impl Iterator<Item = &Path> {
        let built = move |target: &&PackageTarget| {
            target.kind == "bin" && target.plain && (named.is_empty() || named.contains(&target.name))
        };
        self.targets.iter().filter(built).map(|target| target.file.as_path())
    }

    /// The root files of its targets of this kind.
    pub(super) fn files_of_kind(&self, kind: &str) -> impl Iterator<Item = &Path> {
        self.targets.iter().filter(move |target| target.kind == kind).map(|target| target.file.as_path())
    }
}

/// The packages of the workspace in `tree`, from `cargo metadata`. Nothing is fetched or written.
///
/// # Errors
/// If cargo fails, such as for a manifest that is not valid.
pub(super) fn packages(tree: &Path, cargo: &Path) -> Result<Vec<WorkspacePackage>, MetadataError> {
    // Some of these override the toolchain that the tree's own file chooses.
    let remove = ["RUSTUP_TOOLCHAIN", "CARGO", "RUSTC", "RUSTC_WRAPPER", "RUSTC_WORKSPACE_WRAPPER"];
    let args = ["metadata", "--no-deps", "--offline", "--format-version", "1"];
    let call = ToolCall {
        cwd: Some(tree.to_owned()),
        env: ToolEnv::Inherit { set: BTreeMap::new(), remove: remove.map(OsString::from).to_vec() },
        ..ToolCall::new(cargo, args)
    };
    let said = check_tool(&call).map_err(|error| MetadataError::Cargo { tree: tree.to_owned(), error })?;
    let whole = serde_json::from_str::<Value>(&said.stdout).ok();
    whole.as_ref().and_then(parse).ok_or_else(|| MetadataError::Unclear { tree: tree.to_owned() })
}

/// The release of a cargo: the number after `1.`.
pub(super) fn release(tree: &Path, cargo: &Path) -> Option<u32> {
    let mut set = BTreeMap::new();
    set.insert("RUSTUP_AUTO_INSTALL".into(), "0".into());
    let remove = ["RUSTUP_TOOLCHAIN", "CARGO"].map(OsString::from).to_vec();
    let call = ToolCall {
        cwd: Some(tree.to_owned()),
        env: ToolEnv::Inherit { set, remove },
        ..ToolCall::new(cargo, ["-V"])
    };
    minor(check_tool(&call).ok()?.stdout.split_whitespace().nth(1)?)
}

/// The second number of a version.
fn minor(version: &str) -> Option<u32> {
    version.split('.').nth(1)?.parse().ok()
}

fn parse(whole: &Value) -> Option<Vec<WorkspacePackage>> {
    let listed = whole["packages"].as_array()?;
    // cargo before 1.71 does not report the default members.
    let defaults = whole.get("workspace_default_members").and_then(Value::as_array);
    let mut packages: Vec<(WorkspacePackage, Vec<PathBuf>)> = Vec::new();
    for package in listed {
        let targets = package["targets"].as_array()?.iter().map(|target| {
            Some(PackageTarget {
                kind: target["kind"][0].as_str()?.to_owned(),
                name: target["name"].as_str().unwrap_or_default().to_owned(),
                plain: target["required-features"].as_array().is_none_or(Vec::is_empty),
                file: target["src_path"].as_str()?.into(),
            })
        });
        let needed = package["dependencies"].as_array()?.iter().filter(|needed| needed["kind"] != "dev");
        let local: Vec<(PathBuf, bool)> = needed
            .filter_map(|needed| {
                // An optional dependency, or one for some target only, may not be built here.
                let certain = needed["optional"] != true && needed["target"].is_null();
                Some((PathBuf::from(needed["path"].as_str()?), certain))
            })
            .collect();
        let default = defaults.is_none_or(|defaults| defaults.contains(&package["id"]));
        let read = WorkspacePackage {
            name: package["name"].as_str()?.to_owned(),
            manifest: package["manifest_path"].as_str()?.into(),
            default,
            oldest_edition: package["edition"] == "2015",
            rust_version: package["rust_version"].as_str().and_then(minor),
            targets: targets.collect::<Option<_>>()?,
            needs: Vec::new(),
            needs_local: !local.is_empty(),
        };
        let certain = local.into_iter().filter(|(_, certain)| *certain).map(|(path, _)| path);
        packages.push((read, certain.collect()));
    }
    let directories: HashMap<PathBuf, String> = packages
        .iter()
        .filter_map(|(package, _)| Some((package.manifest.parent()?.to_owned(), package.name.clone())))
        .collect();
    let with_needs = packages.into_iter().map(|(package, needed)| {
        let needs = needed.iter().filter_map(|directory| directories.get(directory).cloned()).collect();
        WorkspacePackage { needs, ..package }
    });
    Some(with_needs.collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_need_each_other_by_their_directories() {
        let package = |name: &str, needs: Value| {
            serde_json::json!({
                "id": format!("path+file:///w/{name}#0.1.0"), "name": name, "edition": "2021",
                "manifest_path": format!("/w/{name}/Cargo.toml"), "dependencies": needs,
                "targets": [{"kind": ["lib"], "src_path": format!("/w/{name}/src/lib.rs")}],
            })
        };
        let needs = serde_json::json!([
            {"name": "b", "path": "/w/b", "kind": null}, {"name": "c", "path": "/w/c", "kind": "dev"},
            {"name": "serde", "kind": null}
        ]);
        let none = serde_json::json!([]);
        let said = serde_json::json!({
            "packages": [package("a", needs), package("b", none.clone()), package("c", none)],
            "workspace_default_members": ["path+file:///w/a#0.1.0"],
        });
        let packages = parse(&said).unwrap();
        let needs: Vec<&[String]> = packages.iter().map(|package| package.needs.as_slice()).collect();
        assert_eq!(needs, [&["b".to_owned()][..], &[], &[]]);
        let defaults: Vec<bool> = packages.iter().map(|package| package.default).collect();
        assert_eq!(defaults, [true, false, false]);
        assert_eq!(packages[0].library(), Some(Path::new("/w/a/src/lib.rs")));
        assert_eq!(parse(&serde_json::json!({})), None);
    }
}
