//! Projects in subdirectories of a repository, and directories next to them.

use std::os::unix::fs::symlink;

use bench_runner_core::record::ProofResult;

use super::{commit, fetch, git, local, manifest, origin, package};
use crate::lab::Lab;

trials! { "sources";
    a_project_in_a_directory_of_a_repository_is_built_there: LONG.with("git"),
    a_member_of_a_workspace_is_refused_unless_that_excludes_it: LONG.with("git"),
    a_project_with_a_neighbour_is_compared_as_configured: LONG.with("git"),
    what_a_project_lacks_is_named_with_the_way_out: ALWAYS.with("git"),
}

fn a_project_in_a_directory_of_a_repository_is_built_there() {
    let lab = Lab::new();
    origin(&lab);
    lab.write("served/demo/alone/Cargo.toml", &format!("{}[workspace]\n", package("alone")));
    lab.write(
        "served/demo/alone/Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"alone\"\nversion = \"0.1.0\"\n",
    );
    lab.write("served/demo/alone/src/main.rs", "fn main() {\n}\n");
    let rev = commit(&lab, "served/demo");
    manifest(&lab, &local(&lab), &rev, "dir = \"deps\"");
    let said = fetch(&lab).expect(2).stderr;
    assert!(said.contains("no Cargo.toml in `deps`") && said.contains("`dir`"), "{said}");
    manifest(&lab, &local(&lab), &rev, "dir = \"alone\"");
    lab.run(&["run", "--project", "demo", "--axis", "linker=bfd,default", "--rounds", "1"]).expect(0);
    let bundle = lab.bundle();
    let built = bundle.samples.iter().filter_map(|sample| sample.artifact_bytes);
    assert_eq!(built.count(), bundle.samples.len(), "each build leaves the program of that directory");
}

/// A workspace with a package next to it, and its own configuration above both.
fn a_project_with_a_neighbour_is_compared_as_configured() {
    let lab = Lab::new();
    lab.write("repo/shared/Cargo.toml", &package("shared"));
    lab.write("repo/shared/src/lib.rs", "pub fn three() -> u64 {\n    3\n}\n");
    let dependencies = "[dependencies]\nshared = { path = \"../shared\" }\n[workspace]\n";
    lab.write("repo/app/Cargo.toml", &format!("{}{dependencies}", package("app")));
    lab.write(
        "repo/app/Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"app\"\nversion = \"0.1.0\"\ndependencies = [\n \"shared\",\n]\n\n\
         [[package]]\nname = \"shared\"\nversion = \"0.1.0\"\n",
    );
    let main = "fn main() {\n    println!(\"{}{}\", env!(\"OF_THE_REPOSITORY\"), shared::three());\n}\n";
    lab.write("repo/app/src/main.rs", main);
    lab.write("repo/app/.cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"of_the_project\"]\n");
    lab.write("repo/.cargo/config.toml", "[env]\nOF_THE_REPOSITORY = \"yes\"\n");
    git(&lab, "repo", &["init", "--quiet"]);
    lab.write("home/.cargo/config.toml", "[profile.dev]\ndebug = 0\n");
    let args =
        ["--project", "../repo/app", "--axis", "linker=bfd", "--baseline", "as-configured", "--rounds", "1"];
    lab.run(&[&["run"], args.as_slice()].concat()).expect(0);
    let bundle = lab.bundle();
    assert!(bundle.proofs.iter().any(|p| p.variant == "linker=bfd" && p.result == ProofResult::Holds));
    let notes = bundle.manifest.plan.projects[0].notes.join("\n");
    assert!(notes.contains("brought along:") && notes.contains("repo/shared"), "{notes}");
    assert!(!lab.path("repo/app/target").exists() && !lab.path("repo/target").exists());
}

fn what_a_project_lacks_is_named_with_the_way_out() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own"));
    lab.write("own/src/lib.rs", "");
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"other\"\nversion = \"0.1.0\"\n");
    let said = |path: &str, code: i32| {
        let text = format!("name = \"own\"\n[source]\nkind = \"path\"\npath = \"../../{path}\"\n");
        lab.write("work/corpus/own.toml", &text);
        lab.run(&["corpus", "fetch", "own"]).expect(code).stderr
    };
    let lock = said("own", 2);
    assert!(lock.contains("bring the project's Cargo.lock up to date"), "{lock}");
    lab.write("ws/Cargo.toml", "[workspace]\nmembers = [\"a\"]\n");
    lab.write("ws/a/Cargo.toml", &package("a"));
    lab.write("ws/a/src/lib.rs", "");
    let member = said("ws/a", 2);
    assert!(member.contains("belongs to the workspace in") && member.contains("package = \"a\""), "{member}");
    let home = said("home", 2);
    assert!(home.contains("no Cargo.toml") || home.contains("home directory"), "{home}");
    lab.write("home/Cargo.toml", &package("home"));
    lab.write("home/Cargo.lock", "");
    assert!(said("home", 2).contains("your home directory"));
    symlink(lab.path("home"), lab.path("own/out")).expect("a link");
    let link = said("own", 2);
    assert!(link.contains("the link `out` leads out of it") && link.contains("exclude"), "{link}");
}

/// Cargo's rule: a package below a workspace belongs to it unless it is excluded, and a listed one is not
/// excluded.
fn a_member_of_a_workspace_is_refused_unless_that_excludes_it() {
    let lab = Lab::new();
    origin(&lab);
    let root = "[workspace]\nmembers = [\"app\", \"part\", \"deps/listed\"]\nexclude = [\"deps\", \"alone\"]\nresolver = \"2\"\n";
    lab.write("served/demo/Cargo.toml", root);
    for dir in ["deps/listed", "deps/other", "alone", "named", "own"] {
        let name = dir.rsplit('/').next().expect("its last part");
        let more = match name {
            "named" => "workspace = \"../alone\"\n",
            "own" => "[workspace]\n",
            _ => "",
        };
        lab.write(&format!("served/demo/{dir}/Cargo.toml"), &format!("{}{more}", package(name)));
        lab.write(&format!("served/demo/{dir}/src/main.rs"), "fn main() {\n}\n");
        let lock = format!("version = 4\n\n[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n");
        lab.write(&format!("served/demo/{dir}/Cargo.lock"), &lock);
    }
    let rev = commit(&lab, "served/demo");
    for (dir, belongs) in [
        ("app", Some("`app` belongs to the workspace at its root")),
        ("deps/listed", Some("belongs to the workspace at its root")),
        ("named", Some("belongs to the workspace in `alone`")),
        ("deps/other", None),
        ("alone", None),
        ("own", None),
    ] {
        manifest(&lab, &local(&lab), &rev, &format!("dir = \"{dir}\""));
        match belongs {
            Some(reason) => {
                let said = fetch(&lab).expect(2).stderr;
                assert!(said.contains(reason), "{dir}: {said}");
            }
            None => drop(lab.run(&["corpus", "verify", "demo"]).expect(0)),
        }
    }
}
