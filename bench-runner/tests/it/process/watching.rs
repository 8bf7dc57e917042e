//! Looks at a running build, and that nothing of the harness runs without them.

#![allow(clippy::unwrap_used, reason = "tests")]

use bench_runner_measure::process::BuildWatch;

use super::*;

pub(super) const TESTS: &[(&str, Test)] =
    by_name![a_watch_looks_until_the_build_has_ended, an_unwatched_build_wakes_nobody,];

/// Writes thirty lines, one every twentieth of a second.
const TALKS: &str = "i=0; while [ $i -lt 30 ]; do echo $i; sleep 0.05; i=$((i+1)); done";

/// Number of times that this thread has waited for something.
fn waits() -> u64 {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:")).unwrap();
    line.trim().parse().unwrap()
}

fn a_watch_looks_until_the_build_has_ended(bench: &Bench) -> Result<(), Failed> {
    let job = bench.job(TALKS);
    let mut supervisor = bench.supervisor();
    let (mut seen, has_ended) = (Vec::new(), std::cell::Cell::new(false));
    let mut look = || {
        assert!(!has_ended.get(), "a look after the end");
        seen.push(fs::read_to_string(&job.stdout).map_or(0, |text| text.lines().count()));
    };
    let mut watch = BuildWatch::new(Duration::from_millis(50), &mut look);
    let then = |_: &ExitKind| {
        has_ended.set(true);
        // Longer than the interval of the looks.
        thread::sleep(Duration::from_millis(200));
    };
    let (finished, _) = supervisor.build_and_then(&job, PATIENCE, Some(&mut watch), then)?;
    assert_eq!(finished.ended, ExitKind::Exited(0));
    assert!(seen.windows(2).all(|pair| pair[0] <= pair[1]), "{seen:?}");
    assert!(seen.len() >= 2 && seen.iter().any(|lines| (1..30).contains(lines)), "{seen:?}");
    Ok(())
}

/// The harness waits for the messages of the supervisor: that the build has begun, that its process has ended,
/// and its result. Neither time nor output makes it run.
fn an_unwatched_build_wakes_nobody(bench: &Bench) -> Result<(), Failed> {
    let job = bench.job(TALKS);
    let mut supervisor = bench.supervisor();
    let before = waits();
    supervisor.build_and_then(&job, PATIENCE, None, |_| ())?;
    let unwatched = waits() - before;
    assert!(unwatched <= 6, "the harness has waited {unwatched} times");
    let mut looks = 0;
    let mut look = || looks += 1;
    let before = waits();
    let mut watch = BuildWatch::new(Duration::from_millis(50), &mut look);
    supervisor.build_and_then(&job, PATIENCE, Some(&mut watch), |_| ())?;
    let watched = waits() - before;
    assert!(looks >= 2 && watched >= looks, "{watched} waits for {looks} looks: waits are counted");
    Ok(())
}
