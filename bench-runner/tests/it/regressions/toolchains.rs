//! `backfill --toolchains` and its history.

use bench_runner_core::bundle::{self, Bundle};

use super::{commit, slow_project};
use crate::lab::{Lab, ProgramRun};

trials! { "regressions::toolchains";
    toolchains_are_measured_against_an_anchor: LONG.with("git").unless(no_toolchains),
    toolchains_that_cannot_be_compared_are_refused: ALWAYS.with("git").with("rustup"),
}

fn no_toolchains() -> Option<String> {
    let lacking = || "BENCH_RUNNER_TEST_TOOLCHAINS is not set; .ci/toolchains lays them out".to_owned();
    std::env::var_os("BENCH_RUNNER_TEST_TOOLCHAINS").is_none().then(lacking)
}

/// Directory of a toolchain that `.ci/toolchains` installs.
fn installed(version: &str) -> String {
    let all = std::env::var_os("BENCH_RUNNER_TEST_TOOLCHAINS").expect("the trial requires it");
    std::path::Path::new(&all).join(version).display().to_string()
}

fn backfill(lab: &Lab, toolchains: &[&str], more: &[&str]) -> ProgramRun {
    let toolchains = toolchains.join(",");
    let args = ["backfill", "--toolchains", &toolchains, "--project", "../own", "--rounds", "3"];
    lab.run(&[&args[..], more].concat())
}

fn newest(lab: &Lab) -> Bundle {
    bundle::open(lab.bundles().last().expect("a run")).expect("a bundle")
}

/// `variant`, `baseline` and the releases of a series of ratios that `history` prints.
fn series(lab: &Lab, args: &[&str]) -> Vec<(String, String, Vec<String>)> {
    let ran = lab.run(&[&["history", "--json"], args].concat()).expect(0);
    let document: serde_json::Value = serde_json::from_str(&ran.stdout).expect("one document");
    let all = document["series"].as_array().expect("series").iter();
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    all.filter(|one| one["quantity"] == "ratio")
        .map(|one| {
            let points = one["points"].as_array().expect("points").iter();
            let releases = points.map(|point| text(&point["compiler"]["release"])).collect();
            (text(&one["variant"]), text(&one["baseline"]), releases)
        })
        .collect()
}

/// Debian's 1.63 cannot read the lock file.
fn toolchains_are_measured_against_an_anchor() {
    let lab = Lab::new();
    slow_project(&lab);
    let built = commit(&lab, 100, "one");
    let [oldest, anchor, new] = ["1.63", "1.85", "1.96"].map(installed);
    let again = lab.path("again").display().to_string();
    std::os::unix::fs::symlink(&new, &again).expect("a link");

    let ran = backfill(&lab, &[&oldest, &new, &again, &anchor], &["--anchor", &anchor]).expect(3);
    for said in [
        &format!("note: {again} is the same compiler as {new}, and is built once"),
        &format!("note: {oldest} does not say which commit it was built from"),
        "2 toolchains besides the anchor, 0 measured before, 2 to measure",
        "run 1 of 1: 1.63.0, 1.96.0",
        &format!("note: toolchain={oldest} is left out: the build failed"),
    ] {
        assert!(ran.stderr.contains(said), "{said}: {}", ran.stderr);
    }
    assert!(ran.stdout.contains("next:    bench-runner history --by-toolchains"), "{}", ran.stdout);
    let bundle = newest(&lab);
    let arms = &bundle.manifest.plan.blocks[0].arms;
    let toolchains: Vec<&str> = arms.iter().map(|arm| arm.variant.settings["toolchain"].as_str()).collect();
    assert_eq!(toolchains, [&anchor, &anchor, &oldest, &new].map(String::as_str));
    assert!(arms.iter().all(|arm| arm.variant.rev.as_deref() == Some(built.as_str())));

    // What is measured is known by its compiler, whatever its name, and against the anchor that is the oldest by default. On
    // a busy machine a comparison can be invalid; it is then measured again.
    let mut calls = (0..4).map(|_| backfill(&lab, &[&anchor, &again], &[]).expect(0).stderr);
    let measured = "1 toolchain besides the anchor, 1 measured before, 0 to measure";
    assert!(calls.any(|said| said.contains(measured)), "it is measured in each call");
    // One that cannot be built ends nothing, even alone in its run.
    let ran = backfill(&lab, &[&oldest, &new], &["--anchor", &anchor]).expect(3);
    assert!(ran.stderr.contains("1 measured before, 1 to measure"), "{}", ran.stderr);
    let runs = lab.bundles().len();
    let ran = backfill(&lab, &[&oldest, &new], &[]).expect(2);
    assert!(
        ran.stderr.contains("could be compared with the anchor 1.63.0: the build failed"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains(&format!("help: name another anchor, such as `--anchor {new}`")),
        "{}",
        ran.stderr
    );
    assert_eq!(lab.bundles().len(), runs + 1);
    // Another commit is another series.
    commit(&lab, 101, "two");
    let before = backfill(&lab, &[&anchor, &new], &["--commit", "HEAD~1"]).expect(0);
    assert!(before.stderr.contains(measured), "{}", before.stderr);
    let ran = backfill(&lab, &[&anchor, &new], &["--rounds", "3"]).expect(0);
    assert!(ran.stderr.contains("0 measured before, 1 to measure"), "{}", ran.stderr);

    assert_eq!(series(&lab, &[]), [], "toolchains have no place in time");
    let by_commits = series(&lab, &["--by-commits", "main", "--repository", "../own"]);
    assert_eq!(by_commits, [], "and none among commits");
    let by_toolchains = series(&lab, &["--by-toolchains"]);
    assert_eq!(by_toolchains.len(), 2, "{by_toolchains:?}");
    for (variant, baseline, releases) in by_toolchains {
        assert_eq!(variant, "toolchains");
        assert!(baseline.starts_with("rustc 1.85.0 (4d91de4e4 "), "{baseline}");
        assert!(!releases.is_empty() && releases.iter().all(|release| release == "1.96.0"), "{releases:?}");
    }
    let text = lab.run(&["history", "--by-toolchains"]).expect(0).stdout;
    assert!(text.contains("1.96.0: ") && text.contains("×"), "{text}");
}

fn toolchains_that_cannot_be_compared_are_refused() {
    let lab = Lab::new();
    slow_project(&lab);
    commit(&lab, 1, "one");
    // A compiler that says who it is, and nothing else.
    let toolchain = |name: &str, version: &str| -> String {
        let text = format!(
            "#!/bin/sh\ncase $1 in --print) printf '%s\\nunix\\n' {};; *) printf '%s\\nhost: x\\nrelease: 1.80.0\\n' '{version}';; esac\n",
            lab.path(name).display()
        );
        let script = lab.write(&format!("{name}/rustc.sh"), &text);
        std::fs::create_dir_all(lab.path(&format!("{name}/bin"))).expect("a directory");
        std::fs::rename(script, lab.path(&format!("{name}/bin/rustc"))).expect("it is moved");
        lab.path(name).display().to_string()
    };
    let old = toolchain("old", "rustc 1.80.0 (051478957 2024-07-21)");
    let again = toolchain("again", "rustc 1.80.0 (051478957 2024-07-21)");
    let own = toolchain("own-rustc", "rustc mine");
    let refused = |toolchains: &[&str], more: &[&str], wanted: &str| {
        let said = backfill(&lab, toolchains, more).expect(2).stderr;
        assert!(said.contains(wanted), "{toolchains:?} {more:?}: {said}");
    };
    refused(&["nothing-like-it", &old], &[], "help: rustup toolchain install nothing-like-it");
    refused(&[&old], &["--anchor", "nothing-like-it"], "rustup has no toolchain `nothing-like-it`");
    refused(
        &[&old],
        &[],
        "rustc 1.80.0 (051478957 2024-07-21) is the only toolchain to measure\nhelp: install others",
    );
    refused(&[&old, &again], &[], "is the only toolchain to measure");
    refused(&[&own, &old], &[], "says `rustc mine`, which is not a release of rustc");
    refused(&["./old", &old], &[], "the directory of a toolchain must be absolute");
    refused(&[&lab.path("work").display().to_string(), &old], &[], "there is no bin/rustc in ");
    refused(&[&old, "stable"], &["HEAD~1..HEAD"], "cannot be used with");
    let said = lab.run(&["backfill", "HEAD~1..HEAD", "--commit", "HEAD"]).expect(2).stderr;
    assert!(said.contains("'[FROM..TO]' cannot be used with '--commit <REV>'"), "{said}");
    lab.write("work/results/machine/not-a-run/file", "");
    let said = lab.run(&["history", "--by-toolchains"]).expect(2).stderr;
    assert!(said.contains("help: `bench-runner backfill --toolchains all`"), "{said}");
    assert!(lab.bundles().len() == 1, "nothing was measured");
}
