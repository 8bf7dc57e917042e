use std::fs::File;
use std::sync::Arc;
use std::time::Duration;

use bench_runner_core::history::Compiler;
use bench_runner_core::record::METRICS;

use super::*;
use crate::flows::archiving::{self, RunSelection};

/// Directory of the kept files below that of a machine.
const DERIVED: &str = ".derived";

fn committed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("results")
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        if entry.file_type().unwrap().is_file() {
            fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
        }
    }
}

/// Directories of the runs of a machine.
fn runs(machine: &Path) -> Vec<PathBuf> {
    directories(machine).unwrap().into_iter().filter(|dir| !dir.ends_with(DERIVED)).collect()
}

/// A results directory with committed runs of one machine.
struct Results {
    dir: tempfile::TempDir,
    machine: PathBuf,
    /// The runs that can be added, in the order of time.
    committed: Vec<PathBuf>,
}

impl Results {
    /// With these of the committed runs; `None` outside of the repository.
    fn with(added: &[usize]) -> Option<Self> {
        if !committed().is_dir() {
            return None;
        }
        let machine = directories(&committed()).unwrap().remove(0);
        let dir = tempfile::tempdir().unwrap();
        let committed = runs(&machine);
        let results = Self { machine: dir.path().join(machine.file_name().unwrap()), dir, committed };
        added.iter().for_each(|run| results.add(*run));
        Some(results)
    }

    fn run(&self, run: usize) -> PathBuf {
        self.machine.join(self.committed[run].file_name().unwrap())
    }

    fn add(&self, run: usize) {
        copy(&self.committed[run], &self.run(run));
    }

    fn load(&self) -> LoadedRuns {
        load_runs(self.dir.path(), None, &["wall".to_owned()]).unwrap()
    }

    /// The runs of a copy that has no kept files.
    fn judged_again(&self) -> Vec<RunSeries> {
        let without = tempfile::tempdir().unwrap();
        let machine = without.path().join(self.machine.file_name().unwrap());
        for run in runs(&self.machine) {
            copy(&run, &machine.join(run.file_name().unwrap()));
        }
        load_runs(without.path(), None, &["wall".to_owned()]).unwrap().runs
    }

    fn kept(&self) -> PathBuf {
        self.machine.join(DERIVED).join(kept_name(month(&self.committed[0])))
    }

    /// Names that `*` in a shell matches in the directory of the machine.
    fn visible(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(&self.machine).unwrap().map(|entry| entry.unwrap().path());
        let is_hidden = |path: &PathBuf| path.file_name().unwrap().to_string_lossy().starts_with('.');
        entries.filter(|path| !is_hidden(path)).collect()
    }

    /// Everything that is kept.
    fn read_kept(&self) -> Option<Vec<(Stamp, RunSeries)>> {
        kept::read(&self.kept(), |_| true, &SharedValues::default())
    }

    /// Gives all kept runs another machine, which shows where they are used.
    fn mark_kept(&self) {
        let mut kept = self.read_kept().unwrap();
        kept.iter_mut().for_each(|(_, one)| one.run.machine = "marked".into());
        kept::write(&self.kept(), &kept);
    }

    /// Number of runs that come from a marked file.
    fn marked(&self) -> usize {
        self.load().runs.iter().filter(|one| one.run.machine == "marked").count()
    }
}

#[test]
fn only_the_metrics_that_are_asked_for_are_loaded() {
    let Some(results) = Results::with(&[0, 1]) else { return };
    let metrics = |wanted: &[&str]| -> BTreeSet<String> {
        let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
        let loaded = load_runs(results.dir.path(), None, &wanted).unwrap();
        loaded.runs.iter().flat_map(|run| &run.points).map(|(key, _)| key.metric.clone()).collect()
    };
    // The first call judges the bundles, the others read what it has kept.
    assert_eq!(metrics(&["wall"]), ["wall".to_owned()].into());
    assert_eq!(metrics(&["cpu", "max_rss"]), ["cpu".to_owned(), "max_rss".to_owned()].into());
    assert_eq!(metrics(&["none"]), BTreeSet::new());
}

#[test]
fn what_is_kept_is_what_was_judged() {
    let Some(results) = Results::with(&[0, 1, 2]) else { return };
    let all: Vec<String> = METRICS.iter().map(|metric| metric.name.to_owned()).collect();
    let sorted = |mut runs: Vec<RunSeries>| {
        for run in &mut runs {
            run.points.sort_by(|(one, _), (other, _)| one.cmp(other));
        }
        runs
    };
    let load = || load_runs(results.dir.path(), None, &all).unwrap();
    let first = load();
    assert_eq!((first.runs.len(), first.remarks.len()), (3, 0), "{:?}", first.remarks);
    let points: usize = first.runs.iter().map(|run| run.points.len()).sum();
    assert!(points > 20, "{points}");
    results.mark_kept();
    assert_eq!(results.marked(), 3);
    let mut again = load().runs;
    for (one, judged) in again.iter_mut().zip(&first.runs) {
        one.run.machine.clone_from(&judged.run.machine);
    }
    assert_eq!(sorted(again), sorted(first.runs));
}

#[test]
fn keys_and_facts_are_shared_by_runs() {
    let Some(results) = Results::with(&[0, 1]) else { return };
    for when in ["judged", "kept"] {
        let runs = results.load().runs;
        let places: HashSet<_> =
            runs.iter().flat_map(|run| &run.points).map(|(key, _)| Arc::as_ptr(key)).collect();
        let keys: HashSet<_> = runs.iter().flat_map(|run| &run.points).map(|(key, _)| key).collect();
        assert_eq!(places.len(), keys.len(), "{when}");
        let facts: HashSet<_> = runs.iter().map(|run| &run.run.facts).collect();
        let places: HashSet<_> = runs.iter().map(|run| Arc::as_ptr(&run.run.facts)).collect();
        assert_eq!(places.len(), facts.len(), "{when}");
    }
}

#[test]
fn what_is_kept_is_used_until_a_file_changes() {
    let Some(results) = Results::with(&[0, 1]) else { return };
    let first = results.load();
    assert_eq!(results.load().runs, first.runs);
    results.mark_kept();
    assert_eq!(results.marked(), 2);
    // Another value of the same size, and a time that is earlier than before: the clock went backwards.
    let samples = results.run(0).join("samples.csv");
    let text = fs::read_to_string(&samples).unwrap();
    let modified = fs::metadata(&samples).unwrap().modified().unwrap();
    let last = text.rfind(|c: char| c.is_ascii_digit()).unwrap();
    let other = if text.as_bytes()[last] == b'1' { "2" } else { "1" };
    fs::write(&samples, format!("{}{other}{}", &text[..last], &text[last + 1..])).unwrap();
    let file = File::options().write(true).open(&samples).unwrap();
    file.set_modified(modified - Duration::from_secs(3600)).unwrap();
    assert_eq!(results.marked(), 1, "the other run is still used");
    fs::remove_file(results.kept()).unwrap();
    assert_eq!(results.load().runs, results.judged_again());
}

#[test]
fn a_new_run_leaves_the_others_kept_also_if_it_is_older() {
    let Some(results) = Results::with(&[1, 2]) else { return };
    results.load();
    results.add(0);
    let loaded = results.load().runs;
    assert_eq!(loaded.len(), 3);
    assert_eq!(loaded, results.judged_again());
    assert!(loaded[0].run.started_at < loaded[1].run.started_at);
    results.mark_kept();
    assert_eq!(results.marked(), 3);
}

#[test]
fn a_removed_run_is_gone_and_the_others_stay_kept() {
    let Some(results) = Results::with(&[0, 1, 2]) else { return };
    results.load();
    fs::remove_dir_all(results.run(1)).unwrap();
    assert_eq!(results.load().runs, results.judged_again());
    results.mark_kept();
    assert_eq!(results.marked(), 2);
    results.add(1);
    assert_eq!(results.marked(), 2, "a run that comes back has other times");
}

#[test]
fn a_damaged_file_is_made_again() {
    let Some(results) = Results::with(&[0, 1]) else { return };
    let first = results.load().runs;
    let whole = fs::read(results.kept()).unwrap();
    for part in 0..40 {
        let at = whole.len() * part / 40;
        fs::write(results.kept(), &whole[..at]).unwrap();
        assert!(results.read_kept().is_none(), "cut at {at}");
        let mut damaged = whole.clone();
        damaged[at] ^= 1;
        fs::write(results.kept(), &damaged).unwrap();
        assert!(results.read_kept().is_none(), "changed at {at}");
    }
    let mut damaged = whole.clone();
    *damaged.last_mut().unwrap() ^= 1;
    fs::write(results.kept(), &damaged).unwrap();
    assert_eq!(results.load().runs, first);
    fs::write(results.kept(), b"bench-runner history 4\n").unwrap();
    assert_eq!(results.load().runs, first);
    assert_eq!(fs::read(results.kept()).unwrap(), whole);
}

#[test]
fn several_writers_at_once_leave_a_whole_file() {
    let Some(results) = Results::with(&[0, 1]) else { return };
    results.load();
    let both = results.read_kept().unwrap();
    let one = vec![both[0].clone()];
    std::thread::scope(|scope| {
        let writers = [&both, &one]
            .map(|runs| scope.spawn(|| (0..50).for_each(|_| kept::write(&results.kept(), runs))));
        while writers.iter().any(|writer| !writer.is_finished()) {
            let read = results.read_kept().unwrap();
            assert!(read == both || read == one);
        }
    });
    assert_eq!(results.load().runs, results.judged_again());
    assert_eq!(fs::read_dir(results.machine.join(DERIVED)).unwrap().count(), 1, "a draft was left");
}

#[test]
fn a_place_that_cannot_be_written_to_costs_time_only() {
    let Some(results) = Results::with(&[0, 1]) else { return };
    let judged_again = results.judged_again();
    fs::write(results.machine.join(DERIVED), "a file in the way").unwrap();
    assert_eq!(results.load().runs, judged_again);
    fs::remove_file(results.machine.join(DERIVED)).unwrap();
    fs::create_dir_all(results.kept()).unwrap();
    assert_eq!(results.load().runs, judged_again);
    assert_eq!(fs::read_dir(results.machine.join(DERIVED)).unwrap().count(), 1, "a draft was left");
}

#[test]
fn a_broken_run_hides_no_other() {
    let Some(results) = Results::with(&[0, 1]) else { return };
    fs::write(results.run(0).join("manifest.json"), "{").unwrap();
    fs::create_dir(results.dir.path().join("not-a-machine")).unwrap();
    fs::write(results.machine.join("a file"), "").unwrap();
    for when in ["judged", "kept"] {
        let loaded = results.load();
        assert_eq!((loaded.runs.len(), loaded.remarks.len()), (1, 1), "{when}");
        assert!(loaded.remarks[0].contains("left out"), "{:?}", loaded.remarks);
    }
    assert!(load_runs(&results.dir.path().join("none"), None, &["wall".to_owned()]).is_err());
}

/// `bench-runner report results/*/*` must not meet a directory that is not a run.
#[test]
fn kept_files_are_hidden_from_shells() {
    let Some(results) = Results::with(&[0]) else { return };
    results.load();
    assert_eq!(results.visible(), [results.run(0)]);
    assert!(results.kept().is_file());
}

#[test]
fn archived_and_thinned_runs_are_kept_like_those_in_directories() {
    let Some(results) = Results::with(&[0, 1]) else { return };
    let first = results.load().runs;
    let selection = RunSelection::Month(first[0].run.started_at[..7].to_owned());
    for step in [archiving::archive, archiving::thin] {
        let done = step(&results.machine, &selection);
        assert!(done.failed.is_empty() && done.staying.is_empty(), "{done:?}");
        assert_eq!(results.load().runs, first);
        results.mark_kept();
        assert_eq!(results.marked(), 2);
    }
    fs::remove_file(results.kept()).unwrap();
    assert_eq!(results.load().runs, first, "what the archive has kept of thinned runs");
    let archive = results.machine.join(format!("archive-{}.zip", &first[0].run.started_at[..7]));
    assert_eq!(results.visible(), [archive], "no directory came back");
    assert_eq!(fs::read_dir(results.machine.join(DERIVED)).unwrap().count(), 1);
}

#[test]
fn a_machine_that_was_removed_does_not_come_back() {
    let Some(results) = Results::with(&[0]) else { return };
    results.load();
    let kept = results.read_kept().unwrap();
    fs::remove_dir_all(&results.machine).unwrap();
    kept::write(&results.kept(), &kept);
    assert!(!results.machine.exists());
}

#[test]
fn compilers_are_kept() {
    let Some(results) = Results::with(&[0]) else { return };
    results.load();
    let mut kept = results.read_kept().unwrap();
    let compiler = Compiler::parse("rustc 1.95.0 (59807616e 2026-04-14)").map(Arc::new);
    kept[0].1.points.iter_mut().step_by(2).for_each(|(_, point)| point.compiler = compiler.clone());
    kept::write(&results.kept(), &kept);
    assert_eq!(results.read_kept().unwrap(), kept);
}

#[test]
fn runs_of_a_month_share_a_file() {
    let of = |name: &str| month(&Path::new("results/m").join(name)).to_owned();
    assert_eq!(of("20261130T131516Z-quick-cfdd9f"), "202611");
    assert_eq!(of("20261201T000000Z-quick-cfdd9f"), "202612");
    assert_eq!(
        (of("nightly").as_str(), of("2026").as_str(), of("2026é1").as_str()),
        ("other", "other", "other")
    );
}
