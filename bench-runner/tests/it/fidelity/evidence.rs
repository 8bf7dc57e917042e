//! Origin of crates and files, and evidence that counts.

use std::path::PathBuf;

use bench_runner_core::bundle::Bundle;
use bench_runner_core::record::ProofResult::{self, Fails, Holds, NotProvable};

use crate::lab::Lab;

trials! { "fidelity::evidence";
    a_path_dependency_that_is_no_member_is_a_dependency: LONG,
    programs_of_one_name_are_judged_each_by_its_own_link_line: LONG.with("mold"),
    a_shared_library_is_linked_and_a_static_one_is_not: LONG.with("mold"),
    a_driver_that_calls_another_linker_is_found_out: LONG.with("ld.lld"),
    a_mark_that_was_linked_in_overrules_nothing: LONG,
    what_hides_the_link_lines_is_named: LONG,
    a_failed_arm_quotes_the_line_that_says_why: LONG,
    arguments_that_are_not_known_to_be_safe_are_refused,
    a_directory_with_a_space_and_a_script_by_another_name_are_edited: LONG,
    c_files_of_a_build_script_are_judged_by_what_is_right: LONG.with("sccache"),
    old_toolchains_are_proven: LONG.unless(no_toolchains),
    another_target_is_what_is_looked_at: LONG.unless(no_toolchains),
    either_layout_of_the_build_directory_is_read: LONG.with("rustup"),
}

/// The toolchains that `.ci/toolchains` installs.
fn toolchains() -> Option<PathBuf> {
    std::env::var_os("BENCH_RUNNER_TEST_TOOLCHAINS").map(PathBuf::from)
}

fn no_toolchains() -> Option<String> {
    let lacking = || "BENCH_RUNNER_TEST_TOOLCHAINS is not set; .ci/toolchains lays them out".to_owned();
    toolchains().is_none().then(lacking)
}

fn package(name: &str, more: &str) -> String {
    format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2018\"\n{more}\n")
}

/// A lock file of local packages, readable by every cargo.
fn lock(packages: &[(&str, &[&str])]) -> String {
    let one = |(name, needs): &(&str, &[&str])| {
        let needs: String = needs.iter().map(|need| format!(" \"{need}\",\n")).collect();
        let needs = if needs.is_empty() { needs } else { format!("dependencies = [\n{needs}]\n") };
        format!("\n[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n{needs}")
    };
    format!("version = 3\n{}", packages.iter().map(one).collect::<String>())
}

fn run(lab: &Lab, args: &[&str], code: i32) -> Bundle {
    let args = [&["run", "--project", "../own", "--rounds", "1", "--no-control"], args].concat();
    lab.run(&args).expect(code);
    lab.bundle()
}

fn proof(bundle: &Bundle, variant: &str, axis: &str) -> (ProofResult, String) {
    let proof = bundle.proofs.iter().find(|proof| proof.variant == variant && proof.axis == axis);
    let proof = proof.unwrap_or_else(|| panic!("no proof of {axis} for {variant}: {:?}", bundle.proofs));
    (proof.result, proof.found.clone())
}

#[track_caller]
fn expect(bundle: &Bundle, variant: &str, axis: &str, result: ProofResult, found: &str) {
    let (is, says) = proof(bundle, variant, axis);
    assert!(is == result && says.contains(found), "{axis} of {variant}: {is:?}: {says}");
}

/// A single package with a path dependency inside it, its own lint flags, a program with the name of a
/// profile, a build script, and a configuration that silences cargo.
fn a_path_dependency_that_is_no_member_is_a_dependency() {
    let lab = Lab::new();
    let needs = "[dependencies]\ndep = { path = \"dep\" }\n[build-dependencies]\ndep = { path = \"dep\" }\n";
    lab.write("own/Cargo.toml", &package("own", needs));
    lab.write("own/Cargo.lock", &lock(&[("dep", &[]), ("own", &["dep"])]));
    lab.write(
        "own/.cargo/config.toml",
        "[build]\nrustflags = [\"--cap-lints\", \"warn\"]\n[term]\nquiet = true\n",
    );
    lab.write("own/dep/Cargo.toml", &package("dep", ""));
    lab.write("own/dep/src/lib.rs", "pub fn one() -> u64 {\n    1\n}\n");
    lab.write("own/build.rs", "fn main() {\n    dep::one();\n}\n");
    lab.write("own/src/bin/release.rs", "fn main() {\n    println!(\"{}\", dep::one());\n}\n");
    let units = "codegen-units={own=4,deps=8},{own=2,deps=3}";
    let plan = lab.run(&["plan", "--project", "../own", "--axis", units]).expect(0).stdout;
    assert!(plan.contains("own: its own configuration of cargo says"), "notes of a source are shown: {plan}");
    let bundle = run(&lab, &["--axis", units, "--axis", "profile=dev"], 0);
    for (variant, own, deps) in [("{own=4,deps=8}", 4, 8), ("{own=2,deps=3}", 2, 3)] {
        let variant = format!("codegen-units={variant}");
        let found = format!(
            "codegen-units={own} on 1 of 1 calls of its own crates; codegen-units={deps} on 1 of 1 calls of dependencies"
        );
        expect(&bundle, &variant, "codegen-units", Holds, &found);
        expect(&bundle, &variant, "profile", Holds, "results in debug");
    }
}

/// Two programs with the same name, and an example; one of them is always linked by another linker.
fn programs_of_one_name_are_judged_each_by_its_own_link_line() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", "[workspace]\nmembers = [\"a\", \"b\"]\n");
    lab.write("own/Cargo.lock", &lock(&[("a", &[]), ("b", &[])]));
    let bin = "[[bin]]\nname = \"tool\"\npath = \"src/main.rs\"\n";
    for name in ["a", "b"] {
        lab.write(&format!("own/{name}/Cargo.toml"), &package(name, bin));
        lab.write(
            &format!("own/{name}/src/main.rs"),
            &format!("fn main() {{\n    println!(\"{name}\");\n}}\n"),
        );
    }
    let script = "fn main() {\n    println!(\"cargo:rustc-link-arg-bins=-fuse-ld=bfd\");\n}\n";
    lab.write("own/b/build.rs", script);
    let bundle = run(&lab, &["--axis", "linker=bfd,mold"], 3);
    expect(&bundle, "linker=bfd", "linker", Holds, "GNU ld");
    expect(&bundle, "linker=mold", "linker", Fails, "tool of a: mold");
    expect(&bundle, "linker=mold", "linker", Fails, "tool of b: GNU ld");
}

fn a_shared_library_is_linked_and_a_static_one_is_not() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own", "[lib]\ncrate-type = [\"cdylib\"]\n"));
    lab.write("own/Cargo.lock", &lock(&[("own", &[])]));
    lab.write("own/src/lib.rs", "#[no_mangle]\npub extern \"C\" fn one() -> u64 {\n    1\n}\n");
    let bundle = run(&lab, &["--axis", "linker=bfd,mold"], 0);
    expect(&bundle, "linker=bfd", "linker", Holds, "GNU ld");
    expect(&bundle, "linker=mold", "linker", Holds, "mold");
    let plan = &bundle.manifest.plan;
    let told = plan.blocks.iter().flat_map(|block| &block.arms).flat_map(|arm| &arm.co_changes);
    assert_eq!(told.collect::<Vec<_>>(), Vec::<&String>::new(), "nothing runs during this build");

    lab.write("own/Cargo.toml", &package("own", "[lib]\ncrate-type = [\"staticlib\", \"rlib\"]\n"));
    let same = lab.run(&["plan", "--project", "../own", "--axis", "linker=bfd,mold"]).expect(0).stdout;
    assert!(
        same.contains("linker=bfd and linker=mold are the same here: there is nothing to compare"),
        "{same}"
    );
}

/// It appends a linker to every line, and drops the mark.
fn a_driver_that_calls_another_linker_is_found_out() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/Cargo.lock", &lock(&[("own", &[])]));
    lab.write("own/src/main.rs", "fn main() {}\n");
    let driver = lab.write(
        "driver.sh",
        "#!/bin/sh\ncc \"$@\" -fuse-ld=lld || exit\nout=\nfor arg; do\n    [ \"$last\" = -o ] && out=$arg\n    last=$arg\ndone\n\
         [ ! -f \"$out\" ] || objcopy --remove-section .comment \"$out\"\n",
    );
    let config = format!("[target.x86_64-unknown-linux-gnu]\nlinker = {:?}\n", driver.display().to_string());
    lab.write("own/.cargo/config.toml", &config);
    let bundle = run(&lab, &["--axis", "linker=bfd,lld"], 3);
    expect(&bundle, "linker=bfd", "linker", Fails, "LLD");
    expect(&bundle, "linker=lld", "linker", NotProvable, "no mark of it in the result");
}

fn a_mark_that_was_linked_in_overrules_nothing() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/Cargo.lock", &lock(&[("own", &[])]));
    lab.write("own/src/main.rs", "core::arch::global_asm!(\".ident \\\"mold 2.30.0\\\"\");\nfn main() {}\n");
    let bundle = run(&lab, &["--axis", "linker=bfd,rust-lld"], 0);
    expect(&bundle, "linker=bfd", "linker", Holds, "mold 2.30.0 too");
    expect(&bundle, "linker=rust-lld", "linker", Holds, "mold 2.30.0 too");
}

fn what_hides_the_link_lines_is_named() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/Cargo.lock", &lock(&[("own", &[])]));
    lab.write("own/src/main.rs", "fn main() {}\n");
    lab.write("own/.cargo/config.toml", "[env]\nRUSTC_LOG = { value = \"error\", force = true }\n");
    let bundle = run(&lab, &["--axis", "linker=bfd,rust-lld"], 0);
    let cause = "`env.RUSTC_LOG` with `force` in .cargo/config.toml hides them";
    expect(&bundle, "linker=bfd", "linker", NotProvable, cause);
    expect(&bundle, "linker=rust-lld", "linker", NotProvable, cause);
}

fn a_failed_arm_quotes_the_line_that_says_why() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/Cargo.lock", &lock(&[("own", &[])]));
    lab.write("own/src/main.rs", "fn main() {}\n");
    let script = "fn main() {\n    if std::env::var_os(\"FAIL\").is_some() {\n        panic!(\"no such tool: frobnicate\");\n    }\n}\n";
    lab.write("own/build.rs", script);
    let args = ["run", "--project", "../own", "--rounds", "1", "--no-control", "--axis", "env.FAIL=,1"];
    let said = lab.run(&args).expect(3).stderr;
    assert!(said.contains("the build script of own panicked at build.rs:3"), "{said}");
    assert!(said.contains("no such tool: frobnicate"), "{said}");
    std::fs::remove_file(lab.path("own/build.rs")).expect("the script");
    let flags = "rustflags=,-Clink-arg=-fuse-ld=molded";
    let args = ["run", "--project", "../own", "--rounds", "1", "--no-control", "--axis", flags];
    let said = lab.run(&args).expect(3).stderr;
    let reason = said.lines().find(|line| line.contains("not timed: ")).unwrap_or_default().to_owned();
    assert!(reason.contains("-fuse-ld=molded") && !reason.contains("linking with"), "{said}");
}

fn arguments_that_are_not_known_to_be_safe_are_refused() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/src/main.rs", "fn main() {}\n");
    for (value, reason) in [
        ("-r", "`--axis profile=release`"),
        ("-rv", "`--axis profile=release`"),
        ("-v", "not what it builds"),
        ("--quiet", "not what it builds"),
        ("--target-dir=x", "laid out"),
    ] {
        let axis = format!("cargo-args=,{value}");
        let refused = lab.run(&["plan", "--project", "../own", "--axis", &axis]).expect(2);
        let refused = refused.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            refused.contains(&format!("`{value}` cannot be one of")) && refused.contains(reason),
            "{refused}"
        );
    }
}

fn a_directory_with_a_space_and_a_script_by_another_name_are_edited() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", "[workspace]\nmembers = [\"app é\", \"the 50% lib\"]\n");
    lab.write("own/Cargo.lock", &lock(&[("app", &["lib"]), ("lib", &[])]));
    let needs = "build = \"make_it.rs\"\n[dependencies]\nlib = { path = \"../the 50% lib\" }\n";
    lab.write("own/app é/Cargo.toml", &package("app", needs));
    lab.write("own/app é/make_it.rs", "fn main() {}\n");
    lab.write("own/app é/src/main.rs", "fn main() {\n    println!(\"{}\", lib::one());\n}\n");
    lab.write("own/the 50% lib/Cargo.toml", &package("lib", ""));
    lab.write("own/the 50% lib/src/lib.rs", "pub fn one() -> u64 {\n    1\n}\n");
    for workload in ["incremental:signature", "incremental:build-script"] {
        let lab_run =
            ["run", "--project", "../own", "--rounds", "1", "--no-control", "--axis", "linker=bfd,rust-lld"];
        let ran = lab.run(&[&lab_run[..], &["--workload", workload]].concat()).expect(0);
        assert!(!ran.stderr.contains("not timed"), "{}", ran.stderr);
    }
}

/// One C file that is compiled twice with an empty cache, and four that one edit changes with a full cache.
fn c_files_of_a_build_script_are_judged_by_what_is_right() {
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own", ""));
    lab.write("own/Cargo.lock", &lock(&[("own", &[])]));
    lab.write("own/src/lib.rs", "pub fn one() -> u64 {\n    1\n}\n");
    for (at, number) in [1, 2, 3, 4].into_iter().enumerate() {
        let text = format!("#include \"n.h\"\nint f{number}(void) {{ return {number} + N; }}\n");
        lab.write(&format!("own/{at}.c"), &text);
    }
    lab.write("own/n.h", "#define N 0 /* here */\n");
    lab.write(
        "own/build.rs",
        "fn main() {\n    let wrapper = std::env::var(\"RUSTC_WRAPPER\").unwrap_or_else(|_| \"env\".into());\n    \
         let out = std::env::var(\"OUT_DIR\").unwrap();\n    for n in 0..5 {\n        \
         let object = format!(\"{}/{}.o\", out, n);\n        \
         if n == 4 {\n            std::thread::sleep(std::time::Duration::from_millis(300));\n        }\n        let file = format!(\"{}.c\", n % 4);\n        \
         let args = [\"cc\", \"-c\", &file, \"-o\", &object];\n        \
         assert!(std::process::Command::new(&wrapper).args(&args).status().unwrap().success());\n    }\n}\n",
    );
    lab.write(
        "work/corpus/own.toml",
        &format!(
            "name = \"own\"\nsummary = \"own\"\n[source]\nkind = \"path\"\npath = {:?}\n[[edit]]\nname = \"header\"\nclass = \"body\"\n\
             file = \"n.h\"\nanchor = \"/* here */\"\ninsert = \" + {{n}}\"\n",
            lab.path("own").display().to_string()
        ),
    );
    let args = ["run", "--project", "own", "--rounds", "1", "--no-control", "--axis", "cache=cold,warm"];
    let ran = lab.run(&[&args[..], &["--workload", "clean"]].concat()).expect(0);
    assert!(!ran.stderr.contains("failed"), "{}", ran.stderr);
    expect(&lab.bundle(), "cache=cold", "cache", Holds, "1 hit");
    let ran = lab.run(&[&args[..], &["--workload", "incremental:body"]].concat()).expect(0);
    assert!(!ran.stderr.contains("failed"), "{}", ran.stderr);
}

/// A workspace with a unit of every kind.
fn workspace(lab: &Lab) {
    lab.write(
        "own/Cargo.toml",
        "[workspace]\nmembers = [\"app\", \"macros\"]\nexclude = [\"lib\"]\ndefault-members = [\"app\"]\n",
    );
    lab.write("own/Cargo.lock", &lock(&[("app", &["lib", "macros"]), ("lib", &[]), ("macros", &[])]));
    let needs = "[dependencies]\nlib = { path = \"../lib\" }\nmacros = { path = \"../macros\" }\n[build-dependencies]\nlib = { path = \"../lib\" }\n";
    // The chosen edit compiles with the oldest Rust that a package supports.
    lab.write("own/app/Cargo.toml", &package("app", &format!("rust-version = \"1.60\"\n{needs}")));
    lab.write("own/app/build.rs", "fn main() {\n    lib::one();\n}\n");
    lab.write(
        "own/app/src/main.rs",
        "fn main() {\n    println!(\"{}\", macros::same!(1) + lib::one());\n}\n",
    );
    lab.write("own/lib/Cargo.toml", &package("lib", ""));
    lab.write("own/lib/src/lib.rs", "pub fn one() -> u64 {\n    1\n}\n");
    lab.write("own/macros/Cargo.toml", &package("macros", "[lib]\nproc-macro = true\n"));
    let text = "use proc_macro::TokenStream;\n#[proc_macro]\npub fn same(input: TokenStream) -> TokenStream {\n    input\n}\n";
    lab.write("own/macros/src/lib.rs", text);
}

fn old_toolchains_are_proven() {
    let toolchains = &toolchains().expect("toolchains");
    let lab = Lab::new();
    workspace(&lab);
    let named: Vec<String> =
        ["1.63", "1.85", "1.96"].map(|version| toolchains.join(version).display().to_string()).to_vec();
    let levels = "opt-level={own=1,deps=3,build=2}";
    let axes = format!("toolchain={}", named.join(","));
    let args = [
        "--axis",
        &axes,
        "--axis",
        levels,
        "--axis",
        "profile=dev",
        "--axis",
        "linker=bfd",
        "--axis",
        "debug=full",
    ];
    let bundle = run(&lab, &[&args[..], &["--workload", "incremental:body"]].concat(), 0);
    for name in named {
        let variant = format!("toolchain={name}");
        expect(&bundle, &variant, "toolchain", Holds, "its rustc on 1 of 1 calls");
        let found = "opt-level=1 on 1 of 1 calls of its own crates; opt-level=3 on 1 of 1 calls of dependencies; \
                     opt-level=2 on 2 of 2 calls of what runs during the build";
        expect(&bundle, &variant, "opt-level", Holds, found);
        expect(&bundle, &variant, "profile", Holds, "results in debug");
        expect(&bundle, &variant, "linker", Holds, "GNU ld");
        expect(&bundle, &variant, "debug", Holds, "debug=full on 1 of 1 calls of its own crates");
        expect(&bundle, &variant, "workload", Holds, "app");
    }
}

/// WebAssembly, whose standard library Debian's oldest toolchain has.
fn another_target_is_what_is_looked_at() {
    let toolchains = &toolchains().expect("toolchains");
    let lab = Lab::new();
    lab.write("own/Cargo.toml", &package("own", "[lib]\ncrate-type = [\"cdylib\", \"rlib\"]"));
    lab.write("own/Cargo.lock", &lock(&[("own", &[])]));
    lab.write("own/build.rs", "fn main() {}\n");
    lab.write("own/src/lib.rs", "#[no_mangle]\npub extern \"C\" fn twice(n: u32) -> u32 {\n    n * 2\n}\n");
    lab.write(
        "own/.cargo/config.toml",
        "[build]\ntarget = \"wasm32-unknown-unknown\"\n[target.wasm32-unknown-unknown]\nlinker = \"wasm-ld\"\n\
         rustflags = [\"--cfg\", \"own\"]\n",
    );
    let toolchain = format!("toolchain={}", toolchains.join("1.63").display());
    let axes = ["--axis", &toolchain, "--axis", "opt-level=0,2", "--axis", "rustflags=-Cdebuginfo=0"];
    let bundle = run(&lab, &[&axes[..], &["--axis", "linker=default,mold"]].concat(), 0);
    for level in ["0", "2"] {
        let variant = format!("opt-level={level} linker=default");
        expect(&bundle, &variant, "opt-level", Holds, &format!("opt-level={level} on 1 of 1 calls"));
        // The script has neither the target's flags nor the axis'.
        expect(&bundle, &variant, "rustflags", Holds, "in all 1 calls");
    }
    let skipped = &bundle.manifest.plan.skipped;
    let for_wasm = |reason: &str| reason.contains("built for wasm32-unknown-unknown");
    assert!(skipped.len() == 2 && skipped.iter().all(|skipped| for_wasm(&skipped.reason)), "{skipped:?}");
}

/// One directory for all units, and one per unit.
fn either_layout_of_the_build_directory_is_read() {
    let lab = Lab::new();
    workspace(&lab);
    let args = ["--axis", "toolchain=nightly", "--axis", "cargo-args=,-Zbuild-dir-new-layout"];
    let split = ["--axis", "split-debuginfo=unpacked", "--axis", "linker=bfd", "--axis", "profile=dev"];
    let bundle = run(&lab, &[&args[..], &split].concat(), 0);
    for variant in ["cargo-args=", "cargo-args=-Zbuild-dir-new-layout"] {
        expect(&bundle, variant, "split-debuginfo", Holds, ".dwo files kept");
        expect(&bundle, variant, "linker", Holds, "GNU ld");
        expect(&bundle, variant, "profile", Holds, "results in debug");
    }
}
