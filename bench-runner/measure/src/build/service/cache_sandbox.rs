//! Keeps a build away from the user's own compiler cache if it is not known to use one: a script, a build
//! script or the launcher of a C compiler may call sccache. Its settings point into a sandbox of the variant,
//! and after the build the sandbox is checked for a server.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::address::Address;
use super::secrets::Secrets;
use super::{CacheReport, RunningService, Service, Store, store_in};
use crate::process::find_in_path;

/// Prefixes of the variables of caches that run a server.
const CACHE_SERVER_PREFIXES: [&str; 2] = ["SCCACHE_", "CACHEPOT_"];
/// Variables of these that are allowed, because they do not choose the store or the server.
const HARMLESS: [&str; 9] = [
    "SCCACHE_BASEDIRS",
    "SCCACHE_CACHE_SIZE",
    "SCCACHE_DIRECT",
    "SCCACHE_C_CUSTOM_CACHE_BUSTER",
    "SCCACHE_IGNORE_SERVER_IO_ERROR",
    "SCCACHE_LOG",
    "SCCACHE_RECACHE",
    "SCCACHE_RUSTC_REMAP",
    "SCCACHE_MAX_FRAME_LENGTH",
];
/// Variables that would give ccache results of other builds. Without them, it keeps its own in the home
/// directory.
const CCACHE_VARIABLES: [&str; 5] = [
    "CCACHE_CONFIGPATH",
    "CCACHE_DIR",
    "CCACHE_REMOTE_STORAGE",
    "CCACHE_SECONDARY_STORAGE",
    "CCACHE_READONLY",
];

/// Directory and addresses that compiler caches use in a build without a [`Service`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CacheSandbox {
    dir: PathBuf,
    addresses: Vec<Address>,
}

/// A server that was started in a sandbox during a build.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiscoveredServer {
    /// The service that the build should have had from the start.
    pub service: Service,
    /// Statistics of the server for the build.
    pub report: CacheReport,
}

/// True for variables that point a build to a compiler cache, which the harness sets itself.
pub(crate) fn is_cache_variable(name: &str) -> bool {
    let is_server_variable =
        CACHE_SERVER_PREFIXES.iter().any(|start| name.starts_with(start)) && !HARMLESS.contains(&name);
    is_server_variable || CCACHE_VARIABLES.contains(&name)
}

impl CacheSandbox {
    /// Creates the sandbox in `dir`, the directory of the variant for services.
    ///
    /// # Errors
    ///
    /// If the directory cannot be created, or no port is free.
    pub fn in_dir(dir: &Path) -> io::Result<Self> {
        fs::create_dir_all(dir)?;
        // Older versions do not support sockets.
        let mut addresses = vec![Address::free_port()?];
        // If `choose` returned a port because the path is too long for a socket, one port is enough.
        if let socket @ Address::Socket(_) = Address::choose(&dir.join("server"))? {
            addresses.push(socket);
        }
        Ok(Self { dir: dir.to_owned(), addresses })
    }

    /// The environment of a build, with its caches redirected into the sandbox.
    pub fn environment(&self, build: &BTreeMap<String, String>) -> BTreeMap<String, String> {
        let mut env = build.clone();
        env.retain(|name, _| !is_cache_variable(name));
        env.extend(self.addresses.iter().map(Address::variable));
        env.insert("SCCACHE_DIR".to_owned(), store_in(&self.dir).display().to_string());
        env
    }

    /// Directory that has to be removed so that a build finds no results in the sandbox in `dir`.
    pub fn store_dir(dir: &Path) -> PathBuf {
        store_in(dir)
    }

    /// Returns the server that was started during a build, after reading its statistics and stopping it. Must
    /// be called while the build is held; `build` is its environment.
    pub fn find_server(&self, build: &BTreeMap<String, String>) -> Option<DiscoveredServer> {
        let address = self.addresses.iter().find(|address| address.is_listening())?;
        let program = server_program(address, build.get("PATH").map_or("", String::as_str))?;
        let service = Service { program, store: Store::Local, kept: true };
        let running = RunningService {
            service: service.clone(),
            dir: self.dir.clone(),
            address: address.clone(),
            server_env: BTreeMap::new(),
            secrets: Secrets::from_user_environment(&Store::Local),
            tries: 1,
        };
        let report = running.settle_and_stop(build);
        Some(DiscoveredServer { service, report })
    }
}

/// Path of the sccache that listens at an address: a process whose environment has the variable of the
/// address and the one that marks a started server.
fn server_program(address: &Address, path: &str) -> Option<PathBuf> {
    let (name, value) = address.variable();
    let variable = format!("{name}={value}");
    let is_server = |dir: &Path| {
        let env = fs::read(dir.join("environ")).unwrap_or_default();
        let has = |wanted: &str| env.split(|byte| *byte == 0).any(|pair| pair == wanted.as_bytes());
        has(&variable) && has("SCCACHE_START_SERVER=1")
    };
    let processes = fs::read_dir("/proc").into_iter().flatten().flatten().map(|entry| entry.path());
    let running = processes.filter(|dir| is_server(dir)).find_map(|dir| fs::read_link(dir.join("exe")).ok());
    // Any program may listen on a port.
    let known = || find_in_path("sccache", path.as_ref()).filter(|_| matches!(address, Address::Socket(_)));
    running.filter(|program| program.is_file()).or_else(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_led_to_no_cache_of_the_users() {
        let dir = tempfile::tempdir().unwrap();
        let sandbox = CacheSandbox::in_dir(dir.path()).unwrap();
        let user_variables =
            ["SCCACHE_BUCKET", "SCCACHE_SERVER_PORT", "CCACHE_DIR", "CACHEPOT_DIR", "SCCACHE_LOG", "CC"];
        let build = user_variables.map(|name| (name.to_owned(), "mine".to_owned())).into();
        let env = sandbox.environment(&build);
        let still: Vec<&str> =
            env.iter().filter(|(_, value)| *value == "mine").map(|(name, _)| name.as_str()).collect();
        assert_eq!(still, ["CC", "SCCACHE_LOG"]);
        let own = dir.path().display().to_string();
        for name in ["SCCACHE_DIR", "SCCACHE_SERVER_UDS"] {
            assert!(env[name].starts_with(&own), "{name}={}", env[name]);
        }
        assert_ne!(env["SCCACHE_SERVER_PORT"], "4226", "the user's own server listens there");
        assert_eq!(sandbox.find_server(&env), None);
    }
}
