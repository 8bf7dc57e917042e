//! Real linkers: how each is recognized by its traces, and programs that are not linkers.

use std::path::Path;

use bench_runner_measure::build::Toolchain;

use super::*;

trials! { "cargo";
    gnu_ld_and_the_default_are_told_apart_by_what_they_leave: LONG,
    gold_is_proven_by_name_and_by_path: LONG.with("ld.gold"),
    another_driver_keeps_the_linker: LONG.with("clang"),
    threads_of_a_linker_are_told_in_its_own_way: LONG.with("mold"),
    a_linker_that_is_not_what_it_says_is_not_timed: LONG,
    what_links_nothing_is_not_timed: LONG,
    a_linker_is_proven_beside_one_that_the_project_configures: LONG.with("mold"),
    what_the_project_says_of_other_hosts_changes_nothing: LONG,
    mold_is_proven: ALWAYS.with("mold"),
    the_systems_lld_is_proven_and_is_not_rustcs: LONG.with("ld.lld"),
    wild_is_proven: ALWAYS.where_installed("wild"),
}

fn gnu_ld_and_the_default_are_told_apart_by_what_they_leave() {
    let lab = Lab::new();
    own(&lab);
    let bundle = run(&lab, &["--axis", "linker=bfd,default"], 0);
    let (found, result) = proof(&bundle, "linker=bfd", "linker");
    assert_eq!(result, ProofResult::Holds);
    assert!(found.starts_with("GNU ld ") && found.contains("-fuse-ld=bfd"), "{found}");
    let (found, result) = proof(&bundle, "linker=default", "linker");
    assert_eq!(result, ProofResult::Holds);
    if cfg!(all(target_arch = "x86_64", target_os = "linux", target_env = "gnu")) {
        assert!(found.starts_with("LLD "), "rustc's own lld links by default here: {found}");
    }
    assert!(bundle.samples.iter().all(|sample| sample.artifact_bytes.is_some_and(|bytes| bytes > 100_000)));
    assert!(bundle.manifest.tools.iter().any(|tool| tool.name == "rustc" && tool.sha256.len() == 64));
    let here = Toolchain::for_tree(Path::new("/"), &std::env::var_os("PATH").unwrap_or_default());
    let hosts = serde_json::json!([here.expect("a toolchain").host]);
    assert_eq!(bundle.manifest.machine.details["hosts"], hosts);
}

fn mold_is_proven() {
    proven("mold", "mold");
}

fn the_systems_lld_is_proven_and_is_not_rustcs() {
    proven("lld", "LLD");
}

fn wild_is_proven() {
    proven("wild", "Wild");
}

fn proven(value: &str, mark: &str) {
    let lab = Lab::new();
    own(&lab);
    let bundle = run(&lab, &["--axis", &format!("linker=bfd,{value}")], 0);
    let (found, result) = proof(&bundle, &format!("linker={value}"), "linker");
    assert_eq!(result, ProofResult::Holds, "{found}");
    assert!(found.contains(mark), "{found}");
    assert_eq!(measured(&bundle).len(), 3);
}

fn gold_is_proven_by_name_and_by_path() {
    proven("gold", "gold");
    proven("/usr/bin/ld.gold", "gold");
}

fn another_driver_keeps_the_linker() {
    let lab = Lab::new();
    own(&lab);
    let bundle = run(&lab, &["--axis", "linker-driver=cc,clang", "--axis", "linker=default,bfd"], 0);
    let variant = |driver: &str, linker: &str| format!("linker-driver={driver} linker={linker}");
    for driver in ["cc", "clang"] {
        let (found, result) = proof(&bundle, &variant(driver, "default"), "linker-driver");
        assert_eq!((found.as_str(), result), (&*format!("linked by {driver}"), ProofResult::Holds));
        let (found, result) = proof(&bundle, &variant(driver, "bfd"), "linker");
        assert_eq!(result, ProofResult::Holds, "{found}");
    }
    let mark = |driver: &str| {
        let (found, result) = proof(&bundle, &variant(driver, "default"), "linker");
        assert_eq!(result, ProofResult::Holds, "{found}");
        found.split(';').next().map(str::to_owned)
    };
    assert_eq!(mark("cc"), mark("clang"), "the default linker is the same one with both");
}

fn threads_of_a_linker_are_told_in_its_own_way() {
    let lab = Lab::new();
    own(&lab);
    let bundle = run(&lab, &["--axis", "linker=bfd,mold,default", "--axis", "linker-threads=1,2"], 0);
    let found = |variant: &str| proof(&bundle, variant, "linker-threads");
    let (said, result) = found("linker=mold linker-threads=2");
    assert_eq!((said.as_str(), result), ("linked with -Wl,--threads=2", ProofResult::Holds));
    assert_eq!(found("linker=default linker-threads=1").1, ProofResult::Holds);
    assert_eq!(found("linker=bfd linker-threads=1").1, ProofResult::NotApplicable);
    let skipped: Vec<(&str, &str)> =
        bundle.manifest.plan.skipped.iter().map(|s| (s.variant.as_str(), s.reason.as_str())).collect();
    assert_eq!(skipped, [("linker=bfd linker-threads=2", "GNU ld links in one thread")]);
}

fn a_linker_that_is_not_what_it_says_is_not_timed() {
    let lab = Lab::new();
    own(&lab);
    // It answers like mold, and passes the work to GNU ld.
    let text = "#!/bin/sh\nif [ \"$1\" = --version ]; then echo 'mold 9.9.9 (compatible with GNU ld)'; exit 0; fi\nexec ld.bfd \"$@\"\n";
    let path = lab.write("tools/pretends.sh", text);
    let value = format!("linker={}", path.display());
    let bundle = run(&lab, &["--axis", &format!("linker=default,{}", path.display())], 3);
    let (found, result) = proof(&bundle, &value, "linker");
    assert_eq!(result, ProofResult::Fails, "{found}");
    assert!(measured(&bundle).iter().all(|sample| sample.variant != value), "it is not timed");
    let not_timed = &bundle.manifest.blocks[0].not_timed;
    assert!(not_timed[0].reason.contains("9.9.9"), "{not_timed:?}");
}

fn what_links_nothing_is_not_timed() {
    let lab = Lab::new();
    own(&lab);
    let path = lab.write("tools/idle.sh", "#!/bin/sh\necho idle 1.0\n");
    let value = format!("linker={}", path.display());
    let bundle = run(&lab, &["--axis", &format!("linker=default,{}", path.display())], 3);
    assert!(measured(&bundle).iter().all(|sample| sample.variant != value), "it is not timed");
    let not_timed = &bundle.manifest.blocks[0].not_timed;
    assert!(not_timed[0].reason.contains("made no `own`"), "{not_timed:?}");
}

fn a_linker_is_proven_beside_one_that_the_project_configures() {
    let lab = Lab::new();
    own(&lab);
    lab.write(
        "own/.cargo/config.toml",
        "[target.'cfg(target_os = \"linux\")']\nrustflags = [\"-Clink-arg=-fuse-ld=bfd\"]\n",
    );
    let bundle = run(&lab, &["--axis", "linker=default,mold"], 0);
    let (found, result) = proof(&bundle, "linker=default", "linker");
    assert_eq!(result, ProofResult::NotProvable, "nobody has said what it should be: {found}");
    assert!(found.ends_with("-fuse-ld=bfd"), "{found}");
    let (found, result) = proof(&bundle, "linker=mold", "linker");
    assert_eq!(result, ProofResult::Holds, "the axis comes last: {found}");
    assert!(found.starts_with("mold ") && found.ends_with("-fuse-ld=bfd -fuse-ld=mold"), "{found}");
    assert_eq!(measured(&bundle).len(), 3);
}

fn what_the_project_says_of_other_hosts_changes_nothing() {
    let lab = Lab::new();
    own(&lab);
    lab.write(
        "own/.cargo/config.toml",
        "[target.x86_64-pc-windows-msvc]\nlinker = \"no-such-linker\"\nrustflags = [\"-Clinker=no-such-linker\"]\n[target.'cfg(windows)']\nlinker = \"no-such-linker\"\n",
    );
    let bundle = run(&lab, &["--axis", "linker=bfd,default"], 0);
    let (found, result) = proof(&bundle, "linker=default", "linker");
    assert_eq!(result, ProofResult::Holds, "{found}");
    assert_eq!(measured(&bundle).len(), 3);
}
