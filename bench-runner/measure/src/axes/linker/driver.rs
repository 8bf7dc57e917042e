//! The program that rustc calls to link, which calls the linker in turn.
//!
//! With another one than `cc`, rustc forgets that it links with its own lld by default. The axis keeps that linker, so
//! that it changes one thing.

use std::path::Path;

use super::super::{
    Availability, Axis, Context, Finding, InvalidValue, Lines, Setting, Shown, Situation, Unwritable,
};
use super::choice::without_directories;
use super::{apply, probe, prove};
use crate::build::{Goal, Recipe};

pub(in super::super) struct Driver;

const KEY: &str = "linker-driver";
const VALUES: [&str; 3] = ["cc", "gcc", "clang"];

/// The driver that is named beside a setting.
pub(super) fn named<'a>(setting: &Setting<'a>) -> Option<&'a str> {
    setting.beside.get(KEY).map(String::as_str)
}

/// The flags for rustc: the driver, and what keeps the linker where no axis names one.
fn flags(setting: &Setting<'_>, context: &Context) -> Vec<String> {
    let kept = match setting.beside.get("linker") {
        None => apply::keeping_default(Some(setting.value), context),
        Some(_) => Vec::new(),
    };
    std::iter::once(format!("-Clinker={}", setting.value)).chain(kept).collect()
}

impl Axis for Driver {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "the program that rustc calls to link: cc, gcc, clang, or a path to one; the linker stays the same"
    }

    fn values(&self) -> &'static [&'static str] {
        &["cc", "gcc", "clang", "a path"]
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        if VALUES.contains(&value) || Path::new(value).is_absolute() {
            return Ok(());
        }
        let message =
            format!("`{value}` is not a linker driver (known: {}, or an absolute path)", VALUES.join(", "));
        Err(InvalidValue {
            message,
            nearest: bench_runner_core::nearest::nearest(value, VALUES).map(str::to_owned),
        })
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        if context.toolchain.is_none() {
            let reason = "linker drivers are for cargo projects".to_owned();
            return Availability::Missing { reason, help: None };
        }
        match setting.value {
            "clang" => probe::on_path("clang", "apt-get install clang", context),
            "cc" | "gcc" => probe::on_path(setting.value, "apt-get install gcc", context),
            path => probe::at(Path::new(path)),
        }
    }

    fn matters(&self, goal: Goal) -> bool {
        goal.links()
    }

    fn apply(&self, setting: &Setting<'_>, context: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        recipe.rustflags.extend(flags(setting, context));
        recipe.rustflags_from.push(format!("{KEY}={}", setting.value));
        Ok(())
    }

    fn advise(&self, setting: &Setting<'_>, situation: &Situation) -> Result<Lines, Unwritable> {
        let kept = match setting.beside.get("linker") {
            None => super::advise::keeping_default(Some(setting.value), situation),
            Some(_) => None,
        };
        let mut lines = kept.unwrap_or_default();
        lines.rustflags.insert(0, format!("-Clinker={}", setting.value));
        Ok(match setting.value {
            "gcc" => lines.needing("gcc"),
            "clang" => lines.needing("clang"),
            _ => lines,
        })
    }

    fn prove(&self, setting: &Setting<'_>, context: &Context, shown: &Shown<'_>) -> Finding {
        let called = |args: &[String]| {
            let driver = args.first().map_or("nothing", String::as_str);
            (format!("linked by {}", without_directories(driver)), driver == setting.value)
        };
        let expected = format!("linked by {}", without_directories(setting.value));
        prove::on_link_lines(expected, &flags(setting, context), context, shown.build, called)
    }

    fn is_for_linking(&self) -> bool {
        true
    }

    fn co_changes(&self, _: &Setting<'_>) -> &'static [&'static str] {
        &["build scripts and proc macros are linked by it too"]
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::{Settings, fixture};
    use super::*;
    use crate::build::Toolchain;

    /// A toolchain with an lld of its own, in `dir`.
    fn with_own_lld(dir: &Path) -> Context {
        let own = dir.join("lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld");
        std::fs::create_dir_all(&own).unwrap();
        std::fs::write(own.join("ld.lld"), "").unwrap();
        let toolchain = Toolchain { sysroot: dir.to_owned(), ..Toolchain::sample() };
        Context { toolchain: Some(toolchain), ..fixture::context() }
    }

    #[test]
    fn the_linker_stays_where_rustc_would_forget_it() {
        let dir = tempfile::tempdir().unwrap();
        let context = with_own_lld(dir.path());
        let flags = |value: &str, linker: Option<&str>| {
            let mut beside = Settings::from([(KEY.to_owned(), value.to_owned())]);
            beside.extend(linker.map(|linker| ("linker".to_owned(), linker.to_owned())));
            let flags = flags(&Setting { key: KEY, value, beside: &beside }, &context);
            flags.iter().map(|flag| without_directories(flag)).collect::<Vec<_>>()
        };
        assert_eq!(
            flags("clang", None),
            ["-Clinker=clang", "-Clink-arg=-B…/gcc-ld", "-Clink-arg=-fuse-ld=lld"]
        );
        assert_eq!(flags("cc", None), ["-Clinker=cc"], "rustc keeps it with this one");
        assert_eq!(flags("clang", Some("mold")), ["-Clinker=clang"], "the linker's own axis sees to it");
        let own = apply::flags("default", Some("clang"), &context);
        assert_eq!(own.len(), 2, "also where the default is named: {own:?}");
    }

    #[test]
    fn takes_names_and_absolute_paths() {
        assert!(Driver.parse(KEY, "clang").is_ok() && Driver.parse(KEY, "/opt/cc").is_ok());
        assert_eq!(Driver.parse(KEY, "clan").unwrap_err().nearest.as_deref(), Some("clang"));
    }
}
