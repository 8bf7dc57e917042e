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
        Some(Self { machine, block, result, baseline, anchor: planned(block, baseline)?, toolchains })
    }

    fn points(&self) -> Vec<(Arc<SeriesKey>, HistoryPoint)> {
        let arms = self.result.arms.iter().enumerate();
        let others = arms.filter(|(at, arm)| *at != self.result.baseline && arm.role != Role::Twin);
        self.seconds().into_iter().chain(others.flat_map(|(_, arm)| self.ratios(arm))).collect()
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
        let Some(variant) = planned(self.block, arm) else { return Vec::new() };
        let name = match (&self.toolchains, &compiler) {
            (None, _) => series_name(variant),
            (Some(_), Some(_)) => TOOLCHAINS.to_owned(),
            // Nothing was built with it.
            (Some(_), None) => return Vec::new(),
        };
        let compared = METRICS.iter().filter(|metric| metric.treatment != Treatment::Drawn);
        let point = |metric: &Metric| {
            let (value, rounds, unusable) = value_of(arm, metric.id)?;
            let point = HistoryPoint {
                commit: self.commit(variant),
                compiler: compiler.clone(),
                value,
                median: arm.summaries[metric.id].map(|summary| summary.median),
                rounds,
                invalid: !self.result.invalid.is_empty() || unusable,
            };
            Some((self.key(name.clone(), variant, metric.name, Quantity::Ratio), point))
        };
        compared.filter_map(point).collect()
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

/// The variant of an arm as planned.
fn planned<'b>(block: &'b Block, arm: &ArmResult) -> Option<&'b Variant> {
    let is_its = |planned: &&Arm| planned.role == arm.role && planned.variant.name == arm.variant;
    block.arms.iter().find(is_its).map(|planned| &planned.variant)
}

/// ln ratio of an arm in a metric, its rounds, and whether its verdict is invalid.
fn value_of(arm: &ArmResult, metric: MetricId) -> Option<(UncertainValue, usize, bool)> {
    match metric {
        MetricId::Wall => {
            let ratio = arm.ratio?;
            Some((ratio.log_ratio(), ratio.rounds, ratio.verdict == Verdict::Invalid))
        }
        other => arm.plain_ratios[other].map(|plain| (log_ratio(&plain), plain.rounds, false)),
    }
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
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::compare::fixture::*;
    use crate::history::{TimeSeries, collect};
    use crate::record::{Proof, ProofResult};

    fn run_series(name: &str, machine: &str, block: &Block, comparison: &Comparison) -> RunSeries {
        let run = HistoryRun {
            run: name.into(),
            machine: machine.into(),
            started_at: format!("2026-01-{name}T00:00:00Z"),
            origin: None,
            facts: Arc::default(),
        };
        RunSeries {
            run,
            points: BlockSeries::of(machine, block, &comparison.blocks[0], None).unwrap().points(),
        }
    }

    fn nights() -> Vec<RunSeries> {
        let mut plan = plan(vec![block("nights", true, &["main"])]);
        let mut nights = Vec::new();
        let days = [("01", "m", 'a'), ("02", "m", 'b'), ("03", "n", 'c'), ("02", "m", 'd')];
        for (seed, (name, machine, rev)) in (1..).zip(days) {
            let rev = rev.to_string().repeat(40);
            let variant = &mut plan.blocks[0].arms[2].variant;
            (variant.name, variant.rev) = (format!("rev={rev}"), Some(rev));
            let mut samples = Samples::of(&plan);
            samples.noisy(0, 8, seed, |arm| if arm == 2 { 1.05 } else { 1.0 });
            let comparison = compare_samples(&plan, &samples.all);
            nights.push(run_series(name, machine, &plan.blocks[0], &comparison));
        }
        nights
    }

    /// Other variants of a block must not begin another series.
    #[test]
    fn settings_that_no_name_says_are_those_of_variant_and_baseline() {
        let variant = |name: &str, settings: &[(&str, &str)]| Variant {
            name: name.into(),
            project: "p".into(),
            workload: "clean".into(),
            rev: None,
            settings: settings.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect(),
        };
        let anchor = variant("anchor", &[("toolchain", "1.95.0"), ("debug", "none")]);
        let branch = variant("branch=main", &[("toolchain", "1.95.0"), ("debug", "none")]);
        let nightly = variant("toolchain=nightly", &[("toolchain", "nightly"), ("debug", "none")]);
        assert_eq!(fixed_settings(&branch, &anchor), "debug=none, toolchain=1.95.0");
        assert_eq!(fixed_settings(&nightly, &anchor), "debug=none");
        let product = variant("linker=mold debug=none", &[("linker", "mold"), ("debug", "none")]);
        let baseline = variant("linker=bfd debug=none", &[("linker", "bfd"), ("debug", "none")]);
        assert_eq!(fixed_settings(&product, &baseline), "", "the names say it");
    }

    #[test]
    fn each_variant_has_a_series_for_each_machine() {
        let series = collect(&nights());
        let wall: Vec<&TimeSeries> = series.iter().filter(|one| one.key.metric == "wall").collect();
        let shape: Vec<(&str, &str, Quantity, usize)> = wall
            .iter()
            .map(|one| (&*one.key.machine, &*one.key.variant, one.key.quantity, one.points.len()))
            .collect();
        assert_eq!(
            shape,
            [
                ("m", "commits", Quantity::Ratio, 2),
                ("m", "linker=bfd", Quantity::Seconds, 2),
                ("n", "commits", Quantity::Ratio, 1),
                ("n", "linker=bfd", Quantity::Seconds, 1),
            ],
            "copies of a run count once"
        );
        let point = &wall[0].points[1];
        assert_eq!((wall[0].runs[1], point.rounds), (1, 8));
        assert_eq!(point.commit.as_deref(), Some("b".repeat(40).as_str()));
        assert!((point.value.value - 1.05f64.ln()).abs() < 0.02 && point.value.se > 0.0);
        assert!((wall[1].points[0].value.value - 10f64.ln()).abs() < 0.02);
    }

    #[test]
    fn points_can_be_in_the_order_of_their_commits() {
        let mut series = collect(&nights()).remove(0);
        let places = [("b".repeat(40), 1), ("x".repeat(40), 2)].into();
        assert_eq!(series.order_by_commits(&places), 1, "one commit is not in this history");
        assert_eq!((series.runs.as_slice(), series.points.len()), (&[1][..], 1));
        let mut series = collect(&nights()).remove(0);
        let places = [("b".repeat(40), 1), ("a".repeat(40), 2)].into();
        series.order_by_commits(&places);
        assert_eq!(series.runs, [1, 0]);
    }

    #[test]
    fn what_a_run_adds_is_kept_exactly() {
        for night in nights() {
            let text = serde_json::to_string(&night).unwrap();
            assert_eq!(serde_json::from_str::<RunSeries>(&text).unwrap(), night);
        }
    }

    #[test]
    fn runs_that_share_no_keys_share_their_series() {
        let shared: HashMap<SeriesKey, Arc<SeriesKey>> = nights()
            .iter()
            .flat_map(|run| &run.points)
            .map(|(key, _)| ((**key).clone(), key.clone()))
            .collect();
        let mut sharing = nights();
        for (key, _) in sharing.iter_mut().flat_map(|run| &mut run.points) {
            *key = shared[&**key].clone();
        }
        assert_eq!(collect(&sharing), collect(&nights()));
    }

    /// Names such as `nightly` do not matter: the compilers are those of the proofs.
    #[test]
    fn toolchains_of_a_backfill_make_one_series() {
        let mut plan =
            plan(vec![block("days", true, &["toolchain=nightly", "toolchain=stable", "toolchain=none"])]);
        plan.blocks[0].axes = vec!["rev".into(), "toolchain".into()];
        let mut samples = Samples::of(&plan);
        samples.noisy(0, 8, 1, |arm| if arm == 2 { 1.05 } else { 1.0 });
        let mut comparison = compare_samples(&plan, &samples.all);
        let (block, result) = (&plan.blocks[0], &mut comparison.blocks[0]);
        let compilers = ["1.63.0", "1.97.0-nightly (e50aa6fba 2026-05-19)", "1.95.0 (59807616e 2026-04-14)"];
        let arms: Vec<_> = [0, 2, 3].iter().map(|&at| &block.arms[at]).zip(compilers).collect();
        result.proofs.extend(arms.into_iter().map(|(arm, compiler)| Proof {
            role: arm.role,
            axis: "toolchain".into(),
            expected: format!("rustc {compiler}"),
            ..proof(block, &arm.variant.name, ProofResult::Holds)
        }));
        let points = BlockSeries::of("m", block, result, Some("rev=abc".into())).unwrap().points();
        let run = HistoryRun {
            run: "r".into(),
            machine: "m".into(),
            started_at: String::new(),
            origin: Some("backfill".into()),
            facts: Arc::default(),
        };
        let mut all = collect(&[RunSeries { run, points }]);
        all.retain(|one| one.key.metric == "wall");
        let [seconds, ratios] = all.as_mut_slice() else { panic!("{all:?}") };
        assert_eq!(
            (ratios.key.variant.as_str(), ratios.key.baseline.as_str(), ratios.key.fixed.as_str()),
            ("toolchains", "rustc 1.63.0", "rev=abc")
        );
        assert_eq!((seconds.key.variant.as_str(), seconds.key.quantity), ("rustc 1.63.0", Quantity::Seconds));
        assert_eq!(ratios.order_by_toolchains(), 0);
        let names: Vec<String> =
            ratios.points.iter().flat_map(|point| &point.compiler).map(|compiler| compiler.short()).collect();
        assert_eq!(names, ["1.95.0", "1.97.0-nightly 2026-05-19"], "one that built nothing is not there");
        assert!(ratios.points.iter().all(|point| point.commit.is_none()));
        // Without the anchor's compiler there is nothing to compare with.
        result.proofs.retain(|proof| proof.role != Role::Baseline);
        assert!(BlockSeries::of("m", block, result, Some("rev=abc".into())).is_none());
    }
}
