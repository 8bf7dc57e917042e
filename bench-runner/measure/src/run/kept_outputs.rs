//! Output of the builds of a block, kept until the end of the block shows which of them are outliers.

use bench_runner_core::record::Sample;
use bench_runner_core::stats::outliers;

/// Longest output that is kept of a build, in bytes; of a longer one the end is kept.
const LONGEST: usize = 16 << 10;

/// Output of the measured builds of a block in this part of the run.
#[derive(Default)]
pub(super) struct KeptOutputs(Vec<KeptOutput>);

struct KeptOutput {
    /// Place of the arm in the block.
    arm: usize,
    round: u32,
    log: BuildOutput,
}

/// A log for the bundle.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct BuildOutput {
    pub(super) name: String,
    pub(super) text: String,
}

/// Name of the log of a build, without its ending.
pub(super) fn log_name(sample: &Sample) -> String {
    format!("{:05}-{}", sample.number, sample.variant)
}

impl KeptOutputs {
    pub(super) fn keep(&mut self, arm: usize, sample: &Sample, text: &str) {
        let text = end_of(text);
        if !text.is_empty() {
            let log = BuildOutput { name: log_name(sample), text: text.to_owned() };
            self.0.push(KeptOutput { arm, round: sample.round, log });
        }
    }

    /// The logs of the outliers. `rounds` are the wall seconds of all rounds of the block, for each arm.
    pub(super) fn into_outliers(self, rounds: &[Vec<Option<f64>>]) -> Vec<BuildOutput> {
        let arms = rounds.first().map_or(0, Vec::len);
        let far: Vec<Vec<u32>> = (0..arms).map(|arm| far_rounds(arm, rounds)).collect();
        let is_far = |kept: &KeptOutput| far.get(kept.arm).is_some_and(|far| far.contains(&kept.round));
        self.0.into_iter().filter(is_far).map(|kept| kept.log).collect()
    }
}

/// Numbers of the rounds in which the build of an arm is an outlier.
fn far_rounds(arm: usize, rounds: &[Vec<Option<f64>>]) -> Vec<u32> {
    let of_arm: Vec<(u32, f64)> =
        (1..).zip(rounds).filter_map(|(number, walls)| Some((number, (*walls.get(arm)?)?))).collect();
    let walls: Vec<f64> = of_arm.iter().map(|(_, wall)| *wall).collect();
    of_arm.into_iter().zip(outliers(&walls)).filter(|(_, far)| *far).map(|((number, _), _)| number).collect()
}

/// The end of a text, from a character on.
fn end_of(text: &str) -> &str {
    let text = text.trim_end();
    let start = (text.len().saturating_sub(LONGEST)..=text.len()).find(|at| text.is_char_boundary(*at));
    &text[start.unwrap_or(0)..]
}

#[cfg(test)]
mod tests {
    use bench_runner_core::bundle::fixture;
    use bench_runner_core::record::Outcome;

    use super::*;

    fn sample(number: u32, round: u32) -> Sample {
        Sample { round, ..fixture::sample(number, Outcome::TimedOut) }
    }

    #[test]
    fn only_outliers_leave_a_log() {
        let mut kept = KeptOutputs::default();
        let mut rounds = vec![vec![Some(1.0), Some(1.0)]; 8];
        for (round, wall) in [1.0, 1.02, 0.99, 1.01, 0.98, 1.5, 1.03].into_iter().enumerate() {
            rounds[round][1] = Some(wall);
            kept.keep(1, &sample(round as u32 + 10, round as u32 + 1), &format!("round {}\n", round + 1));
        }
        // A build that failed has no time.
        rounds[7][1] = None;
        let logs = kept.into_outliers(&rounds);
        assert_eq!(logs.len(), 1, "{logs:?}");
        assert!(logs[0].name.starts_with("00015-") && logs[0].text == "round 6", "{logs:?}");
    }

    #[test]
    fn of_a_long_output_the_end_is_kept() {
        let long = format!("{}the end", "ä".repeat(LONGEST));
        let end = end_of(&long);
        assert!(end.len() <= LONGEST && end.ends_with("äthe end"));
        assert_eq!(end_of("short\n"), "short");
        let mut kept = KeptOutputs::default();
        kept.keep(0, &sample(1, 1), "\n");
        assert!(kept.0.is_empty(), "an empty log says nothing");
    }
}
