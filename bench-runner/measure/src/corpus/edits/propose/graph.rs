//! Dependency graph of the packages of a workspace, with its roots and leaves.

use std::collections::BTreeSet;

use crate::corpus::edits::metadata::WorkspacePackage;

/// The packages, each with the packages it needs, directly or not.
pub(super) struct PackageGraph<'a> {
    packages: Vec<(&'a WorkspacePackage, BTreeSet<&'a str>)>,
}

impl<'a> PackageGraph<'a> {
    pub(super) fn new(packages: &'a [WorkspacePackage]) -> Self {
        let direct = |name: &str| {
            let package = packages.iter().find(|package| package.name == name);
            package.map(|package| package.needs.iter().map(String::as_str)).into_iter().flatten()
        };
        let all = |package: &'a WorkspacePackage| {
            let mut reached = BTreeSet::new();
            let mut left: Vec<&str> = package.needs.iter().map(String::as_str).collect();
            while let Some(name) = left.pop() {
                if name != package.name && reached.insert(name) {
                    left.extend(direct(name));
                }
            }
            reached
        };
        Self { packages: packages.iter().map(|package| (package, all(package))).collect() }
    }

    /// The package to build: of the named ones, or else of those that cargo builds by default, the one with a
    /// program that needs the most other packages.
    pub(super) fn root(&self, named: &[String]) -> Option<&'a WorkspacePackage> {
        let wanted = |package: &WorkspacePackage| match named {
            [] => package.default,
            named => named.contains(&package.name),
        };
        let candidates = self.packages.iter().filter(|(package, _)| wanted(package));
        let rank = |(package, needs): &(&WorkspacePackage, BTreeSet<&str>)| {
            (package.files_of_kind("bin").next().is_some(), needs.len())
        };
        let best = candidates.reduce(|best, other| if rank(other) > rank(best) { other } else { best });
        best.map(|(package, _)| *package)
    }

    /// A package and all packages that it needs.
    pub(super) fn with_needs(&self, top: &'a WorkspacePackage) -> impl Iterator<Item = &'a WorkspacePackage> {
        let needs = self.needs_of(top);
        let rest = self.packages.iter().filter(move |(package, _)| needs.contains(package.name.as_str()));
        std::iter::once(top).chain(rest.map(|(package, _)| *package))
    }

    /// The library that most other packages need, among those that `top` needs.
    pub(super) fn most_needed(&self, top: &'a WorkspacePackage) -> Option<&'a WorkspacePackage> {
        self.best_below(top, |_| true)
    }

    /// The same, among those that need no other package.
    pub(super) fn leaf(&self, top: &'a WorkspacePackage) -> Option<&'a WorkspacePackage> {
        self.best_below(top, |package| !package.needs_local)
    }

    fn best_below(
        &self,
        top: &'a WorkspacePackage,
        fits: impl Fn(&'a WorkspacePackage) -> bool,
    ) -> Option<&'a WorkspacePackage> {
        let candidates = self.with_needs(top).skip(1).filter(|package| {
            // The code of a macro cannot be distinguished from the code that it produces.
            package.library().is_some() && !package.is_proc_macro() && fits(package)
        });
        let needed_by = |package: &WorkspacePackage| {
            self.packages.iter().filter(|(_, needs)| needs.contains(package.name.as_str())).count()
        };
        candidates.reduce(|best, other| if needed_by(other) > needed_by(best) { other } else { best })
    }

    fn needs_of(&self, package: &WorkspacePackage) -> BTreeSet<&'a str> {
        let own = self.packages.iter().find(|(other, _)| other.name == package.name);
        own.map(|(_, needs)| needs.clone()).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::edits::metadata::PackageTarget;

    fn package(name: &str, kind: &str, needs: &[&str]) -> WorkspacePackage {
        WorkspacePackage {
            name: name.into(),
            manifest: format!("/w/{name}/Cargo.toml").into(),
            default: true,
            oldest_edition: false,
            rust_version: None,
            targets: vec![PackageTarget {
                kind: kind.into(),
                name: name.into(),
                plain: true,
                file: format!("/w/{name}/src/x.rs").into(),
            }],
            needs: needs.iter().map(|&name| name.to_owned()).collect(),
            needs_local: !needs.is_empty(),
        }
    }

    #[test]
    fn ends_and_middle_of_a_workspace() {
        let packages = [
            package("tool", "bin", &["mid"]),
            package("app", "bin", &["mid", "side"]),
            package("mid", "lib", &["base"]),
            package("side", "lib", &["base"]),
            package("base", "lib", &[]),
            package("alone", "lib", &[]),
        ];
        let graph = PackageGraph::new(&packages);
        let app = graph.root(&[]).unwrap();
        assert_eq!(app.name, "app");
        assert_eq!(graph.root(&["tool".to_owned()]).unwrap().name, "tool");
        assert_eq!(graph.root(&["no".to_owned()]), None);
        assert_eq!(graph.most_needed(app).unwrap().name, "base");
        assert_eq!(graph.leaf(app).unwrap().name, "base");
        let names: Vec<&str> = graph.with_needs(app).map(|package| package.name.as_str()).collect();
        assert_eq!(names, ["app", "mid", "side", "base"]);
        assert_eq!(graph.leaf(&packages[4]), None);
    }
}
