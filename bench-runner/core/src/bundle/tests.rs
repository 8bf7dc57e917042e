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
fn samples_come_back_as_they_were_written() {
    let samples = [
        sample(1, built()),
        sample(2, Outcome::Failed { exit_code: Some(101) }),
        sample(3, Outcome::Failed { exit_code: None }),
        sample(4, Outcome::TimedOut),
        sample(5, Outcome::NotStarted),
    ];
    let (_dir, path) = write_bundle(&samples);
    let bundle = open(&path).unwrap();
    assert_eq!(bundle.samples, samples);
    assert_eq!(bundle.manifest.status, Status::Complete);
    assert!(bundle.remarks.is_empty());
}

/// The header as written by programs so far; existing columns must not move.
const HEADER: &str = "sample,block,session,project,pin,workload,variant,role,linker,env.X,phase,round,position,attempt,\
    edit,status,exit_code,started_at,wall_ns,user_ns,sys_ns,max_rss_bytes,units_rebuilt,artifact_bytes,\
    peak_memory_bytes,units_set,predecessor,load,steal_ns,io_pressure_ns,memory_pressure_ns,foreign_cpu_ns,throttled,\
    stragglers,cache_hits,cache_misses,cache_not_cacheable,visit,minor_faults,major_faults,voluntary_switches,\
    involuntary_switches,written_bytes";

#[test]
fn a_row_is_written_field_by_field_in_the_order_of_the_header() {
    let mut plain = sample(1, built());
    plain.variant = "linker=bfd".into();
    let (_dir, path) = write_bundle(&[plain]);
    let row = format!(
        "1,s/p/clean,1,p,git:{},clean,linker=bfd,twin,bfd,1,measured,3,2,1,7,ok,0,2023-11-14T22:13:20.123456Z,1234567891,\
         1,0,4096,2,10,,abc,baseline:linker=bfd,0.25,5,,,,,1,5,6,0,2,11,12,13,14,512",
        "ab".repeat(20)
    );
    assert_eq!(std::fs::read_to_string(path.join(SAMPLES)).unwrap(), format!("{HEADER}\n{row}\n"));
}

#[test]
fn every_column_that_came_later_may_be_missing() {
    let (_dir, path) = write_bundle(&[sample(1, built())]);
    let file = path.join(SAMPLES);
    let mut reader = csv::Reader::from_path(&file).unwrap();
    let header = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let later = header.iter().position(|name| name == "peak_memory_bytes").unwrap();
    for lacking in 0..header.len() {
        let mut writer = csv::Writer::from_path(&file).unwrap();
        for record in [&header, &row] {
            let rest = record.iter().enumerate().filter(|(at, _)| *at != lacking);
            writer.write_record(rest.map(|(_, field)| field)).unwrap();
        }
        drop(writer);
        let is_axis = ["linker", "env.X"].contains(&&header[lacking]);
        let read = open(&path).map(|bundle| bundle.samples.len());
        assert_eq!(read.is_ok(), is_axis || lacking >= later, "{}: {read:?}", &header[lacking]);
    }
}

#[test]
fn a_count_that_a_file_lacks_leaves_the_others() {
    let (_dir, path) = write_bundle(&[sample(1, built())]);
    let file = path.join(SAMPLES);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replacen("major_faults", "else", 1)).unwrap();
    let activity = open(&path).unwrap().samples[0].outcome.cost().unwrap().activity;
    assert_eq!(
        (activity.minor_faults, activity.major_faults, activity.written_bytes),
        (Some(11), None, Some(512))
    );
}

#[test]
fn a_failed_build_has_no_timing_in_the_file() {
    let (_dir, path) = write_bundle(&[sample(1, Outcome::TimedOut)]);
    let mut reader = csv::Reader::from_path(path.join(SAMPLES)).unwrap();
    let at = reader.headers().unwrap().iter().position(|name| name == "wall_ns").unwrap();
    assert_eq!(&reader.records().next().unwrap().unwrap()[at], "");
}

#[test]
fn a_row_cut_short_is_left_out_remarked_upon_and_set_aside_on_resuming() {
    let mut plain = sample(1, built());
    plain.variant = "linker=bfd".into();
    let (_dir, path) = write_bundle(&[plain.clone(), Sample { number: 2, ..plain.clone() }]);
    let file = path.join(SAMPLES);
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, &text[..text.len() - 20]).unwrap();
    let bundle = open(&path).unwrap();
    assert_eq!(bundle.samples.len(), 1);
    assert!(bundle.remarks[0].contains("samples.csv:3: the last row was cut short"), "{:?}", bundle.remarks);

    let mut writer = BundleWriter::reopen(&path, bundle.manifest).unwrap();
    writer.append_sample(&Sample { number: 2, attempt: 2, ..plain }).unwrap();
    let bundle = open(&path).unwrap();
    assert_eq!(bundle.samples.len(), 2);
    assert!(path.join("logs/cut-row-of-samples.csv.log").is_file());
}

#[test]
fn a_row_with_a_line_end_in_it_may_be_cut_anywhere() {
    let (_dir, path) =
        write_bundle(&[fixture::sample(1, fixture::built()), fixture::sample(2, fixture::built())]);
    let whole = std::fs::read(path.join(SAMPLES)).unwrap();
    let row = whole.windows(3).position(|three| three == b"\n2,").unwrap() + 1;
    assert!(whole[row..whole.len() - 1].contains(&b'\n'));
    // A file that ends right after the inner newline looks complete, and its last row is reported as
    // malformed.
    for cut in (row + 1..whole.len()).filter(|cut| whole[cut - 1] != b'\n') {
        std::fs::write(path.join(SAMPLES), &whole[..cut]).unwrap();
        let bundle = open(&path).unwrap();
        assert_eq!((bundle.samples.len(), bundle.remarks.len()), (1, 1), "cut at {cut}");
    }
}

#[test]
fn samples_without_a_header_are_no_empty_run() {
    let (_dir, path) = write_bundle(&[]);
    std::fs::write(path.join(SAMPLES), "").unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("samples.csv:1: no column for sample, block, session"), "{error}");
}

#[test]
fn bytes_that_are_no_text_are_named_with_their_line() {
    let (_dir, path) = write_bundle(&[sample(1, built()), sample(2, built())]);
    let mut bytes = std::fs::read(path.join(SAMPLES)).unwrap();
    let at = bytes.windows(3).position(|three| three == b"\n2,").unwrap() + 3;
    bytes[at] = 0xff;
    std::fs::write(path.join(SAMPLES), bytes).unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("samples.csv:") && error.contains("invalid utf-8"), "{error}");
}

#[test]
fn a_newer_format_is_refused_by_name() {
    let (_dir, path) = write_bundle(&[]);
    let file = path.join(MANIFEST);
    let text = std::fs::read_to_string(&file).unwrap().replacen("\"format\": 2", "\"format\": 3", 1);
    std::fs::write(&file, text.replacen("\"run\"", "\"something_new\": 1, \"run\"", 1)).unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("has format 3, and this program reads formats up to 2"), "{error}");
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
fn further_columns_are_allowed_at_the_end() {
    let mut plain = sample(1, built());
    plain.variant = "v".into();
    let (_dir, path) = write_bundle(std::slice::from_ref(&plain));
    let file = path.join(SAMPLES);
    let text = std::fs::read_to_string(&file).unwrap();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    lines[0].push_str(",something_new");
    lines[1].push_str(",42");
    std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    assert_eq!(open(&path).unwrap().samples, [plain]);
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
    std::fs::write(path.join(EARLIER), "run,block,workload,rounds,theta,se\nr,m/p/w,w,9,0.1,0.2\n").unwrap();
    assert_eq!(open(&path).unwrap().earlier[0].df, 8.0);
    std::fs::write(path.join(EARLIER), "run,block,workload,rounds,theta,se,df\nr,m/p/w,w,9,0.1,0.2,-1\n")
        .unwrap();
    let error = open(&path).unwrap_err().to_string();
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
    assert!(super::earlier_twins::write(&run, std::slice::from_ref(&twin)).is_err());
    let left: Vec<_> = std::fs::read_dir(&run).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, [EARLIER], "nothing half written is left");
}

/// A bundle as written by a program of format 1.
fn bundle_of_format_1() -> (tempfile::TempDir, PathBuf) {
    let dir = tempfile::tempdir().unwrap();
    let plan = Plan { format: 1, ..plan() };
    let manifest = Manifest { format: 1, plan, ..manifest() };
    let writer = BundleWriter::create(dir.path(), manifest, &[]).unwrap();
    let path = writer.dir().to_owned();
    (dir, path)
}

#[test]
fn a_run_of_format_1_is_taken_up_in_format_1() {
    let (_dir, path) = bundle_of_format_1();
    let mut writer = BundleWriter::reopen(&path, open(&path).unwrap().manifest).unwrap();
    writer.append_sample(&sample(1, built())).unwrap();
    writer.finish(Status::Complete).unwrap();
    let header = std::fs::read_to_string(path.join(SAMPLES)).unwrap();
    assert!(header.lines().next().unwrap().ends_with(",cache_not_cacheable"), "{header}");
    let manifest = std::fs::read_to_string(path.join(MANIFEST)).unwrap();
    assert_eq!(manifest.matches("\"format\": 1,").count(), 2, "manifest and plan: {manifest}");
    for key in ["origin", "fidelity", "design", "visits", "primed", "ignored"] {
        assert!(!manifest.contains(&format!("\"{key}\"")), "{key} in {manifest}");
    }
    let back = &open(&path).unwrap().samples[0];
    assert_eq!((back.visit, back.outcome.cost().unwrap().activity), (None, Activity::default()));
}

#[test]
fn keys_that_nobody_knows_are_ignored_in_format_2_and_refused_in_format_1_and_in_plans() {
    let with_key = |path: &Path, place: &str| {
        let file = path.join(MANIFEST);
        let text = std::fs::read_to_string(&file).unwrap();
        assert!(text.contains(place), "{place}");
        std::fs::write(&file, text.replacen(place, &format!("\"new_key\": {{\"x\": 1}}, {place}"), 1))
            .unwrap();
        let read = open(path).map(|bundle| bundle.manifest);
        std::fs::write(&file, text).unwrap();
        read
    };
    // In the manifest itself, the program, the machine and the times; in the plan, a block, a variant and its
    // sampling.
    let outside =
        [("\"run\"", ""), ("\"version\"", "program."), ("\"class\"", "machine."), ("\"total_ns\"", "time.")];
    let inside = ["\"scenario\"", "\"axes\"", "\"settings\"", "\"warmup\""];
    let (_dir, path) = write_bundle(&[]);
    for (place, _) in outside {
        assert_eq!(with_key(&path, place).unwrap(), open(&path).unwrap().manifest, "{place}");
    }
    for place in inside {
        let error = with_key(&path, place).unwrap_err().to_string();
        assert!(error.contains("unknown field `new_key`"), "{place}: {error}");
    }
    let (_dir, path) = bundle_of_format_1();
    for (place, within) in outside {
        let error = with_key(&path, place).unwrap_err().to_string();
        assert!(
            error.contains(&format!("manifest.json:1: unknown key `{within}new_key`")),
            "{place}: {error}"
        );
    }
}

#[test]
fn what_a_plan_of_format_2_says_comes_back() {
    let mut plan = plan();
    let text = plan.to_json().unwrap();
    for key in ["origin", "fidelity", "design", "visits", "primed", "ignored"] {
        assert!(!text.contains(&format!("\"{key}\"")), "{key} is not there unless it says something");
    }
    plan.origin = Some(PlanOrigin { by: "search".into(), request: "s".into(), stage: "screening".into() });
    plan.projects.push(PlannedProject {
        name: "p".into(),
        pin: Pin::Git { rev: "ab".repeat(20) },
        manifest: String::new(),
        base: None,
        notes: vec![],
        ignored: Some(IgnoredFiles { hash: "x".into(), files: vec![".env".into()], left_out: vec![] }),
    });
    plan.blocks[0].arms[0].primed = true;
    plan.blocks[0].visits = Some(Visits { until: vec![3, 5], keep: true });
    plan.blocks[0].design = Some(Design {
        kind: DesignKind::Fraction,
        rows: 24,
        of: 1728,
        seed: Some(7),
        efficiency: Some(0.97),
        interactions: vec![["linker".into(), "debug".into()]],
    });
    plan.blocks[0].fidelity = vec![Fidelity {
        project: "p".into(),
        variant: Some("as-configured".into()),
        compared: vec!["flags".into()],
        left_out: vec!["~/.cargo/config.toml".into()],
        differences: vec![FidelityDifference {
            what: "flags".into(),
            yours: "-Cx".into(),
            here: String::new(),
        }],
        not_compared: None,
    }];
    let back: Plan = serde_json::from_str(&plan.to_json().unwrap()).unwrap();
    assert_eq!(back, plan);
}

#[test]
fn a_run_that_is_taken_up_keeps_what_a_newer_program_wrote_down() {
    let (_dir, path) = write_bundle(&[]);
    let file = path.join(MANIFEST);
    let text = std::fs::read_to_string(&file).unwrap();
    let text = text.replacen("\"class\"", "\"color\": \"red\", \"class\"", 1);
    std::fs::write(&file, text.replacen("\"run\"", "\"newer\": [1, {\"x\": 2}], \"run\"", 1)).unwrap();
    let mut writer = BundleWriter::reopen(&path, open(&path).unwrap().manifest).unwrap();
    writer.update(|manifest| manifest.jobs = 7).unwrap();
    let raw: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    assert_eq!(raw["newer"], serde_json::json!([1, { "x": 2 }]));
    assert_eq!((&raw["machine"]["color"], &raw["jobs"]), (&"red".into(), &7.into()));
    assert_eq!(open(&path).unwrap().manifest, *writer.manifest());
}
