//! Projects whose build script asks git which commit it builds.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use super::{cache, commit, git, local, manifest, package};
use crate::lab::{Lab, entries};

trials! { "sources";
    a_build_script_is_told_of_git_what_it_is_told_at_home: LONG.with("git"),
    a_build_script_that_asks_git_finds_the_pinned_commit: LONG.with("git"),
    a_build_script_that_asks_git_finds_the_commit_compared: LONG.with("git"),
    a_project_beside_another_one_finds_the_repository_of_both: LONG.with("git"),
    a_part_of_a_repository_finds_that_one_and_no_other: LONG.with("git"),
}

/// The questions of the build script.
const QUESTIONS: [&[&str]; 3] = [
    &["describe", "--always", "--dirty", "--tags", "--long"],
    &["rev-parse", "--abbrev-ref", "HEAD"],
    &["rev-list", "--count", "HEAD"],
];

/// git's answers in the user's tree.
fn told(lab: &Lab, dir: &str) -> String {
    QUESTIONS.map(|args| git(lab, dir, args)).join("/")
}

/// A package in `dir` whose build script asks git and records the answers each time it runs. The program
/// fails unless its argument is the script's answers.
fn project(lab: &Lab, dir: &str, more: &str) {
    lab.write(&format!("{dir}/Cargo.toml"), &format!("{}{more}[workspace]\n", package("demo")));
    let needs = if more.is_empty() { "" } else { "dependencies = [\n \"shared\",\n]\n" };
    let shared = if more.is_empty() { "" } else { "\n[[package]]\nname = \"shared\"\nversion = \"0.1.0\"\n" };
    let lock = format!("version = 4\n\n[[package]]\nname = \"demo\"\nversion = \"0.1.0\"\n{needs}{shared}");
    lab.write(&format!("{dir}/Cargo.lock"), &lock);
    let questions = QUESTIONS.map(|args| format!("&{args:?}[..]")).join(", ");
    let script = format!(
        r#"
use std::io::Write;
fn ask(args: &[&str]) -> String {{
    let said = std::process::Command::new("git").args(args).output().expect("git");
    if said.status.success() {{ String::from_utf8_lossy(&said.stdout).trim().to_owned() }} else {{ String::new() }}
}}
fn main() {{
    let told = [{questions}].map(ask).join("/");
    println!("cargo:rustc-env=TOLD={{told}}");
    println!("cargo:rerun-if-changed=build.rs");
    let head = ask(&["rev-parse", "--git-path", "HEAD"]);
    if !head.is_empty() {{
        println!("cargo:rerun-if-changed={{head}}");
    }}
    let mut ran = std::fs::File::options().create(true).append(true).open("{}").expect("a file");
    writeln!(ran, "{{told}}").expect("it is written");
}}
"#,
        lab.path("ran").display()
    );
    lab.write(&format!("{dir}/build.rs"), &script);
    lab.write(&format!("{dir}/README"), "words\n");
    let main = "fn main() {\n    println!(\"{}\", env!(\"TOLD\"));\n    if std::env::args().nth(1).as_deref() != \
                Some(env!(\"TOLD\")) {\n        std::process::exit(1);\n    }\n}\n";
    lab.write(&format!("{dir}/src/main.rs"), main);
}

/// Three commits in `dir`, the second of them tagged.
fn committed(lab: &Lab, dir: &str) -> [String; 3] {
    git(lab, dir, &["init", "--quiet", "--initial-branch=main"]);
    let first = commit(lab, dir);
    lab.write(&format!("{dir}/README"), "more words\n");
    let second = commit(lab, dir);
    git(lab, dir, &["tag", "--annotate", "--message", "x", "v1"]);
    lab.write(&format!("{dir}/src.txt"), "more\n");
    [first, second, commit(lab, dir)]
}

/// Runs two variants of the project, each built and edited; the check of each fails unless the answers were
/// `expected`. Returns the notes on its source.
fn run(lab: &Lab, source: &str, expected: &str) -> String {
    let text = format!(
        "name = \"demo\"\n[source]\n{source}\n[build]\nbins = [\"demo\"]\ncheck = [\"{{artifact}}\", \"{expected}\"]\n\
         [[edit]]\nname = \"body\"\nclass = \"body\"\nfile = \"src/main.rs\"\nanchor = \"fn main() {{\"\n\
         insert = \"\\n    std::hint::black_box({{n}}u64);\"\n"
    );
    lab.write("work/corpus/demo.toml", &text);
    let _ = fs::remove_file(lab.path("ran"));
    let _ = fs::remove_dir_all(lab.path("work/results"));
    let args = ["--axis", "jobs=1,2", "--workload", "incremental", "--rounds", "2"];
    let ran = lab.run(&[&["run", "--project", "demo"], args.as_slice()].concat()).expect(0);
    let said = told_while_it_ran(lab);
    assert_eq!(said, BTreeSet::from([expected.to_owned()]), "{} {}", ran.stdout, ran.stderr);
    let bundle = lab.bundle();
    let built = bundle.samples.iter().filter(|sample| sample.artifact_bytes.is_some()).count();
    assert!(built >= 4, "two rounds of two variants: {} {}", ran.stdout, ran.stderr);
    bundle.manifest.plan.projects[0].notes.join("\n")
}

/// The answers that build scripts got since the last run began.
fn told_while_it_ran(lab: &Lab) -> BTreeSet<String> {
    let ran = fs::read_to_string(lab.path("ran")).expect("a build script ran");
    ran.lines().map(str::to_owned).collect()
}

/// All files below a directory with their contents.
fn contents(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    for path in entries(dir) {
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            found.push((path.clone(), fs::read(&path).expect("it can be read")));
        }
    }
    found.sort();
    found
}

fn a_build_script_is_told_of_git_what_it_is_told_at_home() {
    let lab = Lab::new();
    project(&lab, "demo", "");
    committed(&lab, "demo");
    let source = "kind = \"path\"\npath = \"../../demo\"";
    let expected = told(&lab, "demo");
    assert!(expected.starts_with("v1-1-g") && expected.ends_with("/main/3"), "{expected}");
    let before = contents(&lab.path("demo/.git"));
    let notes = run(&lab, source, &expected);
    assert!(notes.contains("build.rs asks git, and finds a repository with 3 commits"), "{notes}");
    assert!(before == contents(&lab.path("demo/.git")), "the user's repository is only read");
    // Changes in the tree are in the copy, and new packs do not matter.
    lab.write("demo/README", "other words\n");
    git(&lab, "demo", &["gc", "--quiet", "--prune=now"]);
    let expected = told(&lab, "demo");
    assert!(expected.contains("-dirty/"), "{expected}");
    run(&lab, source, &expected);
    git(&lab, "demo", &["checkout", "--quiet", "--detach"]);
    git(&lab, "demo", &["add", "README"]);
    let expected = told(&lab, "demo");
    assert!(expected.contains("-dirty/HEAD/"), "{expected}");
    run(&lab, source, &expected);
}

fn a_build_script_that_asks_git_finds_the_pinned_commit() {
    let lab = Lab::new();
    project(&lab, "served/demo", "");
    let [first, second, rev] = committed(&lab, "served/demo");
    let source = format!("kind = \"git\"\nurl = \"{}\"\nrev = \"{rev}\"", local(&lab));
    let expected = format!("{}/HEAD/1", git(&lab, "served/demo", &["rev-parse", "--short", "HEAD"]));
    let notes = run(&lab, &source, &expected);
    assert!(notes.contains("this one commit and no tags"), "{notes}");
    // Each replayed commit is the one that the script finds.
    fs::remove_file(lab.path("ran")).expect("it can be removed");
    fs::remove_dir_all(lab.path("work/results")).expect("it can be removed");
    manifest(&lab, &local(&lab), &rev, "");
    lab.run(&["run", "--project", "demo", "--axis", "jobs=1,2", "--workload", "replay:2", "--rounds", "2"])
        .expect(0);
    let short = |rev: &str| format!("{}/HEAD/1", git(&lab, "served/demo", &["rev-parse", "--short", rev]));
    assert_eq!(told_while_it_ran(&lab), [&first, &second, &rev].map(|rev| short(rev)).into());
    // More of its history is available now, and makes no difference.
    run(&lab, &source, &expected);
}

fn a_build_script_that_asks_git_finds_the_commit_compared() {
    let lab = Lab::new();
    project(&lab, "demo", "");
    let [first, second, _] = committed(&lab, "demo");
    lab.write("demo/README", "not committed\n");
    let axis = format!("rev={first},{second}");
    lab.run(&["run", "--project", "../demo", "--axis", &axis, "--rounds", "1"]).expect(0);
    let short = |rev: &str| git(&lab, "demo", &["rev-parse", "--short", rev]);
    let expected = [format!("{}/HEAD/1", short(&first)), format!("v1-0-g{}/HEAD/2", short(&second))];
    assert_eq!(told_while_it_ran(&lab), BTreeSet::from(expected));
}

fn a_project_beside_another_one_finds_the_repository_of_both() {
    let lab = Lab::new();
    project(&lab, "repo/app", "[dependencies]\nshared = { path = \"../shared\" }\n");
    lab.write("repo/shared/Cargo.toml", &package("shared"));
    lab.write("repo/shared/src/lib.rs", "");
    lab.write("repo/other/README", "it is not copied\n");
    committed(&lab, "repo");
    let expected = told(&lab, "repo");
    let notes = run(&lab, "kind = \"path\"\npath = \"../../repo/app\"", &expected);
    assert!(notes.contains("app/build.rs asks git, and finds"), "{notes}");
}

fn a_part_of_a_repository_finds_that_one_and_no_other() {
    let lab = Lab::new();
    project(&lab, "repo/app", "");
    committed(&lab, "repo");
    // The cache is inside a repository, which is not the project's.
    fs::create_dir_all(cache(&lab, "")).expect("a directory");
    git(&lab, "cache/bench-runner", &["init", "--quiet"]);
    git(&lab, "cache/bench-runner", &["commit", "--quiet", "--allow-empty", "--message", "x"]);
    let notes = run(&lab, "kind = \"path\"\npath = \"../../repo/app\"", &told(&lab, "repo/app"));
    assert!(notes.contains("build.rs asks git, and finds a repository with 3 commits"), "{notes}");
}
