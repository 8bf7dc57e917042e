//! A server that has to be there while a build runs: that of a compiler cache. It belongs to one sample: started
//! before the build under the build's own accounting, asked and stopped when the build's own process has ended.
//!
//! Knows how to start, settle and stop one. What its numbers must be is the axis' to say.

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

/// How long the server may take to start; it gives up by itself after ten seconds.
const START: Duration = Duration::from_secs(30);
/// How long one question to it may take.
const QUESTION: Duration = Duration::from_secs(20);
/// How long its writes may take to reach the store.
const WRITES: Duration = Duration::from_secs(30);
/// How long it may take from the end of a build until the server has been asked and stopped.
pub(crate) const HOLD: Duration = Duration::from_secs(90);
/// How often it is tried on another port.
const TRIES: u32 = 4;

/// The server of a compiler cache (sccache) that a build asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Service {
    /// The program: server, and wrapper of the compiler.
    pub program: PathBuf,
    /// Where results are kept.
    pub store: Store,
    /// Whether the store is that of the builds before, or a new one for each build.
    pub kept: bool,
}

/// A service made ready for one build.
#[derive(Debug)]
pub struct RunningService {
    service: Service,
    dir: PathBuf,
    address: Address,
    /// What the server has in its environment and the build has not.
    server_env: BTreeMap<String, String>,
    secrets: Secrets,
    tries: u32,
}

/// What a service says of one build.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CacheReport {
    /// What was found in it.
    pub used: Option<CacheUse>,
    /// The hits and misses among it that are crates.
    pub used_by_rust: Option<CacheUse>,
    /// What went wrong with it, where something did.
    pub trouble: Option<String>,
}

impl Service {
    /// Whether a build has to fill it before the first one that shows what it is.
    pub fn needs_priming(&self) -> bool {
        self.kept
    }

    /// The directory below `dir` that has to be removed before a build, where there is one: that is long work, and not
    /// the build's.
    pub fn store_to_remove(&self, dir: &Path) -> Option<PathBuf> {
        (!self.kept).then(|| store_in(dir))
    }

    /// Makes ready for one build, which may take as long as `limit`: `dir` is the variant's own directory for its
    /// services, in one session. Where the store is shared and not kept, it gets a new prefix: nothing in a shared
    /// store is ever removed.
    ///
    /// # Errors
    ///
    /// Where a directory cannot be emptied or made.
    pub fn start(&self, dir: &Path, limit: Duration) -> io::Result<RunningService> {
        let directory = store_in(dir);
        fs::create_dir_all(&directory)?;
        // What an earlier server said is no word of this one's.
        match fs::remove_file(error_log(dir)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let prefix = store::prefix(&dir.join("prefix"), self.kept)?;
        let secrets = Secrets::from_user_environment(&self.store);
        let mut server_env = self.store.variables(&directory, &prefix);
        // It is stopped long before; one whose owners were all killed at once ends by itself.
        let idle = limit.saturating_add(HOLD).as_secs();
        let own = [
            // What is not there says nothing; the user's own file must not.
            ("SCCACHE_CONF", "/dev/null".to_owned()),
            ("SCCACHE_CACHED_CONF", dir.join("cached-config").display().to_string()),
            ("SCCACHE_IDLE_TIMEOUT", idle.to_string()),
            // What goes wrong is told in a line, not in a page of addresses.
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

/// The environment of a build without what would choose another store or server than that of the service.
fn without_cache_settings(build: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let others = build.iter().filter(|(name, _)| !name.starts_with("SCCACHE_"));
    others.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn error_log(dir: &Path) -> PathBuf {
    dir.join("server-log")
}

impl RunningService {
    /// The build's environment with what it needs to reach the server.
    pub fn environment(&self, build: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut env = without_cache_settings(build);
        env.extend([self.address.variable(), store::no_other_server()]);
        env
    }

    /// What starts the server before a build with this environment.
    pub fn setup(&self, build: &BTreeMap<String, String>) -> SetupCommand {
        let mut env = without_cache_settings(build);
        env.retain(|name, _| !name.starts_with("AWS_"));
        env.extend([self.address.variable()]);
        env.extend(self.secrets.variables());
        env.extend(self.server_env.clone());
        // It reports that it has started through a socket there.
        if env.get("TMPDIR").is_some_and(|dir| !address::has_room_for_sockets(dir.as_ref())) {
            env.insert("TMPDIR".to_owned(), std::env::temp_dir().display().to_string());
        }
        let args = vec!["--start-server".to_owned()];
        let program = self.service.program.clone();
        SetupCommand { program, args, env: Some(env), stdout: None, timeout: START }
    }

    /// Chooses another address where a build could not start because its own was taken meanwhile. `false` where
    /// that was not the reason, or is not worth another try.
    ///
    /// # Errors
    ///
    /// Where no port is free.
    pub(crate) fn try_another_address(&mut self, ended: &ExitKind) -> io::Result<bool> {
        let taken = matches!(ended, ExitKind::NotStarted { reason } if reason.contains("ddress in use"));
        if !taken || self.tries >= TRIES || matches!(self.address, Address::Socket(_)) {
            return Ok(false);
        }
        self.address = Address::free_port()?;
        self.tries += 1;
        Ok(true)
    }

    /// Waits until everything is in the store, reads the statistics and stops the server. To be called while the
    /// build is held; `env` is its environment.
    pub fn settle_and_stop(&self, build: &BTreeMap<String, String>) -> CacheReport {
        let asked = self.wait_until_settled(build);
        // A server that is gone would be started again by the question.
        if self.address.is_listening() {
            // What does not stop by itself is ended with the rest of the build.
            let _ = self.ask(build, &["--stop-server"]);
        }
        match asked {
            Ok(stats) => CacheReport {
                used: Some(stats.cache_use()),
                used_by_rust: Some(stats.rust_use()),
                trouble: stats.trouble(),
            },
            Err(reason) => CacheReport { used: None, used_by_rust: None, trouble: Some(reason) },
        }
    }

    /// Why a build with it could not be started, better than the server itself says it.
    pub(crate) fn explain_failure(&self, reason: &str) -> String {
        let words = [Some(reason.to_owned()), self.service.store.obstacle(), self.last_words()];
        self.without_secrets(&words.into_iter().flatten().collect::<Vec<_>>().join("\n"))
    }

    /// `text` without anything that is the user's secret.
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

    /// That the server has gone, with its last words.
    fn death_message(&self) -> String {
        let program = self.service.program.file_name().unwrap_or_default().to_string_lossy();
        let gone = format!("the server of {program} has died during the build");
        self.last_words().map_or(gone.clone(), |words| format!("{gone}\n{words}"))
    }

    /// The end of what the server has written to its log, where it has.
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
