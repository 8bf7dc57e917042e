//! The packages of a workspace, from `cargo metadata`.

use std::path::PathBuf;

use serde_json::Value;

use super::{AskError, CargoInvocation, os_args};

const WHAT: &str = "which packages are members";

/// Members of a workspace.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Members {
    /// Directory of the workspace.
    pub root: PathBuf,
    pub packages: Vec<WorkspaceMember>,
}

/// One package of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkspaceMember {
    pub name: String,
    pub version: String,
    pub manifest: PathBuf,
}

/// The members of the workspace that cargo finds from its working directory. Nothing is resolved, and rustc
/// is not called.
///
/// # Errors
/// If cargo cannot read the manifests.
pub fn members(invocation: &CargoInvocation) -> Result<Members, AskError> {
    let args = os_args(["metadata", "--no-deps", "--format-version", "1", "--offline", "--color", "never"]);
    let output = invocation.call(WHAT, args, &[])?.stdout;
    parse(&output).ok_or_else(|| AskError {
        what: WHAT,
        reason: "its answer cannot be read".to_owned(),
        help: None,
    })
}

fn parse(text: &str) -> Option<Members> {
    let output: Value = serde_json::from_str(text).ok()?;
    let packages = output["packages"].as_array()?.iter().map(|package| {
        let text = |key: &str| package[key].as_str().map(str::to_owned);
        Some(WorkspaceMember {
            name: text("name")?,
            version: text("version")?,
            manifest: text("manifest_path")?.into(),
        })
    });
    Some(Members {
        root: output["workspace_root"].as_str()?.into(),
        packages: packages.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_read_from_what_cargo_says() {
        let text = r#"{"packages": [{"name": "p", "version": "0.1.0", "manifest_path": "/w/a b/Cargo.toml", "targets": []}],
            "workspace_root": "/w"}"#;
        let members = parse(text).unwrap();
        assert_eq!(members.root, PathBuf::from("/w"));
        assert_eq!(members.packages[0].manifest, PathBuf::from("/w/a b/Cargo.toml"));
        assert_eq!(parse("{}"), None);
    }
}
