//! Questions to cargo: which configuration it reads, which units it would build, which packages are members, and what it
//! would call the compiler with. Cargo answers without building anything.
//!
//! A question writes nowhere but into a scratch directory that is given for it, fetches nothing, and starts neither the
//! user's wrapper nor a server: the place of the wrapper is taken by a [recorder], which shows the compiler calls that
//! cargo makes to plan a build, and hides from rustc that cargo's unstable options were asked for.

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

pub use configuration::{ConfigEntry, ConfigOrigin, Configuration};
pub use members::{Members, WorkspaceMember, members};
pub(super) use units::units_and_flags;
pub use units::{CompilerFlags, PackageName, PlannedUnit, PlannedUnits, UnitsRequest, units};

/// A question that takes longer has hung.
const TIMEOUT: Duration = Duration::from_secs(120);

/// Variables that rustup and cargo set for what they start, this program among it under `cargo run`. They are not the
/// user's.
const SET_BY_CARGO: [&str; 4] =
    ["CARGO", "RUSTUP_TOOLCHAIN", "RUST_RECURSION_COUNT", "RUSTUP_TOOLCHAIN_SOURCE"];

/// Where cargo is asked, as whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CargoInvocation {
    /// The program: a toolchain's own cargo, or rustup's proxy.
    pub cargo: PathBuf,
    /// The directory that it is started in.
    pub dir: PathBuf,
    /// Its whole environment.
    pub env: BTreeMap<String, String>,
}

/// Why cargo did not answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("cargo did not say {what}: {reason}")]
pub struct AskError {
    /// What was asked for, such as "which units it would build".
    pub what: &'static str,
    /// Cargo's own words, where it said something.
    pub reason: String,
    /// What would help.
    pub help: Option<String>,
}

impl AskError {
    /// What would help.
    pub fn help(&self) -> Option<&str> {
        self.help.as_deref()
    }

    /// All of it in one line, for what goes into a sentence.
    pub fn in_one_line(&self) -> String {
        let help = self.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
        format!("{self}{help}")
    }

    /// The same as a reason to leave something out.
    pub fn into_refusal(self) -> Refusal {
        Refusal { what: self.to_string(), help: self.help }
    }
}

impl CargoInvocation {
    /// The environment of the user, without what cargo or rustup set for this program.
    pub fn user_environment() -> BTreeMap<String, String> {
        let variables = std::env::vars_os();
        let mut env: BTreeMap<String, String> = variables
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect();
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

    /// Calls cargo with `args`; `set` goes on top of the environment.
    fn call(
        &self,
        what: &'static str,
        args: Vec<OsString>,
        set: &[(&str, OsString)],
    ) -> Result<ToolOutput, AskError> {
        let mut env = self.env.clone();
        // The answer decides on tables of cargo's, so nobody else may add to what it says or to what it does.
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

/// The reason in cargo's own words, with what helps against it.
fn query_error(what: &'static str, error: &ToolError, cargo: &Path) -> AskError {
    let (reason, help) = match error {
        ToolError::Failed { last_lines, .. } => {
            let says = |words: &[&str]| words.iter().any(|word| last_lines.contains(word));
            let help = if says(&[
                "no such subcommand",
                "no such command",
                "unknown `-Z` flag",
                "wasn't expected",
                "unexpected argument",
            ]) {
                Some("this cargo is too old to be asked; name a newer toolchain with `toolchain=`".to_owned())
            } else if says(&["--offline", "--locked", "lock file"]) {
                Some("bring Cargo.lock up to date, and leave `--offline` out once, so that dependencies are fetched".to_owned())
            } else if says(&["is not installed"]) {
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

/// Cargo's error without what it adds for the command line.
fn error_summary(lines: &str) -> String {
    let lines: Vec<&str> = lines.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let from = lines.iter().position(|line| line.starts_with("error")).unwrap_or(0);
    let said: Vec<&str> = lines[from..].iter().filter(|line| **line != "Caused by:").copied().collect();
    let text = said.join(": ");
    text.strip_prefix("error: ").unwrap_or(&text).to_owned()
}

/// Arguments as cargo takes them.
fn os_args<'a>(words: impl IntoIterator<Item = &'a str>) -> Vec<OsString> {
    words.into_iter().map(OsString::from).collect()
}
