//! The nine rules, one by one.

use super::*;

/// Rule 1.
#[test]
fn the_machine_is_taken_for_slower_as_warm_ups_show_it() {
    let fresh = [Truth::new(10.0, 1.0, 1.0).turn(), Truth::unknown(1.0, 1.0).turn()];
    assert_eq!(slowness(&fresh), 1.0);
    let warmed_up = |seconds_taken: f64| BlockTurn { warm_up: Some(seconds(seconds_taken)), ..fresh[0] };
    // By hand: 8^(1/1.5) = 4 and (8 · 0.5)^(1/2.5) = 4^0.4.
    assert!((slowness(&[warmed_up(80.0), fresh[0]]) - 4.0).abs() < 1e-9);
    assert!((slowness(&[warmed_up(80.0), warmed_up(5.0)]) - 4.0f64.powf(0.4)).abs() < 1e-9);
    // A block whose variants were dropped ends its warm-up early.
    let dropped = BlockTurn { warm_up_is_whole: false, ..warmed_up(0.3) };
    assert_eq!(slowness(&[dropped, fresh[0]]), 1.0);
    // Blocks of unknown times say nothing about it.
    assert_eq!(slowness(&[BlockTurn { warm_up: Some(seconds(5.0)), ..fresh[1] }]), 1.0);
}

/// Rule 2.
#[test]
fn the_cheapest_first_visit_comes_first_and_unknown_ones_come_last() {
    // W + 3R: unknown, 40, unknown, 25, 31
    let truths = [
        Truth::unknown(1.0, 1.0),
        Truth::new(10.0, 10.0, 1.0),
        Truth::unknown(1.0, 1.0),
        Truth::new(1.0, 8.0, 1.0),
        Truth::new(28.0, 1.0, 1.0),
    ];
    let mut machine = Machine::new(&truths);
    machine.run(1e4);
    let warmed_up: Vec<usize> = machine.steps.iter().filter(|step| step.1).map(|step| step.0).collect();
    assert_eq!(warmed_up, [3, 4, 1, 0, 2]);
}

/// Rule 3: a full build and a rebuild of a project that was never built, in a few minutes.
#[test]
fn warm_ups_show_which_of_several_unknown_blocks_is_the_cheapest() {
    let full_build_and_rebuild = [Truth::unknown(100.0, 100.0), Truth::unknown(110.0, 8.0)];
    assert_eq!(rounds(&full_build_and_rebuild, 240.0), [0, 3]);
    assert_eq!(rounds(&full_build_and_rebuild, 600.0), [3, 11]);
    let mut machine = Machine::new(&full_build_and_rebuild);
    machine.run(600.0);
    let first: Vec<(usize, bool)> = machine.steps.iter().take(3).map(|step| (step.0, step.1)).collect();
    assert_eq!(first, [(0, true), (1, true), (1, false)]);
    // Known ones come first, and one that is alone has its rounds right after its warm-up.
    let turns = [full_build_and_rebuild[0].turn(), Truth::new(10.0, 10.0, 1.0).turn()];
    assert_eq!(next_visit(&turns, None, PLENTY), first_rounds(1, 3));
    assert_eq!(next_visit(&turns[..1], None, PLENTY), first_rounds(0, 3));
    // Directories that do not stay would have to be warmed up again.
    let removed = turns.map(|turn| BlockTurn { stays_open: false, estimated: None, ..turn });
    assert_eq!(next_visit(&removed, None, PLENTY), first_rounds(0, 3));
}

/// Rule 3: ten blocks that take 400 s each until they have three rounds.
#[test]
fn warm_ups_leave_the_time_for_the_rounds_that_fit() {
    let truths: Vec<Truth> = (0..10).map(|_| Truth::unknown(100.0, 100.0)).collect();
    for (budget, whole) in [(450.0, 1), (900.0, 2), (2000.0, 5), (4000.0, 10)] {
        let found = rounds(&truths, budget);
        assert_eq!(found.iter().filter(|&&rounds| rounds >= 3).count(), whole, "{budget}: {found:?}");
    }
    // The rounds of one that is alone, or that was warmed up in vain, as far as they fit.
    assert_eq!(rounds(&truths[..1], 250.0), [1]);
    assert_eq!(rounds(&truths[..2], 350.0).iter().sum::<u32>(), 1);
}

/// Rule 3.
#[test]
fn a_block_is_begun_if_its_first_visit_fits_and_the_first_always_is() {
    let truths = [Truth::new(10.0, 10.0, 1.0), Truth::new(20.0, 20.0, 1.0)];
    let turns = [truths[0].turn(), truths[1].turn()];
    assert_eq!(next_visit(&turns, None, seconds(1.0)), first_rounds(0, 3));
    let begun = [open(3, 10.0), turns[1]];
    // The machine is as fast as estimated: W + 3R = 80.
    assert_eq!(next_visit(&begun, Some(0), seconds(80.0)), first_rounds(1, 3));
    assert_eq!(next_visit(&begun, Some(0), seconds(79.0)), first_rounds(0, 5));
    // It is 2.25 times as slow: f = 2.25^(2/3) = 1.717.
    let slow = [BlockTurn { warm_up: Some(seconds(22.5)), ..begun[0] }, turns[1]];
    assert_eq!(next_visit(&slow, Some(0), seconds(137.4)), first_rounds(1, 3));
    assert_eq!(next_visit(&slow, Some(0), seconds(137.3)), first_rounds(0, 5));
}

/// Rules 4 and 5.
#[test]
fn all_blocks_have_three_rounds_before_any_has_more_and_five_before_any_has_six() {
    let truths: Vec<Truth> = [3.0, 1.0, 2.0].map(|round| Truth::new(5.0, round, 1.0)).into();
    let mut machine = Machine::new(&truths);
    let outcomes = machine.run(200.0);
    let mut done = [0; 3];
    for (block, is_warm_up, ..) in &machine.steps {
        let least = done.iter().min().copied().unwrap_or(0);
        match done[*block] {
            _ if *is_warm_up => continue,
            3 | 4 => assert!(least >= 3, "{done:?}"),
            5.. => assert!(least >= 5, "{done:?}"),
            _ => {}
        }
        done[*block] += 1;
    }
    assert_eq!(machine.steps.iter().filter(|step| step.1).count(), 3, "each is warmed up once");
    assert!(outcomes.iter().all(|outcome| outcome.rounds > 5 && outcome.visits > 2), "{outcomes:?}");
}

/// Rule 6.
#[test]
fn later_rounds_go_where_a_second_narrows_the_interval_most() {
    // By hand: ln h(5) = ln(2.7764 · 1.1 / √5), ln h(6) = ln(2.5706 · 1.08333 / √6).
    assert!((ln_half_width(5) - 0.311762).abs() < 1e-5, "{}", ln_half_width(5));
    assert!((ln_half_width(6) - 0.128296).abs() < 1e-5, "{}", ln_half_width(6));
    // Twice the duration, and the same width: the cheaper one.
    assert_eq!(next_visit(&[open(6, 2.0), open(6, 1.0)], None, PLENTY), worth_most(1, 7));
    // The same duration: the one with fewer rounds.
    assert_eq!(next_visit(&[open(9, 1.0), open(8, 1.0)], None, PLENTY), worth_most(1, 9));
    // A block that must be warmed up again is worth less.
    let closed = BlockTurn { is_open: false, ..open(6, 1.0) };
    assert_eq!(next_visit(&[closed, open(8, 1.0)], None, PLENTY), worth_most(1, 9));
}

/// Rule 7.
#[test]
fn a_visit_goes_on_while_it_is_worth_half_as_much_as_another() {
    let gain = |rounds: u32| ln_half_width(rounds) - ln_half_width(rounds + 1);
    for (share, expected) in [(0.51, worth_most(0, 13)), (0.49, worth_most(1, 7))] {
        // The first is worth this share of the second.
        let blocks = [open(12, 1.0), open(6, share * gain(6) / gain(12))];
        assert_eq!(next_visit(&blocks, Some(0), PLENTY), expected, "{share}");
        assert_eq!(next_visit(&blocks, None, PLENTY), worth_most(1, 7));
    }
    // Not if it has ended, or no longer fits.
    let ended = BlockTurn { has_ended: true, ..open(6, 1.0) };
    assert_eq!(next_visit(&[ended, open(6, 1.0)], Some(0), PLENTY), worth_most(1, 7));
    assert_eq!(next_visit(&[open(6, 9.0), open(6, 5.0)], Some(0), seconds(6.0)), worth_most(1, 7));
}

/// Rule 8: the looks themselves are those of `stop`.
#[test]
fn blocks_that_have_enough_leave_their_time_to_the_others() {
    let truths = [
        Truth { max_rounds: 2, ..Truth::new(5.0, 1.0, 1.0) },
        Truth { max_rounds: 7, ..Truth::new(5.0, 1.0, 1.0) },
        Truth::new(5.0, 1.0, 1.0),
    ];
    assert_eq!(rounds(&truths, 1e3), [2, 7, 30]);
    let mut machine = Machine::new(&truths);
    machine.enough = 6;
    let outcomes = machine.run(1e3);
    assert_eq!(outcomes.map_rounds(), [2, 6, 6]);
    let ended = BlockTurn { has_ended: true, ..open(6, 1.0) };
    assert_eq!(next_visit(&[ended, open(30, 1.0)], None, PLENTY), NextVisit::AllEnded);
}

/// Rule 9.
#[test]
fn a_round_begins_only_if_it_fits_into_the_whole_rest() {
    assert_eq!(next_visit(&[open(3, 5.0), open(3, 4.0)], None, seconds(4.0)), first_rounds(1, 5));
    assert_eq!(next_visit(&[open(3, 5.0), open(3, 4.0)], None, seconds(3.9)), NextVisit::BudgetUsed);
    let mean = recent_mean(&[100.0, 1.0, 2.0, 3.0, 4.0].map(seconds));
    assert_eq!((mean, recent_mean(&[])), (Some(seconds(2.5)), None));
}
