//! Checks which units a build compiled against those that it should compile.
//!
//! Cargo rebuilds a unit if one of its files has changed or if a unit that it needs was rebuilt. So the units
//! that an edit rebuilds show where in the graph of crates the edit was made. They do not show what it
//! changed: cargo rebuilds the same units for a comment as for a new signature.

use std::collections::{BTreeSet, HashSet};
use std::path::{Path, PathBuf};

use bench_runner_core::record::ProofResult;

use crate::build::{BuildEvidence, LocalUnit, UnitGraph, UnitKind};
use crate::corpus::EditClass;

/// Units that a build should compile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ExpectedRebuild {
    /// All units.
    All,
    /// At least one unit.
    Some,
    /// No unit.
    None,
    /// Units that an edit of this class reaches.
    OfClass(EditClass),
    /// Units that a commit reaches; these are not predicted.
    AsCommitted,
}

/// Input for judging a build.
#[derive(Debug, Clone, Copy)]
pub struct RebuildInput<'a> {
    /// The build.
    pub build: &'a BuildEvidence,
    /// Graph of the local units, if a build has shown it.
    pub graph: Option<&'a UnitGraph>,
    /// Absolute paths of the edited files.
    pub edited: &'a [PathBuf],
}

/// Result of judging which units a build compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RebuildFinding {
    /// Description of what was compiled.
    pub found: String,
    /// Result of the check.
    pub result: ProofResult,
}

impl ExpectedRebuild {
    /// Description that follows "expected ".
    pub fn describe(self) -> String {
        match self {
            Self::All => "all units compiled".to_owned(),
            Self::Some => "at least one unit compiled".to_owned(),
            Self::None => "no unit compiled".to_owned(),
            Self::OfClass(class) => format!("compiled after an edit of class `{class}`: {}", reach(class)),
            Self::AsCommitted => "the units that the commit changes compiled".to_owned(),
        }
    }

    /// Judges a build under the workload.
    pub fn judge(self, input: &RebuildInput<'_>) -> RebuildFinding {
        let Some((rebuilt, _)) = &input.build.rebuilt else {
            let found = "the build does not tell its units".to_owned();
            return RebuildFinding { found, result: ProofResult::NotProvable };
        };
        let (compiled, total) = (rebuilt.count as usize, input.build.artifacts.len());
        let agree = match self {
            Self::All => compiled == total && total > 0,
            Self::Some => compiled > 0,
            Self::None => compiled == 0,
            Self::OfClass(class) => return judge_edit(class, input),
            Self::AsCommitted => {
                let found = format!("{compiled} of {total} units compiled");
                return RebuildFinding { found, result: ProofResult::NotProvable };
            }
        };
        let result = if agree { ProofResult::Holds } else { ProofResult::Fails };
        RebuildFinding { found: format!("{compiled} of {total} units compiled"), result }
    }
}

/// Description of the units that an edit of a class reaches.
fn reach(class: EditClass) -> &'static str {
    match class {
        EditClass::Body | EditClass::NewItem | EditClass::Comment | EditClass::MacroInput => {
            "units of the edited crate, and all that need them"
        }
        EditClass::Signature => "a library, and all that need it",
        EditClass::Leaf => "a library that needs no other local crate, and all of those that need it",
        EditClass::Root => "units of a crate that no other needs, and nothing else",
        EditClass::BuildScript => "a build script, its crate, and all that need it",
        EditClass::Manifest => "units of the crate whose manifest it is, and all that need them",
        EditClass::Patch => "units of the crates that it touches, and all that need them",
    }
}

fn judge_edit(class: EditClass, input: &RebuildInput<'_>) -> RebuildFinding {
    let Some(graph) = input.graph else {
        let found = "no build has shown its compiler calls".to_owned();
        return RebuildFinding { found, result: ProofResult::NotProvable };
    };
    let compiled = UnitGraph::compiled_units(input.build);
    let packages: HashSet<&Path> = input.edited.iter().filter_map(|file| graph.package_of(file)).collect();
    let start: BTreeSet<LocalUnit> =
        compiled.iter().filter(|unit| packages.contains(unit.package.as_path())).cloned().collect();
    let names: Vec<String> = compiled.iter().map(LocalUnit::to_string).collect();
    let seen = if names.is_empty() { "nothing local".to_owned() } else { names.join(", ") };
    match objection(class, graph, &start, &compiled) {
        None => RebuildFinding { found: seen, result: ProofResult::Holds },
        Some(objection) => {
            RebuildFinding { found: format!("{seen}: {objection}"), result: ProofResult::Fails }
        }
    }
}

/// Reason why the compiled units are not those that an edit of this class reaches, if they are not. `start`
/// are the compiled units of the edited packages.
fn objection(
    class: EditClass,
    graph: &UnitGraph,
    start: &BTreeSet<LocalUnit>,
    compiled: &BTreeSet<LocalUnit>,
) -> Option<String> {
    if start.is_empty() {
        return Some("nothing of the edited crate was compiled".to_owned());
    }
    let must = graph.dependents(start);
    if let Some(missing) = must.iter().find(|unit| !compiled.contains(*unit)) {
        return Some(format!("{missing} needs what was edited and was not compiled"));
    }
    let may = graph.possible_dependents(start);
    if let Some(extra) = compiled.iter().find(|unit| !start.contains(*unit) && !may.contains(*unit)) {
        return Some(format!("{extra} does not need what was edited"));
    }
    let library = start.iter().find(|unit| unit.kind == UnitKind::Library);
    let elsewhere = |unit: &&LocalUnit| start.iter().all(|own| own.package != unit.package);
    match class {
        EditClass::Signature if library.is_none() => Some("no library is among them".to_owned()),
        EditClass::Leaf => {
            let Some(library) = library else { return Some("no library is among them".to_owned()) };
            if let Some(needed) = graph.needs(library).find(|unit| unit.package != library.package) {
                return Some(format!("{library} needs {needed}, so it is no leaf"));
            }
            let alone = must.is_empty() && start.len() == 1;
            alone.then(|| format!("nothing needs {library}, so the crate is a root"))
        }
        EditClass::Root => {
            let needing = must.iter().find(elsewhere)?;
            Some(format!("{needing} needs what was edited, so it is no root"))
        }
        EditClass::BuildScript if start.iter().all(|unit| unit.kind != UnitKind::BuildScript) => {
            Some("no build script is among them".to_owned())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::Rebuilt;

    use super::*;
    use crate::build::Artifact;

    fn evidence(compiled: usize, total: usize) -> BuildEvidence {
        let artifact = |at: usize| Artifact {
            unit: format!("u{at}@1.0.0 lib:u{at}"),
            own: true,
            package: None,
            fresh: at >= compiled,
            opt_level: "0".into(),
            files: Vec::new(),
            executable: None,
        };
        let rebuilt = Rebuilt { count: compiled as u32, set: "".into() };
        BuildEvidence {
            artifacts: (0..total).map(artifact).collect(),
            rebuilt: Some((rebuilt, Vec::new())),
            ..BuildEvidence::default()
        }
    }

    #[test]
    fn what_a_build_should_compile() {
        let holds = |units: ExpectedRebuild, compiled: usize, total: usize| {
            let build = evidence(compiled, total);
            units.judge(&RebuildInput { build: &build, graph: None, edited: &[] }).result
                == ProofResult::Holds
        };
        assert!(
            holds(ExpectedRebuild::All, 3, 3)
                && !holds(ExpectedRebuild::All, 2, 3)
                && !holds(ExpectedRebuild::All, 0, 0)
        );
        assert!(holds(ExpectedRebuild::Some, 1, 3) && !holds(ExpectedRebuild::Some, 0, 3));
        assert!(holds(ExpectedRebuild::None, 0, 3) && !holds(ExpectedRebuild::None, 1, 3));
        assert!(!holds(ExpectedRebuild::AsCommitted, 1, 3), "nobody has said what a commit changes");
    }

    /// `base` (a library), `mid` (a library over it, with a build script), `top` (a program over that).
    fn graph() -> UnitGraph {
        UnitGraph::sample(&[(BASE, &[]), (SCRIPT, &[]), (MID, &[BASE, SCRIPT]), (TOP, &[MID])])
    }

    fn unit((name, kind): (&str, UnitKind)) -> LocalUnit {
        LocalUnit { package: Path::new("/w").join(name), name: name.to_owned(), kind }
    }

    fn objection_to(class: EditClass, package: &str, compiled: &[(&str, UnitKind)]) -> Option<String> {
        let compiled: BTreeSet<LocalUnit> = compiled.iter().copied().map(unit).collect();
        let package = Path::new("/w").join(package);
        let start = compiled.iter().filter(|unit| unit.package == package).cloned().collect();
        objection(class, &graph(), &start, &compiled)
    }

    const BASE: (&str, UnitKind) = ("base", UnitKind::Library);
    const SCRIPT: (&str, UnitKind) = ("mid", UnitKind::BuildScript);
    const MID: (&str, UnitKind) = ("mid", UnitKind::Library);
    const TOP: (&str, UnitKind) = ("top", UnitKind::Program);

    #[test]
    fn an_edit_reaches_its_crate_and_all_that_need_it() {
        for class in [EditClass::Body, EditClass::Comment, EditClass::Signature, EditClass::Manifest] {
            assert_eq!(objection_to(class, "base", &[BASE, MID, TOP]), None, "{class}");
        }
        let body = |package: &str, compiled: &[_]| objection_to(EditClass::Body, package, compiled);
        assert_eq!(body("base", &[]).unwrap(), "nothing of the edited crate was compiled");
        assert_eq!(body("base", &[BASE, MID]).unwrap(), "top needs what was edited and was not compiled");
        assert_eq!(body("top", &[BASE, TOP]).unwrap(), "base (library) does not need what was edited");
        assert_eq!(objection_to(EditClass::Signature, "top", &[TOP]).unwrap(), "no library is among them");
    }

    #[test]
    fn leaf_and_root_are_the_ends_of_the_graph() {
        assert_eq!(objection_to(EditClass::Leaf, "base", &[BASE, MID, TOP]), None);
        assert_eq!(objection_to(EditClass::Root, "top", &[TOP]), None);
        let leaf = objection_to(EditClass::Leaf, "mid", &[MID, TOP]).unwrap();
        assert_eq!(leaf, "mid (library) needs base (library), so it is no leaf");
        assert_eq!(objection_to(EditClass::Leaf, "top", &[TOP]).unwrap(), "no library is among them");
        let root = objection_to(EditClass::Root, "mid", &[MID, TOP]).unwrap();
        assert_eq!(root, "top needs what was edited, so it is no root");
    }

    #[test]
    fn an_edit_of_a_build_script_compiles_it_and_its_crate() {
        let script = |compiled: &[_]| objection_to(EditClass::BuildScript, "mid", compiled);
        assert_eq!(script(&[SCRIPT, MID, TOP]), None);
        assert_eq!(script(&[MID, TOP]).unwrap(), "no build script is among them");
        assert_eq!(script(&[SCRIPT]).unwrap(), "mid (library) needs what was edited and was not compiled");
    }
}
