//! Dependencies between the local units of a build. Read from the compiler calls of a build from nothing.
//! Crates from a registry need nothing local and are left out.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};

use super::{Artifact, BuildEvidence, CompilerCall};

/// A unit of a local package, regardless of its target.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LocalUnit {
    /// Directory of its package.
    pub package: PathBuf,
    /// Crate name as rustc has it.
    pub name: String,
    pub kind: UnitKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitKind {
    /// A library or a proc macro: units that other crates can need.
    Library,
    /// A program or an example.
    Program,
    /// A test harness.
    Test,
    BuildScript,
}

impl UnitKind {
    /// Kind of a unit from cargo's kind of its target.
    fn from_cargo_kind(kind: &str, test: bool) -> Self {
        match kind {
            _ if test => Self::Test,
            "custom-build" => Self::BuildScript,
            "bin" | "example" => Self::Program,
            "test" | "bench" => Self::Test,
            _ => Self::Library,
        }
    }
}

impl fmt::Display for LocalUnit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            UnitKind::Library => write!(f, "{} (library)", self.name),
            UnitKind::Program => f.write_str(&self.name),
            UnitKind::Test => write!(f, "{} (test)", self.name),
            UnitKind::BuildScript => {
                let package = self.package.file_name().unwrap_or_default().to_string_lossy();
                write!(f, "build script of {package}")
            }
        }
    }
}

/// Local units of a project with their direct dependencies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnitGraph {
    needs: BTreeMap<LocalUnit, BTreeSet<LocalUnit>>,
    /// Further units that may cause a rebuild of a unit: a test can run the programs of its package.
    may_need: BTreeMap<LocalUnit, BTreeSet<LocalUnit>>,
}

impl UnitGraph {
    /// Reads a build from nothing that showed its compiler calls. `None` if it shows no calls for local
    /// units.
    pub fn from_evidence(evidence: &BuildEvidence) -> Option<Self> {
        let calls: Vec<(LocalUnit, &CompilerCall)> =
            evidence.compiler_calls.iter().filter_map(|call| Some((unit_of_call(call)?, call))).collect();
        let by_library: HashMap<PathBuf, &LocalUnit> =
            calls.iter().map(|(unit, call)| (call.library(), unit)).collect();
        let mut graph = Self::default();
        for (unit, call) in &calls {
            let needed = call.externs().filter_map(|path| by_library.get(path)).map(|unit| (*unit).clone());
            graph.needs.entry(unit.clone()).or_default().extend(needed);
        }
        graph.add_build_scripts();
        graph.add_programs();
        (!graph.needs.is_empty()).then_some(graph)
    }

    /// Local units that a build compiled.
    pub fn compiled_units(evidence: &BuildEvidence) -> BTreeSet<LocalUnit> {
        evidence.artifacts.iter().filter(|artifact| !artifact.fresh).filter_map(unit_of_artifact).collect()
    }

    /// Directory of the package that a file belongs to: the nearest package directory above it.
    pub(crate) fn package_of(&self, file: &Path) -> Option<&Path> {
        let packages = self.needs.keys().map(|unit| unit.package.as_path());
        packages
            .filter(|package| file.starts_with(package))
            .max_by_key(|package| package.components().count())
    }

    /// Direct dependencies of a unit.
    pub fn needs(&self, unit: &LocalUnit) -> impl Iterator<Item = &LocalUnit> {
        self.needs.get(unit).into_iter().flatten()
    }

    /// Units that need some of `units`, directly or not, without `units` themselves.
    pub(crate) fn dependents(&self, units: &BTreeSet<LocalUnit>) -> BTreeSet<LocalUnit> {
        closure(units, |unit| self.needs[unit].iter().collect(), self.needs.keys())
    }

    /// Units that may be built again after `units`: the dependents, and tests that can run their programs.
    pub(crate) fn possible_dependents(&self, units: &BTreeSet<LocalUnit>) -> BTreeSet<LocalUnit> {
        let needs = |unit: &LocalUnit| {
            self.needs(unit).chain(self.may_need.get(unit).into_iter().flatten()).collect()
        };
        closure(units, needs, self.needs.keys())
    }

    /// cargo runs a package's build script before it compiles the rest of it.
    fn add_build_scripts(&mut self) {
        let scripts: Vec<LocalUnit> =
            self.needs.keys().filter(|unit| unit.kind == UnitKind::BuildScript).cloned().collect();
        for (unit, needs) in &mut self.needs {
            let own = |script: &&LocalUnit| script.package == unit.package && *script != unit;
            needs.extend(scripts.iter().filter(own).filter(|_| unit.kind != UnitKind::BuildScript).cloned());
        }
    }

    fn add_programs(&mut self) {
        let programs: Vec<&LocalUnit> =
            self.needs.keys().filter(|unit| unit.kind == UnitKind::Program).collect();
        let tests = self.needs.keys().filter(|unit| unit.kind == UnitKind::Test);
        for test in tests {
            let own = programs.iter().filter(|program| program.package == test.package);
            self.may_need.insert(test.clone(), own.map(|program| (*program).clone()).collect());
        }
    }

    /// A graph of units, each with what it needs.
    #[cfg(test)]
    pub(crate) fn sample(units: &[(SampleUnit, &[SampleUnit])]) -> Self {
        let unit =
            |name: &str, kind| LocalUnit { package: Path::new("/w").join(name), name: name.to_owned(), kind };
        let needs = units.iter().map(|((name, kind), needs)| {
            (unit(name, *kind), needs.iter().map(|(name, kind)| unit(name, *kind)).collect())
        });
        Self { needs: needs.collect(), may_need: BTreeMap::new() }
    }
}

/// Name of both package and crate, and kind of the unit.
#[cfg(test)]
pub(crate) type SampleUnit = (&'static str, UnitKind);

/// Units of `all` that need some of `units`, through any number of steps.
fn closure<'g>(
    units: &BTreeSet<LocalUnit>,
    needs: impl Fn(&'g LocalUnit) -> Vec<&'g LocalUnit>,
    all: impl Iterator<Item = &'g LocalUnit> + Clone,
) -> BTreeSet<LocalUnit> {
    let mut reached = units.clone();
    loop {
        let new: Vec<LocalUnit> = all
            .clone()
            .filter(|unit| !reached.contains(*unit))
            .filter(|unit| needs(unit).iter().any(|needed| reached.contains(*needed)))
            .cloned()
            .collect();
        if new.is_empty() {
            return reached.difference(units).cloned().collect();
        }
        reached.extend(new);
    }
}

fn unit_of_call(call: &CompilerCall) -> Option<LocalUnit> {
    let unit = call.unit.as_ref()?;
    Some(LocalUnit {
        package: unit.directory.clone()?,
        name: call.name.clone(),
        kind: UnitKind::from_cargo_kind(&unit.kind, unit.test),
    })
}

fn unit_of_artifact(artifact: &Artifact) -> Option<LocalUnit> {
    let package = artifact.package.clone()?;
    let (unit, test) = match artifact.unit.strip_suffix(TEST_MARK) {
        Some(unit) => (unit, true),
        None => (artifact.unit.as_str(), false),
    };
    let (front, target) = unit.rsplit_once(':')?;
    let kind = UnitKind::from_cargo_kind(front.rsplit_once(' ').map_or(front, |(_, kind)| kind), test);
    Some(LocalUnit { package, name: target.replace('-', "_"), kind })
}

/// Suffix of the name of a unit that is a test harness.
pub(super) const TEST_MARK: &str = " (test)";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{BuildPart, CalledUnit, PackageName};

    /// A call for a target of this kind, in the package of this directory.
    fn call(package: &str, kind: &str, line: &str) -> CompilerCall {
        let args: Vec<String> = format!("{line} --out-dir /t").split(' ').map(str::to_owned).collect();
        let at = args.iter().position(|arg| arg == "--crate-name").unwrap();
        let directory = (!package.is_empty()).then(|| PathBuf::from(package));
        let unit = CalledUnit {
            package: PackageName {
                name: "p".into(),
                version: "0.1.0".into(),
                source: "path+file:///w".into(),
            },
            directory,
            member: true,
            kind: kind.into(),
            test: kind == "test",
            requested: true,
        };
        CompilerCall { name: args[at + 1].clone(), part: BuildPart::Own, unit: Some(unit), args }
    }

    fn artifact(unit: &str, package: &str, fresh: bool) -> Artifact {
        Artifact {
            unit: unit.to_owned(),
            own: true,
            package: Some(package.into()),
            fresh,
            opt_level: "0".into(),
            files: Vec::new(),
            executable: None,
        }
    }

    fn evidence() -> BuildEvidence {
        BuildEvidence {
            artifacts: vec![
                artifact("my-derive@0.1.0 proc-macro:my-derive", "/w/s/derive", true),
                artifact("base@0.1.0 lib:base", "/w/s/base", true),
                artifact("app@0.1.0 custom-build:build-main", "/w/s", false),
                artifact("app@0.1.0 bin:app", "/w/s", false),
                artifact("app@0.1.0 test:cli (test)", "/w/s", false),
            ],
            compiler_calls: vec![
                call("", "lib", "rustc --crate-name dep --crate-type lib -C extra-filename=-9"),
                call("/w/s/derive", "proc-macro", "rustc --crate-name my_derive -C extra-filename=-1"),
                call(
                    "/w/s/base",
                    "lib",
                    "rustc --crate-name base -C extra-filename=-2 --extern my_derive=/t/libmy_derive-1.so --extern dep=/t/libdep-9.rmeta",
                ),
                // The name of a call does not show that it is a build script.
                call("/w/s", "custom-build", "rustc --crate-name build_main -C extra-filename=-3"),
                call(
                    "/w/s",
                    "bin",
                    "rustc --crate-name app -C extra-filename=-4 --extern base=/t/libbase-2.rmeta",
                ),
                call("/w/s", "bin", "rustc --crate-name build_script_build -C extra-filename=-7"),
                call("/w/s", "test", "rustc --crate-name cli --test -C extra-filename=-5"),
                // A test with `harness = false`.
                call("/w/s", "test", "rustc --crate-name own --cfg test -C extra-filename=-6"),
            ],
            ..BuildEvidence::default()
        }
    }

    fn names(units: &BTreeSet<LocalUnit>) -> Vec<String> {
        units.iter().map(LocalUnit::to_string).collect()
    }

    #[test]
    fn the_calls_tell_which_local_unit_needs_which() {
        let graph = UnitGraph::from_evidence(&evidence()).unwrap();
        let of = |name: &str| graph.needs.keys().filter(|unit| unit.name == name).cloned().collect();
        assert_eq!(names(&graph.dependents(&of("my_derive"))), ["app", "base (library)"]);
        assert_eq!(
            names(&graph.dependents(&of("build_main"))),
            ["app", "build_script_build", "cli (test)", "own (test)"]
        );
        assert_eq!(names(&graph.dependents(&of("app"))), Vec::<String>::new());
        assert_eq!(names(&graph.possible_dependents(&of("app"))), ["cli (test)", "own (test)"]);
        let package = |file: &str| graph.package_of(Path::new(file)).map(|path| path.display().to_string());
        assert_eq!(package("/w/s/base/src/x.rs").as_deref(), Some("/w/s/base"));
        assert_eq!(package("/w/s/src/main.rs").as_deref(), Some("/w/s"));
        assert_eq!(package("/w/other/src/main.rs"), None);
    }

    #[test]
    fn what_was_compiled_is_told_by_the_artefacts() {
        let compiled = UnitGraph::compiled_units(&evidence());
        assert_eq!(names(&compiled), ["app", "build script of s", "cli (test)"]);
        assert!(UnitGraph::from_evidence(&BuildEvidence::default()).is_none());
    }
}
