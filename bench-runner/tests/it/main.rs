//! The only integration test binary. It has its own `main`, because libtest does not show why a test was
//! skipped: a test that lacks a tool is shown as ignored with the reason in its name, and fails under
//! `CI=true`.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the program itself is what is tested, and it is started as a user would"
)]

mod lab;
#[macro_use]
mod trials;

modules![
    architecture,
    archives,
    process,
    page,
    engine,
    exports,
    fidelity,
    fractions,
    help,
    interruption,
    bad_input,
    progress,
    cargo_projects,
    local_projects,
    corpus,
    corpus_generated,
    sabotage,
    caches,
    cache_place,
    closed_pipes,
    mirror,
    afterwards,
    adopting,
    advice,
    regressions,
    reporting,
    search,
    search_space,
    published,
    simulation,
    sources,
    studies,
    together,
    tracking,
    units,
    variants,
    visits,
    what_you_have,
    workloads,
];

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = process::as_harness() {
        return code;
    }
    let mut arguments = libtest_mimic::Arguments::from_args();
    // Trials wait for processes and servers, so one more than there are cores keeps all of these busy.
    let cores = std::thread::available_parallelism().map_or(1, usize::from);
    arguments.test_threads.get_or_insert(cores + 1);
    libtest_mimic::run(&arguments, all()).exit_code()
}
