//! Runs in archives: the same as in directories, and never lost.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::archive::*;
use super::*;

const MONTH: &str = "2026-01";
const NOW: &str = "2026-06-01T00:00:00Z";

fn program() -> ProgramEntry {
    manifest().program
}

/// A complete run with a log, a file of an unknown name and a derived one.
fn write_run(machine: &Path, name: &str) -> PathBuf {
    let mut manifest = manifest();
    manifest.run = name.into();
    let mut writer = BundleWriter::create(machine.parent().unwrap(), manifest, &[]).unwrap();
    (1..4).for_each(|number| writer.append_sample(&sample(number, built())).unwrap());
    writer.write_log("00001-x", &format!("output of {name}")).unwrap();
    let dir = writer.finish(Status::Complete).unwrap();
    fs::create_dir_all(dir.join("notes/own")).unwrap();
    fs::write(dir.join("notes/own/why ä.txt"), name).unwrap();
    fs::write(dir.join("C:\\x\\..y"), name).unwrap();
    write_derived(&dir, "summary.csv", "derived").unwrap();
    dir
}

fn machine_with(runs: &[&str]) -> (tempfile::TempDir, PathBuf) {
    let results = tempfile::tempdir().unwrap();
    let machine = results.path().join("m");
    runs.iter().for_each(|run| drop(write_run(&machine, run)));
    (results, machine)
}

fn pack_runs(machine: &Path, runs: &[&str]) -> Result<PackedMonth, BundleError> {
    let runs: Vec<String> = runs.iter().map(|run| (*run).to_owned()).collect();
    pack(machine, MONTH, &runs, &program(), NOW)
}

/// Files of a directory with their contents.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(contents(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}

/// Contents of a run in a directory or an archive.
fn records(path: &Path) -> (Manifest, Vec<Sample>, Vec<String>) {
    let bundle = open(path).unwrap();
    (bundle.manifest, bundle.samples, bundle.remarks)
}

fn names(machine: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(machine)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn an_archived_run_is_read_like_a_directory_by_both_of_its_paths() {
    let (_results, machine) = machine_with(&["one", "two"]);
    let (run, archive) = (machine.join("one"), machine.join("archive-2026-01.zip"));
    let (before, files) = (records(&run), contents(&run));
    let packed = pack_runs(&machine, &["one", "two"]).unwrap();
    assert_eq!((packed.runs.len(), packed.staying.len()), (2, 0));
    assert_eq!(names(&machine), ["archive-2026-01.zip"]);
    for path in [&run, &archive.join("one")] {
        assert_eq!(records(path), before);
        assert_eq!(open(path).unwrap().dir, *path, "the path is the one that was asked for");
    }
    let archived = RunFiles::find(&run).unwrap();
    assert_eq!((archived.root(), archived.names_in("logs")), (&*archive, vec!["00001-x.log".to_owned()]));
    for (path, content) in files.iter().filter(|(path, _)| !path.starts_with(run.join("derived"))) {
        let file = path.strip_prefix(&run).unwrap().to_str().unwrap();
        assert_eq!(archived.read(file).unwrap().as_ref(), Some(content), "{file}");
    }
    assert_eq!(archived.read("derived/summary.csv").unwrap(), None, "what can be made again is not packed");
    assert_eq!(
        write_derived(&run, "x", "y").unwrap(),
        machine.join(".derived/one/x"),
        "a shell's `results/*/*` does not name it"
    );
    let error = open(&archive).unwrap_err();
    assert!(error.is_request() && error.to_string().contains("is an archive of 2 runs; name one"), "{error}");
    assert!(matches!(open(&archive.join("three")), Err(BundleError::NotABundle { .. })));
    assert!(matches!(open(&machine.join("three")), Err(BundleError::NotABundle { .. })));
}

#[test]
fn a_second_archive_of_a_month_has_the_runs_of_the_first() {
    let (_results, machine) = machine_with(&["one", "two"]);
    let before = ["one", "two"].map(|run| records(&machine.join(run)));
    pack_runs(&machine, &["one"]).unwrap();
    assert_eq!(names(&machine), ["archive-2026-01.zip", "two"]);
    let listed = || -> Vec<PathBuf> {
        list_runs(&machine).unwrap().runs.iter().map(|run| run.path().to_owned()).collect()
    };
    let archive = machine.join("archive-2026-01.zip");
    assert_eq!(listed(), [archive.join("one"), machine.join("two")]);
    let packed = pack_runs(&machine, &["two"]).unwrap();
    assert!(packed.archive_before > 0 && packed.archive_after > packed.archive_before);
    assert_eq!(listed(), [archive.join("one"), archive.join("two")]);
    assert_eq!(["one", "two"].map(|run| records(&machine.join(run))), before);
    // A run of a name that is in the archive already is not put over it.
    write_run(&machine, "one");
    let packed = pack_runs(&machine, &["one"]).unwrap();
    assert_eq!((packed.runs.len(), packed.staying.len()), (0, 1));
    assert!(packed.staying[0].reason.contains("has a run of this name"), "{}", packed.staying[0].reason);
    assert_eq!(listed(), [machine.join("one"), archive.join("two")], "the directory is what is read");
}

#[test]
fn a_damaged_file_is_named_hides_no_other_run_and_is_not_copied() {
    let (_results, machine) = machine_with(&["one", "two", "three"]);
    let before = records(&machine.join("two"));
    pack_runs(&machine, &["one", "two"]).unwrap();
    let path = machine.join("archive-2026-01.zip");
    let mut bytes = fs::read(&path).unwrap();
    let name = b"one/samples.csv";
    let at = bytes.windows(name.len()).position(|part| part == name).unwrap() + name.len() + 40;
    bytes[at] ^= 0xff;
    fs::write(&path, &bytes).unwrap();
    let error = open(&machine.join("one")).unwrap_err();
    assert!(!error.is_request() && error.to_string().contains("one/samples.csv: damaged: "), "{error}");
    assert_eq!(records(&machine.join("two")), before);
    assert_eq!(list_runs(&machine).unwrap().runs.len(), 3);
    let error = pack_runs(&machine, &["three"]).unwrap_err().to_string();
    assert!(error.contains("archive-2026-01.zip/one/samples.csv: damaged: "), "{error}");
    assert_eq!(fs::read(&path).unwrap(), bytes, "the archive is left alone");
    assert_eq!(names(&machine), ["archive-2026-01.zip", "three"], "and so is the directory");
}

#[test]
fn an_archive_that_was_cut_short_is_named_at_any_length() {
    let (_results, machine) = machine_with(&["one", "two"]);
    pack_runs(&machine, &["one"]).unwrap();
    let path = machine.join("archive-2026-01.zip");
    let bytes = fs::read(&path).unwrap();
    for length in (0..bytes.len()).step_by(97).chain([bytes.len() - 1]) {
        fs::write(&path, &bytes[..length]).unwrap();
        let listed = list_runs(&machine).unwrap();
        assert_eq!((listed.runs.len(), listed.unreadable.len()), (1, 1), "{length} bytes");
        let said = listed.unreadable[0].to_string();
        assert!(said.contains("archive-2026-01.zip: damaged: ") && said.contains("restore"), "{said}");
        let said = open(&machine.join("one")).unwrap_err().to_string();
        assert!(said.contains("archive-2026-01.zip: damaged: "), "{said}");
        assert!(pack_runs(&machine, &["two"]).is_err());
        assert!(machine.join("two/manifest.json").is_file());
    }
}

/// One damaged byte, wherever it is: a run is as it was, or its file or its archive is named. None is missing or another one.
#[test]
fn no_damaged_byte_goes_unnoticed() {
    let (_results, machine) = machine_with(&["one", "two"]);
    let before = ["one", "two"].map(|run| records(&machine.join(run)));
    pack_runs(&machine, &["one", "two"]).unwrap();
    let path = machine.join("archive-2026-01.zip");
    let bytes = fs::read(&path).unwrap();
    let (mut unreadable, mut errors) = (0, 0);
    // Each byte of the list at the end, and a sample of the others.
    for at in (0..bytes.len()).filter(|at| at % 37 == 0 || at + 1400 > bytes.len()) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        fs::write(&path, &damaged).unwrap();
        let listed = list_runs(&machine).unwrap();
        if !listed.unreadable.is_empty() {
            assert!(listed.unreadable[0].to_string().contains("archive-2026-01.zip: "), "byte {at}");
            unreadable += 1;
            continue;
        }
        assert_eq!(listed.runs.len(), 2, "byte {at}");
        for (run, before) in listed.runs.iter().zip(&before) {
            match run.open() {
                Ok(bundle) => {
                    assert_eq!((&bundle.manifest, &bundle.samples), (&before.0, &before.1), "byte {at}");
                }
                Err(error) => {
                    assert!(error.to_string().contains(": damaged: "), "byte {at}: {error}");
                    errors += 1;
                }
            }
        }
    }
    assert!(unreadable > 100 && errors > 50, "{unreadable} archives, {errors} runs");
}

#[test]
fn what_an_interrupted_archive_has_left_is_completed_or_named() {
    let (_results, machine) = machine_with(&["one", "two", "three"]);
    let save = |run: &str| contents(&machine.join(run));
    let (one, two, three) = (save("one"), save("two"), save("three"));
    pack_runs(&machine, &["one", "two", "three"]).unwrap();
    let restore = |files: BTreeMap<PathBuf, Vec<u8>>, from: &str, to: &str| {
        for (path, content) in files {
            let path = machine.join(to).join(path.strip_prefix(machine.join(from)).unwrap());
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
    };
    // Killed before it removed `one`, while it removed `two`; `three` is a copy that differs.
    restore(one, "one", "one");
    restore(two, "two", ".removing-two");
    fs::remove_file(machine.join(".removing-two/manifest.json")).unwrap();
    restore(three, "three", "three");
    fs::write(machine.join("three/proofs.csv"), "other").unwrap();
    fs::write(machine.join(".archive-2026-01.zip.x7.part"), "PK").unwrap();
    fs::create_dir(machine.join(".removing-four")).unwrap();
    assert_eq!(list_runs(&machine).unwrap().runs.len(), 3, "each run is listed once");
    let found = tidy(&machine).unwrap();
    assert_eq!((found.done.len(), found.kept.len()), (3, 2), "{found:#?}");
    assert!(found.kept[0].contains("`proofs.csv` differs; both stay"), "{found:#?}");
    assert!(found.kept[1].contains(".removing-four"), "{found:#?}");
    assert_eq!(names(&machine), [".removing-four", "archive-2026-01.zip", "three"]);
    assert_eq!(tidy(&machine).unwrap().done.len(), 0);
}

#[test]
fn links_and_odd_names_stay() {
    let (_results, machine) = machine_with(&["one"]);
    std::os::unix::fs::symlink("samples.csv", machine.join("one/link")).unwrap();
    let packed = pack_runs(&machine, &["one"]).unwrap();
    assert!(packed.runs.is_empty() && packed.staying[0].reason.contains("`link` is a link"), "{packed:?}");
    assert_eq!(names(&machine), ["one"], "no empty archive is written");
    assert!(run_size(&machine.join("one")).unwrap().unwrap_err().contains("`link` is a link"));
    fs::remove_file(machine.join("one/link")).unwrap();
    assert!(run_size(&machine.join("one")).unwrap().unwrap() > 1000);
    fs::rename(machine.join("one"), machine.join("o ne")).unwrap();
    assert!(run_size(&machine.join("o ne")).unwrap().unwrap_err().contains("its name is not one of a run"));
    std::os::unix::fs::symlink("o ne", machine.join("linked")).unwrap();
    assert!(run_size(&machine.join("linked")).unwrap().unwrap_err().contains("it is a link"));
}

#[test]
fn a_thinned_run_says_when_and_lists_what_was_dropped() {
    let (_results, machine) = machine_with(&["one", "two"]);
    let samples = fs::read(machine.join("one/samples.csv")).unwrap();
    let (before, manifest) = (records(&machine.join("two")), read_manifest(&machine.join("one")).unwrap());
    pack_runs(&machine, &["one", "two"]).unwrap();
    let archive = machine.join("archive-2026-01.zip");
    let kept = vec![KeptFile { name: "rounds.csv", text: "block\n".into() }];
    let runs = [RunToThin { run: "one".into(), kept }];
    let thinned = thin(&archive, &runs, &program(), NOW).unwrap();
    let log = "output of one".len() as u64;
    assert_eq!((thinned.bytes_dropped, thinned.runs.len()), (samples.len() as u64 + log, 1));
    let files = RunFiles::find(&machine.join("one")).unwrap();
    let record = files.thinned().unwrap().unwrap();
    let dropped: Vec<(&str, u64)> =
        record.dropped.iter().map(|file| (file.file.as_str(), file.bytes)).collect();
    assert_eq!(dropped, [("logs/00001-x.log", log), ("samples.csv", samples.len() as u64)]);
    let hash = hex(&<sha2::Sha256 as sha2::Digest>::digest(&samples));
    assert_eq!((record.dropped[1].sha256.as_str(), record.thinned_at.as_str()), (hash.as_str(), NOW));
    assert_eq!(files.read("samples.csv").unwrap(), None);
    assert_eq!(files.read("rounds.csv").unwrap().as_deref(), Some("block\n".as_bytes()));
    assert_eq!(files.read("notes/own/why ä.txt").unwrap().as_deref(), Some("one".as_bytes()));
    let error = open(files.path()).unwrap_err();
    assert!(
        error.is_request() && error.to_string().contains("thinned on 2026-06-01 by `archive --thin`"),
        "{error}"
    );
    assert_eq!(files.read_manifest().unwrap(), manifest);
    assert_eq!(records(&machine.join("two")), before, "other runs are as they were");
    // The archive can be extended as before.
    write_run(&machine, "three");
    pack_runs(&machine, &["three"]).unwrap();
    assert_eq!(RunFiles::find(&machine.join("one")).unwrap().thinned().unwrap(), Some(record));
}

#[test]
fn only_one_at_a_time_changes_the_archives_of_a_machine() {
    let (_results, machine) = machine_with(&["one"]);
    let first = ArchiveLock::take(&machine).unwrap();
    let error = ArchiveLock::take(&machine).unwrap_err().to_string();
    assert!(error.contains("is being archived by another process; nothing was changed"), "{error}");
    drop(first);
    ArchiveLock::take(&machine).map(drop).unwrap();
    assert_eq!(names(&machine), ["one"], "no file is left");
}

#[test]
fn months_are_those_of_a_calendar() {
    for (name, month) in [
        ("m/archive-2026-03.zip", Some("2026-03")),
        ("m/archive-2026-13.zip", None),
        ("m/archive-2026-3.zip", None),
        ("m/archive-.zip", None),
        ("m/archive-2026-03.zip.part", None),
    ] {
        assert_eq!(month_of(Path::new(name)), month, "{name}");
    }
}
