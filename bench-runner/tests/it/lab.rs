//! A place of its own for one run of the real program: home, cache, results and plots in one temporary directory,
//! and command projects that build in milliseconds.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::{Failed, Trial};

/// The program.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-runner");

/// A temporary directory that the program takes for the whole world.
pub(crate) struct Lab {
    dir: tempfile::TempDir,
}

/// How a run of the program ended.
pub(crate) struct Ran {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Ran {
    /// The same run, if it ended with this code.
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

impl From<Output> for Ran {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code(),
            stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Lab {
    pub(crate) fn new() -> Self {
        let lab = Self { dir: tempfile::tempdir().expect("a temporary directory") };
        for name in ["home", "lock", "work/corpus", "work/scenarios", "cache"] {
            fs::create_dir_all(lab.path(name)).expect("a directory in it");
        }
        lab
    }

    /// A path below the lab.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Writes a file below the lab; what ends in `.sh` can be run.
    pub(crate) fn write(&self, name: &str, text: &str) -> PathBuf {
        use std::os::unix::fs::PermissionsExt;
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a file in a directory")).expect("its directory");
        fs::write(&path, text).expect("the file");
        if name.ends_with(".sh") {
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
        }
        path
    }

    /// A command project called `toy`. Its build script gets `body`, its manifest `keys` for the source.
    pub(crate) fn toy(&self, body: &str, keys: &str) {
        self.toy_called("toy", body, keys);
    }

    /// The same under another name.
    pub(crate) fn toy_called(&self, name: &str, body: &str, keys: &str) {
        self.write(&format!("{name}/build.sh"), &format!("#!/bin/sh\nset -e\n{body}\n"));
        self.write(
            &format!("work/corpus/{name}.toml"),
            &format!(
                "name = \"{name}\"\nsummary = \"a toy\"\n[source]\nkind = \"command\"\npath = \"{}\"\nbuild = [\"./build.sh\"]\n{keys}\n",
                self.path(name).display()
            ),
        );
    }

    /// The program in the lab's `work` directory, with nothing of this process's environment but `PATH` and what a
    /// Rust toolchain needs.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.command_of(PROGRAM, args)
    }

    /// The same with another file for the program.
    pub(crate) fn command_of(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.path("work")).args(args).env_clear();
        // A toolchain that rustup has set for these tests is not one that the user of the program chose.
        for name in ["PATH", "RUSTUP_HOME", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // rustup's proxies find their toolchains below the real home; nothing else may be taken from there.
        if std::env::var_os("RUSTUP_HOME").is_none()
            && let Some(home) = std::env::var_os("HOME")
        {
            command.env("RUSTUP_HOME", Path::new(&home).join(".rustup"));
        }
        command
            .env("HOME", self.path("home"))
            .env("XDG_STATE_HOME", self.path("state"))
            .env("XDG_CACHE_HOME", self.path("cache"))
            .env("BENCH_RUNNER_LOCK_DIR", self.path("lock"));
        command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        self.command(args).output().expect("the program").into()
    }

    /// The bundles in `work/results`, oldest first.
    pub(crate) fn bundles(&self) -> Vec<PathBuf> {
        let mut bundles = Vec::new();
        for machine in entries(&self.path("work/results")) {
            bundles.extend(entries(&machine));
        }
        bundles.sort();
        bundles
    }

    /// The only bundle.
    pub(crate) fn bundle(&self) -> bench_runner_core::bundle::Bundle {
        let bundles = self.bundles();
        assert_eq!(bundles.len(), 1, "{bundles:?}");
        bench_runner_core::bundle::open(&bundles[0]).expect("a bundle that can be read")
    }
}

/// What lies in a directory; nothing where there is none.
pub(crate) fn entries(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// A test by name.
pub(crate) fn test(name: &str, run: impl FnOnce() + Send + 'static) -> Trial {
    Trial::test(name, move || {
        run();
        Ok(())
    })
}

/// A test that needs a program which takes too long to install for the gate: `.ci/long` has it. Elsewhere the test is
/// skipped, and says so.
pub(crate) fn long_test_with(name: &str, program: &str, run: impl FnOnce() + Send + 'static) -> Trial {
    if on_path(program) {
        return test(name, run);
    }
    let reason = format!("no {program} on PATH; .ci/long installs it");
    Trial::test(format!("{name} (skipped: {reason})"), || Ok(())).with_ignored_flag(true)
}

fn on_path(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    // Servers are in a directory that not everybody has in there.
    std::env::split_paths(&path).chain(["/usr/sbin".into()]).any(|dir| dir.join(program).is_file())
}

/// A test that needs a program. Without it the test is skipped, and says why; under `CI=true` that is a failure.
pub(crate) fn test_with(name: &str, program: &str, run: impl FnOnce() + Send + 'static) -> Trial {
    if on_path(program) { test(name, run) } else { skipped(name, format!("no {program} on PATH")) }
}

/// A test that was skipped for this reason, which under `CI=true` is a failure.
pub(crate) fn skipped(name: &str, reason: String) -> Trial {
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        return Trial::test(name, move || Err(Failed::from(format!("cannot be skipped under CI: {reason}"))));
    }
    Trial::test(format!("{name} (skipped: {reason})"), || Ok(())).with_ignored_flag(true)
}

/// Python with what `.ci/run` installs for it; `python3` where nothing is named.
fn python() -> std::ffi::OsString {
    std::env::var_os("BENCH_RUNNER_TEST_PYTHON").unwrap_or_else(|| "python3".into())
}

/// A test that needs packages of Python, skipped like one that needs a program.
pub(crate) fn test_with_python(name: &str, packages: &[&str], run: impl FnOnce() + Send + 'static) -> Trial {
    // whether they are there, without importing them, which can take a second
    let look = "import importlib.util as u, sys; sys.exit(not all(map(u.find_spec, sys.argv[1:])))";
    let looked = Command::new(python()).args(["-c", look]).args(packages).output();
    if looked.is_ok_and(|output| output.status.success()) {
        return test(name, run);
    }
    skipped(name, format!("no Python with {}", packages.join(", ")))
}

/// Runs a script of Python, expects it to end well, and gives what it printed.
pub(crate) fn run_python(script: &str, args: &[&str]) -> String {
    let mut command = Command::new(python());
    command.args(["-c", script]).args(args).env("MPLBACKEND", "Agg").current_dir(env!("CARGO_MANIFEST_DIR"));
    Ran::from(command.output().expect("Python")).expect(0).stdout
}
