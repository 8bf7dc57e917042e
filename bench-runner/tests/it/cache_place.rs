//! A home directory with a configuration of cargo: the cache is a private directory elsewhere.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::PathBuf;

use crate::lab::{Lab, ProgramRun, entries};

trials! { "cache_place";
    a_configuration_in_the_home_directory_moves_the_cache,
    somebody_elses_cache_is_refused,
    a_named_cache_is_kept,
}

/// A lab whose user has a configuration of cargo in the home directory, and a package.
fn lab() -> Lab {
    let lab = Lab::new();
    lab.write("home/.cargo/config.toml", "[build]\nrustflags = [\"--cfg\", \"mine\"]\n");
    lab.write("own/Cargo.toml", "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2024\"\n");
    lab.write("own/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n");
    lab.write("own/src/main.rs", "fn main() {\n    println!(\"hello\");\n}\n");
    fs::create_dir(lab.path("shared")).expect("a directory");
    lab
}

const OWN: [&str; 7] =
    ["--project", "../own", "--axis", "codegen-units=1,16", "--rounds", "1", "--no-control"];

fn call(lab: &Lab, verb: &str, more: &[&str]) -> ProgramRun {
    let mut command = lab.command(&[&[verb], more].concat());
    command.env_remove("XDG_CACHE_HOME").env("BENCH_RUNNER_SHARED_DIR", lab.path("shared"));
    command.output().expect("the program").into()
}

/// The private cache: the only entry of the shared directory.
fn private(lab: &Lab) -> PathBuf {
    let found = entries(&lab.path("shared"));
    assert_eq!(found.len(), 1, "{found:?}");
    found.into_iter().next().expect("one")
}

fn a_configuration_in_the_home_directory_moves_the_cache() {
    let lab = lab();
    let ran = call(&lab, "run", &OWN).expect(0);
    let cache = private(&lab);
    assert_eq!(fs::metadata(&cache).expect("it").permissions().mode() & 0o7777, 0o700);
    let said = format!("note: the cache is {}, because ", cache.display());
    let lines: Vec<&str> = ran.stderr.lines().filter(|line| line.starts_with("note: the cache")).collect();
    assert!(lines.len() == 1 && lines[0].starts_with(&said), "{}", ran.stderr);
    assert!(lines[0].contains(".cargo/config.toml") && lines[0].contains("`build.rustflags`"), "{lines:?}");
    assert!(!lab.path("home/.cache").exists(), "nothing is written to the usual place");
    assert!(
        entries(&cache.join("sources")).len() + entries(&cache.join("local")).len() > 0,
        "sources are there"
    );
    // Another command finds the same one, and is not refused.
    let planned = call(&lab, "plan", &[&OWN[..], &["--json"]].concat()).expect(0);
    assert!(planned.stderr.contains(&said), "{}", planned.stderr);
    assert_eq!(private(&lab), cache);
    let variants = &lab.bundle().manifest.plan.blocks[0].arms;
    assert!(
        variants.iter().all(|arm| arm.variant.settings.contains_key("as-configured")),
        "once, and recorded"
    );
}

fn somebody_elses_cache_is_refused() {
    let lab = lab();
    call(&lab, "plan", &OWN).expect(0);
    let cache = private(&lab);
    fs::rename(&cache, lab.path("elsewhere")).expect("to move it");
    symlink(lab.path("elsewhere"), &cache).expect("a link");
    let ran = call(&lab, "run", &OWN).expect(2);
    assert!(
        ran.stderr.contains("is not a directory") && ran.stderr.contains("--cache-dir"),
        "{}",
        ran.stderr
    );
    assert!(lab.bundles().is_empty());
}

fn a_named_cache_is_kept() {
    let lab = lab();
    let named = lab.path("named");
    let ran = call(&lab, "plan", &[&OWN[..], &["--cache-dir", named.to_str().expect("UTF-8")]].concat());
    assert!(!ran.expect(0).stderr.contains("the cache is"));
    assert!(named.is_dir() && entries(&lab.path("shared")).is_empty());
    let below = lab.path("home/named");
    let ran = call(&lab, "plan", &[&OWN[..], &["--cache-dir", below.to_str().expect("UTF-8")]].concat());
    let stderr = ran.expect(2).stderr;
    assert!(stderr.contains("config.toml") && stderr.contains("--cache-dir"), "{stderr}");
}
