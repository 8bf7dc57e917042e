//! The only module that starts programs.
//!
//! There are two ways, for two purposes, and a third for a program that is [left running](launch()). A [tool
//! call](run_tool) is a question to a program (`rustc -vV`, `cargo fetch`): its output matters, its cost does
//! not. A [build](Supervisor::build) is the thing that is measured: it runs under a small supervisor process,
//! which owns everything the build starts, accounts for all of it and lets none of it outlive the harness,
//! however that ends. Other processes that a build needs, such as a server, are started by a [`SetupCommand`]
//! and owned in the same way; they can be [asked and stopped](Supervisor::build_and_then) when the build's
//! own process has ended.
//!
//! The supervisor is the program itself, started as `bench-runner __supervise`; [`supervise()`] is the body
//! of that hidden verb. The two talk in JSON lines over the supervisor's standard input and output; the end
//! of its input means that the harness is gone.
//!
//! Knows nothing of cargo, projects, variants or samples: a program, its arguments, its environment and its
//! directory are all it gets.

#![expect(
    clippy::disallowed_methods,
    clippy::disallowed_types,
    reason = "the one home of what is banned elsewhere"
)]

mod accounting;
mod interrupt;
mod job;
mod launch;
#[cfg(target_os = "linux")]
mod procfs;
mod protocol;
mod proxy;
#[cfg(target_os = "linux")]
mod supervise;
mod supervisor;
mod tool;
mod wait;
mod watch;

pub use accounting::{Accounting, ControlGroup};
pub use interrupt::{install_interrupts, interrupted};
pub use job::{BuildResult, ExitKind, Job, SetupCommand};
pub use launch::launch;
pub use proxy::{NotInstalled, RUSTUP_TOOLCHAIN, chosen_toolchain, not_installed};
#[cfg(target_os = "linux")]
pub use supervise::supervise;
pub use supervisor::{SUPERVISE_VERB, Supervisor, SupervisorError, SupervisorOptions};
pub(crate) use tool::check_tool_bytes;
pub use tool::{ToolCall, ToolEnv, ToolError, ToolOutput, check_tool, find_in_path, run_tool};
pub use watch::BuildWatch;

/// Body of the hidden verb on systems without accounting: [`Supervisor::start`] refuses before it is reached.
#[cfg(not(target_os = "linux"))]
pub fn supervise() -> i32 {
    1
}
