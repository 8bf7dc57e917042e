//! The same comparison in several projects.

/// One variant against its baseline over several projects. It is not a planned comparison: there is no
/// verdict and no correction for the number of pooled comparisons.
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
    /// Projects that count, in the order of the plan; at least two.
    pub projects: Vec<String>,
    /// Geometric mean of the ratios of `projects`.
    pub ratio: f64,
    /// 95% interval of the geometric mean over just these projects.
    pub these: (f64, f64),
    /// Intervals for projects like these; `None` if there are too few.
    pub general: Option<GeneralIntervals>,
    /// Projects that were to be compared and do not count.
    pub left_out: Vec<ExcludedProject>,
}

/// 95% intervals of ratios for projects like the measured ones.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct GeneralIntervals {
    /// Interval of the geometric mean over all projects like these.
    pub mean: (f64, f64),
    /// Interval of the ratio of one further project.
    pub further: (f64, f64),
}

/// A project that does not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExcludedProject {
    /// Name of the project.
    pub project: String,
    /// Reason for excluding it.
    pub reason: &'static str,
}
