//! The part of a thinned run that is kept: its log-ratios of each round, and the values that later runs and histories
//! need.

use serde::{Deserialize, Serialize};

use super::series::RunSeries;
use crate::bundle::{Bundle, Manifest};
use crate::compare::{ArmResult, Comparison};
use crate::record::{BlockId, Builds, EarlierTwin, METRICS, NotTimed, Role, rounds};

/// Version of [`KeptResults`].
const FORMAT: u32 = 1;

/// Results of a run that is thinned, as they were computed from its samples.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct KeptResults {
    /// Version of the format.
    pub format: u32,
    /// Its points of a history.
    pub series: RunSeries,
    /// Its controls, for the calibration of later runs.
    pub twins: Vec<EarlierTwin>,
    /// Medians of its variants, for the estimates of later plans.
    pub medians: Vec<ArmMedian>,
}

/// Median wall time of an arm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ArmMedian {
    /// The block.
    pub block: BlockId,
    /// Role of the arm.
    pub role: Role,
    /// Name of the variant.
    pub variant: String,
    /// Seconds.
    pub wall_s: f64,
}

impl KeptResults {
    /// Results of a run; `twins` are its controls that count.
    pub fn of(manifest: &Manifest, comparison: &Comparison, twins: Vec<EarlierTwin>) -> Self {
        let series = RunSeries::of(manifest, comparison);
        Self { format: FORMAT, series, twins, medians: medians(comparison) }
    }

    /// Reads the text of the file. The error is the reason, as a clause.
    pub fn parse(text: &[u8]) -> Result<Self, String> {
        let kept: Self = serde_json::from_slice(text).map_err(|error| error.to_string())?;
        match kept.format {
            FORMAT => Ok(kept),
            other => Err(format!("it has format {other}, and this program reads format {FORMAT}")),
        }
    }
}

/// Medians of all arms that have one.
pub fn medians(comparison: &Comparison) -> Vec<ArmMedian> {
    let of_arm = |block: &BlockId, arm: &ArmResult| {
        let (block, variant) = (block.clone(), arm.variant.clone());
        Some(ArmMedian { block, role: arm.role, variant, wall_s: arm.wall()?.median })
    };
    let blocks = comparison.blocks.iter();
    blocks.flat_map(|block| block.arms.iter().filter_map(|arm| of_arm(&block.id, arm))).collect()
}

/// Columns of [`round_ratios`].
const COLUMNS: [&str; 8] =
    ["block", "round", "session", "role", "variant", "metric", "baseline", "log_ratio"];

/// The log-ratios of each complete round as CSV: a row for each comparison and metric, with the value of the baseline. A value
/// or a ratio that does not exist is empty.
///
/// # Errors
///
/// If a name cannot be written as CSV.
pub fn round_ratios(bundle: &Bundle) -> Result<String, csv::Error> {
    let mut table = csv::Writer::from_writer(Vec::new());
    table.write_record(COLUMNS)?;
    for block in &bundle.manifest.plan.blocks {
        let end = bundle.manifest.blocks.iter().find(|end| end.block == block.id);
        let not_timed: &[NotTimed] = end.map_or(&[], |end| &end.not_timed);
        let Some(baseline) = block.arms.iter().position(|arm| arm.role == Role::Baseline) else { continue };
        for round in rounds(block, &bundle.samples, not_timed).complete {
            let session = round.session().map(|session| session.to_string()).unwrap_or_default();
            for (at, arm) in block.arms.iter().enumerate().filter(|(at, _)| *at != baseline) {
                for metric in &METRICS {
                    let value = |arm: usize| value(&round.builds, arm, metric.read);
                    let (Some(of_baseline), of_arm) = (value(baseline), value(at)) else { continue };
                    let ratio =
                        of_arm.map(|of_arm| (of_arm / of_baseline).ln()).filter(|ratio| ratio.is_finite());
                    table.write_record([
                        block.id.as_str(),
                        &round.number.to_string(),
                        &session,
                        arm.role.as_str(),
                        &arm.variant.name,
                        metric.name,
                        &of_baseline.to_string(),
                        &ratio.map(|ratio| ratio.to_string()).unwrap_or_default(),
                    ])?;
                }
            }
        }
    }
    let bytes = table.into_inner().map_err(|error| csv::Error::from(error.into_error()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

fn value(builds: &Builds<'_>, arm: usize, read: fn(&crate::record::Cost) -> Option<f64>) -> Option<f64> {
    builds.get(arm).copied().flatten().and_then(|build| read(build.outcome.cost()?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::fixture::manifest;
    use crate::compare::fixture::*;

    fn bundle() -> Bundle {
        let plan = plan(vec![block("nights", true, &["mold"])]);
        let mut samples = Samples::of(&plan);
        samples.noisy(0, 7, 3, |arm| if arm == 2 { 0.5 } else { 1.0 });
        let manifest = Manifest { plan: plan.clone(), ..manifest() };
        let (samples, dir) = (samples.all, "m/run".into());
        Bundle { dir, manifest, samples, proofs: vec![], earlier: vec![], remarks: vec![] }
    }

    #[test]
    fn each_round_has_its_log_ratios() {
        let bundle = bundle();
        let table = round_ratios(&bundle).unwrap();
        let mut lines = table.lines();
        assert_eq!(lines.next(), Some("block,round,session,role,variant,metric,baseline,log_ratio"));
        let rows: Vec<Vec<&str>> = lines.map(|line| line.split(',').collect()).collect();
        let wall: Vec<&Vec<&str>> = rows.iter().filter(|row| row[5] == "wall").collect();
        assert_eq!(wall.len(), 14, "seven rounds of a control and a variant");
        let block = &bundle.manifest.plan.blocks[0];
        let rounds = rounds(block, &bundle.samples, &[]).complete;
        for (at, row) in wall.iter().enumerate() {
            let (round, arm) = (&rounds[at / 2], 1 + at % 2);
            let seconds = |arm: usize| {
                round.builds[arm].and_then(|build| build.outcome.cost()).unwrap().wall.as_secs_f64()
            };
            assert_eq!((row[1], row[3]), (&*round.number.to_string(), block.arms[arm].role.as_str()));
            assert_eq!(row[6].parse::<f64>().unwrap(), seconds(0));
            assert_eq!(row[7].parse::<f64>().unwrap(), (seconds(arm) / seconds(0)).ln(), "to the last digit");
        }
    }

    #[test]
    fn results_come_back_exactly_and_only_in_a_known_format() {
        let bundle = bundle();
        let comparison = compare_samples(&bundle.manifest.plan, &bundle.samples);
        let kept = KeptResults::of(&bundle.manifest, &comparison, vec![]);
        assert!(!kept.series.points.is_empty() && kept.medians.len() == 3, "{kept:?}");
        let text = serde_json::to_string(&kept).unwrap();
        assert_eq!(KeptResults::parse(text.as_bytes()), Ok(kept));
        let newer = text.replacen("\"format\":1", "\"format\":2", 1);
        assert!(KeptResults::parse(newer.as_bytes()).unwrap_err().contains("it has format 2"));
        assert!(KeptResults::parse(b"{").is_err());
    }
}
