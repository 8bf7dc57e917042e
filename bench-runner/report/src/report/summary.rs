//! `derived/summary.csv`: summaries and comparisons as a table, one row for each cell and metric and one for
//! each comparison.

use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, PlainRatio, Ratio, Summary};
use bench_runner_core::record::{Metric, MetricId};

use super::csv::csv_text;

const HEADER: [&str; 23] = [
    "kind",
    "block",
    "variant",
    "role",
    "metric",
    "n",
    "median",
    "low",
    "high",
    "mean",
    "sd",
    "mad",
    "min",
    "max",
    "ratio",
    "ratio_low",
    "ratio_high",
    "p",
    "p_holm",
    "verdict",
    "outliers",
    "p_equivalence",
    "p_equivalence_holm",
];

/// The table as CSV. `kind` is `cell` or `comparison`; only comparisons of wall time have a verdict. The
/// metric's name includes the unit of the values; `low` and `high` bound the 95% interval of the median, or
/// the range of fewer than six values.
pub fn summary_csv(comparison: &Comparison) -> Result<String, csv::Error> {
    let of_block =
        |block: &BlockResult| block.arms.iter().flat_map(|arm| rows(block, arm)).collect::<Vec<_>>();
    csv_text(&HEADER, comparison.blocks.iter().flat_map(of_block))
}

/// Rows of one arm.
fn rows(block: &BlockResult, arm: &ArmResult) -> Vec<Vec<String>> {
    let cells =
        Metric::listed().filter_map(|metric| Some(cell(block, arm, metric, &arm.summaries[metric.id]?)));
    let judged = arm.ratio.as_ref().map(|ratio| comparison_row(block, arm, ratio));
    let plain = Metric::listed()
        .filter_map(|metric| Some(plain_row(block, arm, &metric.ratio_key(), &arm.plain_ratios[metric.id]?)));
    cells.chain(judged).chain(plain).collect()
}

/// Adds empty cells up to a column.
fn pad(row: &mut Vec<String>, column: &str) {
    let index = HEADER.iter().position(|name| *name == column);
    row.resize(index.unwrap_or(HEADER.len()), String::new());
}

fn head(kind: &str, block: &BlockResult, arm: &ArmResult, metric: &str) -> Vec<String> {
    [kind, block.id.as_str(), &arm.variant, arm.role.as_str(), metric].map(str::to_owned).to_vec()
}

fn cell(block: &BlockResult, arm: &ArmResult, metric: &Metric, summary: &Summary) -> Vec<String> {
    let mut row = head("cell", block, arm, &metric.key());
    row.push(summary.n.to_string());
    let Summary { median, low, high, mean, sd, mad, min, max, .. } = *summary;
    row.extend([median, low, high, mean, sd, mad, min, max].map(|value| value.to_string()));
    pad(&mut row, "outliers");
    // Outliers are only determined for wall time.
    row.push(if metric.id == MetricId::Wall { arm.outliers().to_string() } else { String::new() });
    row.resize(HEADER.len(), String::new());
    row
}

fn comparison_row(block: &BlockResult, arm: &ArmResult, ratio: &Ratio) -> Vec<String> {
    let mut row = head("comparison", block, arm, "wall_ratio");
    row.push(ratio.rounds.to_string());
    pad(&mut row, "mean");
    row.push(ratio.ratio_of_means.to_string());
    pad(&mut row, "ratio");
    row.extend(
        [ratio.ratio, ratio.low, ratio.high, ratio.p, ratio.p_adjusted].map(|value| value.to_string()),
    );
    row.push(ratio.verdict.as_str().to_owned());
    pad(&mut row, "p_equivalence");
    row.extend([ratio.p_equivalence, ratio.p_equivalence_adjusted].map(|value| value.to_string()));
    row
}

fn plain_row(block: &BlockResult, arm: &ArmResult, metric: &str, ratio: &PlainRatio) -> Vec<String> {
    let mut row = head("comparison", block, arm, metric);
    row.push(ratio.rounds.to_string());
    pad(&mut row, "ratio");
    row.extend([ratio.ratio, ratio.low, ratio.high].map(|value| value.to_string()));
    row.resize(HEADER.len(), String::new());
    row
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::fixture;

    #[test]
    fn every_row_is_as_wide_as_the_header_and_nothing_is_not_a_number() {
        let text = summary_csv(&fixture::everything()).unwrap();
        let mut reader = csv::Reader::from_reader(text.as_bytes());
        let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
        assert!(rows.iter().any(|row| &row[0] == "cell") && rows.iter().any(|row| &row[0] == "comparison"));
        assert!(!text.contains("NaN") && !text.contains("inf"));
        let of = |kind: &str, metric: &str| {
            rows.iter().filter(|row| &row[0] == kind && &row[4] == metric).cloned().collect::<Vec<_>>()
        };
        assert!(of("cell", "wall_s").iter().all(|row| !row[20].is_empty()));
        assert!(of("comparison", "wall_ratio").iter().all(|row| !row[19].is_empty() && !row[22].is_empty()));
        let cpu = of("comparison", "cpu_ratio");
        assert_eq!((cpu.len(), &cpu[0][14], &cpu[0][19]), (1, "0.62", ""));
    }
}
