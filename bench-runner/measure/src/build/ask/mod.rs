//! Queries to cargo: which configuration it reads, which units it would build, which packages are members,
//! and which arguments it would call the compiler with. Cargo answers without building anything.
//!
//! A query writes only to the scratch directory that it is given, fetches nothing, and starts neither the
//! user's wrapper nor a server: a [recorder] takes the place of the wrapper. It records the compiler calls
//! that cargo makes to plan a build, and hides from rustc that cargo's unstable options were used.

mod configuration;
mod members;
mod recorder;
mod units;

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::time::Duration;

use bench_runner_core::record::Refusal;

use crate::process::{ToolCall, ToolEnv, ToolError, ToolOutput, check_tool};

pub(crate) use configuration::dotted_key;
pub use configuration::{ConfigEntry, ConfigOrigin, Configuration};
pub use members::{Members, WorkspaceMember, members};
pub(crate) use units::units_and_flags;
pub use units::{CompilerFlags, PackageName, PlannedUnit, PlannedUnits, UnitsRequest, units};

/// A query that takes longer is considered hung.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Variables that rustup and cargo set for child processes, which includes this program under `cargo run`.
/// They are not the user's.
const SET_BY_CARGO: [&str; 4] =
    ["CARGO", "RUSTUP_TOOLCHAIN", "RUST_RECURSION_COUNT", "RUSTUP_TOOLCHAIN_SOURCE"];

/// A cargo program, and the directory and environment to run it in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CargoInvocation {
    /// Program: a toolchain's own cargo, or rustup's proxy.
    pub cargo: PathBuf,
    /// Working directory.
    pub dir: PathBuf,
    /// Complete environment.
    pub env: BTreeMap<String, String>,
}

/// Reason why cargo did not answer a query.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cargo did not say {what}: {reason}")]
pub struct AskError {
    /// Subject of the query, such as "which units it would build".
    pub what: &'static str,
    /// Cargo's own message, if there is one.
    pub reason: String,
    /// Hint for the user.
    pub help: Option<String>,
}

impl AskError {
    /// Hint for the user.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// Message and hint in one line, for use within a sentence.
    pub fn in_one_line(&self) -> String {
        let help = self.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{self}{help}")
    }

    /// Converts the error into a reason to leave something out.
    pub fn into_refusal(self) -> Refusal {
        Refusal { what: self.to_string(), help: self.help }
    }
}

impl CargoInvocation {
    /// The environment of the user, without the variables that cargo or rustup set for this program.
    pub fn user_environment() -> BTreeMap<String, String> {
        let mut env = BTreeMap::new();
        for (name, value) in std::env::vars_os() {
            if let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) {
                env.insert(name, value);
            }
        }
        let under_cargo = env.contains_key("CARGO");
        let set_by_cargo = |name: &str| {
            SET_BY_CARGO.contains(&name)
                || name.starts_with("CARGO_PKG_")
                || name.starts_with("CARGO_BIN_EXE_")
                || ["CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH", "CARGO_CRATE_NAME", "CARGO_PRIMARY_PACKAGE"]
                    .contains(&name)
        };
        env.retain(|name, _| !(under_cargo && set_by_cargo(name)));
        env
    }

    /// Calls cargo with `args`; `set` overrides variables of the environment.
    fn call(
        &self,
        what: &'static str,
        args: Vec<OsString>,
        set: &[(&str, OsString)],
    ) -> Result<ToolOutput, AskError> {
        let mut env = self.env.clone();
        // The answer consists of tables printed by cargo, so no variable may change cargo's output or
        // behavior.
        for name in ["CARGO_LOG", "RUSTC_LOG", "CARGO_TERM_VERBOSE", "CARGO_TERM_QUIET"] {
            env.remove(name);
        }
        for (name, value) in set {
            env.insert((*name).to_owned(), value.to_string_lossy().into_owned());
        }
        for (name, value) in [
            ("RUSTC_BOOTSTRAP", "1"),
            ("RUSTUP_AUTO_INSTALL", "0"),
            ("CARGO_TERM_COLOR", "never"),
            ("CARGO_TERM_PROGRESS_WHEN", "never"),
        ] {
            env.insert(name.to_owned(), value.to_owned());
        }
        let call = ToolCall {
            cwd: Some(self.dir.clone()),
            env: ToolEnv::Exactly(env),
            timeout: TIMEOUT,
            ..ToolCall::new(&self.cargo, args)
        };
        check_tool(&call).map_err(|error| query_error(what, &error, &self.cargo))
    }
}

/// The error in cargo's own words, with a hint.
fn query_error(what: &'static str, error: &ToolError, cargo: &Path) -> AskError {
    let (reason, help) = match error {
        ToolError::Failed { last_lines, .. } => {
            let mentions = |words: &[&str]| words.iter().any(|word| last_lines.contains(word));
            let help = if mentions(&[
                "no such subcommand",
                "no such command",
                "unknown `-Z` flag",
                "wasn't expected",
                "unexpected argument",
            ]) {
                Some("this cargo is too old to be asked; name a newer toolchain with `toolchain=`".to_owned())
            } else if mentions(&["--offline", "--locked", "lock file"]) {
                Some("bring Cargo.lock up to date, and leave `--offline` out once, so that dependencies are fetched".to_owned())
            } else if mentions(&["is not installed"]) {
                Some("install the toolchain with `rustup toolchain install`".to_owned())
            } else {
                None
            };
            (error_summary(last_lines), help)
        }
        ToolError::TimedOut { limit, .. } => (
            format!("it took longer than {}", humantime::format_duration(*limit)),
            Some(format!("try `{} --version` in the project", cargo.display())),
        ),
        other => (other.to_string(), None),
    };
    AskError { what, reason, help }
}

/// Cargo's error without the lines that it adds for interactive use.
fn error_summary(lines: &str) -> String {
    let lines: Vec<&str> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let from = lines.iter().position(|line| line.starts_with("error")).unwrap_or(0);
    let message_lines: Vec<&str> =
        lines[from..].iter().filter(|line| **line != "Caused by:").copied().collect();
    let text = message_lines.join(": ");
    text.strip_prefix("error: ").unwrap_or(&text).to_owned()
}

fn os_args<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<OsString> {
    words.into_iter().map(OsString::from).collect()
}
