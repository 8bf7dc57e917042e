use super::machine::build;
use super::*;
use crate::record::Role;
use crate::stats::noise::Noise;

/// A confirmation of one workload out of two, by hand.
fn measured(rounds: [Vec<[f64; 3]>; 2]) -> (SearchRequest, StageResult) {
    let mut request = request(&[2], 60);
    request.workloads.truncate(2);
    request.workloads.iter_mut().for_each(|one| one.per_day = 1.0);
    let arm = |role, level| StageArm { role, levels: vec![level] };
    let stage = SearchStage {
        name: "confirmation".into(),
        arms: vec![arm(Role::Baseline, 0), arm(Role::Twin, 0), arm(Role::Variant, 1)],
        workloads: Vec::new(),
        time_budget: Duration::ZERO,
        efficiency: None,
    };
    let build = |seconds| Some(StageBuild { seconds, number: 0 });
    let rows = |rounds: Vec<[f64; 3]>| rounds.into_iter().map(|round| round.map(build).to_vec()).collect();
    let [incremental, check] = rounds;
    let workloads = vec![
        StageRounds { name: "incremental".into(), rounds: rows(incremental) },
        StageRounds { name: "check".into(), rounds: rows(check) },
    ];
    (request, StageResult { stage, spent: Duration::ZERO, workloads, dropped: Vec::new() })
}

/// By hand: 10 s become 5 s, 30 s stay, so of 40 s a day 5 are saved: exactly, not 40·(1 − exp(−¼·ln 2)) = 6.4.
#[test]
fn the_day_is_a_sum_of_seconds() {
    let (request, result) = measured([vec![[10.0, 10.0, 5.0]; 4], vec![[30.0, 30.0, 30.0]; 4]]);
    let found = confirm(&request, &result).unwrap();
    assert!(
        (found.gain.seconds - 5.0).abs() < 1e-9 && (found.daily_seconds - 40.0).abs() < 1e-9,
        "{found:?}"
    );
    assert!(found.is_significant() && found.p == 0.0);
    let of = |at: usize| (found.workloads[at].name.as_str(), found.workloads[at].log_ratio.value.exp());
    let ((first, halved), (second, same)) = (of(0), of(1));
    assert_eq!((first, second), ("incremental", "check"));
    assert!((halved - 0.5).abs() < 1e-9 && (same - 1.0).abs() < 1e-9 && found.workloads[1].build_s > 29.9);
    assert!((found.workloads[0].seconds_longer()[0] + 5.0).abs() < 1e-9 && found.workloads[0].builds == 4);
}

#[test]
fn a_workload_that_takes_longer_is_named() {
    let (request, result) = measured([
        vec![[10.0, 10.0, 5.0], [10.0, 10.0, 5.1], [10.0, 10.0, 5.2]],
        vec![[10.0, 10.0, 12.0], [10.0, 10.0, 12.1], [10.0, 10.0, 12.2]],
    ]);
    let found = confirm(&request, &result).unwrap();
    assert_eq!(found.workloads.iter().map(WorkloadChange::is_slower).collect::<Vec<_>>(), [false, true]);
    let [longer, low, high] = found.workloads[1].seconds_longer();
    assert!(
        (longer - 2.1).abs() < 0.01 && 0.0 < low && low < longer && longer < high,
        "{low} {longer} {high}"
    );
}

#[test]
fn too_few_rounds_are_no_evidence() {
    let (request, mut result) = measured([vec![[10.0, 10.0, 5.0]; 3], vec![[30.0, 30.0, 30.0]; 3]]);
    assert!(confirm(&request, &result).is_ok());
    result.workloads[1].rounds[0][1] = None;
    assert_eq!(confirm(&request, &result), Err("check".into()));
    result.workloads.pop();
    assert_eq!(confirm(&request, &result), Err("check".into()));
}

/// 2,000 confirmations without a difference: at 2% over two comparisons 1% are expected to differ, 0.5% on either
/// side, and in four of five a gain of the detectable size is found.
#[test]
fn confirmations_claim_as_seldom_as_they_say() {
    let mut noise = Noise::new(5);
    let mut draw = |saved: f64, rounds: usize| -> Vec<[f64; 3]> {
        let build = |noise: &mut Noise, seconds: f64| seconds * noise.build(0.05, 0.0).exp();
        let round =
            |noise: &mut Noise| [build(noise, 10.0), build(noise, 10.0), build(noise, 10.0 * (1.0 - saved))];
        (0..rounds).map(|_| round(&mut noise)).collect()
    };
    let (mut faster, mut worse, mut detectable) = (0, 0, 0.0);
    for _ in 0..2000 {
        let (request, result) = measured([draw(0.0, 5), draw(0.0, 4)]);
        let found = confirm(&request, &result).unwrap();
        detectable += found.detectable_s / found.daily_seconds / 2000.0;
        faster += usize::from(found.is_significant() && found.gain.seconds > 0.0);
        worse += usize::from(found.is_significant() && found.gain.seconds < 0.0);
    }
    // 15 expected each, standard deviation 3.9.
    assert!(faster <= 27 && worse <= 27 && faster + worse >= 6, "{faster} {worse}");
    let claims = (0..600).filter(|_| {
        let (request, result) = measured([draw(detectable, 5), draw(detectable, 4)]);
        let found = confirm(&request, &result).unwrap();
        found.is_significant() && found.gain.seconds > 0.0
    });
    // 480 expected, standard deviation 9.8.
    let claims = claims.count();
    assert!((440..525).contains(&claims), "{claims} at {detectable}");
}

#[test]
fn the_confirmation_uses_nothing_of_earlier_stages() {
    let request = request(&[2, 2], 60);
    let effect = |axis: usize, level: usize| if axis == 0 && level == 1 { -0.2 } else { 0.0 };
    let mut results: Vec<StageResult> = Vec::new();
    while let SearchStep::Measure(stage) = next_step(&request, &results).unwrap() {
        // From the confirmation on nothing has an effect.
        let is_fresh = stage.name == "confirmation";
        results.push(build(&request, &stage, 1.0, if is_fresh { &|_, _| 0.0 } else { &effect }));
    }
    let SearchStep::Done(found) = next_step(&request, &results).unwrap() else { panic!() };
    let SearchOutcome::NotShown(confirmation) = found.outcome else { panic!("{:?}", found.outcome) };
    assert!(confirmation.gain.seconds.abs() < 1e-9, "{confirmation:?}");
    assert_eq!(found.nominee.unwrap()[0], 1);
}
