//! The one integration test binary. It has its own `main`, because libtest hides why a test was skipped: a test
//! that lacks a tool shows as ignored with the reason in its name, and under `CI=true` it fails instead.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the program itself is what is tested, and it is started as a user would"
)]

mod advice;
mod afterwards;
mod architecture;
mod bad_input;
mod caches;
mod cargo_projects;
mod corpus;
mod corpus_generated;
mod engine;
mod exports;
mod fidelity;
mod interruption;
mod lab;
mod local_projects;
mod mirror;
mod page;
mod process;
mod published;
mod reporting;
mod sabotage;
mod simulation;
mod sources;
mod studies;
mod together;
mod variants;
mod workloads;

use std::process::ExitCode;

fn main() -> ExitCode {
    if let Some(code) = process::as_harness() {
        return code;
    }
    let arguments = libtest_mimic::Arguments::from_args();
    let mut trials = architecture::tests();
    trials.extend(process::tests());
    trials.extend(page::tests());
    trials.extend(engine::tests());
    trials.extend(exports::tests());
    trials.extend(fidelity::tests());
    trials.extend(interruption::tests());
    trials.extend(bad_input::tests());
    trials.extend(cargo_projects::tests());
    trials.extend(local_projects::tests());
    trials.extend(corpus::tests());
    trials.extend(corpus_generated::tests());
    trials.extend(sabotage::tests());
    trials.extend(caches::tests());
    trials.extend(mirror::tests());
    trials.extend(afterwards::tests());
    trials.extend(advice::tests());
    trials.extend(reporting::tests());
    trials.extend(published::tests());
    trials.extend(simulation::tests());
    trials.extend(sources::tests());
    trials.extend(studies::tests());
    trials.extend(together::tests());
    trials.extend(variants::tests());
    trials.extend(workloads::tests());
    libtest_mimic::run(&arguments, trials).exit_code()
}
