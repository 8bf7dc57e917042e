//! Cargo's messages about finished units, for both formats of package ids and both layouts of the build
//! directory.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::build::unit_graph::TEST_MARK;
use crate::build::{Artifact, Members, PackageName};

/// Cargo's message about one unit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct UnitMessage {
    pub(super) artifact: Artifact,
    pub(super) package: PackageName,
    pub(super) member: bool,
    pub(super) kind: String,
    pub(super) target: String,
    pub(super) source: PathBuf,
    pub(super) test: bool,
    pub(super) features: Vec<String>,
    /// Settings of its profile that cargo reports, in the format of the unit graph.
    pub(super) profile: Vec<(&'static str, String)>,
}

impl UnitMessage {
    /// Parses a line of cargo's output; `members` decide whether the unit belongs to the project.
    pub(super) fn parse(line: &str, members: &Members) -> Option<Self> {
        let said: Value = serde_json::from_str(line).ok()?;
        if said["reason"] != "compiler-artifact" {
            return None;
        }
        let text = |value: &Value| value.as_str().map(str::to_owned);
        let texts = |value: &Value| -> Vec<String> {
            value
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(|item| item.as_str().map(str::to_owned))
                .collect()
        };
        let package = PackageName::from_id(said["package_id"].as_str()?)?;
        let kind = text(&said["target"]["kind"][0])?;
        let target = text(&said["target"]["name"])?;
        let files: Vec<PathBuf> = texts(&said["filenames"]).into_iter().map(PathBuf::from).collect();
        let test = said["profile"]["test"] == true;
        // One target can have several units: a library, its tests, its documentation.
        let mark = match test {
            true => TEST_MARK,
            false if files.iter().any(|file| is_page(file)) => " (doc)",
            false => "",
        };
        let manifest = said["manifest_path"].as_str().map(Path::new);
        let directory = match (manifest, package.is_local()) {
            (_, false) => None,
            (Some(manifest), true) => manifest.parent().map(Path::to_owned),
            (None, true) => package.directory(),
        };
        let member = package.is_local()
            && members
                .packages
                .iter()
                .any(|member| member.name == package.name && member.version == package.version);
        let profile = ["opt_level", "debuginfo", "debug_assertions", "overflow_checks"];
        let profile = profile.map(|key| {
            let value = &said["profile"][key];
            (key, value.as_str().map_or_else(|| value.to_string(), str::to_owned))
        });
        let artifact = Artifact {
            unit: format!("{}@{} {kind}:{target}{mark}", package.name, package.version),
            own: member && kind != "custom-build",
            package: directory,
            fresh: said["fresh"].as_bool()?,
            opt_level: text(&said["profile"]["opt_level"]).unwrap_or_default(),
            files,
            executable: text(&said["executable"]).map(PathBuf::from),
        };
        let source = said["target"]["src_path"].as_str().unwrap_or_default().into();
        let (features, profile) = (texts(&said["features"]), profile.to_vec());
        Some(Self { artifact, package, member, kind, target, source, test, features, profile })
    }

    /// Crate name that rustc uses.
    pub(super) fn crate_name(&self) -> String {
        crate_name(&self.target)
    }
}

/// Number of units that lines of cargo's output report as compiled, fresh ones not counted.
pub(super) fn compiled_units(stdout: &str) -> u32 {
    let is_compiled = |line: &&str| {
        let said: Option<Value> = serde_json::from_str(line).ok();
        said.is_some_and(|said| said["reason"] == "compiler-artifact" && said["fresh"] == false)
    };
    stdout.lines().filter(is_compiled).count() as u32
}

/// Crate name of a target.
pub(super) fn crate_name(target: &str) -> String {
    target.replace('-', "_")
}

/// True if a file is a documentation page.
pub(super) fn is_page(file: &Path) -> bool {
    file.extension().is_some_and(|extension| extension == "html")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::WorkspaceMember;

    fn message(id: &str, manifest: &str) -> UnitMessage {
        let line = serde_json::json!({
            "reason": "compiler-artifact", "package_id": id, "manifest_path": manifest,
            "target": {"kind": ["cdylib", "rlib"], "name": "my-lib", "src_path": "/w/my lib/src/lib.rs"},
            "profile": {"opt_level": "0", "debuginfo": 2, "test": false}, "features": ["x"],
            "filenames": ["/t/debug/libmy_lib.so"], "executable": null, "fresh": false,
        });
        let member = |name: &str| WorkspaceMember {
            name: name.into(),
            version: "0.1.0".into(),
            manifest: "/elsewhere/Cargo.toml".into(),
        };
        let members = Members { root: "/w".into(), packages: vec![member("my-lib"), member("p")] };
        UnitMessage::parse(&line.to_string(), &members).unwrap()
    }

    #[test]
    fn ids_of_old_and_new_cargo_say_the_same() {
        let old = message("my-lib 0.1.0 (path+file:///w/my%20lib)", "/w/my lib/Cargo.toml");
        let new = message("path+file:///w/my%20lib#my-lib@0.1.0", "/w/my lib/Cargo.toml");
        assert_eq!(old, new);
        assert_eq!(new.artifact.unit, "my-lib@0.1.0 cdylib:my-lib");
        assert_eq!(new.artifact.package, Some("/w/my lib".into()));
        assert!(new.member && new.artifact.own);
        assert_eq!(new.profile[1], ("debuginfo", "2".to_owned()));
    }

    #[test]
    fn units_are_counted_that_are_compiled() {
        let artifact = |fresh: bool| format!("{{\"reason\":\"compiler-artifact\",\"fresh\":{fresh}}}\n");
        let script = "{\"reason\":\"build-script-executed\",\"env\":[]}\n";
        let said = [&artifact(true), &artifact(false), script, "what a program prints\n", &artifact(false)];
        assert_eq!(compiled_units(&said.map(String::from).concat()), 2);
        assert_eq!(compiled_units(""), 0);
    }

    #[test]
    fn only_local_packages_are_members() {
        assert!(!message("path+file:///w/dep#0.1.0", "/w/dep/Cargo.toml").member, "a path dependency");
        let from_registry = message("registry+https://x/#p@0.1.0", "/h/p-0.1.0/Cargo.toml");
        assert!(!from_registry.member && from_registry.artifact.package.is_none());
    }
}
