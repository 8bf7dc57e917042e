//! `gate`, `bisect` and `history` on a project whose builds take as long as its commit says.

mod toolchains;

use bench_runner_core::bundle;
use bench_runner_core::record::Outcome;

use crate::lab::slow_project::{commit, git, slow_project};
use crate::lab::{Lab, ProgramRun, entries};

trials! { "regressions";
    [toolchains];
    a_gate_finds_a_regression_and_lets_the_rest_pass: LONG.with("git"),
    a_gate_compares_a_configuration_with_what_you_have: LONG.with("git"),
    a_bisection_finds_the_commit_and_goes_on_where_it_was: LONG.with("git"),
    what_cannot_be_compared_is_refused_with_what_helps: ALWAYS.with("git"),
    a_history_has_a_series_for_the_commits: LONG.with("git"),
    a_commit_that_no_edit_fits_is_left_out: LONG.with("git"),
    a_commit_that_cargo_refuses_is_left_out_and_the_others_go_on: LONG.with("git"),
}

/// Runs again while the comparison is invalid, which a busy machine makes of one in some tens.
fn valid(mut run: impl FnMut() -> ProgramRun) -> ProgramRun {
    let mut ran = run();
    for _ in 0..4 {
        if !ran.stdout.contains("invalid") {
            break;
        }
        ran = run();
    }
    ran
}

fn a_gate_finds_a_regression_and_lets_the_rest_pass() {
    let lab = Lab::new();
    slow_project(&lab);
    commit(&lab, 100, "before");
    commit(&lab, 101, "the same");
    let slow = commit(&lab, 900, "slower");
    let gate =
        |args: &[&str]| lab.run(&[&["gate", "--project", "../own", "--workload", "clean"], args].concat());

    let ran = valid(|| gate(&["--rounds", "6"])).expect(6);
    assert!(
        ran.stdout.contains("result: regression: 1 of 1 comparison slower by more than 3%"),
        "{}",
        ran.stdout
    );
    assert!(
        ran.stdout.starts_with(&format!("gate: HEAD ({}) against HEAD~1 (", &slow[..10])),
        "{}",
        ran.stdout
    );
    let bundle = bundle::open(lab.bundles().last().expect("its run")).expect("a bundle");
    let origin = bundle.manifest.plan.origin.clone().expect("the verb");
    assert!(origin.by == "gate" && origin.request.starts_with("HEAD ("), "{origin:?}");

    // The same run again, with a tolerance that covers the difference, and as Markdown.
    let dir = bundle.dir.display().to_string();
    lab.run(&["gate", &dir, "--tolerance", "1000%"]).expect(0);
    let markdown = lab.run(&["gate", &dir, "--markdown"]).expect(6).stdout;
    assert!(
        markdown.contains("### Build time: regression") && markdown.contains("| regression |"),
        "{markdown}"
    );
    let json = lab.run(&["gate", &dir, "--json"]).expect(6).stdout;
    let document: serde_json::Value = serde_json::from_str(&json).expect("one document");
    assert_eq!(
        (&document["outcome"], &document["comparisons"][0]["outcome"]),
        (&"regression".into(), &"regression".into())
    );

    // Equal builds pass a tolerance that their noise does not reach, and leave a small one open.
    let equal = ["--base", "HEAD~2", "--candidate", "HEAD~1", "--tolerance", "150%", "--rounds", "6"];
    valid(|| gate(&equal)).expect(0);
    let open = gate(&["--base", "main~2", "--candidate", "main~1", "--tolerance", "0.01%", "--rounds", "3"]);
    let open = open.expect(5);
    assert!(open.stdout.contains("result: unsure"), "{}", open.stdout);
}

fn a_gate_compares_a_configuration_with_what_you_have() {
    let lab = Lab::new();
    slow_project(&lab);
    commit(&lab, 10, "before");
    lab.write("work/opt.toml", "[profile.dev]\nopt-level = 3\n");
    let args = ["gate", "--project", "../own", "--candidate", "opt=opt.toml", "--workload", "clean"];
    let more = [&args[..], &["--tolerance", "900%", "--rounds", "4"]].concat();
    let ran = valid(|| lab.run(&more)).expect(0);
    assert!(ran.stdout.starts_with("gate: opt against as-configured"), "{}", ran.stdout);
    let ran = lab.run(&[&args[..], &["--base", "main"]].concat()).expect(2);
    assert!(ran.stderr.contains("leave `--base` out"), "{}", ran.stderr);
}

fn a_bisection_finds_the_commit_and_goes_on_where_it_was() {
    let lab = Lab::new();
    slow_project(&lab);
    let commits: Vec<String> =
        (0..9).map(|at| commit(&lab, if at >= 5 { 900 } else { 100 }, &format!("number {at}"))).collect();
    let args = ["bisect", "--project", "../own", "--good", &commits[0], "--rounds", "1"];
    let first = lab.run(&[&args[..], &["--max-steps", "2"]].concat()).expect(5);
    assert!(first.stdout.contains("result: not found within 2 steps"), "{}", first.stdout);
    // Steps in an archive count like those in directories.
    lab.run(&["archive", "--older-than", "0s"]).expect(0);
    let machine = entries(&lab.path("work/results")).remove(0);
    let made = || bundle::list_runs(&machine).expect("runs").runs.len();
    assert_eq!((lab.bundles().len(), made()), (1, 2), "the archive, and the runs in it");
    let ran = lab.run(&args).expect(0);
    assert!(ran.stderr.contains("continuing: 2 steps of this search done before"), "{}", ran.stderr);
    let expected = format!("result: {} (number 5) changed the build time", &commits[5][..10]);
    assert!(ran.stdout.starts_with(&expected), "{}\n{}", ran.stdout, ran.stderr);
    let again = lab.run(&[&args[..], &["--json"]].concat()).expect(0);
    let document: serde_json::Value = serde_json::from_str(&again.stdout).expect("one document");
    assert_eq!(document["most_probable"], commits[5].as_str());
    assert!(document["distinct_commits"].as_u64().is_some_and(|count| count <= 4), "{document}");
    assert_eq!(document["bundles"].as_array().expect("runs").len(), made(), "nothing was built again");

    // A commit that does not build is passed over.
    lab.write("own/build.rs", "compile_error!(\"no\");\n");
    git(&lab, &["commit", "-q", "-a", "-m", "broken"]);
    commit(&lab, 2500, "much slower");
    let args = ["bisect", "--project", "../own", "--good", "HEAD~2", "--rounds", "1", "--max-steps", "6"];
    let ran = lab.run(&args).expect(5);
    let joined = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(
        joined.contains("not built: ") && joined.contains("the commits that would tell more cannot be built"),
        "{joined}"
    );
    let skipped = lab.run(&[&args[..], &["--skip", "HEAD~1", "--workload", "check"]].concat()).expect(5);
    assert!(skipped.stdout.contains("0 steps"), "nothing is left to build: {}", skipped.stdout);
}

fn what_cannot_be_compared_is_refused_with_what_helps() {
    let lab = Lab::new();
    slow_project(&lab);
    let only = commit(&lab, 1, "one");
    let refused = |args: &[&str], wanted: &str| {
        let said = lab.run(args).expect(2).stderr;
        assert!(said.contains(wanted) && said.contains("help: "), "{args:?}: {said}");
    };
    let own = ["--project", "../own"];
    refused(&[&["gate"], &own[..]].concat(), "git does not know the commit `HEAD~1`");
    commit(&lab, 2, "two");
    refused(&[&["gate", "--base", "HEAD"], &own[..]].concat(), "are the same commit");
    refused(&[&["gate", "--base", "nothing"], &own[..]].concat(), "git does not know the commit `nothing`");
    refused(&["gate", "--project", "titlecase"], "is not one directory of your own");
    refused(&[&["gate", "--workload", "clena"], &own[..]].concat(), "did you mean `clean`?");
    refused(&[&["bisect", "--good", &only], &own[..]].concat(), "there is nothing to search");
    refused(
        &[&["bisect", "--good", "HEAD", "--bad", &only], &own[..]].concat(),
        "is not among the first parents",
    );
    refused(&["history"], "there are no runs");
    lab.write("work/results/machine/not-a-run/file", "");
    refused(&["history", "--machine", "other"], "there is no machine `other`");
}

fn a_commit_that_cargo_refuses_is_left_out_and_the_others_go_on() {
    let lab = Lab::new();
    slow_project(&lab);
    let manifest =
        |version: &str| format!("[package]\nname = \"own\"\nversion = \"{version}\"\nedition = \"2021\"\n");
    let lock =
        |version: &str| format!("version = 4\n\n[[package]]\nname = \"own\"\nversion = \"{version}\"\n");
    lab.write("own/.gitignore", "/target\nCargo.lock\n");
    let unlocked = commit(&lab, 100, "without a lock file");
    lab.write("own/.gitignore", "/target\n");
    lab.write("own/Cargo.toml", &manifest("0.2.0"));
    lab.write("own/Cargo.lock", &lock("0.2.0"));
    let good = commit(&lab, 101, "with one");
    lab.write("own/Cargo.toml", &manifest("0.3.0"));
    let outdated = commit(&lab, 102, "with an outdated one");
    let said =
        lab.run(&["run", "--project", "../own", "--axis", "jobs=1,2", "--rounds", "1"]).expect(2).stderr;
    assert!(said.contains("help: bring the project's Cargo.lock up to date with its Cargo.toml"), "{said}");
    lab.write("own/Cargo.toml", &manifest("0.3.0").replace("edition", "edition = = "));
    let broken = commit(&lab, 103, "that cannot be parsed");
    lab.write("own/Cargo.toml", &manifest("0.3.0"));
    lab.write("own/Cargo.lock", &lock("0.3.0"));
    let newest = commit(&lab, 104, "newest");

    // The first commit gets the lock file of the project, changed to its version.
    let range = format!("{unlocked}..HEAD");
    let args = ["backfill", &range, "--anchor", &unlocked, "--project", "../own", "--rounds", "3"];
    let ran = lab.run(&args).expect(3);
    let bundle = lab.bundle();
    let plan = &bundle.manifest.plan;
    let built: Vec<Option<&str>> = plan.blocks[0].arms.iter().map(|arm| arm.variant.rev.as_deref()).collect();
    assert_eq!(built, [&unlocked, &unlocked, &good, &newest].map(|commit| Some(commit.as_str())));
    assert!(
        bundle.samples.iter().all(|sample| matches!(sample.outcome, Outcome::Built(_))),
        "{}",
        ran.stderr
    );
    let notes = plan.projects[0].notes.join("\n");
    assert!(notes.contains(&format!("commit {unlocked}: it has no Cargo.lock")), "{notes}");
    let left_out: Vec<(&str, &str)> =
        plan.skipped.iter().map(|skipped| (skipped.variant.as_str(), skipped.reason.as_str())).collect();
    let names = [&outdated, &broken].map(|commit| format!("rev={commit}"));
    assert!(
        matches!(left_out[..], [(one, lock), (other, parsed)] if one == names[0] && lock.contains("does not fit its Cargo.toml")
            && other == names[1] && parsed.contains("Cargo.toml of `own` is not valid")),
        "{left_out:?}"
    );
    for commit in names {
        assert!(ran.stderr.contains(&format!("note: {commit} is left out: ")), "{}", ran.stderr);
    }

    // Alone in a run, too.
    let range = format!("{good}..{broken}");
    let args = ["backfill", &range, "--project", "../own", "--rounds", "3", "--per-run", "1"];
    let ran = lab.run(&args).expect(3);
    for commit in [&outdated, &broken] {
        let said = format!("note: {} is left out: ", &commit[..10]);
        assert!(ran.stderr.contains(&said), "{}", ran.stderr);
    }
    assert_eq!(lab.bundles().len(), 1, "there was nothing to measure");

    let bisect = ["bisect", "--project", "../own", "--good", &good, "--rounds", "1", "--max-steps", "3"];
    let ran = lab.run(&bisect).expect(5);
    assert!(
        ran.stdout.contains(&format!("not built: {}, {}", &outdated[..10], &broken[..10])),
        "{}",
        ran.stdout
    );
    let gate = lab.run(&["gate", "--project", "../own", "--base", &outdated]).expect(2);
    assert!(gate.stderr.contains("help: a commit stays as it is"), "{}", gate.stderr);
}

fn a_commit_that_no_edit_fits_is_left_out() {
    let lab = Lab::new();
    slow_project(&lab);
    let first = commit(&lab, 10, "with a function");
    let main = std::fs::read_to_string(lab.path("own/src/main.rs")).expect("it can be read");
    lab.write("own/src/main.rs", "include!(\"other.txt\");\n");
    lab.write("own/src/other.txt", "fn main() {}\n");
    let without = commit(&lab, 11, "with nothing to edit");
    lab.write("own/src/main.rs", &main);
    let last = commit(&lab, 12, "with a function again");
    let range = format!("{first}..HEAD");
    let args = ["backfill", &range, "--project", "../own", "--rounds", "3", "--workload", "incremental"];
    let ran = lab.run(&args).expect(3);
    assert!(ran.stderr.contains(&format!("note: {} is left out: ", &without[..10])), "{}", ran.stderr);
    let arms = &lab.bundle().manifest.plan.blocks[0].arms;
    let built: Vec<Option<&str>> = arms.iter().map(|arm| arm.variant.rev.as_deref()).collect();
    assert_eq!(built, [&first, &first, &last].map(|commit| Some(commit.as_str())));
}

fn a_history_has_a_series_for_the_commits() {
    let lab = Lab::new();
    slow_project(&lab);
    let commits: Vec<String> =
        (0..7).map(|at| commit(&lab, if at >= 4 { 300 } else { 20 }, &format!("number {at}"))).collect();
    for commit in &commits[1..3] {
        let axis = format!("rev={},{commit}", commits[0]);
        lab.run(&["run", "--project", "../own", "--axis", &axis, "--rounds", "3"]).expect(0);
    }
    let range = format!("{}..HEAD", commits[0]);
    let backfill = ["backfill", &range, "--project", "../own", "--rounds", "3", "--per-run", "3"];
    let ran = lab.run(&backfill).expect(0);
    assert!(ran.stderr.contains("6 commits in the range, 2 measured before, 4 to measure"), "{}", ran.stderr);
    // On a busy machine a comparison can be invalid; it is then measured again.
    let mut calls = (0..4).map(|_| lab.run(&backfill).expect(0).stderr);
    assert!(calls.any(|said| said.contains("6 measured before, 0 to measure")), "not all are measured");
    let runs = lab.bundles().into_iter().map(|dir| bundle::read_manifest(&dir).expect("a manifest"));
    let series: Vec<usize> = runs
        .filter(|manifest| manifest.plan.origin.is_some())
        .map(|manifest| manifest.plan.blocks[0].arms.len())
        .collect();
    assert!(series.len() <= 4 && series.contains(&4), "each run has several commits: {series:?}");
    // Variants with names of their own make series with these names.
    let scenario = format!(
        "name = \"night\"\nsummary = \"x\"\nprojects = [\"../own\"]\nworkloads = [\"clean\"]\nbaseline = \"anchor\"\n\
         [variants]\nanchor = {{ rev = \"{}\" }}\nmain = {{ rev = \"{}\" }}\n[sampling]\nmin-rounds = 3\nmax-rounds = 3\n",
        commits[0], commits[6]
    );
    lab.write("work/night.toml", &scenario);
    lab.run(&["run", "night.toml"]).expect(0);

    let document = |args: &[&str]| -> serde_json::Value {
        let ran = lab.run(&[&["history", "--json"], args].concat()).expect(0);
        serde_json::from_str(&ran.stdout).expect("one document")
    };
    let points = |document: &serde_json::Value, variant: &str, quantity: &str| -> Vec<String> {
        let series = document["series"].as_array().expect("series").iter();
        let wanted = |one: &&serde_json::Value| one["variant"] == variant && one["quantity"] == quantity;
        let points = series.filter(wanted).flat_map(|one| one["points"].as_array().expect("points"));
        points.map(|point| point["commit"].as_str().unwrap_or_default().to_owned()).collect()
    };
    let by_commits = document(&["--by-commits", "main", "--repository", "../own"]);
    assert_eq!(points(&by_commits, "commits", "ratio"), commits[1..], "in the order of the history");
    let by_time = document(&[]);
    assert_eq!(
        points(&by_time, "commits", "ratio"),
        commits[1..3],
        "commits of the past have no place in time"
    );
    assert_eq!(points(&by_time, "main", "ratio"), commits[6..]);
    let named = format!("anchor (rev={})", commits[0]);
    let series = by_time["series"].as_array().expect("series");
    assert!(series.iter().any(|one| one["baseline"] == named.as_str()), "{by_time}");
    assert!(
        series.iter().all(|one| one["variant"] != "as-it-is"),
        "only the named commits are built: {by_time}"
    );

    let ran = lab.run(&["history", "--format", "csv"]).expect(0);
    assert_eq!(ran.stdout.lines().count(), 7, "three ratios, three times, and the header: {}", ran.stdout);
    let page = entries(&lab.path("work/plots")).into_iter().find(|dir| dir.join("history.html").is_file());
    let page = std::fs::read_to_string(page.expect("a page").join("history.html")).expect("it can be read");
    assert!(page.contains("commits against rev=") && page.contains("</html>"));
    // A run that cannot be read hides no other.
    let broken = lab.bundles().remove(0);
    std::fs::write(broken.join("manifest.json"), "{").expect("it can be written");
    let ran = lab.run(&["history"]).expect(0);
    assert!(
        ran.stderr.contains("left out") && ran.stdout.contains("judged: "),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
}
