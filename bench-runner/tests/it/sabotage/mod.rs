//! Every axis is tried on a tiny project with real builds: with all additions of its value to a build request
//! the proof holds, and without any one of them it fails. The project itself has contrary settings, so that a
//! removal has an effect.
//!
//! A new axis needs an entry in [`entries`], and a new field of a build request needs a line in
//! [`without_each`].

mod advised;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use bench_runner_core::record::{CacheUse, ProofResult};
use bench_runner_measure::axes::{self, Context, ProofFinding, ProofInput, ReferenceBuild, Settings};
use bench_runner_measure::build::{
    BuildDirs, BuildEvidence, BuildRequest, CargoDriver, CargoQueries, CommandLine, Detail, Driver, Goal,
    QueryCache, Service, SettingsInForce, Toolchain, build_settings,
};
use bench_runner_measure::corpus::BuildSettings;
use bench_runner_measure::corpus::sources::write_cargo_home;
use bench_runner_measure::process::{ExitKind, Job, Supervisor, SupervisorOptions};
use libtest_mimic::Trial;

use crate::lab::{Lab, PROGRAM};
use crate::trials::{ALWAYS, LONG, TrialConditions, trial};
use table::{Case, Entry, Need, entries};

pub(crate) fn tests() -> Vec<Trial> {
    let mut trials =
        vec![trial("sabotage::every_axis_and_each_of_its_values_has_an_entry", ALWAYS, complete)];
    for entry in entries().into_values() {
        match entry {
            Entry::Built(cases) => {
                // The first value of each axis always runs, the others run in the gate.
                let whens = std::iter::once(ALWAYS).chain(std::iter::repeat(LONG));
                trials.extend(
                    cases
                        .into_iter()
                        .zip(whens)
                        .map(|(case, when)| trial_with("sabotage", when, case, try_out)),
                );
            }
            Entry::Unseen(key, value) => {
                let name = format!("sabotage::{key} cannot be seen");
                trials.push(trial(&name, ALWAYS, move || unseen(key, value)));
            }
        }
    }
    trials.extend(advised::tests());
    trials
}

/// A trial of one value, which is skipped if the machine lacks a requirement.
fn trial_with(of: &str, when: TrialConditions, case: Case, run: fn(&Case)) -> Trial {
    let beside: String = case.beside.iter().map(|(key, value)| format!(" {key}={value}")).collect();
    let value = case.value.lines().collect::<Vec<_>>().join("; ");
    let name = format!("{of}::{}={value}{beside}", case.key);
    let needs = case.needs;
    let when = match needs {
        Need::Nothing | Need::Absent => when,
        Need::Program(program) => when.with(program),
        Need::LongProgram(program) => ALWAYS.where_installed(program),
        Need::Nightly if nightly_is_here() => when,
        Need::Nightly => {
            let name = format!("{name} (skipped: rustup has no toolchain `nightly`)");
            return Trial::test(name, || Ok(())).with_ignored_flag(true);
        }
    };
    trial(&name, when, move || run(&case))
}

fn nightly_is_here() -> bool {
    let home = std::env::var_os("RUSTUP_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(Path::new(&std::env::var_os("HOME")?).join(".rustup")));
    let installed = home.into_iter().flat_map(|home| crate::lab::entries(&home.join("toolchains")));
    installed.filter_map(|path| Some(path.file_name()?.to_owned())).any(|name| {
        let name = name.to_string_lossy();
        // Dated nightlies have other names.
        name.strip_prefix("nightly-").is_some_and(|rest| !rest.starts_with(|c: char| c.is_ascii_digit()))
    })
}

fn complete() {
    let entries = entries();
    for axis in axes::all() {
        let Some(entry) = entries.get(axis.key()) else { panic!("no entry for the axis {}", axis.key()) };
        let Entry::Built(cases) = entry else { continue };
        let tried: BTreeSet<&str> = cases.iter().map(|case| case.value).collect();
        for value in axis.values().iter().filter(|value| axis.parse(axis.key(), value).is_ok()) {
            // A form such as `a number` is not a value.
            assert!(tried.contains(value) || value.contains(' '), "no case for {}={value}", axis.key());
        }
    }
    let known: BTreeSet<&str> = axes::all().iter().map(|axis| axis.key()).collect();
    assert!(entries.keys().all(|key| known.contains(key)), "an entry for what is no axis");
}

fn unseen(key: &str, value: &str) {
    let context = Context {
        toolchain: None,
        config: None,
        in_force: SettingsInForce::default(),
        manifest: None,
        path: path(),
        tools: "/nowhere".into(),
    };
    let settings = Settings::from([(key.to_owned(), value.to_owned())]);
    let input = ProofInput { build: &BuildEvidence::default(), baseline: None, edited: false };
    assert_eq!(prove(key, &settings, &context, &input).result, ProofResult::NotProvable);
}

fn try_out(case: &Case) {
    let (lab, settings, toolchain) = laid_out(case);
    let context = context(&lab, &toolchain);
    if let Need::Absent = case.needs {
        return lacking(case, &settings, &context);
    }
    let base = BuildRequest { jobs: cores() + 1, ..BuildRequest::default() };
    let mut request = base.clone();
    let parsed = axes::parse_all(&settings).expect("valid settings");
    for setting in parsed.iter() {
        if let Err(refusal) = setting.probe(&context) {
            panic!("{}: {refusal:?}", setting.key);
        }
        setting.value.prepare(&context).expect("a value that can be applied");
        setting.value.apply(&parsed, &context, &mut request);
    }
    let context = in_force(&lab, &toolchain, &request, context);
    let built = build(&lab, case, &toolchain, &request);
    let others = others(case, &settings);
    let beside = {
        let mut request = base.clone();
        let others = axes::parse_all(&others).expect("valid settings");
        others.iter().for_each(|setting| setting.value.apply(&others, &context, &mut request));
        request
    };
    // A proof by comparison has a build without the value to compare with.
    let compared = parsed.get(case.key).expect("the setting").value.is_proven_by_comparison();
    let plain = compared.then(|| build(&lab, case, &toolchain, &beside));
    let reference = plain.as_ref().map(|build| ReferenceBuild { name: "as it is", build, alone: true });
    let prove = |build: &BuildEvidence| {
        prove(case.key, &settings, &context, &ProofInput { build, baseline: reference, edited: false })
    };
    let whole = prove(&built);
    assert_eq!(whole.result, ProofResult::Holds, "expected {}, found {}", whole.expected, whole.found);
    let sabotaged = without_each(&request, &beside);
    assert!(sabotaged.len() >= case.adds, "{} additions only", sabotaged.len());
    for (what, request) in sabotaged {
        let built = build(&lab, case, &toolchain, &request);
        let finding = prove(&built);
        // A raw setting without effect on a build may still be in force.
        let raw = ["cargo-args", "config"].contains(&case.key);
        let gone = if raw { ProofResult::NotProvable } else { ProofResult::Fails };
        assert_eq!(finding.result, gone, "without {what} it finds {}", finding.found);
    }
    if case.key == "toolchain" {
        let other = self::toolchain(Some(if case.value == "nightly" { "stable" } else { "nightly" }));
        let built = build(&lab, case, &other, &request);
        let finding = prove(&built);
        assert_eq!(finding.result, ProofResult::Fails, "by another toolchain it finds {}", finding.found);
    }
}

/// The project of a case, its settings with those that it needs, and the toolchain that they name.
fn laid_out(case: &Case) -> (Lab, Settings, Toolchain) {
    let lab = Lab::new();
    project(&lab, case.manifest);
    let own = (case.key, case.value);
    let settings = case.beside.iter().chain([&own]);
    let settings = settings.map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
    if own == ("cache", "off") {
        lab.write("own/.cargo/config.toml", "[build]\nrustc-wrapper = \"sccache\"\n");
    }
    let toolchain = toolchain(axes::toolchain_name(&settings));
    (lab, settings, toolchain)
}

/// The settings besides the one under test.
fn others(case: &Case, settings: &Settings) -> Settings {
    settings.iter().filter(|(key, _)| *key != case.key).map(|(k, v)| (k.clone(), v.clone())).collect()
}

/// A TOML text without each single key, with the removed key.
fn without_each_key(text: &str) -> Vec<(String, String)> {
    let table: toml::Table = text.parse().expect("TOML");
    let mut keys = Vec::new();
    let mut left = vec![(Vec::new(), table.clone())];
    while let Some((path, table)) = left.pop() {
        for (key, value) in table {
            let path = [&path[..], &[key]].concat();
            match value {
                toml::Value::Table(table) => left.push((path, table)),
                _ => keys.push(path),
            }
        }
    }
    let without = |path: &Vec<String>| {
        let mut whole = table.clone();
        let (last, above) = path.split_last().expect("a key");
        let place = above.iter().fold(&mut whole, |table, key| table[key].as_table_mut().expect("a table"));
        place.remove(last);
        (path.join("."), whole.to_string())
    };
    keys.iter().map(without).collect()
}

/// Values that no test machine has: the refusal must have the command that would provide them.
fn lacking(case: &Case, settings: &Settings, context: &Context) {
    let settings = axes::parse_all(settings).expect("valid settings");
    match settings.get(case.key).expect("the setting").probe(context) {
        Err(refusal) => assert!(refusal.help.is_some(), "no help"),
        Ok(_) => try_out(&Case { needs: Need::Nothing, ..case.clone() }),
    }
}

/// `request` without each single addition to `base`, with the removed addition.
fn without_each(request: &BuildRequest, base: &BuildRequest) -> Vec<(String, BuildRequest)> {
    // The names of settings behind variables and flags are for messages only.
    let BuildRequest {
        args,
        env,
        env_from: _,
        home_config,
        rustflags,
        rustflags_from: _,
        config,
        profile_keys,
        profile,
        jobs,
        service,
    } = request;
    let mut all = Vec::new();
    let mut without = |what: String, take: &dyn Fn(&mut BuildRequest)| {
        let mut request = request.clone();
        take(&mut request);
        all.push((what, request));
    };
    for (at, arg) in args.iter().enumerate().filter(|(_, arg)| !base.args.contains(arg)) {
        without(format!("the argument {arg}"), &|request| drop(request.args.remove(at)));
    }
    for name in env.keys().filter(|name| !base.env.contains_key(*name)) {
        without(format!("the variable {name}"), &|request| drop(request.env.remove(name)));
    }
    for (at, flag) in rustflags.iter().enumerate().filter(|(_, flag)| !base.rustflags.contains(flag)) {
        without(format!("the flag {flag}"), &|request| drop(request.rustflags.remove(at)));
    }
    for (at, pair) in config.iter().enumerate().filter(|(_, pair)| !base.config.contains(pair)) {
        without(format!("the key {}", pair.0), &|request| drop(request.config.remove(at)));
    }
    for (at, pair) in profile_keys.iter().enumerate().filter(|(_, pair)| !base.profile_keys.contains(pair)) {
        without(format!("the profile's key {}", pair.0), &|request| drop(request.profile_keys.remove(at)));
    }
    if *profile != base.profile {
        without("the profile".to_owned(), &|request| request.profile.clone_from(&base.profile));
    }
    if *service != base.service {
        without("the service".to_owned(), &|request| request.service.clone_from(&base.service));
    }
    for (key, left) in home_config.iter().flat_map(|text| without_each_key(text)) {
        without(format!("the key {key} of the cargo home"), &|request| {
            request.home_config = Some(left.clone())
        });
    }
    if *jobs != base.jobs {
        without("the jobs".to_owned(), &|request| request.jobs = base.jobs);
    }
    all
}

fn prove(key: &str, settings: &Settings, context: &Context, input: &ProofInput<'_>) -> ProofFinding {
    let settings = axes::parse_all(settings).expect("valid settings");
    settings.get(key).expect("the setting").value.prove(&settings, context, input)
}

/// A package with a library, a binary and a build script; a member of its workspace on which both depend and
/// that also has a build script; and a package outside of it.
fn project(lab: &Lab, manifest: &str) {
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

fn context(lab: &Lab, toolchain: &Toolchain) -> Context {
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
fn in_force(lab: &Lab, toolchain: &Toolchain, request: &BuildRequest, context: Context) -> Context {
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
        queries: Rc::new(CargoQueries::new(lab.path("own"), hash, lab.path("cache"), lab.path("asked"))),
        answers: QueryCache::default(),
    }
}

/// Builds from nothing.
fn build(lab: &Lab, case: &Case, toolchain: &Toolchain, request: &BuildRequest) -> BuildEvidence {
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
            let (finished, report) = supervisor.build_and_then(&job, limit, ask).expect("a supervised build");
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
fn toolchain(name: Option<&str>) -> Toolchain {
    static KNOWN: Mutex<BTreeMap<Option<String>, Toolchain>> = Mutex::new(BTreeMap::new());
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    let find = || match name {
        Some(name) => Toolchain::named(name, &path()).expect("a toolchain that is there"),
        None => Toolchain::for_tree(Path::new("/"), &path()).expect("a toolchain"),
    };
    known.entry(name.map(str::to_owned)).or_insert_with(find).clone()
}

fn path() -> OsString {
    std::env::var_os("PATH").unwrap_or_default()
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}
