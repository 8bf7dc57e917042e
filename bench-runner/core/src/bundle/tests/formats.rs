//! Bundles of other formats, and keys that this program does not know.

use super::*;

#[test]
fn a_newer_format_is_refused_by_name() {
    let (_dir, path) = write_bundle(&[]);
    let file = path.join(MANIFEST);
    let text = std::fs::read_to_string(&file).unwrap().replacen("\"format\": 2", "\"format\": 3", 1);
    std::fs::write(&file, text.replacen("\"run\"", "\"something_new\": 1, \"run\"", 1)).unwrap();
    let error = open(&path).unwrap_err().to_string();
    assert!(error.contains("has format 3, and this program reads formats up to 2"), "{error}");
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
        aliasing: vec![DesignAliasing {
            axis: "lto".into(),
            interaction: ["linker".into(), "debug".into()],
            share: 0.33,
        }],
        left_out: vec![std::collections::BTreeMap::from([("lto".into(), "fat".into())])],
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
