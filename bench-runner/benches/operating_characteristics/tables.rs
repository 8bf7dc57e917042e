//! The study as Markdown: every figure with its standard error and its target.

mod budget;

use std::fmt::Write;

use crate::study::{
    Coverage, Mean, Model, Noisy, Rounds, Setup, Share, Study, carry_over, coverage, detection, families,
    offsets, order, power, side_by_side,
};

/// Default number of runs for each figure.
pub(crate) const RUNS: u32 = 3000;

/// The seed of the published figures.
pub(crate) const SEED: u64 = 1;

/// The models for which intervals and verdicts have targets.
const MODELS: [(Model, &str); 4] = [
    (Model::Normal, "normal"),
    (Model::Outliers, "5 % of builds at 1.5 times"),
    (Model::Drift, "drift of 10 % over the block"),
    (Model::Neighbours, "AR(1), ρ = 0.6, over consecutive builds"),
];

/// Target of a share.
#[derive(Clone, Copy)]
enum Target {
    Within(f64, f64),
    AtLeast(f64),
    AtMost(f64),
    Nothing,
}

impl Target {
    /// The target in words, and whether the share meets it.
    fn judge(self, share: &Share) -> (String, &'static str) {
        let value = share.value();
        let (wanted, met) = match self {
            Self::Within(low, high) => {
                (format!("{:.0} – {:.0}", 100.0 * low, 100.0 * high), (low..=high).contains(&value))
            }
            Self::AtLeast(low) => (format!("≥ {:.0}", 100.0 * low), value >= low),
            Self::AtMost(high) => (format!("≤ {:.0}", 100.0 * high), value <= high),
            Self::Nothing => return ("–".to_owned(), "–"),
        };
        (wanted, if met { "yes" } else { "**no**" })
    }
}

const COVERED: Target = Target::Within(0.93, 0.97);

/// The whole study.
pub(crate) fn markdown(study: &Study) -> String {
    let mut text = head(study);
    text += &intervals(study);
    text += &without_independence(study);
    text += &errors(study);
    text += &found(study);
    text += &usual_way(study);
    text += &budget::sharing(study);
    text
}

fn head(study: &Study) -> String {
    let Study { seed, runs } = study;
    let mut options = String::new();
    if *runs != RUNS {
        let _ = write!(options, " --runs {runs}");
    }
    if *seed != SEED {
        let _ = write!(options, " --seed {seed}");
    }
    let options = if options.is_empty() { options } else { format!(" --{options}") };
    let text = format!(
        "Made by `cargo bench --bench operating_characteristics{options}` with seed {seed} and {runs} runs for \
         each figure. All figures are shares in per cent with their Monte-Carlo standard error, and rounds per \
         block."
    );
    wrapped(&text)
}

fn intervals(study: &Study) -> String {
    let mut table = Table::new(
        "Coverage of the plain 95 % interval",
        "Blocks of baseline, twin and two variants, of which the second takes 5 % longer, stopped by the rule with \
         its defaults (6 to 30 rounds, precision 1.5 %). *Bias* is the mean error of ln ratio, in per cent. *Alarms* are blocks in which serial correlation is found \
         though rounds of an arm are independent of each other.",
        &["model", "covered", "wanted", "met", "twins covered", "bias", "rounds", "alarms"],
    );
    let mut row = |name: &str, setup: &Setup, target: Target| {
        let found = coverage(study, setup);
        let (wanted, met) = target.judge(&found.covered);
        let twins = if found.twins.trials() == 0 { "–".to_owned() } else { percent(&found.twins) };
        let (covered, rounds, alarms) =
            (percent(&found.covered), mean(&found.rounds), percent(&found.alarms));
        table.row(&[name, &covered, &wanted, met, &twins, &bias(&found.bias), &rounds, &alarms]);
    };
    for (model, name) in MODELS {
        row(name, &Setup::with_four_arms(model), COVERED);
    }
    for (noisy, factor, name) in [
        (Noisy::LastVariant, 2.0, "one variant 2 times noisier"),
        (Noisy::LastVariant, 3.0, "one variant 3 times noisier"),
        (Noisy::Variants, 3.0, "both variants 3 times noisier"),
        (Noisy::BaselineAndTwin, 3.0, "baseline and twin 3 times noisier"),
    ] {
        row(name, &Setup::with_four_arms(Model::Noisier(noisy, factor)), Target::AtLeast(0.93));
    }
    for rounds in [6, 12] {
        let setup = Setup { rounds: Rounds::Fixed(rounds), ..Setup::with_four_arms(Model::Normal) };
        row(&format!("normal, {rounds} fixed rounds"), &setup, COVERED);
    }
    for (model, name) in MODELS {
        let setup = Setup { twin: false, ..Setup::with_four_arms(model) };
        row(&format!("no twin, {name}"), &setup, Target::Nothing);
    }
    table.text
}

fn without_independence(study: &Study) -> String {
    let mut table = Table::new(
        "What rounds do not average out",
        "The same blocks. Directories: each target directory has a factor of its own, of standard deviation 0.5 %; \
         with 20 blocks per run their twins calibrate the intervals. Serial correlation: AR(1) with ρ = 0.6 over the \
         rounds of each arm, 30 fixed rounds; no interval can be right then, and the standard errors that are \
         widened where it is found help in part.",
        &["what", "share", "wanted", "met"],
    );
    let mut row = |name: &str, share: &Share, target: Target| {
        let (wanted, met) = target.judge(share);
        table.row(&[name, &percent(share), &wanted, met]);
    };
    let directories = offsets(study);
    row("directories, 1 block per run: covered", &directories.alone.covered, Target::Nothing);
    row("directories, 20 blocks per run: covered", &directories.calibrated.covered, COVERED);
    let Coverage { covered, alarms, .. } = detection(study);
    row("serial correlation: found", &alarms, Target::AtLeast(0.95));
    row("serial correlation: covered", &covered, Target::Nothing);

    let mut biases = Table::untitled(
        "Carry-over: what is built right after the second variant, in the same round, takes 1 % longer. As it never \
         follows itself, the others follow it in a quarter of the rounds and it looks faster than it is.",
        &["variant", "bias", "covered"],
    );
    for (name, (error, covered)) in ["the first", "the second"].iter().zip(carry_over(study)) {
        biases.row(&[name, &bias(&error), &percent(&covered)]);
    }
    let mut order_told = Table::untitled(
        "What is told of the order in such blocks: the bound is no less than the 0.25 % that carry-over did, and \
         predecessors are found to matter at the level at which the text names one.",
        &["model", "bounded", "named"],
    );
    for (name, model, bias) in [("carry-over", Model::CarryOver, 0.0025), ("normal", Model::Normal, 0.0)] {
        let told = order(study, model, bias);
        order_told.row(&[name, &percent(&told.bounded), &percent(&told.found)]);
    }
    table.text + &biases.text + &order_told.text
}

fn errors(study: &Study) -> String {
    let columns = ["model", "`faster`, `slower`", "met", "p below α", "met", "`invalid`", "met", "rounds"];
    let mut table = Table::new(
        "Errors of whole runs",
        "Runs of 20 comparisons: 5 blocks of baseline, twin and four variants, stopped by the rule, in which nothing \
         differs. Runs with any `faster` or `slower` (wanted: ≤ 5), with any corrected p-value below α = 0.03, \
         whatever the verdict (≤ 5: `equivalent` goes first and hides most of these), and with any `invalid` block \
         (≤ 2).",
        &columns,
    );
    let met = |share: &Share, limit: f64| Target::AtMost(limit).judge(share).1;
    let nulls = MODELS
        .map(|(model, _)| families(study, &Setup::with_twenty_comparisons(model, 1.0, Rounds::ByPrecision)));
    for ((_, name), found) in MODELS.iter().zip(&nulls) {
        table.row(&[
            name,
            &percent(&found.different),
            met(&found.different, 0.05),
            &percent(&found.significant),
            met(&found.significant, 0.05),
            &percent(&found.invalid),
            met(&found.invalid, 0.02),
            &mean(&found.rounds),
        ]);
    }
    let mut margins = Table::untitled(
        "`equivalent` in the same runs. Nothing differs: the share of all comparisons that are shown to be \
         `equivalent`. Every variant takes 3 % longer, which is the margin: runs with any `equivalent` (wanted: \
         ≤ 5).",
        &["model", "nothing differs: comparisons", "on the margin: runs", "met"],
    );
    for ((model, name), null) in MODELS.into_iter().zip(nulls) {
        let margin = families(study, &Setup::with_twenty_comparisons(model, 1.03, Rounds::ByPrecision));
        let met = met(&margin.equivalent, 0.05);
        margins.row(&[name, &percent(&null.shown_equivalent), &percent(&margin.equivalent), met]);
    }
    table.text + &margins.text
}

fn found(study: &Study) -> String {
    let columns = ["what", "rounds", "p below α", "wanted", "met", "`slower`", "`equivalent`", "`invalid`"];
    let mut table = Table::new(
        "Differences that are found",
        "A variant that takes 3 % longer, builds that scatter by 2 %, and a fixed number of rounds: how often the \
         corrected p-value shows a difference (α is 0.05 for one comparison, 0.03 for 20), and the verdict. The \
         true ratio lies on the margin here, so `equivalent` may be wrong as often as its own level says, and \
         what it takes is missing from `slower`. In the family of 20 either one comparison differs or all do: \
         Holm's correction is the milder, the more there is to find.",
        &columns,
    );
    let mut row = |name: &str, rounds: u32, setup: Setup, target: Target| {
        let found = power(study, &setup);
        let (wanted, met) = target.judge(&found.shown);
        table.row(&[
            name,
            &rounds.to_string(),
            &percent(&found.shown),
            &wanted,
            met,
            &percent(&found.slower),
            &percent(&found.equivalent),
            &percent(&found.invalid),
        ]);
    };
    let alone = |model, rounds| Setup::alone(model, 1.03, Rounds::Fixed(rounds));
    row("one comparison", 12, alone(Model::Normal, 12), Target::AtLeast(0.94));
    row("one comparison, outliers", 12, alone(Model::Outliers, 12), Target::Nothing);
    row("one comparison, outliers", 30, alone(Model::Outliers, 30), Target::AtLeast(0.85));
    for rounds in [12, 16, 22] {
        let mut one = Setup::with_twenty_comparisons(Model::Normal, 1.0, Rounds::Fixed(rounds));
        one.blocks[0][0] = 1.03;
        let target = if rounds == 22 { Target::AtLeast(0.94) } else { Target::Nothing };
        row("family of 20, one differs", rounds, one, target);
    }
    for rounds in [12, 16, 22] {
        let all = Setup::with_twenty_comparisons(Model::Normal, 1.03, Rounds::Fixed(rounds));
        row("family of 20, all differ", rounds, all, Target::Nothing);
    }
    table.text
}

fn usual_way(study: &Study) -> String {
    let mut table = Table::new(
        "All of A, then all of B",
        "Ten builds of A, then ten of B; the ratio of the means ± σ as hyperfine prints it. *False* leaves 1 out \
         where nothing differs; *covered* contains the true ratio of 1.05. Beside it the plain 95 % interval of this \
         program after 7 rounds of baseline, twin and variant, 21 builds. Drift and correlation are the same for \
         both; the drift spans all builds.",
        &["model", "A then B: false", "A then B: covered", "interleaved: false", "interleaved: covered"],
    );
    for (model, name) in MODELS {
        let usual = side_by_side(study, model);
        let own = |ratio| coverage(study, &Setup::alone(model, ratio, Rounds::Fixed(7))).covered;
        let (false_alarms, covered) = (own(1.0).complement(), own(1.05));
        table.row(&[
            name,
            &percent(&usual.excludes_one),
            &percent(&usual.covers),
            &percent(&false_alarms),
            &percent(&covered),
        ]);
    }
    table.text
}

/// A Markdown table with the text above it.
struct Table {
    text: String,
}

impl Table {
    fn new(title: &str, about: &str, columns: &[&str]) -> Self {
        let table = Self::untitled(about, columns);
        Self { text: format!("\n### {title}\n{}", table.text) }
    }

    fn untitled(about: &str, columns: &[&str]) -> Self {
        let mut table = Self { text: format!("\n{}\n", wrapped(about)) };
        table.row(columns);
        table.text += &format!("|{}\n", "---|".repeat(columns.len()));
        table
    }

    fn row(&mut self, cells: &[&str]) {
        self.text += &format!("| {} |\n", cells.join(" | "));
    }
}

/// Lines of up to 110 characters.
fn wrapped(text: &str) -> String {
    let (mut lines, mut width) = (String::new(), 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 110 {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines += word;
        width += length;
    }
    lines.push('\n');
    lines
}

/// `94.6 ± 0.3`, and the count if there were no hits: a standard error of 0 would look like certainty.
fn percent(share: &Share) -> String {
    if share.hits() == 0 || share.hits() == share.trials() {
        return format!("{} of {}", share.hits(), share.trials());
    }
    format!("{:.1}{}", 100.0 * share.value(), plus_minus(share.se(), 1, 100.0))
}

fn mean(mean: &Mean) -> String {
    format!("{:.1}{}", mean.value(), plus_minus(mean.se(), 1, 1.0))
}

/// A mean error of ln ratio, in percent.
fn bias(mean: &Mean) -> String {
    let hundredths = (10_000.0 * mean.value()).round();
    let sign = if hundredths < 0.0 { "−" } else { "+" };
    format!("{sign}{:.2}{}", hundredths.abs() / 100.0, plus_minus(mean.se(), 2, 100.0))
}

/// ` ± 0.3`, with one more digit if the standard error would be shown as 0.
fn plus_minus(se: Option<f64>, digits: usize, scale: f64) -> String {
    let Some(se) = se.map(|se| scale * se) else { return String::new() };
    let digits = if se < 0.5 * 0.1f64.powi(digits as i32) { digits + 1 } else { digits };
    format!(" ± {se:.digits$}")
}
