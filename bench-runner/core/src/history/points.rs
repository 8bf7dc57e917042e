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

    /// `toolchain=stable` while it is the anchor's, a branch at the anchor's commit.
    #[test]
    fn in_a_night_what_is_the_same_as_another_arm_has_its_values() {
        let mut plan = plan(vec![block("night", true, &["main"])]);
        plan.blocks[0].arms[0].aliases = vec!["toolchain=stable".into()];
        plan.blocks[0].arms[2].aliases = vec!["next".into()];
        let mut samples = Samples::of(&plan);
        samples.noisy(0, 8, 5, |arm| [1.0, 1.01, 1.05][arm]);
        let comparison = compare_samples(&plan, &samples.all);
        let series = BlockSeries::of("m", &plan.blocks[0], &comparison.blocks[0], None).unwrap();
        let names = |points: &[(Arc<SeriesKey>, HistoryPoint)]| -> Vec<String> {
            let wall = points.iter().filter(|(key, _)| key.metric == "wall");
            wall.map(|(key, _)| key.variant.clone()).collect()
        };
        assert_eq!(names(&series.points()), ["linker=bfd", "main"], "elsewhere it is left out");
        let points = BlockSeries { is_of_track: true, ..series }.points();
        assert_eq!(names(&points), ["linker=bfd", "main", "toolchain=stable", "next"]);
        let value = |name: &str| {
            let found = points.iter().find(|(key, _)| key.variant == name && key.metric == "wall");
            found.map(|(_, point)| point.clone()).unwrap()
        };
        assert_eq!(value("next"), value("main"));
        // The control's: a ratio of exactly 1 would have no error.
        let twin = comparison.blocks[0].twin.unwrap();
        let same = value("toolchain=stable");
        assert_eq!((same.rounds, same.value.df), (twin.rounds, twin.df));
        assert!((same.value.interval(LEVEL).1.exp() - twin.ends().1).abs() < 1e-9, "{same:?}");
        assert!((same.value.value - 1.01f64.ln()).abs() < 0.02 && same.median > Some(0.0));
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
