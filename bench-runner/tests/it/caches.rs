//! The compiler cache with the real sccache, in a directory and in a real Redis: proofs, counts, and the
//! outcome of builds whose cache was not as required.

use std::fs;
use std::net::{TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bench_runner_core::bundle::Bundle;
use bench_runner_core::record::{CacheUse, Outcome, Phase, ProofResult, Sample};

use crate::lab::{Lab, ProgramRun, entries};

trials! { "cache";
    cold_and_warm_are_proven_and_counted: ALWAYS.with("sccache"),
    what_an_edit_changed_may_be_missing: LONG.with("sccache"),
    files_beside_a_crate_are_not_in_the_cache: LONG.with("sccache"),
    a_port_where_a_socket_would_have_too_long_a_path: LONG.with("sccache"),
    a_server_that_dies_fails_its_samples_alone: LONG.with("sccache"),
    a_warm_cache_that_misses_is_no_warm_cache: LONG.with("sccache"),
    a_wrapper_that_comes_another_way_has_a_server_of_its_own_too: LONG.with("sccache"),
    a_redis_that_is_not_there_is_left_out: LONG.with("sccache"),
    a_redis_is_used_under_prefixes_and_with_the_users_password: LONG.with("sccache").with("redis-server"),
    a_redis_that_dies_in_the_middle_fails_the_samples_that_need_it: LONG.with("sccache").with("redis-server"),
}

/// A binary, a library that can be cached, and a build script that runs `script`.
fn own(lab: &Lab, script: &str) {
    let package =
        |name: &str| format!("[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\n");
    // Incremental compilation would prevent all caching.
    let more = "[dependencies]\ndep = { path = \"dep\" }\n[profile.dev]\nincremental = false\n";
    lab.write("own/Cargo.toml", &format!("{}{more}", package("own")));
    lab.write("own/dep/Cargo.toml", &package("dep"));
    lab.write(
        "own/Cargo.lock",
        "version = 4\n\n[[package]]\nname = \"dep\"\nversion = \"0.1.0\"\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\ndependencies = [\n \"dep\",\n]\n",
    );
    lab.write("own/dep/src/lib.rs", "pub fn twice(n: u64) -> u64 {\n    n * 2\n}\n");
    lab.write("own/src/main.rs", "fn main() {\n    println!(\"{}\", dep::twice(21));\n}\n");
    if !script.is_empty() {
        lab.write("own/dep/build.rs", script);
    }
}

/// A build script that does `what` in the third and later builds of variants with a cache; these have a
/// variable that prevents other servers from starting. It reads `path`, the lab.
fn in_the_third(lab: &Lab, what: &str) -> String {
    format!(
        "fn main() {{\n    let path = std::path::Path::new({:?});\n    if std::env::var_os(\"SCCACHE_REDIS_ENDPOINT\").is_none() {{\n        return;\n    }}\n    let count = path.join(\"count\");\n    let n = std::fs::read_to_string(&count).map_or(0, |text| text.len()) + 1;\n    std::fs::write(&count, \"x\".repeat(n)).unwrap();\n    if n >= 3 {{\n        {what}\n    }}\n}}\n",
        lab.path("")
    )
}

fn run(lab: &Lab, axis: &str, rounds: &str, code: i32) -> Bundle {
    let axis = format!("cache={axis}");
    let args = ["run", "--project", "../own", "--rounds", rounds, "--axis", &axis, "--baseline", "cache=off"];
    lab.run(&args).expect(code);
    nothing_is_left(lab);
    lab.bundle()
}

/// No process has a directory of the lab in its environment any longer.
fn nothing_is_left(lab: &Lab) {
    let dir = lab.path("cache").display().to_string();
    let until = Instant::now() + Duration::from_secs(20);
    loop {
        let processes = fs::read_dir("/proc").expect("/proc").flatten();
        let left = processes
            .filter(|process| {
                fs::read(process.path().join("environ"))
                    .is_ok_and(|env| String::from_utf8_lossy(&env).contains(&dir))
            })
            .map(|process| process.path())
            .collect::<Vec<_>>();
        if left.is_empty() {
            return;
        }
        assert!(Instant::now() < until, "{left:?} survived");
        thread::sleep(Duration::from_millis(50));
    }
}

fn proof(bundle: &Bundle, variant: &str) -> (String, ProofResult) {
    let proof = bundle.proofs.iter().find(|proof| proof.variant == variant && proof.axis == "cache");
    let proof = proof.unwrap_or_else(|| panic!("no proof for {variant}: {:?}", bundle.proofs));
    (proof.found.clone(), proof.result)
}

fn of<'b>(bundle: &'b Bundle, variant: &str, phase: Phase) -> Vec<&'b Sample> {
    bundle.samples.iter().filter(|sample| sample.variant == variant && sample.phase == phase).collect()
}

fn used(samples: &[&Sample]) -> Vec<Option<(u64, u64, u64)>> {
    let numbers = |cache: CacheUse| (cache.hits, cache.misses, cache.not_cacheable);
    samples.iter().map(|sample| sample.cache.map(numbers)).collect()
}

fn cold_and_warm_are_proven_and_counted() {
    let lab = Lab::new();
    own(&lab, "");
    let bundle = run(&lab, "off,cold,warm", "2", 0);
    // The library can be cached, the binary cannot.
    let found = "2 of 2 compiler calls through sccache, 0 hits, 1 miss, 1 not cacheable";
    assert_eq!(proof(&bundle, "cache=cold"), (found.to_owned(), ProofResult::Holds));
    let found = "2 of 2 compiler calls through sccache, 1 hit, 0 misses, 1 not cacheable";
    assert_eq!(proof(&bundle, "cache=warm"), (found.to_owned(), ProofResult::Holds));
    assert_eq!(proof(&bundle, "cache=off").1, ProofResult::Holds);
    let (cold, warm) = (Some((0, 1, 1)), Some((1, 0, 1)));
    assert_eq!(used(&of(&bundle, "cache=cold", Phase::Measured)), [cold, cold]);
    assert_eq!(used(&of(&bundle, "cache=warm", Phase::Measured)), [warm, warm]);
    assert_eq!(used(&of(&bundle, "cache=off", Phase::Measured)), [None; 4], "the baseline and its twin");
    // A build fills the cache before the build that yields the proof.
    assert_eq!(used(&of(&bundle, "cache=warm", Phase::Warmup)), [cold, warm]);
    assert!(bundle.manifest.tools.iter().any(|tool| tool.version.starts_with("sccache ")));
    let stragglers: u32 = bundle.samples.iter().map(|sample| sample.interference.stragglers).sum();
    assert_eq!(stragglers, 0, "servers are stopped, not killed");
}

/// The reason why `split-debuginfo=unpacked` is not combined with a filled cache.
fn files_beside_a_crate_are_not_in_the_cache() {
    let lab = Lab::new();
    own(&lab, "");
    let with_cache = |program: &str| {
        let mut command = Command::new(program);
        command.current_dir(lab.path("own")).env("RUSTC_WRAPPER", "sccache");
        command.env("SCCACHE_DIR", lab.path("s")).env("SCCACHE_SERVER_UDS", lab.path("u"));
        command
    };
    let files = |target: &str| {
        let mut cargo = with_cache("cargo");
        cargo.args([
            "build",
            "--offline",
            "--config",
            "profile.dev.split-debuginfo='unpacked'",
            "--target-dir",
        ]);
        let built = cargo.arg(lab.path(target)).output().expect("cargo");
        assert!(built.status.success(), "{}", String::from_utf8_lossy(&built.stderr));
        let all = entries(&lab.path(target).join("debug/deps")).into_iter();
        let names = all.filter_map(|path| Some(path.file_name()?.to_string_lossy().into_owned()));
        names.filter(|name| name.starts_with("dep-") && name.ends_with(".dwo")).count()
    };
    let (compiled, from_cache) = (files("one"), files("two"));
    let stopped = with_cache("sccache").arg("--stop-server").output().expect("sccache");
    assert!(stopped.status.success(), "{}", String::from_utf8_lossy(&stopped.stderr));
    assert!(compiled > 0 && from_cache == 0, "{compiled} and {from_cache}");
    let axes = ["--axis", "cache=off,warm", "--axis", "split-debuginfo=off,unpacked"];
    let planned = lab.run(&[&["plan", "--project", "../own"], axes.as_slice()].concat()).expect(0);
    assert!(planned.stdout.contains("sccache keeps no .dwo files"), "{}", planned.stdout);
}

fn what_an_edit_changed_may_be_missing() {
    let lab = Lab::new();
    own(&lab, "");
    lab.write(
        "work/corpus/own.toml",
        &format!(
            "name = \"own\"\nsummary = \"own\"\n[source]\nkind = \"path\"\npath = \"{}\"\n[[edit]]\nname = \"body\"\nclass = \"body\"\nfile = \"dep/src/lib.rs\"\nanchor = \"n * 2\"\ninsert = \" + {{n}} - {{n}}\"\n",
            lab.path("own").display()
        ),
    );
    let args = ["run", "--project", "own", "--workload", "incremental", "--rounds", "2"];
    let args = [&args[..], &["--axis", "cache=off,cold,warm", "--baseline", "cache=off"]].concat();
    lab.run(&args).expect(0);
    let bundle = lab.bundle();
    for variant in ["cache=cold", "cache=warm"] {
        assert_eq!(proof(&bundle, variant).1, ProofResult::Holds);
        // No cache can have the edited library.
        assert_eq!(used(&of(&bundle, variant, Phase::Measured)), [Some((0, 1, 1)); 2], "{variant}");
    }
}

fn a_port_where_a_socket_would_have_too_long_a_path() {
    let lab = Lab::new();
    own(&lab, "");
    let deep = lab.path("cache").join("deep".repeat(20));
    let args = ["run", "--project", "../own", "--rounds", "1", "--axis", "cache=off,cold"];
    let ran = lab.command(&args).env("XDG_CACHE_HOME", deep).output().expect("the program");
    ProgramRun::from(ran).expect(0);
    assert_eq!(used(&of(&lab.bundle(), "cache=cold", Phase::Measured)), [Some((0, 1, 1))]);
}

fn a_server_that_dies_fails_its_samples_alone() {
    let lab = Lab::new();
    // Only a server has the name of its log in its environment.
    let kill = r#"for process in std::fs::read_dir("/proc").unwrap().flatten() {
            let env = std::fs::read(process.path().join("environ")).unwrap_or_default();
            let env = String::from_utf8_lossy(&env);
            if env.contains("SCCACHE_ERROR_LOG") && env.contains(&std::env::var("SCCACHE_SERVER_UDS").unwrap()) {
                let pid = process.file_name().into_string().unwrap();
                std::process::Command::new("sh").args(["-c", "kill -KILL $0", &pid]).status().unwrap();
            }
        }"#;
    own(&lab, &in_the_third(&lab, kill));
    let bundle = run(&lab, "off,cold", "3", 3);
    let cold = of(&bundle, "cache=cold", Phase::Measured);
    let failed = |sample: &&Sample| matches!(sample.outcome, Outcome::Failed { .. });
    assert_eq!(cold.iter().map(failed).collect::<Vec<_>>(), [false, true, true]);
    assert!(of(&bundle, "cache=off", Phase::Measured).iter().all(|sample| sample.outcome.cost().is_some()));
    let not_timed = &bundle.manifest.blocks[0].not_timed;
    assert!(not_timed[0].reason.contains("the server of sccache has died"), "{not_timed:?}");
}

fn a_warm_cache_that_misses_is_no_warm_cache() {
    let lab = Lab::new();
    // The library's source changes without notice to the cache.
    let script = in_the_third(&lab, r#"println!("cargo:rustc-cfg=n{n}");"#);
    own(&lab, &script);
    let bundle = run(&lab, "off,warm", "3", 3);
    assert_eq!(proof(&bundle, "cache=warm").1, ProofResult::Holds);
    let warm = of(&bundle, "cache=warm", Phase::Measured);
    let ends: Vec<_> = warm.iter().map(|sample| sample.outcome.clone()).collect();
    assert_eq!(ends, [Outcome::Failed { exit_code: Some(0) }, Outcome::Failed { exit_code: Some(0) }]);
    let not_timed = &bundle.manifest.blocks[0].not_timed;
    assert!(
        not_timed[0].reason.contains("cache=warm: ") && not_timed[0].reason.contains("1 miss"),
        "{not_timed:?}"
    );
    let logs = crate::lab::entries(&lab.bundles()[0].join("logs"));
    let said = fs::read_to_string(&logs[0]).expect("a log");
    assert!(said.contains("expected no misses"), "{said}");
}

fn a_wrapper_that_comes_another_way_has_a_server_of_its_own_too() {
    let lab = Lab::new();
    own(&lab, "");
    lab.write("cached.toml", "[build]\nrustc-wrapper = \"sccache\"\n");
    let args = ["run", "--project", "../own", "--rounds", "1", "--variant", "cached=../cached.toml"];
    lab.run(&args).expect(0);
    nothing_is_left(&lab);
    let bundle = lab.bundle();
    let measured = of(&bundle, "cached", Phase::Measured);
    assert_eq!(used(&measured), [Some((1, 0, 1))], "filled by a build of its own, and by nobody else's");
    assert!(measured.iter().all(|sample| sample.interference.stragglers == 0));
}

fn a_redis_that_is_not_there_is_left_out() {
    let lab = Lab::new();
    own(&lab, "");
    let ran = lab.run(&[
        "run",
        "--project",
        "../own",
        "--rounds",
        "1",
        "--axis",
        &format!("cache=off,cold,warm@redis://127.0.0.1:{}", free_port()),
    ]);
    let ran = ran.expect(0);
    assert!(
        ran.stdout.contains("cannot be reached") || ran.stderr.contains("cannot be reached"),
        "{}",
        ran.stdout
    );
    assert_eq!(of(&lab.bundle(), "cache=cold", Phase::Measured).len(), 1, "the others go on");
}

/// A test's own Redis server, without files on disk.
struct Redis {
    child: Child,
    port: u16,
}

impl Redis {
    fn start(more: &[&str]) -> Self {
        let port = free_port();
        let port_text = port.to_string();
        let child = Command::new("redis-server")
            .args(["--port", &port_text, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"])
            .args(more)
            .stdout(Stdio::null())
            .spawn()
            .expect("redis-server");
        let until = Instant::now() + Duration::from_secs(30);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            assert!(Instant::now() < until, "redis-server does not answer");
            thread::sleep(Duration::from_millis(20));
        }
        Self { child, port }
    }

    /// Its immediate answer to a command.
    fn ask(&self, command: &str) -> String {
        use std::io::{Read, Write};
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).expect("a connection");
        stream.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).expect("a command");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("an answer");
        answer
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port").port()
}

fn a_redis_is_used_under_prefixes_and_with_the_users_password() {
    let lab = Lab::new();
    own(&lab, "");
    let redis = Redis::start(&["--requirepass", "open-sesame"]);
    redis.ask("AUTH open-sesame\r\nSELECT 1\r\nSET of-another 1");
    let address = format!("redis://127.0.0.1:{}/1", redis.port);
    let axis = format!("cache=off,cold@{address},warm@{address}");
    let args = ["run", "--project", "../own", "--rounds", "2", "--axis", &axis, "--baseline", "cache=off"];
    let ran = lab.command(&args).env("SCCACHE_REDIS_PASSWORD", "open-sesame").output().expect("the program");
    ProgramRun::from(ran).expect(0);
    nothing_is_left(&lab);
    let bundle = lab.bundle();
    assert_eq!(used(&of(&bundle, &format!("cache=cold@{address}"), Phase::Measured)), [Some((0, 1, 1)); 2]);
    assert_eq!(used(&of(&bundle, &format!("cache=warm@{address}"), Phase::Measured)), [Some((1, 0, 1)); 2]);
    let keys = redis.ask("AUTH open-sesame\r\nSELECT 1\r\nKEYS *");
    assert!(keys.contains("of-another"), "a shared store is never flushed: {keys}");
    let cached = keys.lines().filter(|key| key.starts_with("bench-runner-") && !key.contains("check"));
    assert_eq!(cached.count(), 4, "three cold builds and one that fills have a prefix each: {keys}");
    for file in crate::lab::entries(&lab.bundles()[0]).iter().filter(|file| file.is_file()) {
        assert!(!fs::read_to_string(file).expect("a file").contains("open-sesame"), "{}", file.display());
    }
}

fn a_redis_that_dies_in_the_middle_fails_the_samples_that_need_it() {
    let lab = Lab::new();
    let redis = Redis::start(&[]);
    let kill = format!(
        "std::process::Command::new(\"sh\").args([\"-c\", \"kill -KILL {} || true\"]).status().unwrap();",
        redis.child.id()
    );
    own(&lab, &in_the_third(&lab, &kill));
    let variant = format!("cold@redis://127.0.0.1:{}", redis.port);
    let bundle = run(&lab, &format!("off,{variant}"), "4", 3);
    let ends: Vec<_> = of(&bundle, &format!("cache={variant}"), Phase::Measured)
        .iter()
        .map(|sample| sample.outcome.as_str())
        .collect();
    assert_eq!(ends, ["ok", "failed", "not-started"], "then it is given up");
    let off = of(&bundle, "cache=off", Phase::Measured);
    assert!(off.len() == 6 && off.iter().all(|sample| sample.outcome.cost().is_some()), "{off:?}");
    let not_timed = &bundle.manifest.blocks[0].not_timed;
    assert!(not_timed[0].reason.contains("cannot be reached: Connection refused"), "{not_timed:?}");
}
