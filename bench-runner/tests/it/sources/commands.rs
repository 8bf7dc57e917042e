//! Sources of every kind that a command builds.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{commit, git, local};
use crate::lab::Lab;

trials! { "sources";
    a_commit_is_built_by_make: LONG.with("git").with("make"),
    a_directory_is_built_by_a_command_without_what_others_built: ALWAYS.with("git").with("make"),
    settings_of_cargo_are_refused_beside_a_command,
}

/// Builds `built` from `source.txt` in the directory of the variant and notes each round in which it built.
fn makefile(lab: &Lab, check: &str) -> String {
    format!(
        "OUT = $(BENCH_RUNNER_TARGET)\n\
         all: $(OUT)/built\n\
         $(OUT)/built: source.txt\n\
         \t{check}\n\
         \tmkdir -p $(OUT)\n\
         \tcp source.txt $@\n\
         \techo \"$(BENCH_RUNNER_EDIT) $$(tail -n 1 source.txt)\" >> {}\n\
         clean:\n\
         \trm -f $(OUT)/built\n",
        lab.path("built.log").display()
    )
}

/// Measures `demo` from nothing and after edits. Returns the notes of the builds.
fn measured(lab: &Lab) -> String {
    let workloads = ["--workload", "clean", "--workload", "incremental"];
    let args = ["run", "--project", "demo", "--axis", "env.FLAG=a,b", "--rounds", "2"];
    lab.run(&[&args, workloads.as_slice()].concat()).expect(0);
    let bundle = lab.bundle();
    assert!(!bundle.samples.is_empty());
    for sample in &bundle.samples {
        assert!(sample.outcome.cost().is_some(), "{sample:?}");
    }
    let blocks: Vec<String> =
        bundle.manifest.plan.blocks.iter().map(|block| block.id.as_str().to_owned()).collect();
    assert!(blocks.iter().any(|id| id.ends_with("/clean")), "{blocks:?}");
    assert!(blocks.iter().any(|id| id.ends_with("/incremental")), "{blocks:?}");
    fs::read_to_string(lab.path("built.log")).expect("a build ran")
}

/// Asserts that builds found the pinned source first, then the edit of their own round.
fn assert_edited(built: &str) {
    assert!(built.starts_with("0 first line\n"), "{built}");
    let edited: Vec<&str> = built.lines().filter(|line| !line.starts_with("0 ")).collect();
    assert!(!edited.is_empty(), "{built}");
    for line in edited {
        let (number, text) = line.split_once(' ').expect("a number");
        assert_eq!(text, format!("round {number}"), "{built}");
    }
}

fn a_commit_is_built_by_make() {
    let lab = Lab::new();
    lab.write("served/demo/part/Makefile", &makefile(&lab, "true"));
    lab.write("served/demo/part/source.txt", "first line\n");
    git(&lab, "served/demo", &["init", "--quiet", "--initial-branch=main"]);
    let rev = commit(&lab, "served/demo");
    let edit = "[[edit]]\nname = \"line\"\nclass = \"body\"\nfile = \"source.txt\"\nanchor = \"first line\"\n\
                insert = \"\\nround {n}\"\n";
    let manifest = |dir: &str| {
        format!(
            "name = \"demo\"\nsummary = \"built by make\"\n[source]\nkind = \"git\"\nurl = \"{}\"\nrev = \"{rev}\"\n\
             dir = \"{dir}\"\n[build]\ncommand = [\"make\"]\nclean = [\"make\", \"clean\"]\n{edit}",
            local(&lab)
        )
    };
    lab.write("work/corpus/demo.toml", &manifest("parts"));
    let said = lab.run(&["corpus", "fetch", "demo"]).expect(2).stderr;
    let expected = format!(
        "error: the commit {rev} of {} cannot be taken: there is no file in `parts`\n\
         help: `dir` in the manifest's `source` names a directory of the repository\n",
        local(&lab)
    );
    assert_eq!(said, expected);
    lab.write("work/corpus/demo.toml", &manifest("part"));
    let built = measured(&lab);
    assert_edited(&built);
    assert_eq!(lab.bundle().manifest.plan.projects[0].pin.to_string(), format!("git:{rev}"));
    let verified = lab.run(&["corpus", "verify", "demo"]).expect(0).stdout;
    assert!(verified.contains("1 edit applies"), "{verified}");
}

fn a_directory_is_built_by_a_command_without_what_others_built() {
    let lab = Lab::new();
    lab.write("own/code/Makefile", &makefile(&lab, "test ! -e stale.o && test -e kept.o"));
    lab.write("own/code/source.txt", "first line\n");
    lab.write("own/.gitignore", "*.o\n");
    lab.write("own/code/stale.o", "of another build\n");
    lab.write("own/code/kept.o", "not made by any build\n");
    lab.write("own/edit.sh", "#!/bin/sh\necho \"round $1\" >> source.txt\n");
    let script = lab.path("own/edit.sh");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).expect("it can be made executable");
    git(&lab, "own", &["init", "--quiet"]);
    commit(&lab, "own");
    lab.write(
        "work/corpus/demo.toml",
        &format!(
            "name = \"demo\"\nsummary = \"built by make\"\n[source]\nkind = \"path\"\npath = \"{}\"\n\
             include = [\"code/kept.o\"]\n[build]\ndirectory = \"code\"\nprepare = [[\"test\", \"-e\", \"Makefile\"]]\n\
             command = [\"make\"]\nclean = [\"make\", \"clean\"]\nedit = [\"./edit.sh\", \"{{n}}\"]\n",
            lab.path("own").display()
        ),
    );
    let built = measured(&lab);
    assert_edited(&built);
    let notes = lab.bundle().manifest.plan.projects[0].notes.join("\n");
    assert!(notes.contains("left out, ignored by git: `code/stale.o`"), "{notes}");
}

fn settings_of_cargo_are_refused_beside_a_command() {
    let lab = Lab::new();
    let said = |text: &str| {
        lab.write("work/corpus/demo.toml", &format!("name = \"demo\"\n{text}"));
        lab.run(&["plan", "--project", "demo", "--axis", "env.X=1"])
            .expect(2)
            .stderr
            .replace(&format!("{}/", lab.path("work").display()), "")
    };
    let path = "[source]\nkind = \"path\"\npath = \"/x\"\n";
    expect_test::expect![[r#"
        error: corpus/demo.toml:7:1: `build.features` is for cargo, and this project is built by a `command`
          features = ["x"]
          ^^^^^^^^
        help: leave out `features`, or leave out `command` to have cargo build it
    "#]]
    .assert_eq(&said(&format!("{path}[build]\ncommand = [\"make\"]\nfeatures = [\"x\"]\n")));
    expect_test::expect![[r#"
        error: corpus/demo.toml:6:1: `build.clean` goes with a `command`
          clean = ["make", "clean"]
          ^^^^^
        help: name the command that builds the project, such as `command = ["make"]`
    "#]]
    .assert_eq(&said(&format!("{path}[build]\nclean = [\"make\", \"clean\"]\n")));
    let command = "[source]\nkind = \"command\"\npath = \"/x\"\nbuild = [\"make\"]\n";
    expect_test::expect![[r#"
        error: corpus/demo.toml:7:1: the source is built by the `build` that it names itself
          command = ["ninja"]
          ^^^^^^^
        help: name the directory with `kind = "path"`, and the command here
    "#]]
    .assert_eq(&said(&format!("{command}[build]\ncommand = [\"ninja\"]\n")));
}
