//! The toolchain that a tree asks for, by its own binaries: rustup's proxies stay out of timed builds.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use bench_runner_core::record::Refusal;

use super::{BuildError, Goal};
use crate::process::{
    RUSTUP_TOOLCHAIN, ToolCall, ToolEnv, ToolError, check_tool, find_in_path, not_installed,
};

/// Variables that decide which toolchain answers, or how. rustup and cargo set them for child processes,
/// which includes this program under `cargo run`; they would override the tree's own `rust-toolchain.toml`.
const TOOLCHAIN_VARIABLES: [&str; 7] = [
    RUSTUP_TOOLCHAIN,
    "CARGO",
    "RUSTC",
    "RUSTDOC",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_BOOTSTRAP",
];

/// Major and minor version of a compiler.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Release {
    pub major: u32,
    pub minor: u32,
}

/// Toolchain, by its own binaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Toolchain {
    /// Directory of the installation.
    pub sysroot: PathBuf,
    /// Path of cargo itself, not of a proxy.
    pub cargo: PathBuf,
    /// Path of rustc itself, not of a proxy.
    pub rustc: PathBuf,
    /// Path of rustdoc itself, if it is installed.
    pub rustdoc: Option<PathBuf>,
    /// Host triple.
    pub host: String,
    /// Output of `rustc --print cfg` for the host, one entry per line.
    pub cfg: Vec<String>,
    /// Version of rustc.
    pub release: Release,
    /// First line of `rustc -vV`.
    pub rustc_version: String,
    /// Output of `cargo -V`.
    pub cargo_version: String,
}

impl Toolchain {
    /// The toolchain for the sources in `tree`, found with the programs on `path`. A `rust-toolchain.toml` in
    /// the tree takes effect, because rustup's proxy reads it; `RUSTUP_TOOLCHAIN` of this process does not.
    pub fn for_tree(tree: &Path, path: &OsString) -> Result<Self, BuildError> {
        Self::for_tree_with(tree, path, None)
    }

    /// The toolchain for the sources in `tree`, with the user's own `RUSTUP_TOOLCHAIN` as `chosen`.
    pub fn for_tree_with(tree: &Path, path: &OsString, chosen: Option<&OsStr>) -> Result<Self, BuildError> {
        let fail = |reason: String| BuildError::Toolchain { tree: tree.display().to_string(), reason };
        let proxy = find_in_path("rustc", path)
            .ok_or_else(|| fail("no rustc on PATH; install Rust with rustup, or add it to PATH".into()))?;
        let printed = try_ask(&proxy, &["--print", "sysroot", "--print", "cfg"], tree, chosen);
        let printed = printed.map_err(|error| match not_installed(&error, tree) {
            Some(missing) => BuildError::NotInstalled(missing),
            None => fail(error.to_string()),
        })?;
        let (sysroot, cfg) = parse_sysroot_and_cfg(&printed)
            .ok_or_else(|| fail(format!("cannot read what `rustc --print sysroot` says: {printed}")))?;
        Self::at(sysroot, cfg, proxy, tree, path).map_err(fail)
    }

    /// The toolchain that a variant names: a name that rustup knows, or a directory.
    pub fn named(name: &str, path: &OsString) -> Result<Self, Refusal> {
        let directory = Path::new(name);
        let sysroot =
            if directory.is_absolute() { directory.to_owned() } else { find_installed(name, path)? };
        let rustc = sysroot.join("bin/rustc");
        if !rustc.is_file() {
            return Err(Refusal::new(format!("there is no bin/rustc in {}", sysroot.display())));
        }
        let printed = ask(&rustc, &["--print", "sysroot", "--print", "cfg"], &sysroot);
        let printed = printed.map_err(Refusal::new)?;
        let (sysroot, cfg) = parse_sysroot_and_cfg(&printed).ok_or_else(|| {
            Refusal::new(format!("cannot read what `{} --print sysroot` says", rustc.display()))
        })?;
        Self::at(sysroot.clone(), cfg, rustc, &sysroot, path).map_err(Refusal::new)
    }

    /// The toolchain in `sysroot`. Its programs are run in `cwd`; `rustc` is used if the sysroot does not
    /// contain one.
    fn at(
        sysroot: PathBuf,
        cfg: Vec<String>,
        rustc: PathBuf,
        cwd: &Path,
        path: &OsString,
    ) -> Result<Self, String> {
        let own = |name: &str| Some(sysroot.join("bin").join(name)).filter(|binary| binary.is_file());
        let rustc = own("rustc").unwrap_or(rustc);
        let cargo = own("cargo")
            .or_else(|| find_in_path("cargo", path))
            .ok_or("no cargo beside rustc and none on PATH; install it with rustup")?;
        let verbose = ask(&rustc, &["-vV"], cwd)?;
        let cargo_version = ask(&cargo, &["-V"], cwd)?.trim().to_owned();
        let (rustc_version, host, release) =
            parse_verbose(&verbose).ok_or_else(|| format!("cannot read what `rustc -vV` says: {verbose}"))?;
        let rustdoc = own("rustdoc").or_else(|| find_in_path("rustdoc", path));
        Ok(Self { rustdoc, sysroot, cargo, rustc, host, cfg, release, rustc_version, cargo_version })
    }

    /// Checks that the toolchain has the components for a goal. `name` is its name in the variant, if the
    /// variant names one.
    pub fn check_goal(&self, goal: Goal, name: Option<&str>) -> Result<(), Refusal> {
        let toolchain = name.map(|name| format!(" --toolchain {name}")).unwrap_or_default();
        let lacking = |what: &str, help: String| {
            Err(Refusal::new(format!("the toolchain has no {what}")).with_help(help))
        };
        match goal {
            Goal::Clippy if !self.sysroot.join("bin/cargo-clippy").is_file() => {
                lacking("clippy", format!("rustup component add clippy{toolchain}"))
            }
            Goal::Doc if self.rustdoc.is_none() => {
                lacking("rustdoc", format!("rustup component add rustc{toolchain}"))
            }
            Goal::Build | Goal::Check | Goal::Clippy | Goal::Test | Goal::Doc => Ok(()),
        }
    }

    /// True if it accepts unstable flags.
    pub(crate) fn is_nightly(&self) -> bool {
        self.rustc_version.contains("-nightly") || self.rustc_version.contains("-dev")
    }

    /// Output of `rustc --print cfg` for a target, one entry per line. A target specification is searched for
    /// in `cwd`.
    ///
    /// # Errors
    /// If rustc does not know the target; with the message of rustc.
    pub(crate) fn cfg_for_target(&self, triple: &str, cwd: &Path) -> Result<Vec<String>, String> {
        let mut args = vec!["--print", "cfg", "--target", triple];
        if triple.ends_with(".json") {
            args.push("-Zunstable-options");
        }
        Ok(ask(&self.rustc, &args, cwd)?.lines().map(str::to_owned).collect())
    }

    /// Directory of the wrappers that make a C compiler use the lld of rustc, if the toolchain has them.
    pub(crate) fn gcc_ld(&self) -> Option<PathBuf> {
        let dir = self.sysroot.join("lib/rustlib").join(&self.host).join("bin/gcc-ld");
        dir.join("ld.lld").is_file().then_some(dir)
    }

    /// True if rustc links with its own lld by default.
    pub fn links_with_own_lld(&self) -> bool {
        self.host == "x86_64-unknown-linux-gnu"
            && self.release >= Release { major: 1, minor: 90 }
            && self.gcc_ld().is_some()
    }
}

/// Directory of the toolchain called `name` in rustup. rustup is never asked to install one.
fn find_installed(name: &str, path: &OsString) -> Result<PathBuf, Refusal> {
    let rustup = find_in_path("rustup", path).ok_or_else(|| {
        Refusal::new(format!("no rustup on PATH to ask for the toolchain `{name}`"))
            .with_help("give the toolchain's directory in place of its name")
    })?;
    let remove = TOOLCHAIN_VARIABLES.map(OsString::from).to_vec();
    let call = ToolCall {
        env: ToolEnv::Inherit { set: BTreeMap::new(), remove },
        ..ToolCall::new(rustup, ["which", "--toolchain", name, "rustc"])
    };
    let missing = || {
        Refusal::new(format!("rustup has no toolchain `{name}`"))
            .with_help(format!("rustup toolchain install {name}"))
    };
    let said = check_tool(&call).map_err(|_| missing())?.stdout;
    Path::new(said.trim()).ancestors().nth(2).map(Path::to_owned).ok_or_else(missing)
}

fn ask(program: &Path, args: &[&str], cwd: &Path) -> Result<String, String> {
    try_ask(program, args, cwd, None).map_err(|error| error.to_string())
}

fn try_ask(program: &Path, args: &[&str], cwd: &Path, chosen: Option<&OsStr>) -> Result<String, ToolError> {
    let remove = TOOLCHAIN_VARIABLES.iter().filter(|name| **name != RUSTUP_TOOLCHAIN || chosen.is_none());
    let remove = remove.map(OsString::from).collect();
    let mut set = BTreeMap::new();
    if let Some(chosen) = chosen {
        set.insert(RUSTUP_TOOLCHAIN.into(), chosen.to_owned());
    }
    let call = ToolCall {
        cwd: Some(cwd.to_owned()),
        env: ToolEnv::Inherit { set, remove },
        ..ToolCall::new(program, args.iter().copied())
    };
    check_tool(&call).map(|output| output.stdout)
}

/// Splits the output into the sysroot and the `cfg` lines after it.
fn parse_sysroot_and_cfg(text: &str) -> Option<(PathBuf, Vec<String>)> {
    let (sysroot, cfg) = text.split_once('\n')?;
    let sysroot = PathBuf::from(sysroot.trim());
    sysroot.is_absolute().then(|| (sysroot, cfg.lines().map(str::to_owned).collect()))
}

fn parse_verbose(text: &str) -> Option<(String, String, Release)> {
    let field = |name: &str| text.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
    let mut numbers = field("release:")?.split('.').map(|part| part.parse::<u32>().ok());
    let release = Release { major: numbers.next()??, minor: numbers.next()?? };
    Some((text.lines().next()?.to_owned(), field("host:")?.to_owned(), release))
}

#[cfg(test)]
impl Toolchain {
    /// A toolchain for x86-64 Linux whose paths do not exist.
    pub(crate) fn sample() -> Self {
        Self {
            sysroot: "/tc".into(),
            cargo: "/tc/bin/cargo".into(),
            rustc: "/tc/bin/rustc".into(),
            rustdoc: None,
            host: "x86_64-unknown-linux-gnu".into(),
            cfg: ["unix", "target_os=\"linux\"", "target_env=\"gnu\"", "target_arch=\"x86_64\""]
                .map(str::to_owned)
                .to_vec(),
            release: Release { major: 1, minor: 95 },
            rustc_version: "rustc 1.95.0".into(),
            cargo_version: "cargo 1.95.0".into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_call_tells_the_sysroot_and_the_configuration() {
        let (sysroot, cfg) = parse_sysroot_and_cfg("/tc\ndebug_assertions\nunix\n").unwrap();
        assert_eq!((sysroot, cfg), ("/tc".into(), vec!["debug_assertions".to_owned(), "unix".to_owned()]));
        assert!(parse_sysroot_and_cfg("").is_none());
        assert!(parse_sysroot_and_cfg("unix\nwindows\n").is_none());
    }

    #[test]
    fn reads_what_rustc_says_of_itself() {
        let text = "rustc 1.97.0-nightly (e50aa6fba 2026-05-19)\nbinary: rustc\nhost: aarch64-apple-darwin\nrelease: 1.97.0-nightly\nLLVM version: 22.1.4\n";
        let (version, host, release) = parse_verbose(text).unwrap();
        assert_eq!(version, "rustc 1.97.0-nightly (e50aa6fba 2026-05-19)");
        assert_eq!(host, "aarch64-apple-darwin");
        assert_eq!(release, Release { major: 1, minor: 97 });
        assert!(parse_verbose("error: no such command").is_none());
    }
}
