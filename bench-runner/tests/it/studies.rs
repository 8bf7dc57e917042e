//! The tables about real builds in docs/METHODOLOGY.md are the results of the committed bundles, computed by
//! the current program.
//!
//! `UPDATE_EXPECT=1 cargo test --test it studies` updates them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use bench_runner::flows;
use bench_runner_core::bundle::{self, Bundle};
use bench_runner_core::compare::{ArmResult, BlockResult, Comparison, Policy, Ratio, TwinResult, Verdict};
use bench_runner_core::record::{AS_CONFIGURED, Arm, MetricId, Role};
use serde_json::Value;
use statrs::distribution::{ChiSquared, ContinuousCDF};

use crate::lab::{Lab, entries};

const START: &str = "<!-- studies of real builds -->";
const END: &str = "<!-- end of the studies of real builds -->";

trials! { "studies";
    tables_are_those_of_the_committed_bundles,
    scenarios_can_be_planned,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).to_path_buf()
}

fn tables_are_those_of_the_committed_bundles() {
    let path = root().join("docs/METHODOLOGY.md");
    let text = fs::read_to_string(&path).expect("docs/METHODOLOGY.md");
    let (before, rest) = text.split_once(START).expect("the mark at which the tables start");
    let (kept, after) = rest.split_once(END).expect("the mark at which the tables end");
    let made = format!("\n{}{}{}{}", a_a(), known_truth(), slow_downs(), searches());
    if kept != made && std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(&path, format!("{before}{START}{made}{END}{after}")).expect("to write the tables");
        return;
    }
    assert!(kept == made, "docs/METHODOLOGY.md should say, between the marks:\n{made}");
}

/// Results of the committed runs of a scenario with the names of the runs, oldest first.
fn runs(results: &str, scenario: &str) -> Vec<(String, Comparison)> {
    let bundles = bundles(results, scenario);
    assert!(!bundles.is_empty(), "no run of {scenario} in {results}/");
    let judged = |run: &Bundle| (run.manifest.run.clone(), flows::judge(run, &Policy::default()));
    bundles.iter().map(judged).collect()
}

/// The committed runs of a scenario, oldest first.
fn bundles(results: &str, scenario: &str) -> Vec<Bundle> {
    let name =
        |run: &Path| run.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let machines = entries(&root().join(results));
    let mut dirs: Vec<PathBuf> = machines
        .iter()
        .flat_map(|machine| entries(machine))
        .filter(|run| name(run).contains(&format!("Z-{scenario}-")))
        .collect();
    dirs.sort_by_key(|run| name(run));
    dirs.iter().map(|dir| bundle::open(dir).expect("a bundle that can be read")).collect()
}

fn judged(block: &BlockResult) -> impl Iterator<Item = (&ArmResult, Ratio)> {
    block.arms.iter().filter(|arm| arm.role == Role::Variant).filter_map(|arm| Some((arm, arm.ratio?)))
}

fn value_of<'a>(arm: &'a ArmResult, axis: &str) -> &'a str {
    arm.variant.strip_prefix(axis).expect("a variant of the axis")
}

const VERDICTS: [Verdict; 5] =
    [Verdict::Faster, Verdict::Slower, Verdict::Equivalent, Verdict::Undecided, Verdict::Invalid];

fn percent(ratio: f64) -> f64 {
    100.0 * (ratio - 1.0)
}

/// With a sign, and a minus instead of a hyphen.
fn signed(value: f64) -> String {
    format!("{value:+.1}").replace('-', "−")
}

fn a_a() -> String {
    let (run, found) = runs("results", "a-a-incremental_a-a-check").pop().expect("a run");
    let mut text = format!(
        "\n### A/A\n\nBundle `{run}` on {}.\nIn percent against the baseline, ± the half-width of the plain 95% \
         interval;\n*first* is what it costs to be built first in a round, *bound* how far place and predecessor may \
         have moved the variant's ratio.\n\n\
         | block | rounds | twin | p | variant | verdict | first | bound |\n|---|---|---|---|---|---|---|---|\n",
        found.machine
    );
    for block in &found.blocks {
        let Some(twin) = block.twin else { continue };
        let (first, bound) = match &block.order {
            Ok(order) => {
                let first =
                    format!("{} ± {:.1}", signed(100.0 * order.first.log), 100.0 * order.first.half_width);
                (first, order.bound().map_or("–".to_owned(), |bound| format!("{:.1}", 100.0 * bound)))
            }
            Err(_) => ("–".to_owned(), "–".to_owned()),
        };
        for (_, ratio) in judged(block) {
            let row = format!(
                "| {} | {} | {} ± {:.1} | {:.2} | {} ± {:.1} | {} | {first} | {bound} |",
                block.id.as_str().split_once('.').map_or(block.id.as_str(), |(_, rest)| rest),
                block.rounds,
                signed(percent(twin.ratio)),
                100.0 * twin.half_width,
                twin.p,
                signed(percent(ratio.ratio)),
                percent(ratio.high / ratio.ratio),
                ratio.verdict.as_str(),
            );
            let _ = writeln!(text, "{row}");
        }
    }
    for workload in ["incremental", "check"] {
        let of_workload = found.blocks.iter().filter(|block| block.workload == workload);
        let twins: Vec<TwinResult> = of_workload.filter_map(|block| block.twin).collect();
        let (low, high) = offsets(&twins);
        let _ = writeln!(
            text,
            "\nOffsets between directories, `{workload}`: standard deviation of the log-ratio of two between \
             {:.1}% and {:.1}% (95% interval from {} twins).",
            100.0 * low,
            100.0 * high,
            twins.len()
        );
    }
    let twins: Vec<f64> = found.blocks.iter().filter_map(|block| Some(block.twin?.p)).collect();
    let serial = found.blocks.iter().filter(|block| block.serial.is_some()).count();
    let _ = writeln!(
        text,
        "\nTwins: {} of {} with p < 0.05, {} with p < 0.01. Blocks with serial correlation: {serial}.",
        twins.iter().filter(|p| **p < 0.05).count(),
        twins.len(),
        twins.iter().filter(|p| **p < 0.01).count(),
    );
    text
}

/// The 95% interval of τ: those values for which Q(τ) = Σ θ²/(SE² + τ²) over B twins, which is about χ² with
/// B degrees of freedom, is between its quantiles. W. Viechtbauer, Confidence intervals for the amount of
/// heterogeneity in meta-analysis, Statistics in Medicine 26 (2007).
fn offsets(twins: &[TwinResult]) -> (f64, f64) {
    let q =
        |tau: f64| twins.iter().map(|twin| twin.theta.powi(2) / (twin.se.powi(2) + tau * tau)).sum::<f64>();
    let chi_squared = ChiSquared::new(twins.len() as f64).expect("twins");
    let reached = |share: f64| {
        let wanted = chi_squared.inverse_cdf(share);
        let (mut low, mut high) = (0.0, 1.0);
        for _ in 0..60 {
            let middle = 0.5 * (low + high);
            if q(middle) > wanted { low = middle } else { high = middle }
        }
        high
    };
    let low = if q(0.0) > chi_squared.inverse_cdf(0.975) { reached(0.975) } else { 0.0 };
    (low, if q(0.0) > chi_squared.inverse_cdf(0.025) { reached(0.025) } else { 0.0 })
}

fn known_truth() -> String {
    let runs = runs("studies/results", "known-truth");
    let mut by_truth: BTreeMap<&str, Vec<(u32, Ratio)>> = BTreeMap::new();
    for block in runs.iter().flat_map(|(_, run)| &run.blocks) {
        for (arm, ratio) in judged(block) {
            by_truth.entry(value_of(arm, "env.TRUTH=")).or_default().push((block.rounds, ratio));
        }
    }
    let invalid = runs.iter().flat_map(|(_, run)| &run.blocks).filter_map(|block| block.twin);
    let below = invalid.filter(|twin| twin.p < 0.01).count();
    let mut text = format!(
        "\n### Known truth\n\n{} runs of `known-truth`, each with another seed, stopped by its own rule and judged \
         by itself. Twins with p < 0.01: {below}.\n\n\
         | true ratio | comparisons | intervals that hold it | mean rounds | faster | slower | equivalent | \
         undecided | invalid |\n|---|---|---|---|---|---|---|---|---|\n",
        runs.len()
    );
    for (truth, found) in by_truth {
        let value: f64 = truth.parse().expect("a number");
        let held = found.iter().filter(|(_, ratio)| ratio.low <= value && value <= ratio.high).count();
        let rounds = found.iter().map(|(rounds, _)| f64::from(*rounds)).sum::<f64>() / found.len() as f64;
        let _ = write!(text, "| {truth} | {} | {held} | {rounds:.1} |", found.len());
        for verdict in VERDICTS {
            let _ = write!(text, " {} |", found.iter().filter(|(_, ratio)| ratio.verdict == verdict).count());
        }
        text.push('\n');
    }
    text
}

fn slow_downs() -> String {
    let (run, found) = runs("results", "slow-downs").pop().expect("a run");
    let mut text = format!(
        "\n### Known slow-downs\n\nBundle `{run}` on {}.\n*Burnt* is the share of the compiler's CPU time that the \
         wrapper adds to it; `0.0` is the baseline's setting spelt otherwise.\n\n\
         | build | burnt | rounds | CPU time | 95% interval | wall time | 95% interval | verdict |\n\
         |---|---|---|---|---|---|---|---|\n",
        found.machine
    );
    for block in &found.blocks {
        for (arm, ratio) in judged(block) {
            let cpu = arm.plain_ratios[MetricId::Cpu].expect("CPU time in every round");
            let _ = writeln!(
                text,
                "| {} | {}% | {} | {:.3} | {:.3} – {:.3} | {:.3} | {:.3} – {:.3} | {} |",
                block.workload,
                value_of(arm, "env.BURN="),
                ratio.rounds,
                cpu.ratio,
                cpu.low,
                cpu.high,
                ratio.ratio,
                ratio.low,
                ratio.high,
                ratio.verdict.as_str(),
            );
        }
    }
    text
}

/// Builds per day of the committed searches.
const DAY: &str = r#"{"check":30.0,"clean":3.0,"incremental":80.0}"#;

/// Seconds saved per day by a variant, with its 95% interval.
struct Saved {
    settings: Vec<String>,
    seconds: f64,
    low: f64,
    high: f64,
}

impl Saved {
    fn text(&self) -> String {
        format!("{} ({} to {})", signed(self.seconds), signed(self.low), signed(self.high))
    }
}

/// Result of a finished search.
fn found(search: &Path) -> Saved {
    let search = search.to_str().expect("a path in UTF-8");
    let shown = Lab::new().run(&["search", "--resume", search, "--json"]).expect(0);
    let found: Value = serde_json::from_str(&shown.stdout).expect("a document");
    let number = |key: &str| found["confirmation"][key].as_f64().expect("a number");
    let settings = found["nominee"].as_object().expect("a nominee");
    Saved {
        settings: settings.iter().map(|(key, value)| setting(key, value.as_str())).collect(),
        seconds: number("saved_s"),
        low: number("saved_low_s"),
        high: number("saved_high_s"),
    }
}

fn setting(key: &str, value: Option<&str>) -> String {
    format!("{key}={}", value.expect("a value"))
}

/// Results of the independent runs for a nominee and each of its settings. Of each workload the newest run counts in
/// which the control is as fast as the baseline; the variances of the workloads are added up.
fn checked(project: &str, nominee: &[String], per_day: &serde_json::Map<String, Value>) -> Vec<Saved> {
    let mut all = bundles("results", &format!("search-check-{project}"));
    let arms = |run: &Bundle| -> Vec<Arm> {
        run.manifest.plan.blocks.iter().flat_map(|block| block.arms.clone()).collect()
    };
    all.retain(|run| arms(run).iter().any(|arm| settings_of(arm) == nominee));
    all.reverse();
    if all.is_empty() {
        return Vec::new();
    }
    let compared: Vec<Comparison> = all.iter().map(|run| flows::judge(run, &Policy::default())).collect();
    let is_valid = |block: &&BlockResult| !judged(block).any(|(_, ratio)| ratio.verdict == Verdict::Invalid);
    let block_of = |workload: &String| {
        let mut of = compared.iter().flat_map(|run| &run.blocks).filter(|block| block.workload == *workload);
        of.find(is_valid).unwrap_or_else(|| panic!("{project}: no valid result of {workload}"))
    };
    let blocks: Vec<(f64, &BlockResult)> =
        per_day.iter().map(|(name, builds)| (builds.as_f64().expect("a number"), block_of(name))).collect();
    let variants: BTreeMap<String, Vec<String>> = all
        .iter()
        .flat_map(arms)
        .filter(|arm| arm.role == Role::Variant)
        .map(|arm| (arm.variant.name.clone(), settings_of(&arm)))
        .collect();
    variants.into_iter().map(|(name, settings)| Saved { settings, ..saved_by(&name, &blocks) }).collect()
}

/// Settings of a variant beside those that say what the user has.
fn settings_of(arm: &Arm) -> Vec<String> {
    let settings = arm.variant.settings.iter().filter(|(key, _)| *key != AS_CONFIGURED);
    settings.map(|(key, value)| format!("{key}={value}")).collect()
}

/// Seconds that a variant saves in a day, from blocks with the builds per day of their workloads.
fn saved_by(variant: &str, blocks: &[(f64, &BlockResult)]) -> Saved {
    let (mut seconds, mut variance) = (0.0, 0.0);
    for (builds, block) in blocks {
        let is_it = |arm: &&ArmResult| {
            arm.role != Role::Twin && (arm.variant == variant || arm.aliases.iter().any(|one| one == variant))
        };
        let arm = block.arms.iter().find(is_it).expect("the variant");
        let own = block.arms.iter().find(|arm| arm.role == Role::Baseline).and_then(ArmResult::wall);
        let day = builds * own.expect("builds as configured").median;
        // What makes no difference to a workload is built as the baseline.
        if arm.role != Role::Baseline {
            let ratio = arm.ratio.expect("a ratio");
            seconds += day * (1.0 - ratio.ratio);
            variance += (day * (ratio.high - ratio.low) / 2.0).powi(2);
        }
    }
    let half_width = variance.sqrt();
    Saved { settings: Vec::new(), seconds, low: seconds - half_width, high: seconds + half_width }
}

/// Searches, each with the head-to-head run that checks it; empty without a committed search.
fn searches() -> String {
    let is_complete = |run: &PathBuf| {
        let manifest = fs::read_to_string(run.join("manifest.json")).unwrap_or_default();
        run.to_string_lossy().contains("Z-confirmation-") && manifest.contains("\"status\": \"complete\"")
    };
    let is_finished = |path: &PathBuf| {
        let machines = entries(path).into_iter().filter(|machine| machine.is_dir());
        path.join("search.json").is_file()
            && machines.flat_map(|machine| entries(&machine)).any(|run| is_complete(&run))
    };
    let mut searches: Vec<PathBuf> =
        entries(&root().join("results")).into_iter().filter(is_finished).collect();
    searches.sort();
    let rows: String = searches.iter().map(|search| rows_of_search(search)).collect();
    if rows.is_empty() {
        return rows;
    }
    let about = "Seconds saved per day (80 rebuilds after an edit, 30 checks, 3 full builds) against what is configured, with 95%\n\
                 intervals: what the confirmation of a search says, and what an independent run says that builds the nominee and\n\
                 each of its settings alone. A workload whose control differed from the baseline was built again. The search of hexyl could\n\
                 combine `split-debuginfo=unpacked` with a filled cache, which is ruled out since: sccache keeps no such files.";
    format!(
        "\n### Searches on real projects\n\n{about}\n\n\
         | project | budget | settings | search | independent run |\n|---|---|---|---|---|\n{rows}"
    )
}

/// The nominee and each of its settings, as far as they have been built.
fn rows_of_search(search: &Path) -> String {
    let request = fs::read_to_string(search.join("search.json")).expect("a request");
    let request: Value = serde_json::from_str(&request).expect("a document");
    let project = request["project"].as_str().expect("a name");
    let minutes = request["budget"]["secs"].as_u64().expect("seconds") / 60;
    let nominated = found(search);
    let row = |one: &Saved, of_search: &str, checked: &str| {
        format!("| {project} | {minutes} min | `{}` | {of_search} | {checked} |\n", one.settings.join(" "))
    };
    let per_day = request["per_day"].as_object().expect("workloads");
    assert_eq!(request["per_day"].to_string(), DAY, "the text names the builds of a day");
    let checked = checked(project, &nominated.settings, per_day);
    let Some(nominee) = checked.iter().find(|one| one.settings == nominated.settings) else {
        return row(&nominated, &nominated.text(), "not made yet");
    };
    assert!(nominated.low <= 0.0 || nominee.low > 0.0, "{project}: {} is not faster", nominee.text());
    let mut text = row(nominee, &nominated.text(), &nominee.text());
    for one in checked.iter().filter(|one| one.settings != nominee.settings) {
        let settings = one.settings.join(" ");
        assert!(one.low <= nominee.high, "{project}: {settings} saves more alone");
        text.push_str(&row(one, "–", &one.text()));
    }
    text
}

/// The studies themselves take too long for a test; checking their inputs does not.
fn scenarios_can_be_planned() {
    let lab = Lab::new();
    for name in ["a-a-check", "a-a-incremental", "known-truth", "slow-downs"] {
        let path = root().join("studies/scenarios").join(format!("{name}.toml"));
        let path = path.to_str().expect("a path in UTF-8");
        lab.run(&["scenarios", "check", path]).expect(0);
    }
}
