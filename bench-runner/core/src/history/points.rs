//! Comparisons → points of series.

use std::collections::HashSet;
use std::sync::Arc;

use super::compiler::Compiler;
use super::series::{HistoryPoint, HistoryRun, Quantity, RunSeries, SeriesKey};
use super::toolchains::{TOOLCHAINS, compiler_of, over_toolchains};
use crate::bundle::Manifest;
use crate::compare::{ArmResult, BlockResult, Comparison, PlainRatio, Verdict};
use crate::record::{
    Arm, Block, METRICS, Metric, MetricId, Role, SharedText, TEXT_SETTINGS, Treatment, Variant,
};
use crate::stats::{LEVEL, UncertainValue, t_quantile};

impl RunSeries {
    /// The points of a run.
    pub fn of(manifest: &Manifest, comparison: &Comparison) -> Self {
        let run = HistoryRun::of(manifest);
        let blocks = &manifest.plan.blocks;
        // A run has one value in a series for each commit and compiler: the first, if several matrices have the same.
        let mut seen = HashSet::new();
        let mut points = Vec::new();
        for result in &comparison.blocks {
            let Some(block) = blocks.iter().find(|block| block.id == result.id) else { continue };
            let over_toolchains = over_toolchains(&manifest.plan, block);
            let series = BlockSeries::of(&run.machine, block, result, over_toolchains);
            let series = series.map(|series| BlockSeries { is_of_track: run.is_of_track(), ..series });
            for (key, point) in series.iter().flat_map(BlockSeries::points) {
                if seen.insert((key.clone(), point.commit.clone(), point.compiler.clone())) {
                    points.push((key, point));
                }
            }
        }
        Self { run, points }
    }
}

/// A block, and what the series of its arms have in common.
struct BlockSeries<'b> {
    machine: &'b str,
    block: &'b Block,
    result: &'b BlockResult,
    baseline: &'b ArmResult,
    /// The baseline as planned.
    anchor: &'b Variant,
    /// The source that is built and the baseline's compiler, if the arms are toolchains.
    toolchains: Option<(String, Arc<Compiler>)>,
    /// True if the run is one of `track`: what is followed then has a value even if it is the same as another arm.
    is_of_track: bool,
}

impl<'b> BlockSeries<'b> {
    fn of(
        machine: &'b str,
        block: &'b Block,
        result: &'b BlockResult,
        over_toolchains: Option<String>,
    ) -> Option<Self> {
        let baseline = result.arms.get(result.baseline)?;
        let toolchains = match over_toolchains {
            Some(source) => Some((source, Arc::new(compiler_of(result, baseline)?))),
            None => None,
        };
        let anchor = &planned(block, baseline)?.variant;
        Some(Self { machine, block, result, baseline, anchor, toolchains, is_of_track: false })
    }

    fn points(&self) -> Vec<(Arc<SeriesKey>, HistoryPoint)> {
        let arms = self.result.arms.iter().enumerate();
        let others = arms.filter(|(at, arm)| *at != self.result.baseline && arm.role != Role::Twin);
        let ratios = others.flat_map(|(_, arm)| self.ratios(arm));
        self.seconds().into_iter().chain(ratios).chain(self.ratios_of_same()).collect()
    }

    /// The ratios of what is the same as another arm and was built as that arm; what is the same as the baseline has those of
    /// its twin, since a value needs an error.
    fn ratios_of_same(&self) -> Vec<(Arc<SeriesKey>, HistoryPoint)> {
        let named = |arm: &'b ArmResult| {
            let names = planned(self.block, arm).map(|planned| (&planned.variant, &planned.aliases));
            names.into_iter().flat_map(|(variant, names)| {
                names.iter().map(|name| Variant { name: name.clone(), ..variant.clone() })
            })
        };
        let of_arm = |arm: &'b ArmResult| {
            let values = if std::ptr::eq(arm, self.baseline) { self.twin_values() } else { values_of(arm) };
            named(arm).flat_map(move |variant| self.points_of(&variant, None, &values))
        };
        let arms = self.result.arms.iter().filter(|arm| self.is_of_track && arm.role != Role::Twin);
        arms.flat_map(of_arm).collect()
    }

    fn twin_values(&self) -> Vec<MetricValue> {
        let arm = self.result.arms.iter().find(|arm| arm.role == Role::Twin);
        let of_metric = |metric: MetricId| match metric {
            MetricId::Wall => self.result.twin.map(|twin| (twin.log_ratio(), twin.rounds, false)),
            other => self.result.twin_ratios[other].map(|plain| (log_ratio(&plain), plain.rounds, false)),
        };
        arm.into_iter().flat_map(|arm| metric_values(arm, of_metric)).collect()
    }

    /// The time of the baseline.
    fn seconds(&self) -> Option<(Arc<SeriesKey>, HistoryPoint)> {
        let (baseline, compiler) = (self.baseline, self.toolchains.as_ref().map(|(_, compiler)| compiler));
        // One build alone does not show its error.
        let several = baseline.points.len() > 1;
        let summary = baseline.wall().filter(|summary| summary.median > 0.0 && several)?;
        let point = HistoryPoint {
            commit: self.commit(self.anchor),
            compiler: compiler.cloned(),
            value: ln_median(baseline, summary.median),
            median: Some(summary.median),
            rounds: baseline.points.len(),
            invalid: false,
        };
        let name = compiler.map_or_else(|| baseline.variant.clone(), |compiler| compiler.to_string());
        Some((self.key(name, self.anchor, METRICS[MetricId::Wall as usize].name, Quantity::Seconds), point))
    }

    /// The ratios of an arm, a point for each metric.
    fn ratios(&self, arm: &ArmResult) -> Vec<(Arc<SeriesKey>, HistoryPoint)> {
        let compiler = self.toolchains.as_ref().and_then(|_| compiler_of(self.result, arm)).map(Arc::new);
        match planned(self.block, arm) {
            Some(planned) => self.points_of(&planned.variant, compiler, &values_of(arm)),
            None => Vec::new(),
        }
    }

    fn points_of(
        &self,
        variant: &Variant,
        compiler: Option<Arc<Compiler>>,
        values: &[MetricValue],
    ) -> Vec<(Arc<SeriesKey>, HistoryPoint)> {
        let name = match (&self.toolchains, &compiler) {
            (None, _) => series_name(variant),
            (Some(_), Some(_)) => TOOLCHAINS.to_owned(),
            // Nothing was built with it.
            (Some(_), None) => return Vec::new(),
        };
        let point = |of: &MetricValue| {
            let point = HistoryPoint {
                commit: self.commit(variant),
                compiler: compiler.clone(),
                value: of.value,
                median: of.median,
                rounds: of.rounds,
                invalid: !self.result.invalid.is_empty() || of.is_invalid,
            };
            (self.key(name.clone(), variant, of.metric.name, Quantity::Ratio), point)
        };
        values.iter().map(point).collect()
    }

    /// The commit of a point. All toolchains build the same one, which is then part of the key.
    fn commit(&self, variant: &Variant) -> Option<SharedText> {
        variant.rev.as_deref().filter(|_| self.toolchains.is_none()).map(SharedText::from)
    }

    fn key(&self, name: String, variant: &Variant, metric: &str, quantity: Quantity) -> Arc<SeriesKey> {
        let settings = fixed_settings(variant, self.anchor);
        let (baseline, fixed) = match &self.toolchains {
            None => (baseline_name(self.anchor), settings),
            Some((source, compiler)) if settings.is_empty() => (compiler.to_string(), source.clone()),
            Some((source, compiler)) => (compiler.to_string(), format!("{source}, {settings}")),
        };
        Arc::new(SeriesKey {
            machine: self.machine.to_owned(),
            project: projects(self.block),
            workload: self.result.workload.clone(),
            variant: name,
            baseline,
            fixed,
            metric: metric.to_owned(),
            quantity,
        })
    }
}

/// Value of an arm in a metric.
struct MetricValue {
    metric: &'static Metric,
    /// ln ratio to the baseline.
    value: UncertainValue,
    rounds: usize,
    median: Option<f64>,
    /// True if the verdict is invalid.
    is_invalid: bool,
}

/// An arm as planned.
fn planned<'b>(block: &'b Block, arm: &ArmResult) -> Option<&'b Arm> {
    block.arms.iter().find(|planned| planned.role == arm.role && planned.variant.name == arm.variant)
}

/// The values of an arm in all metrics that are compared, from its ln ratio in a metric, its rounds, and whether its verdict is
/// invalid.
fn metric_values(
    arm: &ArmResult,
    of_metric: impl Fn(MetricId) -> Option<(UncertainValue, usize, bool)>,
) -> Vec<MetricValue> {
    let compared = METRICS.iter().filter(|metric| metric.treatment != Treatment::Drawn);
    let value = |metric: &'static Metric| {
        let (value, rounds, is_invalid) = of_metric(metric.id)?;
        let median = arm.summaries[metric.id].map(|summary| summary.median);
        Some(MetricValue { metric, value, rounds, median, is_invalid })
    };
    compared.filter_map(value).collect()
}

fn values_of(arm: &ArmResult) -> Vec<MetricValue> {
    metric_values(arm, |metric| match metric {
        MetricId::Wall => {
            let ratio = arm.ratio?;
            Some((ratio.log_ratio(), ratio.rounds, ratio.verdict == Verdict::Invalid))
        }
        other => arm.plain_ratios[other].map(|plain| (log_ratio(&plain), plain.rounds, false)),
    })
}

/// Names of the projects of a block, each once.
fn projects(block: &Block) -> String {
    let mut names: Vec<&str> = Vec::new();
    for arm in &block.arms {
        if !names.contains(&arm.variant.project.as_str()) {
            names.push(&arm.variant.project);
        }
    }
    names.join("+")
}

/// Settings that a variant and its baseline share and that no name says, whatever else is in their block; texts of files are
/// not named.
fn fixed_settings(variant: &Variant, baseline: &Variant) -> String {
    let is_named = |key: &str, value: &str| {
        let word = format!("{key}={value}");
        [variant, baseline].iter().any(|one| one.name.split(' ').any(|known| known == word))
    };
    let is_fixed = |(key, value): &(&String, &String)| {
        !TEXT_SETTINGS.contains(&key.as_str())
            && baseline.settings.get(*key) == Some(*value)
            && !is_named(key, value)
    };
    let fixed = variant.settings.iter().filter(is_fixed);
    fixed.map(|(key, value)| format!("{key}={value}")).collect::<Vec<_>>().join(", ")
}

/// Name of a baseline with the commit that it has, since another commit is another baseline.
fn baseline_name(variant: &Variant) -> String {
    match &variant.rev {
        Some(rev) if !variant.name.contains(rev.get(..10).unwrap_or(rev)) => {
            format!("{} (rev={rev})", variant.name)
        }
        _ => variant.name.clone(),
    }
}

/// Name of a variant without the commit that it happens to have.
fn series_name(variant: &Variant) -> String {
    match &variant.rev {
        Some(rev) => variant.name.replace(&format!("rev={rev}"), "commits"),
        None => variant.name.clone(),
    }
}

/// ln of a median, with the error of the mean of the logarithms as its error.
fn ln_median(arm: &ArmResult, median: f64) -> UncertainValue {
    let logs: Vec<f64> = arm.points.iter().map(|point| point.wall.max(f64::MIN_POSITIVE).ln()).collect();
    let n = logs.len() as f64;
    let mean = logs.iter().sum::<f64>() / n;
    let squares: f64 = logs.iter().map(|log| (log - mean).powi(2)).sum();
    let se = if n > 1.0 { (squares / (n - 1.0) / n).sqrt() } else { 0.0 };
    UncertainValue { value: median.ln(), se, df: (n - 1.0).max(1.0) }
}

fn log_ratio(plain: &PlainRatio) -> UncertainValue {
    let df = (plain.rounds as f64 - 1.0).max(1.0);
    let half_width = 0.5 * (plain.high.ln() - plain.low.ln());
    UncertainValue { value: plain.ratio.ln(), se: half_width / t_quantile(0.5 + 0.5 * LEVEL, df), df }
}

#[cfg(test)]
mod tests;
