//! A server that must run during a build: that of a compiler cache. It belongs to one sample: started before
//! the build, under the build's own accounting; queried and stopped when the build's own process has exited.
//!
//! Starts, settles and stops it. The axis checks the statistics.

mod address;
mod cache_sandbox;
mod redis;
mod secrets;
mod stats;
mod store;

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use bench_runner_core::record::CacheUse;

use crate::process::{ExitKind, SetupCommand, ToolCall, ToolEnv, check_tool};
use address::Address;
use secrets::Secrets;
use stats::SccacheStats;

pub(crate) use cache_sandbox::is_cache_variable;
pub use cache_sandbox::{CacheSandbox, DiscoveredServer};
pub use store::Store;

/// Timeout for starting the server, which gives up by itself after ten seconds.
const START: Duration = Duration::from_secs(30);
/// Timeout for one query to it.
const QUESTION: Duration = Duration::from_secs(20);
/// Timeout for its writes to reach the store.
const WRITES: Duration = Duration::from_secs(30);
/// Timeout from the end of a build until the server has been queried and stopped.
pub(crate) const HOLD: Duration = Duration::from_secs(90);
/// Number of attempts on different ports.
const TRIES: u32 = 4;

/// The server of a compiler cache (sccache) that a build needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// Program that is both the server and the wrapper of the compiler.
    pub program: PathBuf,
    /// Store for results.
    pub store: Store,
    /// True if the store is kept from build to build, false for a new one for each build.
    pub kept: bool,
}

/// A service prepared for one build.
#[derive(Debug)]
pub struct RunningService {
    service: Service,
    dir: PathBuf,
    address: Address,
    /// Variables for the server that the build does not get.
    server_env: BTreeMap<String, String>,
    secrets: Secrets,
    tries: u32,
}

/// Statistics of a service for one build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheReport {
    /// Hits and misses.
    pub used: Option<CacheUse>,
    /// Hits and misses of crates.
    pub used_by_rust: Option<CacheUse>,
    /// Error of the service, if there was one.
    pub trouble: Option<String>,
}

impl Service {
    /// True if a build has to fill it before the first representative one.
    pub fn needs_priming(&self) -> bool {
        self.kept
    }

    /// The directory below `dir` that has to be removed before a build, if any: removing it is slow and not
    /// part of the build.
    pub fn store_to_remove(&self, dir: &Path) -> Option<PathBuf> {
        (!self.kept).then(|| store_in(dir))
    }

    /// Prepares for one build with time limit `limit`. `dir` is the directory of the variant for services, in
    /// one session. A shared store that is not kept gets a new prefix: nothing in a shared store is ever
    /// removed.
    ///
    /// # Errors
    ///
    /// If a directory cannot be emptied or created.
    pub fn start(&self, dir: &Path, limit: Duration) -> io::Result<RunningService> {
        let directory = store_in(dir);
        fs::create_dir_all(&directory)?;
        // The log of an earlier server must not be mistaken for that of this one.
        match fs::remove_file(error_log(dir)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let prefix = store::prefix(&dir.join("prefix"), self.kept)?;
        let secrets = Secrets::from_user_environment(&self.store);
        let mut server_env = self.store.variables(&directory, &prefix);
        // It is stopped long before. If all its owners are killed at once, it exits by itself.
        let idle = limit.saturating_add(HOLD).as_secs();
        let own = [
            // No configuration file; that of the user must not apply.
            ("SCCACHE_CONF", "/dev/null".to_owned()),
            ("SCCACHE_CACHED_CONF", dir.join("cached-config").display().to_string()),
            ("SCCACHE_IDLE_TIMEOUT", idle.to_string()),
            // Errors are one line, not a page of addresses.
            ("RUST_BACKTRACE", "0".to_owned()),
            ("SCCACHE_ERROR_LOG", error_log(dir).display().to_string()),
        ];
        server_env.extend(own.map(|(name, value)| (name.to_owned(), value)));
        let address = Address::choose(&dir.join("server"))?;
        Ok(RunningService {
            service: self.clone(),
            dir: dir.to_owned(),
            address,
            server_env,
            secrets,
            tries: 1,
        })
    }
}

fn store_in(dir: &Path) -> PathBuf {
    dir.join("store")
}

/// The environment of a build without settings that would choose another store or server.
fn without_cache_settings(build: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let mut env = build.clone();
    env.retain(|name, _| !name.starts_with("SCCACHE_"));
    env
}

fn error_log(dir: &Path) -> PathBuf {
    dir.join("server-log")
}

impl RunningService {
    /// The environment of the build, with the address of the server.
    pub fn environment(&self, build: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut env = without_cache_settings(build);
        env.extend([self.address.variable(), store::no_other_server()]);
        env
    }

    /// The command that starts the server before a build with this environment.
    pub fn setup(&self, build: &BTreeMap<String, String>) -> SetupCommand {
        let mut env = without_cache_settings(build);
        env.retain(|name, _| !name.starts_with("AWS_"));
        env.extend([self.address.variable()]);
        env.extend(self.secrets.variables());
        env.extend(self.server_env.clone());
        // The server reports its start through a socket there.
        if env.get("TMPDIR").is_some_and(|dir| !address::has_room_for_sockets(dir.as_ref())) {
            env.insert("TMPDIR".to_owned(), std::env::temp_dir().display().to_string());
        }
        let args = vec!["--start-server".to_owned()];
        let program = self.service.program.clone();
        SetupCommand { program, args, env: Some(env), stdout: None, timeout: START }
    }

    /// Chooses another address if a build could not start because its address was taken meanwhile. Returns
    /// false if that was not the reason, or after too many tries.
    ///
    /// # Errors
    ///
    /// If no port is free.
    pub(crate) fn try_another_address(&mut self, ended: &ExitKind) -> io::Result<bool> {
        let taken = matches!(ended, ExitKind::NotStarted { reason } if reason.contains("ddress in use"));
        if !taken || self.tries >= TRIES || matches!(self.address, Address::Socket(_)) {
            return Ok(false);
        }
        self.address = Address::free_port()?;
        self.tries += 1;
        Ok(true)
    }

    /// Waits until everything is in the store, reads the statistics and stops the server. Must be called
    /// while the build is held; `build` is its environment.
    pub fn settle_and_stop(&self, build: &BTreeMap<String, String>) -> CacheReport {
        let stats_result = self.wait_until_settled(build);
        // A query would restart a server that has exited.
        if self.address.is_listening() {
            // If it does not stop by itself, it is ended with the rest of the build.
            let _ = self.ask(build, &["--stop-server"]);
        }
        match stats_result {
            Ok(stats) => CacheReport {
                used: Some(stats.cache_use()),
                used_by_rust: Some(stats.rust_use()),
                trouble: stats.trouble(),
            },
            Err(reason) => CacheReport { used: None, used_by_rust: None, trouble: Some(reason) },
        }
    }

    /// Reason why a build with it could not start, with more detail than the server itself gives.
    pub(crate) fn explain_failure(&self, reason: &str) -> String {
        let words = [Some(reason.to_owned()), self.service.store.obstacle(), self.last_words()];
        self.without_secrets(&words.into_iter().flatten().collect::<Vec<_>>().join("\n"))
    }

    /// `text` without secrets of the user.
    fn without_secrets(&self, text: &str) -> String {
        self.secrets.redact(text)
    }

    fn wait_until_settled(&self, build: &BTreeMap<String, String>) -> Result<SccacheStats, String> {
        let until = Instant::now() + WRITES;
        let mut pause = Duration::from_millis(10);
        loop {
            if !self.address.is_listening() {
                return Err(self.death_message());
            }
            let said = self.ask(build, &["--show-stats", "--stats-format", "json"])?;
            let stats = SccacheStats::parse(&said)?;
            if stats.is_settled() {
                return Ok(stats);
            }
            if Instant::now() >= until {
                let limit = humantime::format_duration(WRITES);
                return Err(format!("the cache had not written everything {limit} after the build"));
            }
            thread::sleep(pause);
            pause = (pause * 2).min(Duration::from_millis(500));
        }
    }

    fn ask(&self, build: &BTreeMap<String, String>, args: &[&str]) -> Result<String, String> {
        let call = ToolCall {
            env: ToolEnv::Exactly(self.environment(build)),
            timeout: QUESTION,
            ..ToolCall::new(&self.service.program, args)
        };
        check_tool(&call)
            .map(|output| output.stdout)
            .map_err(|error| self.without_secrets(&error.to_string()))
    }

    /// Error message for a server that has died, with the end of its log.
    fn death_message(&self) -> String {
        let program = self.service.program.file_name().unwrap_or_default().to_string_lossy();
        let gone = format!("the server of {program} has died during the build");
        self.last_words().map_or(gone.clone(), |words| format!("{gone}\n{words}"))
    }

    /// The last lines of the server log, if there are any.
    fn last_words(&self) -> Option<String> {
        let log = fs::read(error_log(&self.dir)).unwrap_or_default();
        let log = self.without_secrets(&String::from_utf8_lossy(&log));
        let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
        let last = &lines[lines.len().saturating_sub(6)..];
        (!last.is_empty()).then(|| last.join("\n"))
    }
}

#[cfg(test)]
mod tests;
