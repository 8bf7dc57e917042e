//! Findings of a comparison, as sentences: what was decided, what was not and what would settle it.

use bench_runner_core::compare::{ArmResult, BlockResult, Ratio, RoundsNeeded, Verdict};

use crate::figure::wording::{self, pluralize, share};

/// A judged variant of a block.
#[derive(Clone, Copy)]
pub(super) struct Judged<'a> {
    pub(super) block: &'a BlockResult,
    pub(super) arm: &'a ArmResult,
    pub(super) ratio: &'a Ratio,
}

/// The judged variants of a block, the fastest first.
pub(super) fn judged(block: &BlockResult) -> Vec<Judged<'_>> {
    let of_arm = |(at, arm): (usize, _)| {
        let arm: &ArmResult = arm;
        let ratio = arm.ratio.as_ref().filter(|_| block.is_compared(at))?;
        Some(Judged { block, arm, ratio })
    };
    let mut judged: Vec<Judged<'_>> = block.arms.iter().enumerate().filter_map(of_arm).collect();
    judged.sort_by(|one, other| one.ratio.ratio.total_cmp(&other.ratio.ratio));
    judged
}

/// The variants of a block without a result.
pub(super) fn without_result(block: &BlockResult) -> Vec<&ArmResult> {
    let arms = block.arms.iter().enumerate().filter(|(at, _)| block.is_compared(*at));
    arms.map(|(_, arm)| arm).filter(|arm| arm.ratio.is_none()).collect()
}

/// Name of the baseline of a block.
pub(super) fn baseline_name(block: &BlockResult) -> String {
    block.arms.get(block.baseline).map(wording::arm_subject).unwrap_or_default()
}

/// A way to repeat a block with as many rounds as planned.
pub(super) struct MoreRounds {
    /// The rounds and their time, to follow `repeat it`.
    pub(super) text: String,
    pub(super) command: Option<String>,
}

/// `None` if the block has as many rounds as planned, no result, or a command for its undecided variants, which has more
/// rounds.
pub(super) fn more_rounds(block: &BlockResult) -> Option<MoreRounds> {
    let is_short =
        block.rounds < block.min_rounds && !judged(block).is_empty() && !wording::is_invalid(block);
    if !is_short || undecided(block).is_some_and(|undecided| undecided.command.is_some()) {
        return None;
    }
    let rounds = block.min_rounds as usize;
    let time = block
        .setup
        .seconds_for(rounds)
        .map(|seconds| format!(", about {}", wording::estimated_duration(seconds)));
    Some(match &block.setup.command {
        Some(command) => MoreRounds {
            text: format!("with {rounds} rounds{}", time.unwrap_or_default()),
            command: Some(format!("{command} --rounds {rounds}")),
        },
        None => MoreRounds {
            text: format!("with `--rounds {rounds}` or a larger `--time-budget`"),
            command: None,
        },
    })
}

impl Judged<'_> {
    pub(super) fn is_decided(&self) -> bool {
        self.ratio.verdict.is_conclusive()
    }

    /// Rounds that count, with the minimum if they are fewer, to follow a result.
    fn rounds(&self) -> String {
        match self.ratio.few_rounds() {
            Some(few) => format!(" ({few})"),
            None => format!(", {}", pluralize(self.ratio.rounds, "round")),
        }
    }

    /// The variant with its result: `linker=mold: 0.42× as long (0.28–0.63×; −58%), saves 0.47 s per build, 12
    /// rounds`.
    pub(super) fn listed(&self) -> String {
        let result = wording::result_phrase(self.block, self.arm).unwrap_or_default();
        format!("{}: {result}{}", wording::arm_subject(self.arm), self.rounds())
    }

    /// The decided verdict as a sentence without its full stop.
    pub(super) fn sentence(&self) -> String {
        let (name, baseline) = (wording::arm_subject(self.arm), baseline_name(self.block));
        let result = wording::result_phrase(self.block, self.arm).unwrap_or_default();
        let verdict = match self.ratio.verdict {
            Verdict::Faster => format!("is faster than {baseline}"),
            Verdict::Slower => format!("is slower than {baseline}"),
            Verdict::Equivalent => {
                format!("is equivalent to {baseline} (within ±{})", share(self.block.margin))
            }
            Verdict::Undecided => format!("is undecided against {baseline}"),
            Verdict::NotJudged => format!("is not judged against {baseline}"),
            Verdict::Invalid => format!("has no result against {baseline}"),
        };
        format!("{name} {verdict}: {result}{}", self.rounds())
    }
}

/// The undecided variants of a block, and a way to settle them.
pub(super) struct Undecided<'a> {
    pub(super) variants: Vec<Judged<'a>>,
    /// Way to settle them, as a clause; empty if nothing is known.
    pub(super) outlook: String,
    /// Command with as many rounds as they need.
    pub(super) command: Option<String>,
    /// Duration of that command.
    pub(super) seconds: Option<f64>,
}

impl Undecided<'_> {
    /// A sentence without its full stop.
    pub(super) fn text(&self, block: &BlockResult) -> String {
        let listed = match self.variants.as_slice() {
            [one] => one.sentence(),
            several => {
                let listed: Vec<String> = several.iter().map(Judged::listed).collect();
                format!("undecided against {}: {}", baseline_name(block), listed.join("; "))
            }
        };
        let clause = if self.outlook.is_empty() { String::new() } else { format!("; {}", self.outlook) };
        format!("{listed}{clause}")
    }
}

/// `None` if no variant of the block is undecided.
pub(super) fn undecided(block: &BlockResult) -> Option<Undecided<'_>> {
    let variants: Vec<Judged<'_>> =
        judged(block).into_iter().filter(|one| one.ratio.verdict == Verdict::Undecided).collect();
    if variants.is_empty() {
        return None;
    }
    let needed = || variants.iter().filter_map(|one| one.arm.needed);
    let rounds = needed().filter_map(|needed| match needed {
        RoundsNeeded::Rounds(rounds) | RoundsNeeded::AssumedOffset { rounds, .. } => Some(rounds),
        _ => None,
    });
    let Some(rounds) = rounds.max() else {
        let outlook = needed().next().map(|needed| outlook(needed, block)).unwrap_or_default();
        return Some(Undecided { variants, outlook, command: None, seconds: None });
    };
    let (command, share) = match &block.setup.undecided {
        Some(part) => (Some(&part.command), part.time),
        None => (block.setup.command.as_ref(), 1.0),
    };
    let seconds = block.setup.seconds_for(rounds).map(|seconds| seconds * share);
    let time = seconds.map(|seconds| format!(" ({})", wording::estimated_duration(seconds)));
    let missing = needed().filter_map(|needed| match needed {
        RoundsNeeded::AssumedOffset { missing, .. } => Some(missing),
        _ => None,
    });
    let command = command.map(|command| format!("{command} --rounds {rounds}"));
    let how = match command {
        Some(_) => String::new(),
        None => format!("; repeat the command of this run with `--rounds {rounds}`"),
    };
    let outlook = format!("{}{how}", settling(rounds, &time.unwrap_or_default(), missing.max().unwrap_or(0)));
    Some(Undecided { variants, outlook, command, seconds })
}

/// Number of comparisons, and so of controls, of the run that a user makes without any arguments.
const CONTROLS_OF_A_RUN: usize = 3;

/// Time budget of that run, in seconds.
const SECONDS_OF_A_RUN: f64 = 390.0;

/// A way to settle a comparison, as a clause: the number of rounds with their time, such as ` (62 s)`, and before
/// them the runs that give the missing controls.
fn settling(rounds: usize, time: &str, missing: usize) -> String {
    let controls = match missing {
        0 => return format!("a new run of about {rounds} rounds{time} would probably settle it"),
        1 => "1 more control is needed".to_owned(),
        missing => format!("{missing} more controls are needed"),
    };
    let runs = missing.div_ceil(CONTROLS_OF_A_RUN);
    let count = match runs {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        runs => format!("{runs} times"),
    };
    let before = wording::estimated_duration(runs as f64 * SECONDS_OF_A_RUN);
    format!(
        "first run `bench-runner run` {count} in this directory ({before}), because {controls} (see controls); then about \
         {rounds} rounds{time} would probably settle it"
    )
}

/// A way to settle an undecided comparison that is not a number of rounds.
pub(super) fn outlook(needed: RoundsNeeded, block: &BlockResult) -> String {
    match needed {
        RoundsNeeded::Rounds(rounds) => {
            format!("a new run of about {rounds} rounds would probably settle it")
        }
        RoundsNeeded::NearMargin => {
            format!("more rounds would hardly help, the change is close to ±{}", share(block.margin))
        }
        RoundsNeeded::OtherDirectories => {
            "rounds alone cannot settle it, because target directories differ in speed; try `--fresh-dirs 3`"
                .to_owned()
        }
        RoundsNeeded::AssumedOffset { rounds, missing } => settling(rounds, "", missing),
        RoundsNeeded::TooMany => {
            "build times vary too much here for any reasonable number of rounds".to_owned()
        }
        RoundsNeeded::TimedOut => "a build timed out, so `--timeout` would have to be longer".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use bench_runner_core::compare::PartialCommand;

    use super::*;
    use crate::figure::fixture::{block, names, ratio};

    fn undecided_block(needed: RoundsNeeded) -> BlockResult {
        let mut one = block("hexyl", &names(2, false), 12, 4.2);
        one.arms[2].ratio = Some(ratio(0.977, 0.04, Verdict::Undecided));
        one.arms[2].needed = Some(needed);
        one.setup.round_seconds = Some(20.0);
        one.setup.warmup_seconds = 40.0;
        one.setup.command = Some("bench-runner run --project hexyl".to_owned());
        one
    }

    #[test]
    fn an_undecided_one_has_the_command_and_the_time_that_would_settle_it() {
        let one = undecided_block(RoundsNeeded::Rounds(31));
        let found = undecided(&one).unwrap();
        assert_eq!(
            found.text(&one),
            "linker=lld is undecided against linker=bfd: 0.977× as long (0.938–1.016×; −2.3%), 12 rounds; a new run of \
             about 31 rounds (11 min) would probably settle it"
        );
        assert_eq!(found.command.as_deref(), Some("bench-runner run --project hexyl --rounds 31"));
    }

    #[test]
    fn the_command_builds_the_undecided_ones_alone_if_there_is_one() {
        let mut one = undecided_block(RoundsNeeded::Rounds(31));
        let command = "bench-runner run --axis linker=bfd,lld".to_owned();
        one.setup.undecided = Some(PartialCommand { command, time: 0.75 });
        let found = undecided(&one).unwrap();
        assert_eq!(found.command.as_deref(), Some("bench-runner run --axis linker=bfd,lld --rounds 31"));
        assert_eq!(found.seconds, Some(0.75 * (40.0 + 31.0 * 20.0)));
    }

    #[test]
    fn rounds_that_need_more_controls_say_so() {
        let one = undecided_block(RoundsNeeded::AssumedOffset { rounds: 31, missing: 4 });
        let found = undecided(&one).unwrap();
        let wanted = "first run `bench-runner run` twice in this directory (13 min), because 4 more controls are needed (see \
                      controls); then about 31 rounds (11 min) would probably settle it";
        assert_eq!((found.outlook.as_str(), found.command.is_some()), (wanted, true));
        let one_more = settling(5, "", 1);
        assert!(
            one_more.starts_with(
                "first run `bench-runner run` once in this directory (7 min), because 1 more control is "
            ),
            "{one_more}"
        );
        assert_eq!(
            settling(5, "", 0),
            "a new run of about 5 rounds would probably settle it",
            "the new run has the last one itself"
        );
    }

    #[test]
    fn without_a_command_or_a_number_of_rounds_it_says_so() {
        let mut one = undecided_block(RoundsNeeded::Rounds(31));
        one.setup.command = None;
        let found = undecided(&one).unwrap();
        assert!(
            found.command.is_none() && found.outlook.ends_with("with `--rounds 31`"),
            "{}",
            found.outlook
        );
        for needed in [
            RoundsNeeded::NearMargin,
            RoundsNeeded::OtherDirectories,
            RoundsNeeded::TooMany,
            RoundsNeeded::TimedOut,
        ] {
            let one = undecided_block(needed);
            let found = undecided(&one).unwrap();
            assert!(found.command.is_none() && found.text(&one).ends_with(&outlook(needed, &one)));
        }
        assert!(undecided(&block("hexyl", &names(2, false), 12, 4.2)).is_none());
    }
}
