//! Controls of earlier runs.

use super::*;

#[test]
fn twins_of_earlier_runs_come_back_as_they_were_written() {
    let (dir, path) = write_bundle(&[]);
    assert_eq!(
        std::fs::read_to_string(path.join(EARLIER)).unwrap(),
        "run,block,workload,rounds,theta,se,df\n",
        "a run without any writes the header"
    );
    assert_eq!(open(&path).unwrap().earlier, []);
    std::fs::remove_file(path.join(EARLIER)).unwrap();
    assert_eq!(open(&path).unwrap().earlier, [], "a bundle without the file has none");
    let twin = |theta: f64, se: f64| EarlierTwin {
        run: "20251231T000000Z-s-abcdef".into(),
        block: BlockId::new("s", "p", "clean"),
        workload: "clean+check".into(),
        rounds: 12,
        theta,
        se,
        df: 13.0,
    };
    let twins = [twin(-0.0012345678901234567, 0.1 + 0.2), twin(0.0, 0.0), twin(1e-300, 5e-324)];
    let second = Manifest { run: "20260102T000000Z-s-abcdef".into(), ..manifest() };
    let writer = BundleWriter::create(dir.path(), second, &twins).unwrap();
    assert_eq!(open(writer.dir()).unwrap().earlier, twins);
    // Resuming the run preserves them too.
    let writer = BundleWriter::reopen(writer.dir(), writer.manifest().clone()).unwrap();
    assert_eq!(open(writer.dir()).unwrap().earlier, twins);
}

#[test]
fn twins_of_older_runs_have_a_degree_of_freedom_less_than_rounds() {
    let (_dir, path) = write_bundle(&[]);
    let twins = |text: &str| {
        std::fs::write(path.join(EARLIER), text).unwrap();
        open(&path).map(|bundle| bundle.earlier)
    };
    let of_older = twins("run,block,workload,rounds,theta,se\nr,m/p/w,w,9,0.1,0.2\n").unwrap();
    assert_eq!(of_older[0].df, 8.0);
    let error =
        twins("run,block,workload,rounds,theta,se,df\nr,m/p/w,w,9,0.1,0.2,-1\n").unwrap_err().to_string();
    assert!(
        error.contains("earlier-twins.csv:2: ") && error.contains("column `df`: `-1` is not 0 or more"),
        "{error}"
    );
}

#[test]
fn twins_that_cannot_be_read_are_named_by_file_line_and_column() {
    let (_dir, path) = write_bundle(&[]);
    let error = |text: &str| {
        std::fs::write(path.join(EARLIER), text).unwrap();
        open(&path).unwrap_err().to_string()
    };
    let head = "run,block,workload,rounds,theta,se\nr,m/p/w,w,9,0.1,0.2\n";
    for (row, says) in [
        ("r,m/p/w,w,nine,0.1,0.2", "column `rounds`: `nine` is not a whole number from 0"),
        ("r,m/p/w,w,-9,0.1,0.2", "column `rounds`: `-9` is not a whole number from 0"),
        ("r,m/p/w,w,9,NaN,0.2", "column `theta`: `NaN` is not a number"),
        ("r,m/p/w,w,9,0.1,inf", "column `se`: `inf` is not a number"),
        ("r,m/p/w,w,9,0.1,-1", "column `se`: `-1` is not 0 or more"),
    ] {
        let error = error(&format!("{head}{row}\n"));
        assert!(error.contains("earlier-twins.csv:3: ") && error.contains(says), "{error}");
    }
    for rows in ["", "r,b\n"] {
        let error = error(&format!("run,block\n{rows}"));
        assert!(error.contains("earlier-twins.csv:1: no column for workload, rounds, theta, se"), "{error}");
    }
}

#[test]
fn twins_are_written_whole_or_not_at_all() {
    let dir = tempfile::tempdir().unwrap();
    let run = dir.path().join("m").join(manifest().run);
    let twin = EarlierTwin {
        run: "r".into(),
        block: BlockId::new("s", "p", "clean"),
        workload: "clean".into(),
        rounds: 9,
        theta: 0.0,
        se: 0.1,
        df: 10.0,
    };
    // A directory at the path of the file makes writing fail.
    std::fs::create_dir_all(&run).unwrap();
    std::fs::create_dir(run.join(EARLIER)).unwrap();
    assert!(crate::bundle::earlier_twins::write(&run, std::slice::from_ref(&twin)).is_err());
    let left: Vec<_> = std::fs::read_dir(&run).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [EARLIER], "nothing half written is left");
}
