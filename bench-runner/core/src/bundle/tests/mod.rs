mod archives;
mod earlier_twins;
mod formats;
mod samples;

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::files::*;
use super::fixture::*;
use super::*;
use crate::record::*;

fn write_bundle(samples: &[Sample]) -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let mut writer = BundleWriter::create(dir.path(), manifest(), &[]).unwrap();
    samples.iter().for_each(|sample| writer.append_sample(sample).unwrap());
    let path = writer.finish(Status::Complete).unwrap();
    (dir, path)
}

#[test]
fn what_cannot_be_read_is_named_by_file_line_and_column() {
    let (_dir, path) = write_bundle(&[sample(1, built()), sample(2, built())]);
    let file = path.join(SAMPLES);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("1234567891", "soon", 1)).unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("samples.csv:2: column `wall_ns`: `soon` is not a number"), "{error}");
    std::fs::write(&file, text.replacen("wall_ns", "wall", 1)).unwrap();
    assert!(open(&path).unwrap_err().to_string().contains("no column for wall_ns"));
}

#[test]
fn what_is_not_a_bundle_is_said_to_be_none() {
    let dir = tempfile::tempdir().unwrap();
    assert!(matches!(open(dir.path()), Err(BundleError::NotABundle { .. })));
    assert!(matches!(open(&dir.path().join("nowhere")), Err(BundleError::NotABundle { .. })));
}

#[test]
fn a_manifest_that_cannot_be_read_says_where_or_that_it_was_cut() {
    let dir = tempfile::tempdir().unwrap();
    let error_for = |text: &str| {
        std::fs::write(dir.path().join("manifest.json"), text).unwrap();
        open(dir.path()).unwrap_err().to_string()
    };
    let cut = error_for("{ \"format\": 1,\n \"run\": \"2026");
    assert!(cut.contains("manifest.json:2: it ends in the middle: the file was cut short"), "{cut}");
    assert!(error_for("").contains("the file was cut short"));
    let wrong = error_for("{ \"format\": 1,\n \"run\": 7 }");
    assert!(wrong.contains("manifest.json:2: column 9: ") && !wrong.contains("line"), "{wrong}");
}

#[test]
fn the_name_of_a_run_sorts_by_time() {
    let name = run_id(SystemTime::UNIX_EPOCH + Duration::from_secs(1_700_000_000), "a+b", 1);
    assert!(name.starts_with("20231114T221320Z-a_b-"), "{name}");
    assert_eq!(name.len(), "20231114T221320Z-a_b-".len() + 6);
}

#[test]
fn a_name_that_leads_elsewhere_is_refused() {
    let (_dir, path) = write_bundle(&[]);
    let file = path.join(MANIFEST);
    let text = std::fs::read_to_string(&file).unwrap();
    for name in ["../../x", "/x", "..", ""] {
        std::fs::write(&file, text.replacen("20260101T000000Z-s-abcdef", name, 1)).unwrap();
        assert!(open(&path).unwrap_err().to_string().contains("is not a name of a run"), "{name}");
    }
}

#[test]
fn proofs_are_written_once_each_also_across_resuming() {
    let (_dir, path) = write_bundle(&[]);
    let proof = Proof {
        block: BlockId::new("s", "p", "clean"),
        role: Role::Twin,
        variant: "linker=bfd".into(),
        axis: "linker".into(),
        expected: "GNU ld".into(),
        found: "none, \"quoted\"".into(),
        result: ProofResult::Holds,
    };
    let mut writer = BundleWriter::reopen(&path, open(&path).unwrap().manifest).unwrap();
    writer.append_proofs(std::slice::from_ref(&proof)).unwrap();
    let mut writer = BundleWriter::reopen(&path, open(&path).unwrap().manifest).unwrap();
    writer.append_proofs(std::slice::from_ref(&proof)).unwrap();
    assert_eq!(open(&path).unwrap().proofs, [proof]);
}
