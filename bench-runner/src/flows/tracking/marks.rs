//! Logs of all tracking files of machines → their alarms and accepted levels.

use std::path::{Path, PathBuf};

use bench_runner_core::tracking::{SeriesMark, marks_of};

use super::log_file::{LogFile, tracking_of};

/// Alarms and accepted levels of a results directory.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct LoadedMarks {
    pub(crate) marks: Vec<SeriesMark>,
    /// Logs and lines that could not be read, as sentences.
    pub(crate) remarks: Vec<String>,
}

/// Loads the marks of machines, whose directories are given. A log that cannot be read hides no other.
pub(crate) fn load_marks(machines: &[PathBuf]) -> LoadedMarks {
    let mut loaded = LoadedMarks::default();
    for dir in machines {
        let machine = dir.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let logs = logs(dir).unwrap_or_else(|error| {
            loaded.remarks.push(format!("alarms are left out: cannot read {}: {error}", dir.display()));
            Vec::new()
        });
        for (tracking, path) in logs {
            match LogFile::read_path(&path) {
                Ok(parsed) => {
                    loaded.marks.extend(marks_of(&machine, &tracking, &parsed.log));
                    loaded.remarks.extend(parsed.remarks);
                }
                Err(error) => loaded.remarks.push(format!("alarms are left out: {error}")),
            }
        }
    }
    loaded
}

/// The logs of a machine, each with the name of its tracking file, in their order.
fn logs(machine: &Path) -> std::io::Result<Vec<(String, PathBuf)>> {
    let mut logs = Vec::new();
    for entry in std::fs::read_dir(machine)? {
        let path = entry?.path();
        if let Some(tracking) = tracking_of(&path).map(str::to_owned) {
            logs.push((tracking, path));
        }
    }
    logs.sort();
    Ok(logs)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use bench_runner_core::tracking::{Blessing, SeriesId, TrackEvent};

    use super::*;

    fn accepted(log: &mut LogFile, reason: &str) {
        let series = SeriesId {
            project: "p".into(),
            workload: "clean".into(),
            variant: "branch=main".into(),
            metric: "wall".into(),
        };
        log.add(TrackEvent::Blessed(Blessing { series, run: "r".into(), reason: reason.into() })).unwrap();
    }

    #[test]
    fn a_broken_line_or_log_hides_no_other() {
        let dir = tempfile::tempdir().unwrap();
        let results = dir.path();
        for (machine, name) in [("m", "one"), ("m", "two"), ("n", "one")] {
            accepted(&mut LogFile::open(results, machine, name).unwrap(), &format!("{machine} {name}"));
        }
        let path = results.join("m/track-one.jsonl");
        fs::write(&path, format!("nonsense\n{}", fs::read_to_string(&path).unwrap())).unwrap();
        fs::create_dir(results.join("m/track-a directory.jsonl")).unwrap();
        fs::write(results.join("m/track-notes.txt"), "").unwrap();
        let loaded = load_marks(&[results.join("m"), results.join("n")]);
        let found = loaded.marks.iter().map(|mark| (mark.machine.as_str(), mark.tracking.as_str()));
        assert_eq!(found.collect::<Vec<_>>(), [("m", "one"), ("m", "two"), ("n", "one")]);
        let remarks = loaded.remarks;
        assert_eq!(remarks.len(), 2, "{remarks:?}");
        assert!(
            remarks[0].contains("alarms are left out") && remarks[0].contains("a directory"),
            "{remarks:?}"
        );
        assert!(remarks[1].contains("track-one.jsonl: line 1 is left out"), "{remarks:?}");
        let gone = load_marks(&[results.join("gone")]);
        assert!(gone.marks.is_empty() && gone.remarks.len() == 1, "{gone:?}");
    }
}
