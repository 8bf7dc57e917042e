//! The results as Markdown.

use std::path::Path;
use std::time::Duration;

use anyhow::Result;

use super::alarms::{self, NIGHTS, Nights, SERIES};
use super::bisections::{Search, simulate};
use super::found::{Compared, Difference, compare, flagged, level_for, our_changes};
use super::null_levels::{Null, p_values};
use super::otava;
use super::series::{Cell, Change, Purpose, cells, generate};

/// Simulated searches for each row.
const SEARCHES: u64 = 200;

pub(crate) fn all(dir: &Path) -> Result<String> {
    Ok(change_points(dir)? + &alone())
}

pub(crate) fn alone() -> String {
    levels_kept() + &bisections()
}

/// Series for each row of the table of levels.
const NULL_SERIES: u64 = 20_000;

fn levels_kept() -> String {
    let kinds = [
        (Null::Normal, "normal"),
        (Null::KnownErrors, "known errors of many sizes"),
        (Null::Outliers, "outliers"),
        (Null::Correlated, "neighbors correlated by 0.3"),
    ];
    let mut text = format!(
        "### Series without a change\n\n\
         Share of {NULL_SERIES} series (a tenth of that for 1000 values) that are flagged at a level, in percent.\n\n\
         | series | values | at 5% | at 1% | at 0.1% |\n|---|---|---|---|---|\n"
    );
    for (null, name) in kinds {
        for length in [6, 10, 30, 100, 300, 1000] {
            // A long series takes the square of its length.
            let count = if length > 300 { NULL_SERIES / 10 } else { NULL_SERIES };
            let share = |level: f64| {
                let p = p_values(null, length, count, level);
                100.0 * p.iter().filter(|(p, _)| *p <= level).count() as f64 / p.len() as f64
            };
            text.push_str(&format!(
                "| {name} | {length} | {:.2} | {:.2} | {:.3} |\n",
                share(0.05),
                share(0.01),
                share(0.001)
            ));
        }
    }
    text + "\n"
}

/// Histories of all series for each row without a change, and series for each row with one.
const HISTORIES: u64 = 60;
const CHANGED: u64 = 1000;

pub(crate) fn alarms() -> String {
    let quiet = Nights { noise: 0.02, outliers: 0.0, offset: 0.005, tolerance: 0.02, step: 0.0, steps: 0 };
    let noisy = Nights { noise: 0.06, outliers: 0.03, ..quiet };
    let rows = [
        quiet,
        Nights { tolerance: 0.001, ..quiet },
        noisy,
        Nights { tolerance: 0.001, ..noisy },
        Nights { step: 0.03, steps: 1, ..quiet },
        Nights { step: 0.05, steps: 1, ..quiet },
        Nights { step: 0.05, steps: 1, ..noisy },
        Nights { step: 0.10, steps: 1, ..noisy },
        Nights { step: 0.005, steps: 10, ..quiet },
        Nights { step: 0.01, steps: 10, ..noisy },
    ];
    let mut text = format!(
        "### Alarms\n\n\
         {HISTORIES} histories of {SERIES} series over {NIGHTS} nights for each row without a change, {CHANGED} series for each row with one; \
         each night has 10 rounds of builds, a second look too. Steps begin in night 50, three nights apart.\n\n\
         | noise of a build | outliers | tolerance | change | second looks a night | false alarms in 100 nights | found in the first night | within 7 nights | at all |\n\
         |---|---|---|---|---|---|---|---|---|\n"
    );
    for (seed, nights) in (1..).zip(&rows) {
        let is_null = nights.steps == 0;
        let count = if is_null { HISTORIES * SERIES } else { CHANGED };
        let found = alarms::simulate(nights, seed, count);
        // A night has a value of each series.
        let per_night = SERIES as f64 / found.judged as f64;
        let rate = 100.0 * found.false_alarms as f64 * per_night;
        let half = 100.0 * 1.96 * (found.false_alarms as f64).max(1.0).sqrt() * per_night;
        let percent = |share: f64| if is_null { String::new() } else { format!("{:.0}%", 100.0 * share) };
        let change = match nights.steps {
            0 => "none".to_owned(),
            1 => format!("{:.0}%", 100.0 * nights.step),
            steps => format!("{steps} × {:.1}%", 100.0 * nights.step),
        };
        let of_null = |text: String| if is_null { text } else { String::new() };
        text.push_str(&format!(
            "| {:.0}% | {:.0}% | {:.1}% | {change} | {} | {} | {} | {} | {} |\n",
            100.0 * nights.noise,
            100.0 * nights.outliers,
            100.0 * nights.tolerance,
            of_null(format!("{:.2}", found.suspicions as f64 * per_night)),
            of_null(format!("{rate:.2} ± {half:.2}")),
            percent(found.found[0]),
            percent(found.found[1]),
            percent(found.found[2]),
        ));
    }
    text
}

/// ln evidence that these shares of series without a change exceed.
pub(crate) fn tail(count: u64) -> String {
    let shares = [0.3, 0.2, 0.1, 0.05, 0.02, 0.01, 0.005, 0.002, 0.001, 0.0005];
    let mut text = format!("values {}\n", shares.map(|share| format!("{share:>8}")).join(" "));
    for length in [6, 10, 30, 100, 400] {
        let mut evidence: Vec<f64> =
            p_values(Null::Normal, length, count, 1e-12).into_iter().map(|(_, evidence)| evidence).collect();
        evidence.sort_by(|one, other| other.total_cmp(one));
        let at = |share: f64| evidence[((share * evidence.len() as f64) as usize).min(evidence.len() - 1)];
        text.push_str(&format!(
            "{length:>6} {}\n",
            shares.map(|share| format!("{:>8.3}", at(share))).join(" ")
        ));
    }
    text
}

/// A cell without a change at the level that is used for all cells with its noise.
struct Matched {
    cell: Cell,
    level: f64,
}

fn change_points(dir: &Path) -> Result<String> {
    let mut text = String::from(
        "### Changes found\n\n\
         In percent, with the half-width of the 95% interval of the paired difference. *Level* is the p-value at which this \
         program flags as many of the calibration's series without a change as Otava does.\n\n\
         | series | level | flagged, ours | flagged, Otava | recall, ours | recall, Otava | difference | precision, ours | precision, Otava | difference |\n\
         |---|---|---|---|---|---|---|---|---|---|\n",
    );
    let mut matched: Vec<Matched> = Vec::new();
    let mut seconds = [0.0; 2];
    let mut count = 0;
    for cell in cells() {
        let theirs = otava::read(dir, &cell, Purpose::Comparison)?;
        let series = generate(&cell, Purpose::Comparison, theirs.found.len());
        if cell.change == Change::None {
            let calibrated = otava::read(dir, &cell, Purpose::Calibration)?;
            let null = generate(&cell, Purpose::Calibration, calibrated.found.len());
            matched.push(Matched { cell, level: level_for(&null, flagged(&calibrated.found)) });
        }
        let same_noise = matched.iter().find(|one| one.cell == cell.without_change());
        let level = same_noise.map_or(0.001, |one| one.level);
        let before = cpu_time();
        let ours = our_changes(&series, level);
        seconds = [seconds[0] + (cpu_time() - before).as_secs_f64(), seconds[1] + theirs.seconds];
        count += series.len();
        let found = compare(&cell, &series, &ours, &theirs.found);
        text.push_str(&row(&cell, level, [flagged(&ours), flagged(&theirs.found)], &found));
    }
    let each = seconds.map(|seconds| 1e6 * seconds / f64::from(count as u32).max(1.0));
    text.push_str(&format!(
        "\nA series of 100 values took {:.0} µs of CPU time here, and {:.0} µs with Otava: {:.0} times as long.\n\n",
        each[0],
        each[1],
        each[1] / each[0]
    ));
    Ok(text)
}

/// CPU time of all threads so far: wall time would count what other programs do.
fn cpu_time() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ProcessCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), u32::try_from(time.tv_nsec).unwrap_or(0))
}

fn row(cell: &Cell, level: f64, flagged: [f64; 2], found: &Compared) -> String {
    let percent = |share: f64| format!("{:.1}", 100.0 * share);
    let with_interval =
        |one: Difference| format!("{:+.1} ± {:.1}", 100.0 * one.value, 100.0 * one.half_width);
    let of_changes = |text: String| if cell.change == Change::None { String::new() } else { text };
    format!(
        "| {} | {level:.2e} | {} | {} | {} | {} | {} | {} | {} | {} |\n",
        name(cell),
        percent(flagged[0]),
        percent(flagged[1]),
        of_changes(percent(found.recall[0])),
        of_changes(percent(found.recall[1])),
        of_changes(with_interval(found.recall_difference)),
        of_changes(percent(found.precision[0])),
        of_changes(percent(found.precision[1])),
        of_changes(with_interval(found.precision_difference)),
    )
}

fn name(cell: &Cell) -> String {
    let change = match cell.change {
        Change::None => "no change".to_owned(),
        Change::Step(share) => format!("step of {:.0}%", 100.0 * share),
        Change::Drift(share) => format!("drift of {:.0}%", 100.0 * share),
    };
    let outliers = if cell.outliers { ", outliers" } else { "" };
    format!("{change}, noise {:.0}%{outliers}", 100.0 * cell.noise)
}

fn bisections() -> String {
    let rows = [
        Search { commits: 1000, step: 0.05, noise: 0.03, shared: 0.0 },
        Search { commits: 1000, step: 0.05, noise: 0.03, shared: 0.03 },
        Search { commits: 1000, step: 0.10, noise: 0.03, shared: 0.0 },
        Search { commits: 30, step: 0.05, noise: 0.03, shared: 0.0 },
        Search { commits: 30, step: 0.05, noise: 0.01, shared: 0.0 },
    ];
    let mut text = format!(
        "### Bisections\n\n\
         {SEARCHES} searches each, until a commit has a probability of 95%. A step builds the commit and both ends once.\n\n\
         | commits | change | noise of a build | noise of a step | right | steps, median | most | builds, median | distinct commits, median |\n\
         |---|---|---|---|---|---|---|---|---|\n"
    );
    for (seed, search) in (1..).zip(&rows) {
        let found = simulate(search, seed, SEARCHES);
        text.push_str(&format!(
            "| {} | {:.0}% | {:.0}% | {:.0}% | {:.1}% | {:.0} | {:.0} | {:.0} | {:.0} |\n",
            search.commits,
            100.0 * search.step,
            100.0 * search.noise,
            100.0 * search.shared,
            100.0 * found.right,
            found.steps,
            found.most_steps,
            3.0 * found.steps,
            found.commits
        ));
    }
    text
}
