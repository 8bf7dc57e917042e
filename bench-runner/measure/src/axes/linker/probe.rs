//! Which linkers are here, and which names mean the same one.

use std::path::{Path, PathBuf};

use super::super::{Availability, Context, Tool};
use super::{Family, reach};
use crate::build::Toolchain;
use crate::process::{ToolCall, ToolEnv, check_tool, find_in_path};

pub(super) fn probe(value: &str, context: &Context) -> Availability {
    let Some(toolchain) = &context.toolchain else {
        return missing("the linker axis is for cargo projects".into(), None);
    };
    if let Some(reason) = reach::unreachable(value, context) {
        return missing(reason, None);
    }
    match value {
        "default" => default(context),
        "rust-lld" => rust_lld(toolchain),
        "bfd" => on_path(&reach::named("ld.bfd", context), "apt-get install binutils", context),
        "lld" => on_path("ld.lld", "apt-get install lld", context),
        "gold" => on_path(
            &reach::named("ld.gold", context),
            "apt-get install binutils (newer systems: binutils-gold)",
            context,
        ),
        "mold" => on_path("mold", "apt-get install mold", context),
        "wild" => on_path("wild", "cargo install wild-linker", context),
        path => at(Path::new(path)),
    }
}

/// The linker that a C compiler can only be made to call by a directory in which it is called `ld`.
pub(super) fn by_directory(value: &str, context: &Context) -> Option<PathBuf> {
    match value {
        "wild" => find_in_path("wild", &context.path),
        path => Some(PathBuf::from(path)).filter(|path| path.is_absolute()),
    }
}

/// Who wrote the linker that `value` stands for, as far as it says so.
pub(super) fn family(value: &str, context: &Context) -> Option<Family> {
    match probe(value, context) {
        Availability::Available { tool: Some(tool), .. } => Family::of_version(&tool.version),
        _ => None,
    }
}

fn missing(reason: String, help: Option<&str>) -> Availability {
    Availability::Missing { reason, help: help.map(str::to_owned) }
}

/// rustc's own choice, unless the project configures one: then it is whatever the project configures.
fn default(context: &Context) -> Availability {
    let available = |identity: String| Availability::Available { identity, tool: None };
    if configured(context) {
        return available("as the project configures it".into());
    }
    if !reach::is_host(context) {
        return available(format!("rustc's default for {}", context.in_force.target.triple));
    }
    if let Some(toolchain) = context.toolchain.as_ref().filter(|_| links_with_own_lld(context)) {
        return rust_lld(toolchain);
    }
    // Elsewhere the C compiler calls `ld`, which is one of the others by another name.
    match find_in_path("ld", &context.path) {
        Some(ld) => at(&ld),
        None => available("default".into()),
    }
}

/// Whether rustc links with its own lld what is built here, if nobody says otherwise.
pub(super) fn links_with_own_lld(context: &Context) -> bool {
    let of_host = context.toolchain.as_ref().is_some_and(Toolchain::links_with_own_lld);
    of_host && reach::is_host(context)
}

fn rust_lld(toolchain: &Toolchain) -> Availability {
    match toolchain.gcc_ld() {
        Some(dir) => at(&dir.join("ld.lld")),
        None => missing(
            format!("this toolchain for {} brings no lld of its own", toolchain.host),
            Some("use a toolchain of rustup, or linker=lld"),
        ),
    }
}

pub(super) fn on_path(program: &str, install: &str, context: &Context) -> Availability {
    match find_in_path(program, &context.path) {
        Some(path) => at(&path),
        None => missing(format!("no {program} on PATH"), Some(install)),
    }
}

/// The linker at `path`. Two names for one program are one linker, so the program's real path is its identity.
pub(super) fn at(path: &Path) -> Availability {
    let identity = std::fs::canonicalize(path).unwrap_or_else(|_| path.to_owned()).display().to_string();
    match version(path) {
        Ok(version) => {
            let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy().into_owned();
            Availability::Available { identity, tool: Some(Tool { name, path: path.to_owned(), version }) }
        }
        Err(reason) => missing(reason, None),
    }
}

/// The first line of what a linker says of itself.
pub(super) fn version(path: &Path) -> Result<String, String> {
    let english = ToolEnv::Inherit { set: [("LC_ALL".into(), "C".into())].into(), remove: Vec::new() };
    let call = ToolCall { env: english, ..ToolCall::new(path, ["--version"]) };
    let output = check_tool(&call).map_err(|error| error.to_string())?;
    output.stdout.lines().next().map(str::to_owned).ok_or_else(|| format!("`{}` says nothing", call.line()))
}

/// Whether the configuration in force has a say in which linker is called.
pub(super) fn configured(context: &Context) -> bool {
    context.in_force.linker.is_some() || concern_linking(&context.in_force.flags)
}

/// Whether flags may decide which linker is called. What cannot be read, such as a file of flags, may.
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
    use crate::build::InForce;

    fn context(toolchain: Toolchain, flags: &str, path: &Path) -> Context {
        let in_force = InForce {
            flags: flags.split_whitespace().map(str::to_owned).collect(),
            target: toolchain.host_target(),
            ..InForce::default()
        };
        Context {
            toolchain: Some(toolchain),
            in_force,
            path: path.as_os_str().to_owned(),
            ..super::super::super::fixture::context()
        }
    }

    fn program(path: &Path, says: &str) {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, format!("#!/bin/sh\necho '{says}'\n")).unwrap();
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).unwrap();
    }

    fn identity(value: &str, context: &Context) -> String {
        match probe(value, context) {
            Availability::Available { identity, .. } => identity,
            Availability::Missing { reason, .. } => panic!("{value}: {reason}"),
        }
    }

    #[test]
    fn flags_and_a_linker_of_the_configuration_have_a_say() {
        let with = |flags: &str| context(Toolchain::sample(), flags, Path::new(""));
        for flags in ["", "--cfg x -Ctarget-cpu=native -Clink-dead-code", "-Cpanic=abort"] {
            assert!(!configured(&with(flags)), "{flags}");
        }
        for flags in [
            "-C link-arg=-fuse-ld=mold",
            "-C linker=clang",
            "-Clink-args=-fuse-ld=mold",
            "-Zlinker-features=-lld",
            "--codegen=link-self-contained=-linker",
            "@flags",
        ] {
            assert!(configured(&with(flags)), "{flags}");
        }
        let mut named = with("");
        named.in_force.linker = Some("clang".to_owned());
        assert!(configured(&named));
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
        // A host whose rustc has no lld of its own: the C compiler calls `ld`.
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
