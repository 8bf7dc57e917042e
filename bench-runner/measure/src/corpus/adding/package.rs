//! Chooses the package and the binaries for `[build]`, from `cargo metadata`.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::corpus::sources::{self, FetchContext, SourceError};

/// The packages of a workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct WorkspacePackages {
    packages: Vec<CandidatePackage>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct CandidatePackage {
    name: String,
    description: String,
    /// True if its manifest is that of the workspace.
    root: bool,
    /// True if cargo builds it by default.
    default: bool,
    /// Binaries that need no feature besides the default ones.
    bins: Vec<String>,
}

/// The package and binaries to build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PackageChoice {
    pub(super) summary: String,
    pub(super) package: Option<String>,
    pub(super) bins: Vec<String>,
}

/// Asks cargo about the workspace in `tree`.
pub(super) fn layout(tree: &Path, with: &FetchContext) -> Result<WorkspacePackages, SourceError> {
    let what = format!("what {} consists of", tree.display());
    let said = sources::cargo(&what, &["metadata", "--no-deps", "--format-version", "1"], tree, with)?.stdout;
    let metadata: Value = serde_json::from_str(&said).unwrap_or_default();
    Ok(WorkspacePackages { packages: packages(&metadata) })
}

fn packages(metadata: &Value) -> Vec<CandidatePackage> {
    let root = metadata["workspace_root"].as_str().unwrap_or_default();
    let defaults = metadata["workspace_default_members"].as_array();
    let is_default = |package: &Value| defaults.is_none_or(|defaults| defaults.contains(&package["id"]));
    let all = metadata["packages"].as_array().into_iter().flatten();
    let mut packages: Vec<CandidatePackage> =
        all.map(|package| read(package, root, is_default(package))).collect();
    packages.sort_by(|a, b| a.name.cmp(&b.name));
    packages
}

fn read(package: &Value, root: &str, default: bool) -> CandidatePackage {
    let text = |key: &str| package[key].as_str().unwrap_or_default().to_owned();
    let targets = package["targets"].as_array().into_iter().flatten();
    let on = default_features(&package["features"]);
    let is_bin = |target: &&Value| {
        let kinds = target["kind"].as_array().into_iter().flatten();
        let mut needed = target["required-features"].as_array().into_iter().flatten();
        kinds.filter_map(Value::as_str).any(|kind| kind == "bin")
            && needed.all(|feature| feature.as_str().is_some_and(|feature| on.contains(feature)))
    };
    let bins = targets.filter(is_bin).filter_map(|target| target["name"].as_str().map(str::to_owned));
    CandidatePackage {
        name: text("name"),
        description: text("description"),
        root: Path::new(&text("manifest_path")).parent() == Some(Path::new(root)),
        default,
        bins: bins.collect(),
    }
}

/// The features that are on by default: `default`, and the features that it turns on in turn.
fn default_features(features: &Value) -> BTreeSet<String> {
    let mut on = BTreeSet::new();
    let mut todo = vec!["default".to_owned()];
    while let Some(feature) = todo.pop() {
        let turned_on = features[feature.as_str()].as_array().into_iter().flatten();
        todo.extend(
            turned_on.filter_map(Value::as_str).filter(|name| !on.contains(*name)).map(str::to_owned),
        );
        on.insert(feature);
    }
    on
}

/// The package that a project called `name` is about: the only one with a binary, or the one of that name, or
/// the one with a binary of that name, or the one at the root. If none of these applies, everything is built.
pub(super) fn choose(layout: &WorkspacePackages, name: &str) -> PackageChoice {
    let built: Vec<&CandidatePackage> = layout.packages.iter().filter(|package| package.default).collect();
    let with_bins: Vec<&CandidatePackage> =
        built.iter().copied().filter(|package| !package.bins.is_empty()).collect();
    let among = if with_bins.is_empty() { &built } else { &with_bins };
    let found = match among.as_slice() {
        [only] => Some(*only),
        several => {
            let by = |fits: &dyn Fn(&CandidatePackage) -> bool| {
                several.iter().copied().find(|package| fits(package))
            };
            by(&|package| package.name == name)
                .or_else(|| by(&|package| package.bins.iter().any(|bin| bin == name)))
                .or_else(|| by(&|package| package.root))
        }
    };
    let Some(package) = found else {
        let summary = format!("a workspace of {} packages", built.len());
        return PackageChoice { summary, package: None, bins: Vec::new() };
    };
    PackageChoice::from_package(package)
}

/// The package of the requested name.
pub(super) fn choose_named(layout: &WorkspacePackages, name: &str) -> PackageChoice {
    let package = layout.packages.iter().find(|package| package.name == name);
    let unknown =
        || PackageChoice { summary: String::new(), package: Some(name.to_owned()), bins: Vec::new() };
    package.map_or_else(unknown, PackageChoice::from_package)
}

impl PackageChoice {
    fn from_package(package: &CandidatePackage) -> Self {
        let description = package.description.split_whitespace().collect::<Vec<_>>().join(" ");
        // The first sentence: some descriptions are a page.
        let description = description.split_once(". ").map_or(description.as_str(), |(first, _)| first);
        let summary = if description.is_empty() {
            format!("the package {}", package.name)
        } else {
            description.to_owned()
        };
        Self { summary, package: Some(package.name.clone()), bins: package.bins.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn package(name: &str, root: bool, bins: &[&str]) -> CandidatePackage {
        let bins = bins.iter().map(|bin| (*bin).to_owned()).collect();
        CandidatePackage { name: name.to_owned(), description: String::new(), root, default: true, bins }
    }

    fn chosen(packages: &[CandidatePackage], name: &str) -> Option<String> {
        choose(&WorkspacePackages { packages: packages.to_vec() }, name).package
    }

    #[test]
    fn the_package_is_the_one_that_the_project_is_about() {
        let (lib, a, b) =
            (package("lib", true, &[]), package("a", false, &["a"]), package("b", false, &["tool"]));
        assert_eq!(chosen(&[lib.clone(), a.clone()], "x").as_deref(), Some("a"));
        assert_eq!(chosen(&[lib.clone(), a.clone(), b.clone()], "b").as_deref(), Some("b"));
        assert_eq!(chosen(&[a.clone(), b.clone()], "tool").as_deref(), Some("b"));
        assert_eq!(chosen(&[a.clone(), b], "x"), None);
        assert_eq!(chosen(&[a, package("c", true, &["c"])], "x").as_deref(), Some("c"));
        assert_eq!(chosen(&[lib], "x").as_deref(), Some("lib"));
    }

    #[test]
    fn what_cargo_says_is_read() {
        let metadata = serde_json::json!({
            "workspace_root": "/w",
            "workspace_default_members": ["one"],
            "packages": [
                {"id": "one", "name": "one", "description": "does\n one  thing. And more. ", "manifest_path": "/w/Cargo.toml",
                 "features": {"default": ["full"], "full": ["cli", "full"], "cli": [], "extra": []},
                 "targets": [
                    {"kind": ["lib"], "name": "one"},
                    {"kind": ["bin"], "name": "one"},
                    {"kind": ["bin"], "name": "extra", "required-features": ["extra"]},
                    {"kind": ["bin"], "name": "cli", "required-features": ["cli"]},
                    {"kind": ["test"], "name": "it"}]},
                {"id": "two", "name": "two", "description": null, "manifest_path": "/w/two/Cargo.toml", "targets": []},
            ],
        });
        let layout = WorkspacePackages { packages: packages(&metadata) };
        let chosen = choose(&layout, "x");
        assert_eq!(chosen.summary, "does one thing");
        assert_eq!(
            (chosen.package.as_deref(), chosen.bins),
            (Some("one"), vec!["one".to_owned(), "cli".to_owned()])
        );
        assert!(layout.packages[0].root && layout.packages[0].default);
        assert!(!layout.packages[1].root && !layout.packages[1].default);
        assert_eq!(choose_named(&layout, "two").package.as_deref(), Some("two"));
        assert!(packages(&Value::Null).is_empty());
    }
}
