use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::*;
use crate::record::{Arm, BlockId, Cost, Interference, Outcome, Pin, Role, Sampling, Variant};

/// Baseline, twin and two variants.
const ARMS: [(Role, &str); 4] =
    [(Role::Baseline, "a"), (Role::Twin, "a"), (Role::Variant, "v"), (Role::Variant, "w")];

fn block() -> Block {
    let arm = |(role, name): (Role, &str)| {
        let variant = Variant {
            name: name.into(),
            project: "p".into(),
            workload: "clean".into(),
            rev: None,
            settings: BTreeMap::new(),
        };
        Arm { role, variant, aliases: Vec::new(), co_changes: Vec::new(), primed: false }
    };
    let sampling = Sampling {
        warmup: 1,
        min_rounds: 6,
        max_rounds: 30,
        precision: None,
        margin: 0.03,
        timeout: Duration::from_secs(60),
    };
    Block {
        id: BlockId::new("m", "p", "clean"),
        axes: Vec::new(),
        arms: ARMS.map(arm).to_vec(),
        sampling,
        commits: Default::default(),
        fidelity: Vec::new(),
        design: None,
        visits: None,
    }
}

/// Parses samples, each given as `session round attempt arm`, with `!` for a failed build; round 0 is the
/// warm-up. The wall time of a build is its number in seconds.
fn samples(text: &str) -> Vec<Sample> {
    text.split(',').map(str::trim).filter(|line| !line.is_empty()).zip(1..).map(sample).collect()
}

fn sample((text, number): (&str, u32)) -> Sample {
    let fields: Vec<u32> =
        text.trim_end_matches('!').split_whitespace().map(|field| field.parse().unwrap()).collect();
    let [session, round, attempt, arm] = fields[..] else { panic!("{text}") };
    let (role, name) = ARMS[arm as usize];
    let wall = Duration::from_secs(u64::from(number));
    let cost = Cost { wall, user: wall, sys: wall, max_rss: 1, ..Cost::default() };
    let failed = Outcome::Failed { exit_code: Some(1) };
    Sample {
        number,
        block: BlockId::new("m", "p", "clean"),
        session,
        project: "p".into(),
        pin: Pin::Git { rev: "ab".repeat(20) }.into(),
        workload: "clean".into(),
        variant: name.into(),
        role,
        settings: BTreeMap::new().into(),
        phase: if round == 0 { Phase::Warmup } else { Phase::Measured },
        round,
        position: 1,
        attempt,
        edit: 0,
        predecessor: None,
        started_at: SystemTime::UNIX_EPOCH,
        outcome: if text.ends_with('!') { failed } else { Outcome::Built(cost) },
        rebuilt: None,
        artifact_bytes: None,
        interference: Interference::default(),
        cache: None,
        visit: None,
    }
}

/// Same as [`check`] under `replay`; the number of the commit comes last in each sample.
fn check_replay(text: &str, complete: &[u32], cut: usize, next: (u32, u32)) {
    let mut block = block();
    block.commits.insert("p".into(), vec!["ab".repeat(20); 4]);
    block.arms.iter_mut().for_each(|arm| arm.variant.workload = "replay:3".into());
    let lines = text.split(',').map(str::trim).filter(|line| !line.is_empty());
    let of_line = |(line, number): (&str, u32)| {
        let (rest, commit) = line.trim_end_matches('!').rsplit_once(' ').unwrap();
        let end = if line.ends_with('!') { "!" } else { "" };
        Sample { edit: commit.parse().unwrap(), ..sample((&format!("{rest}{end}"), number)) }
    };
    let samples: Vec<Sample> = lines.zip(1..).map(of_line).collect();
    let found = rounds(&block, &samples, &[]);
    let numbers: Vec<u32> = found.complete.iter().map(|round| round.number).collect();
    assert_eq!(
        (&*numbers, found.cut, (found.next_round, found.next_attempt)),
        (complete, cut, next),
        "{text}"
    );
}

/// One build of each arm under `replay`.
fn replay_pass(session: u32, round: u32, commit: u32, ends: [&str; 4]) -> String {
    let line = |(arm, end): (usize, &str)| format!("{session} {round} 1 {arm} {commit}{end},");
    ends.into_iter().enumerate().map(line).collect()
}

const WELL: [&str; 4] = [""; 4];
const BROKEN: [&str; 4] = ["!"; 4];

#[test]
fn a_commit_that_nobody_can_build_does_not_make_a_cut_round_whole() {
    let oldest = replay_pass(1, 0, 0, WELL);
    // As a warm-up, and in the round before.
    let warm_up = format!("{oldest}{}", replay_pass(1, 0, 1, BROKEN));
    check_replay(&format!("{warm_up}1 1 1 2 2,"), &[], 1, (1, 2));
    let round = format!("{oldest}{}", replay_pass(1, 1, 1, BROKEN));
    check_replay(&format!("{round}1 2 1 2 2,"), &[1], 1, (2, 2));
    let twice = format!("{oldest}{}{}", replay_pass(1, 1, 1, BROKEN), replay_pass(1, 2, 2, BROKEN));
    check_replay(&format!("{twice}1 3 1 0 3, 1 3 1 1 3,"), &[1, 2], 1, (3, 2));
    // Nor does the oldest commit, when the commits restart and nobody can build it.
    let anew = format!("{oldest}{}{}", replay_pass(1, 1, 1, WELL), replay_pass(1, 0, 0, BROKEN));
    check_replay(&format!("{anew}1 2 1 0 1,"), &[1], 1, (2, 2));
}

#[test]
fn an_arm_that_cannot_build_the_oldest_commit_is_not_missed() {
    let others = "1 1 1 0 1, 1 1 1 1 1, 1 1 1 2 1,";
    check_replay(&format!("{}{others}", replay_pass(1, 0, 0, ["", "", "", "!"])), &[1], 0, (2, 1));
    let anew = format!("{}{}", replay_pass(1, 0, 0, WELL), replay_pass(1, 1, 1, WELL));
    let anew = format!("{anew}{}1 2 1 0 1, 1 2 1 1 1, 1 2 1 2 1,", replay_pass(1, 0, 0, ["", "", "", "!"]));
    check_replay(&anew, &[1, 2], 0, (3, 1));
    // An arm that fails alone is given up after two such failures, regardless of commits in between that
    // nobody could build.
    let alone = ["", "", "", "!"];
    let failing =
        [replay_pass(1, 0, 0, WELL), replay_pass(1, 1, 1, alone), replay_pass(1, 2, 2, BROKEN)].concat();
    check_replay(&format!("{failing}1 3 1 0 3, 1 3 1 1 3, 1 3 1 2 3,"), &[1, 2], 1, (3, 2));
    let given_up = [failing, replay_pass(1, 3, 3, alone)].concat();
    check_replay(&format!("{given_up}1 4 1 0 1, 1 4 1 1 1, 1 4 1 2 1,"), &[1, 2, 3, 4], 0, (5, 1));
}

/// Complete rounds of the given arms, as text for [`samples`].
fn whole_rounds(session: u32, numbers: std::ops::RangeInclusive<u32>, arms: &[u32]) -> String {
    let of_round = |round: u32| arms.iter().map(move |arm| format!("{session} {round} 1 {arm},"));
    numbers.flat_map(of_round).collect()
}

const WARM: &str = "1 0 1 0, 1 0 1 1, 1 0 1 2, 1 0 1 3,";
const WARM_AGAIN: &str = "2 0 1 0, 2 0 1 1, 2 0 1 2, 2 0 1 3,";

/// Checks the numbers of the complete rounds, how many were cut, and the next round with its attempt.
fn check(text: &str, complete: &[u32], cut: usize, next: (u32, u32)) {
    check_knowing(&[], text, complete, cut, next);
}

fn check_knowing(known: &[NotTimed], text: &str, complete: &[u32], cut: usize, next: (u32, u32)) {
    let samples = samples(text);
    let found = rounds(&block(), &samples, known);
    let numbers: Vec<u32> = found.complete.iter().map(|round| round.number).collect();
    assert_eq!(
        (numbers.as_slice(), found.cut, (found.next_round, found.next_attempt)),
        (complete, cut, next),
        "{text}"
    );
}

#[test]
fn nothing_begins_at_the_first_round() {
    check("", &[], 0, (1, 1));
    check(WARM, &[], 0, (1, 1));
}

#[test]
fn whole_rounds_are_followed_by_the_next() {
    check(&format!("{WARM}{}", whole_rounds(1, 1..=1, &[0, 1, 2, 3])), &[1], 0, (2, 1));
    check(&format!("{WARM}{}", whole_rounds(1, 1..=3, &[3, 1, 0, 2])), &[1, 2, 3], 0, (4, 1));
}

#[test]
fn a_cut_round_is_taken_again_be_it_the_first() {
    let first = format!("{WARM}{}", whole_rounds(1, 1..=1, &[0, 1, 2]));
    check(&first, &[], 1, (1, 2));
    check(&format!("{first}{WARM_AGAIN} 2 1 2 0, 2 1 2 1,"), &[], 1, (1, 3));
    let again = format!("{first}{WARM_AGAIN} 2 1 2 0, 2 1 2 1, 2 1 2 2, 2 1 2 3,");
    check(&again, &[1], 0, (2, 1));
    check(&format!("{WARM}{} 1 3 1 0, 1 3 1 1,", whole_rounds(1, 1..=2, &[0, 1, 2, 3])), &[1, 2], 1, (3, 2));
}

#[test]
fn a_cut_round_in_the_midst_stays_out_and_is_not_taken_again() {
    let lacking = format!("{}1 2 1 0, 1 2 1 2,", whole_rounds(1, 1..=1, &[0, 1, 2, 3]));
    let text = format!("{WARM}{lacking}{}", whole_rounds(1, 3..=4, &[0, 1, 2, 3]));
    check(&text, &[1, 3, 4], 1, (5, 1));
    let samples = samples(&text);
    let rows = rounds(&block(), &samples, &[]).by_number(4);
    assert_eq!((rows.len(), &rows[1], rows[2][0]), (4, &vec![None; 4], Some(11.0)));
}

#[test]
fn an_arm_that_failed_its_warm_up_is_not_missed() {
    let warm = "1 0 1 0, 1 0 1 1, 1 0 1 2, 1 0 1 3!,";
    check(&format!("{warm}{}", whole_rounds(1, 1..=1, &[0, 1, 2])), &[1], 0, (2, 1));
    // In a later session it may succeed, so its absence counts there.
    let later = format!("{warm}{}{WARM_AGAIN}", whole_rounds(1, 1..=2, &[0, 1, 2]));
    check(&format!("{later}{} 2 4 1 0,", whole_rounds(2, 3..=3, &[0, 1, 2, 3])), &[1, 2, 3], 1, (4, 2));
}

#[test]
fn an_arm_that_no_session_builds_was_left_out() {
    check(&format!("{WARM}{}", whole_rounds(1, 1..=2, &[0, 1, 2])), &[1, 2], 0, (3, 1));
    // One round in each session: a second round would have included it.
    let sessions = format!("{}{}", whole_rounds(1, 1..=1, &[0, 1, 2]), whole_rounds(2, 2..=2, &[0, 1, 2]));
    check(&format!("{WARM}{WARM_AGAIN}{sessions}"), &[1, 2], 0, (3, 1));
}

#[test]
fn of_a_single_round_only_the_end_of_the_block_can_tell() {
    let text = format!("{WARM}{}", whole_rounds(1, 1..=1, &[0, 1, 2]));
    let known = |name: &str, role| [NotTimed { role, variant: name.into(), reason: "said".into() }];
    check_knowing(&known("w", Role::Variant), &text, &[1], 0, (2, 1));
    check_knowing(&known("v", Role::Variant), &text, &[], 1, (1, 2));
    // The twin has the baseline's name but is a different arm.
    let without_twin = format!("{WARM}{}", whole_rounds(1, 1..=1, &[0, 2, 3]));
    check_knowing(&known("a", Role::Baseline), &without_twin, &[], 1, (1, 2));
    check_knowing(&known("a", Role::Twin), &without_twin, &[1], 0, (2, 1));
}

#[test]
fn an_arm_left_out_of_a_later_session_does_not_cut_its_rounds() {
    let first = format!("{WARM}{}{WARM_AGAIN}", whole_rounds(1, 1..=3, &[0, 1, 2, 3]));
    check(&format!("{first}{}", whole_rounds(2, 4..=6, &[0, 1, 2])), &[1, 2, 3, 4, 5, 6], 0, (7, 1));
    // The first round of a session may have been cut.
    check(&format!("{first}{}", whole_rounds(2, 4..=4, &[0, 1, 2])), &[1, 2, 3], 1, (4, 2));
}

#[test]
fn an_arm_that_failed_once_is_built_again_and_missed() {
    let failed_once =
        format!("{WARM}{}1 2 1 0, 1 2 1 1, 1 2 1 2, 1 2 1 3!,", whole_rounds(1, 1..=1, &[0, 1, 2, 3]));
    check(&format!("{failed_once}{}", whole_rounds(1, 3..=3, &[0, 1, 2])), &[1, 2], 1, (3, 2));
}

#[test]
fn an_arm_that_was_given_up_is_not_missed_afterwards() {
    let failing = format!("{WARM}{}1 2 1 0, 1 2 1 1, 1 2 1 3!, ", whole_rounds(1, 1..=1, &[0, 1, 2, 3]));
    check(&failing, &[1], 1, (2, 2));
    let given_up = format!("{failing}1 2 1 2, 1 3 1 0, 1 3 1 1, 1 3 1 2, 1 3 1 3!,");
    check(&format!("{given_up}{}", whole_rounds(1, 4..=6, &[0, 1, 2])), &[1, 2, 3, 4, 5, 6], 0, (7, 1));
    // The next session tries it again.
    check(
        &format!(
            "{given_up}{WARM_AGAIN}{} 2 5 1 0, 2 5 1 1, 2 5 1 2,",
            whole_rounds(2, 4..=4, &[0, 1, 2, 3])
        ),
        &[1, 2, 3, 4],
        1,
        (5, 2),
    );
}

#[test]
fn the_last_attempt_counts_and_the_first_whole_one_is_kept() {
    let both = format!("{}1 1 2 0, 1 1 2 1, 1 1 2 2, 1 1 2 3!,", whole_rounds(1, 1..=1, &[0, 1, 2, 3]));
    let samples = samples(&format!("{both}1 2 1 0,"));
    let found = rounds(&block(), &samples, &[]);
    assert_eq!((found.complete.len(), found.cut), (1, 1));
    let round = &found.complete[0];
    assert_eq!(wall_seconds(&round.builds), [Some(5.0), Some(6.0), Some(7.0), None]);
    let first = round.first.as_ref().map(|builds| wall_seconds(builds));
    assert_eq!(first, Some(vec![Some(1.0), Some(2.0), Some(3.0), Some(4.0)]));
}

#[test]
fn samples_of_other_blocks_and_arms_are_passed_over() {
    let mut samples = samples(&format!("{WARM}{}", whole_rounds(1, 1..=2, &[0, 1, 2, 3])));
    samples[10].block = BlockId::new("m", "other", "clean");
    samples[5].variant = "gone".into();
    let found = rounds(&block(), &samples, &[]);
    assert_eq!((found.complete.len(), found.cut), (0, 2));
}
