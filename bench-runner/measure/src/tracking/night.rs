//! Tracked projects → the scenarios that a night and a second look build.

use super::{TrackedLinkers, TrackedProject, TrackingFile};
use crate::scenario::{
    Baseline, Matrix, MatrixDesign, RequestWord, SamplingSpec, Scenario, VariantBase, VariantContent,
    WholeVariant,
};
use crate::workloads;

/// A variant's settings: a commit, a toolchain, maybe a linker.
type NamedSettings = Vec<(String, RequestWord)>;

/// Variants of one project in a night.
#[derive(Debug, Clone, PartialEq)]
pub struct NightVariants {
    /// The project, as requests name it.
    pub project: RequestWord,
    /// Name and settings of the anchor, which is the baseline.
    pub anchor: (String, NamedSettings),
    /// Names and settings of what is followed.
    pub followed: Vec<(String, NamedSettings)>,
}

/// Two variants for a second look at a suspicion.
#[derive(Debug, Clone, PartialEq)]
pub struct LookVariants {
    /// The project, as requests name it.
    pub project: RequestWord,
    pub workloads: Vec<String>,
    /// Name and settings of the baseline.
    pub baseline: (String, NamedSettings),
    /// Name and settings of the variant in question.
    pub variant: (String, NamedSettings),
}

/// The scenario of a night: for each project the anchor with its control, and all followed variants. `common` is the scenario that
/// the file names, if it names one.
///
/// # Errors
/// If that scenario varies something; the error is a sentence about it.
pub fn night_scenario(
    file: &TrackingFile,
    common: Option<&Scenario>,
    projects: &[NightVariants],
) -> Result<Scenario, String> {
    let shared = shared(file, common)?;
    let mut matrices = Vec::new();
    for (number, project) in projects.iter().enumerate() {
        for (at, part) in shared.iter().enumerate() {
            let name = match shared.len() {
                1 => format!("project-{}", number + 1),
                _ => format!("project-{}-{}", number + 1, at + 1),
            };
            // What does not link says nothing about a linker.
            let says = |(_, settings): &&(String, NamedSettings)| {
                part.links || settings.iter().all(|(key, _)| key != "linker")
            };
            let all = std::iter::once(&project.anchor).chain(project.followed.iter().filter(says));
            let matrix = matrix(name, &project.project, part, all, &project.anchor.0);
            matrices.push(Matrix { alone: true, ..matrix });
        }
    }
    Ok(scenario(file, "what is followed, against frozen anchors", matrices, sampling(file, common)))
}

/// The scenario of a second look. Its sampling is that of a night; `precision` is the half-width that it needs.
///
/// # Errors
/// As for [`night_scenario`].
pub fn look_scenario(
    file: &TrackingFile,
    common: Option<&Scenario>,
    look: &LookVariants,
    precision: f64,
) -> Result<Scenario, String> {
    let shared = shared(file, common)?;
    let fits = |part: &SharedPart| {
        let workloads: Vec<RequestWord> =
            part.workloads.iter().filter(|word| look.workloads.contains(&word.text)).cloned().collect();
        (!workloads.is_empty()).then(|| SharedPart { workloads, ..part.clone() })
    };
    let matrices = shared.iter().filter_map(fits).enumerate().map(|(at, part)| {
        let both = [&look.baseline, &look.variant].into_iter();
        let matrix = matrix(format!("look-{}", at + 1), &look.project, &part, both, &look.baseline.0);
        // What has become the same as the anchor is judged by the control.
        Matrix { alone: true, ..matrix }
    });
    let standard = SamplingSpec::default();
    let sampling = SamplingSpec {
        min_rounds: standard.min_rounds,
        max_rounds: standard.max_rounds,
        precision: Some(precision),
        ..sampling(file, common)
    };
    Ok(scenario(file, "a suspicion, measured again", matrices.collect(), sampling))
}

/// Workloads that are built under the same settings, and link or do not.
#[derive(Debug, Clone, PartialEq)]
struct SharedPart {
    workloads: Vec<RequestWord>,
    links: bool,
    settings: NamedSettings,
    on: VariantBase,
    twin: bool,
}

/// The workloads and settings of all variants.
fn shared(file: &TrackingFile, common: Option<&Scenario>) -> Result<Vec<SharedPart>, String> {
    let parts: Vec<SharedPart> = match common {
        None => {
            let workloads = file.workloads.clone();
            let (settings, on) = (Vec::new(), VariantBase::AsItIs);
            vec![SharedPart { workloads, links: true, settings, on, twin: true }]
        }
        Some(common) => {
            common.matrices.iter().map(|matrix| part(matrix, common)).collect::<Result<_, _>>()?
        }
    };
    let mut seen: Vec<&str> = Vec::new();
    for word in parts.iter().flat_map(|part| &part.workloads) {
        if seen.contains(&word.text.as_str()) {
            return Err(format!(
                "`{}` is built under several settings, and a series has one: name a scenario that has each workload once",
                word.text
            ));
        }
        seen.push(&word.text);
    }
    let parts: Vec<SharedPart> = parts.into_iter().flat_map(SharedPart::by_links).collect();
    let follows_linkers = |project: &&TrackedProject| project.linkers != TrackedLinkers::Named(Vec::new());
    if file.projects.iter().any(|project| follows_linkers(&project)) && parts.iter().all(|part| !part.links) {
        return Err(
            "linkers are followed, and none of the workloads links: follow none, or add `clean`".to_owned()
        );
    }
    Ok(parts)
}

/// A matrix of the scenario that the file names.
fn part(matrix: &Matrix, common: &Scenario) -> Result<SharedPart, String> {
    let varies = matrix.axes.iter().find(|(_, words)| words.len() > 1).map(|(key, _)| key.as_str());
    let varies = varies.or(matrix.variants.first().map(|whole| whole.name.as_str()));
    if let Some(varies) = varies {
        return Err(format!(
            "the scenario `{}` varies `{varies}`, and a night compares what is followed with the anchor: name a scenario in which each axis has one value",
            common.name
        ));
    }
    // The projects are those of the tracking file.
    let of_build = matrix.axes.iter().filter(|(key, _)| !["workload", "project"].contains(&key.as_str()));
    let single =
        |(key, words): &(String, Vec<RequestWord>)| words.first().map(|word| (key.clone(), word.clone()));
    let by_axis = matrix.axes.iter().filter(|(key, _)| key == "workload").flat_map(|(_, words)| words);
    Ok(SharedPart {
        workloads: matrix.workloads.iter().chain(by_axis).cloned().collect(),
        links: true,
        settings: of_build.filter_map(single).collect(),
        on: matrix.on,
        twin: matrix.twin,
    })
}

impl SharedPart {
    /// The part with the workloads that link, and that with the others.
    fn by_links(self) -> Vec<Self> {
        let links = |word: &RequestWord| workloads::find(&word.text).is_ok_and(|found| found.goal.links());
        let of = |wanted: bool| Self {
            workloads: self.workloads.iter().filter(|word| links(word) == wanted).cloned().collect(),
            links: wanted,
            ..self.clone()
        };
        [true, false].map(of).into_iter().filter(|part| !part.workloads.is_empty()).collect()
    }
}

fn sampling(file: &TrackingFile, common: Option<&Scenario>) -> SamplingSpec {
    common.map_or(&file.sampling, |common| &common.sampling).clone()
}

fn matrix<'v>(
    name: String,
    project: &RequestWord,
    part: &SharedPart,
    variants: impl Iterator<Item = &'v (String, NamedSettings)>,
    baseline: &str,
) -> Matrix {
    let whole = |(name, settings): &(String, NamedSettings)| {
        let own = |key: &str| settings.iter().any(|(known, _)| known == key);
        let shared = part.settings.iter().filter(|(key, _)| !own(key));
        let content = VariantContent::Set(shared.chain(settings).cloned().collect());
        WholeVariant { name: name.clone(), content }
    };
    Matrix {
        name,
        projects: vec![project.clone()],
        workloads: part.workloads.clone(),
        baseline: Baseline::Whole(baseline.to_owned()),
        axes: Vec::new(),
        variants: variants.map(whole).collect(),
        on: part.on,
        exclude: Vec::new(),
        twin: part.twin,
        alone: false,
        design: MatrixDesign::Product,
        mixed: false,
    }
}

fn scenario(file: &TrackingFile, summary: &str, matrices: Vec<Matrix>, sampling: SamplingSpec) -> Scenario {
    Scenario {
        name: file.name.clone(),
        summary: summary.to_owned(),
        matrices,
        sampling,
        origin: "a tracking file".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::scenario::ScenarioLibrary;

    fn file(project: &str) -> TrackingFile {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("t.toml");
        let commit = "0123456789abcdef0123456789abcdef01234567";
        let text = format!(
            "name = \"t\"\n[[project]]\nproject = \"../p\"\n{project}\nanchor = {{ commit = \"{commit}\", toolchain = \"1.95.0\" }}\n"
        );
        fs::write(&path, text).unwrap();
        TrackingFile::read(&path).unwrap()
    }

    fn scenario_of(matrices: &str) -> Scenario {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("s.toml");
        fs::write(&path, format!("name = \"s\"\nsummary = \"x\"\n{matrices}")).unwrap();
        ScenarioLibrary::read_file(&path).unwrap()
    }

    fn night(file: &TrackingFile, common: &Scenario) -> Result<Vec<String>, String> {
        let word = RequestWord::from_command_line;
        let settings = |key: &str| vec![("rev".to_owned(), word("c")), (key.to_owned(), word("mold"))];
        let project = NightVariants {
            project: word("p"),
            anchor: ("anchor".to_owned(), Vec::new()),
            followed: vec![
                ("branch=main".to_owned(), settings("toolchain")),
                ("linker=mold".to_owned(), settings("linker")),
            ],
        };
        let scenario = night_scenario(file, Some(common), &[project])?;
        let line = |matrix: &Matrix| {
            let workloads: Vec<&str> = matrix.workloads.iter().map(|word| word.text.as_str()).collect();
            let variants: Vec<&str> = matrix.variants.iter().map(|whole| whole.name.as_str()).collect();
            let axes: Vec<&str> = matrix.axes.iter().map(|(key, _)| key.as_str()).collect();
            assert!(matrix.alone && axes.is_empty());
            format!("{}: {}: {}", matrix.name, workloads.join(" "), variants.join(", "))
        };
        Ok(scenario.matrices.iter().map(line).collect())
    }

    const HEAD: &str = "projects = [\"titlecase\"]\n";

    #[test]
    fn linkers_are_built_where_something_is_linked() {
        let both =
            scenario_of(&format!("{HEAD}workloads = [\"check\", \"clean\"]\n[axes]\nprofile = [\"dev\"]"));
        let follows = file("branches = [\"main\"]\nlinkers = [\"mold\"]");
        assert_eq!(
            night(&follows, &both).unwrap(),
            [
                "project-1-1: clean: anchor, branch=main, linker=mold",
                "project-1-2: check: anchor, branch=main"
            ]
        );
        let check = scenario_of(&format!("{HEAD}workloads = [\"check\"]\n[axes]\nprofile = [\"dev\"]"));
        assert!(night(&follows, &check).unwrap_err().contains("none of the workloads links"));
        assert!(night(&file("branches = [\"main\"]"), &check).is_ok());
    }

    #[test]
    fn a_workload_can_be_an_axis_and_occurs_once() {
        let follows = file("branches = [\"main\"]");
        let axis = scenario_of(&format!("{HEAD}[axes]\nworkload = [\"clean\"]"));
        assert_eq!(night(&follows, &axis).unwrap(), ["project-1: clean: anchor, branch=main, linker=mold"]);
        let matrix = |name: &str| {
            format!(
                "[[matrix]]\nname = \"{name}\"\n{HEAD}workloads = [\"clean\"]\n[matrix.axes]\nprofile = [\"{name}\"]\n"
            )
        };
        let twice = scenario_of(&(matrix("dev") + &matrix("release")));
        assert!(night(&follows, &twice).unwrap_err().contains("`clean` is built under several settings"));
    }
}
