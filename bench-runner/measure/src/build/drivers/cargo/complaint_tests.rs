//! Real outputs, with long command lines shortened.

use super::*;

fn check(stderr: &str, expected: &str) {
    assert_eq!(complaint(stderr).as_deref(), Some(expected), "{stderr}");
}

const NOT_BUILT: &str = "error: could not compile `p` (bin \"p\") due to 1 previous error\n\nCaused by:\n  \
    process didn't exit successfully: `/tc/bin/rustc --crate-name p` (exit status: 1)\n";

fn linking_with(driver: &str, words: &str) -> String {
    format!(
        "   Compiling p v0.1.0 (/w)\nerror: linking with `{driver}` failed: exit status: 1\n  |\n  \
         = note:  \"{driver}\" \"-m64\" \"-fuse-ld=mold\" \"-o\" \"/t/p\"\n  \
         = note: some arguments are omitted. use `--verbose` to show all linker arguments\n  \
         = note: {words}\n          \n\n{NOT_BUILT}"
    )
}

#[test]
fn a_build_that_went_well_has_nothing_to_complain_of() {
    assert_eq!(complaint("   Compiling p\n    Finished `dev`\n"), None);
}

#[test]
fn a_linker_is_quoted() {
    let ended = "\n          collect2: error: ld returned 1 exit status";
    for (words, expected) in [
        (
            format!("mold: fatal: unknown command line option: --x{ended}"),
            "mold: fatal: unknown command line option: --x",
        ),
        (
            format!("rust-lld: error: unknown argument '--x'{ended}"),
            "rust-lld: error: unknown argument '--x'",
        ),
        (
            format!(
                "/usr/bin/ld.bfd: unrecognized option '--x'\n          /usr/bin/ld.bfd: use the --help option{ended}"
            ),
            "/usr/bin/ld.bfd: unrecognized option '--x'",
        ),
        (
            format!(
                "/usr/bin/ld.bfd: /t/p.o: in function `p::main':\n          /w/src/main.rs:1: undefined reference to `nope'{ended}\n          \n  \
                 = note: some `extern` functions couldn't be found; some native libraries may need to be installed"
            ),
            "/w/src/main.rs:1: undefined reference to `nope'",
        ),
        (
            format!("rust-lld: error: undefined symbol: nope\n          >>> referenced by main.rs:1{ended}"),
            "rust-lld: error: undefined symbol: nope",
        ),
        (
            "cc: error: unrecognized command-line option '-fuse-ld=molded'; did you mean '-fuse-ld=mold'?"
                .to_owned(),
            "cc: error: unrecognized command-line option '-fuse-ld=molded'; did you mean '-fuse-ld=mold'?",
        ),
        (
            format!("collect2: fatal error: cannot find 'ld'\n          compilation terminated.{ended}"),
            "collect2: fatal error: cannot find 'ld'",
        ),
    ] {
        check(&linking_with("cc", &words), expected);
    }
    check(
        &linking_with("clang", "clang: error: invalid linker name in argument '-fuse-ld=molded'"),
        "clang: error: invalid linker name in argument '-fuse-ld=molded'",
    );
    check(
        &linking_with("/w/cc", ""),
        "linking with `/w/cc` failed: exit status: 1, without a word of the linker",
    );
    check(
        &format!(
            "error: linker `/nowhere/cc` not found\n  |\n  = note: No such file or directory (os error 2)\n\n{NOT_BUILT}"
        ),
        "linker `/nowhere/cc` not found",
    );
}

fn script_failure(ended: &str, more: &str) -> String {
    format!(
        "   Compiling p v0.1.0 (/w)\nerror: failed to run custom build command for `p v0.1.0 (/w)`\n\
         note: To improve backtraces for build dependencies, set the variable\n\nCaused by:\n  \
         process didn't exit successfully: `/t/debug/build/p-97/build-script-build` ({ended})\n{more}"
    )
}

#[test]
fn a_build_script_is_quoted() {
    check(
        &script_failure(
            "exit status: 101",
            "  --- stdout\n  cargo:warning=hello\n\n  --- stderr\n\n  thread 'main' (2809) panicked at build.rs:1:45:\n  no such tool: x\n  stack backtrace:\n",
        ),
        "the build script of p panicked at build.rs:1:45: no such tool: x",
    );
    // Format before Rust 1.73.
    check(
        &script_failure(
            "exit status: 101",
            "  --- stderr\n  thread 'main' panicked at 'no such tool: x', build.rs:1:45\n",
        ),
        "the build script of p panicked at build.rs:1:45: no such tool: x",
    );
    check(
        &script_failure(
            "exit status: 3",
            "  --- stdout\n  text\n\n  --- stderr\n  looking\n  error: foo.h was not found\n",
        ),
        "the build script of p: error: foo.h was not found",
    );
    check(
        &script_failure("exit status: 3", "  --- stdout\n  text\n"),
        "the build script of p failed (exit status: 3)",
    );
    check(
        &script_failure("signal: 9, SIGKILL: kill", ""),
        "the build script of p failed (signal: 9, SIGKILL: kill)",
    );
}

#[test]
fn a_c_compiler_is_quoted_through_the_script_that_calls_it() {
    let warned = "warning: p@0.1.0: src/x.c:1:10: fatal error: nope.h: No such file or directory\n";
    let failed = "  --- stderr\n\n\n  error occurred in cc-rs: command did not execute successfully (status code exit status: 1): \"cc\" \"-O0\"\n";
    check(
        &format!("{warned}{}", script_failure("exit status: 1", failed)),
        "the build script of p: src/x.c:1:10: fatal error: nope.h: No such file or directory",
    );
    let missing =
        "error occurred in cc-rs: failed to find tool \"c++\": No such file or directory (os error 2)";
    check(
        &script_failure("exit status: 1", &format!("  --- stderr\n\n\n  {missing}\n")),
        &format!("the build script of p: {missing}"),
    );
}

#[test]
fn a_compiler_is_quoted_with_the_place() {
    check(
        &format!("error[E0308]: mismatched types\n --> src/main.rs:1:25\n  |\n1 | x\n\n{NOT_BUILT}"),
        "error[E0308]: mismatched types at src/main.rs:1:25",
    );
    check(
        &format!(
            "error: proc macro panicked\n --> src/main.rs:1:1\n  |\n  |\n  = help: message: macro says no\n\n{NOT_BUILT}"
        ),
        "proc macro panicked at src/main.rs:1:1: macro says no",
    );
    check(
        &format!(
            "error[E0463]: can't find crate for `std`\n  |\n  = note: the target may not be installed\n\n{NOT_BUILT}"
        ),
        "error[E0463]: can't find crate for `std`",
    );
    check(
        "rustc-LLVM ERROR: 64-bit code requested on a subtarget that doesn't support it!\nerror: could not compile `p`\n",
        "LLVM: 64-bit code requested on a subtarget that doesn't support it!",
    );
    check(
        "error: could not compile `p`\n\nCaused by:\n  process didn't exit successfully: `/w/wrap rustc` (signal: 9, SIGKILL: kill)\n",
        "could not compile `p` (signal: 9, SIGKILL: kill)",
    );
}

#[test]
fn cargo_is_quoted_with_the_causes() {
    check(
        "error: config profile `dev` is not valid\n\nCaused by:\n  feature `x` is required\n\n  The package\n",
        "error: config profile `dev` is not valid: feature `x` is required",
    );
    check(
        "error: invalid configuration for key `build.rustflags`\nexpected a string, but found a integer in /w/.cargo/config.toml\n",
        "error: invalid configuration for key `build.rustflags`: expected a string, but found a integer in /w/.cargo/config.toml",
    );
    check(
        "error: failed to run `rustc` to learn about target-specific information\n\nCaused by:\n  \
         process didn't exit successfully: `/tc/bin/rustc -` (exit status: 1)\n  --- stderr\n  \
         error: the option `Z` is only accepted on the nightly compiler\n",
        "failed to run `rustc` to learn about target-specific information: the option `Z` is only accepted on the nightly compiler",
    );
    check(
        "error: could not execute process `/nowhere/sccache /tc/bin/rustc -vV` (never executed)\n\nCaused by:\n  No such file or directory (os error 2)\n",
        "could not execute `/nowhere/sccache`: No such file or directory (os error 2)",
    );
    check(
        "error: process didn't exit successfully: `/w/sccache /tc/bin/rustc -vV` (exit status: 2)\n--- stderr\nsccache: error: Server startup failed: cache storage failed to read\n",
        "a program failed: sccache: error: Server startup failed: cache storage failed to read",
    );
    check(
        "sccache: error: failed to execute compile\nsccache: caused by: Compiler not supported\nerror: could not compile `p`\n",
        "sccache: error: failed to execute compile: Compiler not supported",
    );
    check(
        "error: cannot update the lock file /w/Cargo.lock because --locked was passed to prevent this\nhelp: to generate\n",
        "error: cannot update the lock file /w/Cargo.lock because --locked was passed to prevent this",
    );
}
