//! The same comparison in several projects.

/// One variant against its baseline over several projects. It is no planned comparison: there is no verdict, and
/// nothing is corrected for how many of these there are.
#[derive(Debug, Clone, PartialEq)]
pub struct PooledProjects {
    /// Name of the matrix that made the blocks.
    pub matrix: String,
    /// The variant's workload.
    pub workload: String,
    /// Name of the variant.
    pub variant: String,
    /// Name of the baseline.
    pub baseline: String,
    /// The projects that count, in the order of the plan; at least two.
    pub projects: Vec<String>,
    /// Geometric mean of their ratios.
    pub ratio: f64,
    /// 95 % interval of the geometric mean over these very projects.
    pub these: (f64, f64),
    /// What it says of projects like these; `None` where there are too few.
    pub general: Option<GeneralIntervals>,
    /// The projects that were to be compared and do not count.
    pub left_out: Vec<ExcludedProject>,
}

/// What some projects say of projects like them: 95 % intervals of ratios.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeneralIntervals {
    /// Of the geometric mean over all projects like these.
    pub mean: (f64, f64),
    /// For the ratio of one further project.
    pub further: (f64, f64),
}

/// A project that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcludedProject {
    /// Its name.
    pub project: String,
    /// Why.
    pub reason: &'static str,
}
