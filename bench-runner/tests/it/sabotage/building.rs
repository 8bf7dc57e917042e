//! The project of a case, and its builds.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::Path;
use std::process::Command;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bench_runner_core::record::CacheUse;
use bench_runner_measure::axes::Context;
use bench_runner_measure::build::{
    BuildDirs, BuildEvidence, BuildRequest, CargoDriver, CommandLine, Detail, Driver, Goal, PostBuildQueries,
    PreBuildQueries, Service, SettingsInForce, Toolchain, build_settings,
};
use bench_runner_measure::corpus::BuildSettings;
use bench_runner_measure::corpus::sources::write_cargo_home;
use bench_runner_measure::process::{ExitKind, Job, Supervisor, SupervisorOptions};

use super::table::Case;
use crate::lab::{Lab, PROGRAM};

/// A package with a library, a binary and a build script; a member of its workspace on which both depend and
/// that also has a build script; and a package outside of it.
pub(super) fn project(lab: &Lab, manifest: &str) {
    let package =
        |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    lab.write("outside/Cargo.toml", &package("outside"));
    lab.write("outside/src/lib.rs", "pub fn one() -> u64 {\n    1\n}\n");
    lab.write("own/inner/Cargo.toml", &package("inner"));
    lab.write("own/inner/build.rs", "fn main() {}\n");
    lab.write("own/inner/src/lib.rs", "pub fn two() -> u64 {\n    2\n}\n");
    lab.write(
        "own/Cargo.toml",
        &format!(
            "{}[dependencies]\ninner = {{ path = \"inner\" }}\noutside = {{ path = \"../outside\" }}\n[build-dependencies]\ninner = {{ path = \"inner\" }}\n[workspace]\n{manifest}\n",
            package("own-tool")
        ),
    );
    lab.write("own/build.rs", "fn main() {\n    inner::two();\n}\n");
    lab.write("own/src/lib.rs", "pub fn three() -> u64 {\n    inner::two() + outside::one()\n}\n");
    lab.write("own/src/main.rs", "fn main() {\n    println!(\"{}\", own_tool::three());\n}\n");
    let locked =
        |name: &str, more: &str| format!("[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n{more}\n");
    lab.write(
        "own/Cargo.lock",
        &format!(
            "version = 4\n\n{}{}{}",
            locked("inner", ""),
            locked("outside", ""),
            locked("own-tool", "dependencies = [\n \"inner\",\n \"outside\",\n]")
        ),
    );
}

pub(super) fn context(lab: &Lab, toolchain: &Toolchain) -> Context {
    let tree = lab.path("own");
    let manifest = std::fs::read_to_string(tree.join("Cargo.toml")).expect("the manifest");
    let plain = Context {
        toolchain: Some(toolchain.clone()),
        config: None,
        in_force: SettingsInForce::default(),
        manifest: Some(manifest.parse().expect("a manifest that is valid")),
        path: path(),
        tools: lab.path("tools"),
    };
    in_force(lab, toolchain, &BuildRequest::default(), plain)
}

/// The same with the configuration that is in force for a build request.
pub(super) fn in_force(
    lab: &Lab,
    toolchain: &Toolchain,
    request: &BuildRequest,
    context: Context,
) -> Context {
    let driver = driver(lab, None, toolchain);
    // The additions of an axis are to be proven.
    let (home_config, env) = (request.home_config.clone(), request.env.clone());
    let request = BuildRequest { home_config, env, ..BuildRequest::default() };
    let config = build_settings(&driver.configuration(&request).expect("a configuration that is valid"));
    let in_force = driver.settings_in_force(&request, &config).expect("flags");
    Context { config: Some(config), in_force, ..context }
}

/// The driver for the project with its current files.
fn driver(lab: &Lab, profile: Option<&str>, toolchain: &Toolchain) -> CargoDriver {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    lab.write("cache/config.toml", "");
    // The files change from one build to the next, so answers must not be reused.
    let hash = ASKED.fetch_add(1, Ordering::Relaxed).to_string();
    CargoDriver {
        toolchain: toolchain.clone(),
        build: BuildSettings { profile: profile.map(str::to_owned), ..BuildSettings::default() },
        config: None,
        path: path().to_string_lossy().into_owned(),
        pre_build_queries: Rc::new(PreBuildQueries::new(
            lab.path("own"),
            hash,
            lab.path("cache"),
            lab.path("asked"),
        )),
        post_build_queries: PostBuildQueries::default(),
    }
}

/// Builds from nothing.
pub(super) fn build(lab: &Lab, case: &Case, toolchain: &Toolchain, request: &BuildRequest) -> BuildEvidence {
    let driver = driver(lab, case.profile, toolchain);
    let dirs = BuildDirs {
        source: lab.path("own"),
        target: lab.path("target"),
        build_dir: lab.path("build-dir"),
        home: lab.path("home"),
        tmp: lab.path("lock"),
        service: lab.path("service"),
        cargo_home: lab.path("cargo-home"),
        edit: 0,
    };
    write_cargo_home(&dirs.cargo_home, &lab.path("cache"), request.home_config.as_deref())
        .expect("a cargo home");
    let step = |detail| {
        if dirs.target.exists() {
            std::fs::remove_dir_all(&dirs.target).expect("the last build removed");
        }
        driver.build_command(&dirs, request, Goal::Build, detail).expect("a build that can be put together")
    };
    if case.key == "cache" {
        if request.service.as_ref().is_some_and(Service::needs_priming) {
            attended(lab, &dirs, request, &step(Detail::Quiet));
        }
        let step = step(Detail::Proof);
        let (stdout, stderr, cache) = attended(lab, &dirs, request, &step);
        return BuildEvidence { cache, ..driver.evidence(&step, &stdout, &stderr) };
    }
    let step = step(Detail::Proof);
    let mut command = Command::new(&step.program);
    command.args(&step.args).env_clear().envs(&step.env).current_dir(&step.cwd);
    let output = command.output().expect("cargo");
    let (stdout, stderr) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{:?}\n{stderr}", step.args);
    driver.evidence(&step, &stdout, &stderr)
}

/// Runs a build with its service and the leftovers of an unconfigured cache under a supervisor. Returns its
/// output.
fn attended(
    lab: &Lab,
    dirs: &BuildDirs,
    request: &BuildRequest,
    step: &CommandLine,
) -> (String, String, Option<CacheUse>) {
    let mut supervisor =
        Supervisor::start(Path::new(PROGRAM), &SupervisorOptions::default()).expect("a supervisor");
    let limit = Duration::from_secs(120);
    let mut job = Job {
        program: step.program.clone(),
        args: step.args.clone(),
        cwd: step.cwd.clone(),
        env: step.env.clone(),
        stdout: lab.path("stdout"),
        stderr: lab.path("stderr"),
        timeout: limit,
        drain: Duration::ZERO,
        before: Vec::new(),
    };
    let (finished, used) = match &request.service {
        Some(service) => {
            std::fs::create_dir_all(&dirs.service).expect("a directory for the service");
            if let Some(store) = service.store_to_remove(&dirs.service).filter(|store| store.exists()) {
                std::fs::remove_dir_all(store).expect("an empty store");
            }
            let running = service.start(&dirs.service, limit).expect("a service");
            job.before.push(running.setup(&step.env));
            job.env = running.environment(&step.env);
            let ask = |_: &ExitKind| running.settle_and_stop(&step.env);
            let (finished, report) =
                supervisor.build_and_then(&job, limit, None, ask).expect("a supervised build");
            (finished, report.and_then(|report| report.used))
        }
        None => {
            // The wrapper starts a server, which must not be one that others use.
            job.env.insert("SCCACHE_SERVER_UDS".to_owned(), lab.path("server").display().to_string());
            (supervisor.build(&job).expect("a supervised build"), None)
        }
    };
    let [stdout, stderr] =
        [&job.stdout, &job.stderr].map(|path| std::fs::read_to_string(path).expect("output"));
    assert_eq!(finished.ended, ExitKind::Exited(0), "{stderr}");
    (stdout, stderr, used)
}

/// The toolchain with this name, or the one that this test runs with.
pub(super) fn toolchain(name: Option<&str>) -> Toolchain {
    static KNOWN: Mutex<BTreeMap<Option<String>, Toolchain>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let find = || match name {
        Some(name) => Toolchain::named(name, &path()).expect("a toolchain that is there"),
        None => Toolchain::for_tree(Path::new("/"), &path()).expect("a toolchain"),
    };
    known.entry(name.map(str::to_owned)).or_insert_with(find).clone()
}

pub(super) fn path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

pub(super) fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
