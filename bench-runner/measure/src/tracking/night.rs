//! Tracked projects → the scenarios that a night and a second look build.

use super::TrackingFile;
use crate::scenario::{
    Baseline, Matrix, RequestWord, SamplingSpec, Scenario, VariantBase, VariantContent, WholeVariant,
};

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
            let all = std::iter::once(&project.anchor).chain(&project.followed);
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
        matrix(format!("look-{}", at + 1), &look.project, &part, both, &look.baseline.0)
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

/// Workloads that are built under the same settings.
#[derive(Debug, Clone, PartialEq)]
struct SharedPart {
    workloads: Vec<RequestWord>,
    settings: NamedSettings,
    on: VariantBase,
    twin: bool,
}

/// The workloads and settings of all variants.
fn shared(file: &TrackingFile, common: Option<&Scenario>) -> Result<Vec<SharedPart>, String> {
    let Some(common) = common else {
        let workloads = file.workloads.clone();
        return Ok(vec![SharedPart { workloads, settings: Vec::new(), on: VariantBase::AsItIs, twin: true }]);
    };
    let part = |matrix: &Matrix| {
        let varies = matrix.axes.iter().find(|(_, words)| words.len() > 1).map(|(key, _)| key.as_str());
        let varies = varies.or(matrix.variants.first().map(|whole| whole.name.as_str()));
        if let Some(varies) = varies {
            return Err(format!(
                "the scenario `{}` varies `{varies}`, and a night compares what is followed with the anchor: name a scenario in which each axis has one value",
                common.name
            ));
        }
        let single =
            |(key, words): &(String, Vec<RequestWord>)| words.first().map(|word| (key.clone(), word.clone()));
        let settings = matrix.axes.iter().filter_map(single).collect();
        Ok(SharedPart { workloads: matrix.workloads.clone(), settings, on: matrix.on, twin: matrix.twin })
    };
    common.matrices.iter().map(part).collect()
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
