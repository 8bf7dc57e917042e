//! Finds the installed linkers, and the names that mean the same one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use bench_runner_core::record::Refusal;

use super::super::axis::{Available, Context, NeededProgram, ToolInUse};
use super::name::{LinkerFamily, LinkerName};
use super::reach;
use crate::build::Toolchain;
use crate::process::{ToolCall, ToolEnv, check_tool, find_in_path};

pub(super) fn probe(linker: &LinkerName, context: &Context) -> Result<Available, Refusal> {
    let Some(toolchain) = &context.toolchain else {
        return Err(Refusal::new("the linker axis is for cargo projects"));
    };
    if let Some(reason) = reach::why_unreachable(linker, context) {
        return Err(Refusal::new(reason));
    }
    if let Some(name) = named_by_configuration(context).filter(|_| is_by_directory(linker)) {
        let what = format!(
            "the configuration in force names a linker, `-fuse-ld={name}`, before which a C compiler does not look for {}",
            linker.text()
        );
        return Err(Refusal::new(what)
            .with_help("take that flag out, or compare with `--on as-it-is` if it is your own"));
    }
    if let Some(NeededProgram { program, install }) = needed_program(linker) {
        let is_gnu = matches!(linker, LinkerName::Bfd | LinkerName::Gold);
        let program = if is_gnu { reach::prefixed_name(program, context) } else { program.to_owned() };
        return on_path(&program, install, context);
    }
    match linker {
        LinkerName::RustLld => rust_lld(toolchain),
        LinkerName::At(path) => at(Path::new(path)),
        _ => default(context),
    }
}

/// The program of a linker that has to be on PATH, by the name that it has for the host.
pub(super) fn needed_program(linker: &LinkerName) -> Option<NeededProgram> {
    let (program, install) = match linker {
        LinkerName::Default | LinkerName::RustLld | LinkerName::At(_) => return None,
        LinkerName::Bfd => ("ld.bfd", "apt-get install binutils"),
        LinkerName::Gold => ("ld.gold", "apt-get install binutils (newer systems: binutils-gold)"),
        LinkerName::Lld => ("ld.lld", "apt-get install lld"),
        LinkerName::Mold => ("mold", "apt-get install mold"),
        LinkerName::Wild => ("wild", "cargo install wild-linker"),
    };
    Some(NeededProgram { program, install })
}

/// True if a C compiler can only find a linker by a directory in which it is called `ld`.
fn is_by_directory(linker: &LinkerName) -> bool {
    matches!(linker, LinkerName::Wild | LinkerName::At(_))
}

/// The linker that the flags in force name; of several names the last one counts.
fn named_by_configuration(context: &Context) -> Option<&str> {
    let names = context.in_force.flags.iter().rev().filter_map(|flag| Some(flag.rsplit_once("-fuse-ld=")?.1));
    names.map(|name| name.split_whitespace().next().unwrap_or(name)).next()
}

/// Path of a linker that a C compiler can only find by a directory in which it is called `ld`.
pub(super) fn by_directory(linker: &LinkerName, context: &Context) -> Option<PathBuf> {
    match linker {
        LinkerName::Wild => find_in_path("wild", &context.path),
        LinkerName::At(path) => Some(PathBuf::from(path)),
        _ => None,
    }
}

/// Family of a linker, as far as its version output shows.
pub(super) fn family(linker: &LinkerName, context: &Context) -> Option<LinkerFamily> {
    LinkerFamily::from_version(&probe(linker, context).ok()?.tool?.version)
}

/// The default of rustc, unless the project configures a linker: then it is the configured one.
fn default(context: &Context) -> Result<Available, Refusal> {
    if is_configured(context) {
        let configured = Available::without_tool("as the project configures it");
        return Ok(Available { already_set: true, ..configured });
    }
    if !reach::is_host(context) {
        return Ok(Available::without_tool(format!(
            "rustc's default for {}",
            context.in_force.target.triple
        )));
    }
    if let Some(toolchain) = context.toolchain.as_ref().filter(|_| links_with_own_lld(context)) {
        return rust_lld(toolchain);
    }
    // Otherwise the C compiler calls `ld`, which is one of the others by another name.
    match find_in_path("ld", &context.path) {
        Some(ld) => at(&ld),
        None => Ok(Available::without_tool("default")),
    }
}

/// True if rustc links this build with its own lld by default.
pub(super) fn links_with_own_lld(context: &Context) -> bool {
    let on_host = context.toolchain.as_ref().is_some_and(Toolchain::links_with_own_lld);
    on_host && reach::is_host(context)
}

fn rust_lld(toolchain: &Toolchain) -> Result<Available, Refusal> {
    match toolchain.gcc_ld() {
        Some(dir) => at(&dir.join("ld.lld")),
        None => Err(Refusal::new(format!("this toolchain for {} brings no lld of its own", toolchain.host))
            .with_help("use a toolchain of rustup, or linker=lld")),
    }
}

pub(super) fn on_path(program: &str, install: &str, context: &Context) -> Result<Available, Refusal> {
    match find_in_path(program, &context.path) {
        Some(path) => at(&path),
        None => Err(Refusal::new(format!("no {program} on PATH")).with_help(install)),
    }
}

/// The linker at `path`. Two names for one program are one linker, so its real path is its identity.
pub(super) fn at(path: &Path) -> Result<Available, Refusal> {
    let identity = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
    let version = version(path).map_err(Refusal::new)?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
    let tool = ToolInUse { name, path: path.to_owned(), version };
    Ok(Available { tool: Some(tool), ..Available::without_tool(identity) })
}

/// First line of the version output of a linker.
pub(super) fn version(path: &Path) -> Result<String, String> {
    let mut set = BTreeMap::new();
    set.insert("LC_ALL".into(), "C".into());
    let env = ToolEnv::Inherit { set, remove: Vec::new() };
    let call = ToolCall { env, ..ToolCall::new(path, ["--version"]) };
    let output = check_tool(&call).map_err(|error| error.to_string())?;
    output.stdout.lines().next().map(str::to_owned).ok_or_else(|| format!("`{}` says nothing", call.line()))
}

/// True if the configuration in force affects which linker is called.
pub(super) fn is_configured(context: &Context) -> bool {
    context.in_force.linker.is_some() || concern_linking(&context.in_force.flags)
}

/// True if flags may affect which linker is called. Flags that cannot be read, such as a file of flags, may.
fn concern_linking(flags: &[String]) -> bool {
    const OPTIONS: [&str; 4] = ["link", "pre-link", "post-link", "gcc-ld"];
    let options = flags.iter().enumerate().filter_map(|(at, flag)| match flag.as_str() {
        "-C" | "-Z" | "--codegen" => flags.get(at + 1).map(String::as_str),
        flag if flag.starts_with('@') => Some("link"),
        flag => ["-C", "-Z", "--codegen="].iter().find_map(|prefix| flag.strip_prefix(prefix)),
    });
    let mut options = options.filter(|option| *option != "link-dead-code");
    options.any(|option| OPTIONS.iter().any(|prefix| option.starts_with(prefix)))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;
    use crate::build::SettingsInForce;

    fn context(toolchain: Toolchain, flags: &str, path: &Path) -> Context {
        let in_force = SettingsInForce {
            flags: flags.split_whitespace().map(str::to_owned).collect(),
            target: toolchain.host_target(),
            ..SettingsInForce::default()
        };
        Context {
            toolchain: Some(toolchain),
            in_force,
            path: path.as_os_str().to_owned(),
            ..crate::axes::fixture::context()
        }
    }

    fn program(path: &Path, says: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn identity(value: &str, context: &Context) -> String {
        probe(&LinkerName::parse(value).unwrap(), context).unwrap().identity
    }

    #[test]
    fn flags_and_a_linker_of_the_configuration_have_a_say() {
        let with = |flags: &str| context(Toolchain::sample(), flags, Path::new(""));
        for flags in ["", "--cfg x -Ctarget-cpu=native -Clink-dead-code", "-Cpanic=abort"] {
            assert!(!is_configured(&with(flags)), "{flags}");
        }
        for flags in [
            "-C link-arg=-fuse-ld=mold",
            "-C linker=clang",
            "-Clink-args=-fuse-ld=mold",
            "-Zlinker-features=-lld",
            "--codegen=link-self-contained=-linker",
            "@flags",
        ] {
            assert!(is_configured(&with(flags)), "{flags}");
        }
        let mut named = with("");
        named.in_force.linker = Some("clang".to_owned());
        assert!(is_configured(&named));
    }

    #[test]
    fn a_linker_by_directory_is_not_found_before_one_that_is_named() {
        let dir = tempfile::tempdir().unwrap();
        let wild = dir.path().join("wild");
        program(&wild, "Wild version 0.6.0");
        let probed = |value: &str, flags: &str| {
            let context = context(Toolchain::sample(), flags, dir.path());
            probe(&LinkerName::parse(value).unwrap(), &context).map_err(|refusal| refusal.what)
        };
        for value in ["wild", wild.to_str().unwrap()] {
            assert!(probed(value, "-Clink-arg=-Wl,-O1").is_ok(), "{value}");
            let refused = probed(value, "-C link-arg=-fuse-ld=lld -Clink-arg=-fuse-ld=mold").unwrap_err();
            assert!(refused.contains("names a linker, `-fuse-ld=mold`"), "{refused}");
        }
    }

    #[test]
    fn a_program_is_one_linker_under_all_its_names() {
        let dir = tempfile::tempdir().unwrap();
        let bin = dir.path().join("bin");
        program(&dir.path().join("opt/mold-2/mold"), "mold 2.0.0");
        program(&dir.path().join("opt/real-ld"), "GNU ld 2.40");
        std::fs::create_dir(&bin).unwrap();
        symlink(dir.path().join("opt/mold-2/mold"), bin.join("mold")).unwrap();
        symlink(dir.path().join("opt/real-ld"), bin.join("ld.bfd")).unwrap();
        symlink("ld.bfd", bin.join("ld")).unwrap();
        // A host whose rustc has no lld: the C compiler calls `ld`.
        let context = context(Toolchain::sample(), "", &bin);
        assert_eq!(identity("default", &context), identity("bfd", &context));
        assert_eq!(identity("mold", &context), identity(bin.join("mold").to_str().unwrap(), &context));
        assert_ne!(identity("mold", &context), identity("bfd", &context));
    }

    #[test]
    fn the_default_is_rustcs_own_lld_where_it_links_with_that() {
        let dir = tempfile::tempdir().unwrap();
        let own = dir.path().join("lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld/ld.lld");
        program(&own, "LLD 22.1.2");
        let toolchain = Toolchain { sysroot: dir.path().to_owned(), ..Toolchain::sample() };
        let free = context(toolchain.clone(), "", Path::new(""));
        assert_eq!(identity("default", &free), identity("rust-lld", &free));
        assert_eq!(identity("default", &free), identity(own.to_str().unwrap(), &free));
        let configured = context(toolchain, "-Clinker=clang", Path::new(""));
        assert_ne!(identity("default", &configured), identity("rust-lld", &configured));
    }
}
