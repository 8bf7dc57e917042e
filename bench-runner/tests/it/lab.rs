//! An isolated environment for a run of the real program: home, cache, results and plots in one temporary
//! directory, and command projects that build in milliseconds.

mod screen;
pub(crate) mod slow_project;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

pub(crate) use screen::Screen;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_bench-runner");

/// A temporary directory with everything that the program reads and writes.
pub(crate) struct Lab {
    dir: tempfile::TempDir,
}

/// The outcome of a run of the program.
pub(crate) struct ProgramRun {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl ProgramRun {
    /// Asserts the exit code. Returns `self`.
    pub(crate) fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.stdout, self.stderr);
        self
    }
}

impl From<Output> for ProgramRun {
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

    /// Writes a file below the lab; `.sh` files are executable.
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
        self.toy_named("toy", body, keys);
    }

    /// The same with another name.
    pub(crate) fn toy_named(&self, name: &str, body: &str, keys: &str) {
        self.write(&format!("{name}/build.sh"), &format!("#!/bin/sh\nset -e\n{body}\n"));
        self.write(
            &format!("work/corpus/{name}.toml"),
            &format!(
                "name = \"{name}\"\nsummary = \"a toy\"\n[source]\nkind = \"command\"\npath = \"{}\"\nbuild = [\"./build.sh\"]\n{keys}\n",
                self.path(name).display()
            ),
        );
    }

    /// The program in the lab's `work` directory, with only `PATH` and the variables of a Rust toolchain from
    /// this process's environment.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        self.command_of(PROGRAM, args)
    }

    /// The same with another file as the program.
    pub(crate) fn command_of(&self, program: &str, args: &[&str]) -> Command {
        let mut command = Command::new(program);
        reset_signals(&mut command);
        command.current_dir(self.path("work")).args(args).env_clear();
        // A toolchain that rustup has set for these tests is not one that the program's user has chosen.
        for name in ["PATH", "RUSTUP_HOME", "SSL_CERT_FILE", "HTTPS_PROXY", "https_proxy"] {
            if let Some(value) = std::env::var_os(name) {
                command.env(name, value);
            }
        }
        // rustup's proxies find their toolchains below the real home; nothing else may come from there.
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
    pub(crate) fn run(&self, args: &[&str]) -> ProgramRun {
        self.command(args).output().expect("the program").into()
    }

    /// The bundles in `work/results`, oldest first.
    pub(crate) fn bundles(&self) -> Vec<PathBuf> {
        let mut bundles = Vec::new();
        for machine in entries(&self.path("work/results")) {
            // Like `*` in a shell, without what histories keep there.
            bundles.extend(entries(&machine).into_iter().filter(|dir| !dir.ends_with(".derived")));
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

/// Makes a command start with the default actions for SIGINT and SIGHUP. Children would ignore them if these
/// tests run under `nohup`, in the background of a shell, or under an agent that ignores them.
pub(crate) fn reset_signals(command: &mut Command) {
    use std::os::unix::process::CommandExt;
    let reset = || {
        for signal in [libc::SIGINT, libc::SIGHUP] {
            // SAFETY: `signal` may be called between fork and exec, and no handler is set.
            if unsafe { libc::signal(signal, libc::SIG_DFL) } == libc::SIG_ERR {
                return Err(std::io::Error::last_os_error());
            }
        }
        Ok(())
    };
    // SAFETY: it allocates nothing and takes no lock.
    unsafe { command.pre_exec(reset) };
}

/// The entries of a directory; empty if it does not exist.
pub(crate) fn entries(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path()).collect()
}

/// The Python for which `.ci/run` installs packages; otherwise `python3`.
pub(crate) fn python() -> std::ffi::OsString {
    std::env::var_os("BENCH_RUNNER_TEST_PYTHON").unwrap_or_else(|| "python3".into())
}

/// Runs a Python script, expects success, and returns its output.
pub(crate) fn run_python(script: &str, args: &[&str]) -> String {
    let mut command = Command::new(python());
    command.args(["-c", script]).args(args).env("MPLBACKEND", "Agg").current_dir(env!("CARGO_MANIFEST_DIR"));
    ProgramRun::from(command.output().expect("Python")).expect(0).stdout
}
