//! The linker driver: the program that rustc calls to link, which calls the linker in turn.
//!
//! With a driver other than `cc`, rustc does not use its own lld by default. The axis keeps that linker, so
//! that it changes one thing only.

use std::path::Path;

use bench_runner_core::record::Refusal;

use super::super::axis::{
    Available, Axis, Context, NeededProgram, ParsedSettings, ProofFinding, ProofInput, SettingValue,
};
use super::super::lines::{SettingLines, Situation, Unwritable};
use super::choice::without_directories;
use super::{advise, flags, probe, prove};
use crate::build::{BuildRequest, Goal};

pub(in super::super) struct LinkerDriverAxis;

const KEY: &str = "linker-driver";
const NAMES: [&str; 3] = ["cc", "gcc", "clang"];

/// The driver in settings, if there is one.
pub(super) fn named_driver(settings: &ParsedSettings) -> Option<&str> {
    settings.value::<DriverName>().map(|driver| driver.0.as_str())
}

impl Axis for LinkerDriverAxis {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "the program that rustc calls to link: cc, gcc, clang, or a path to one; the linker stays the same"
    }

    fn values(&self) -> &'static [&'static str] {
        &["cc", "gcc", "clang", "a path"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        if NAMES.contains(&text) || Path::new(text).is_absolute() {
            return Ok(Box::new(DriverName(text.to_owned())));
        }
        let known = NAMES.join(", ");
        Err(Refusal::new(format!("`{text}` is not a linker driver (known: {known}, or an absolute path)"))
            .did_you_mean(text, NAMES))
    }
}

/// One of the names, or an absolute path.
#[derive(Debug)]
pub(super) struct DriverName(String);

impl DriverName {
    /// Flags for rustc: the driver, and those that keep the default linker if no axis names one.
    fn flags(&self, settings: &ParsedSettings, context: &Context) -> Vec<String> {
        let kept = match settings.get("linker") {
            None => flags::keeping_default(Some(&self.0), context),
            Some(_) => Vec::new(),
        };
        std::iter::once(format!("-Clinker={}", self.0)).chain(kept).collect()
    }
}

impl SettingValue for DriverName {
    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        if context.toolchain.is_none() {
            return Err(Refusal::new("linker drivers are for cargo projects"));
        }
        match self.needed_program() {
            Some(NeededProgram { program, install }) => probe::on_path(program, install, context),
            None => probe::at(Path::new(&self.0)),
        }
    }

    fn needed_program(&self) -> Option<NeededProgram> {
        let needed = |program, install| Some(NeededProgram { program, install });
        match self.0.as_str() {
            "clang" => needed("clang", "apt-get install clang"),
            "gcc" => needed("gcc", "apt-get install gcc"),
            "cc" => needed("cc", "apt-get install gcc"),
            _ => None,
        }
    }

    fn applies_to(&self, goal: Goal) -> bool {
        goal.links()
    }

    fn is_for_linking(&self) -> bool {
        true
    }

    fn apply(&self, settings: &ParsedSettings, context: &Context, request: &mut BuildRequest) {
        request.rustflags.extend(self.flags(settings, context));
        request.rustflags_from.push(format!("{KEY}={}", self.0));
    }

    fn advise(&self, settings: &ParsedSettings, situation: &Situation) -> Result<SettingLines, Unwritable> {
        let kept = match settings.get("linker") {
            None => advise::keeping_default(Some(&self.0), situation),
            Some(_) => None,
        };
        let mut lines = kept.unwrap_or_default();
        lines.rustflags.insert(0, format!("-Clinker={}", self.0));
        Ok(match self.0.as_str() {
            "gcc" => lines.with_program("gcc"),
            "clang" => lines.with_program("clang"),
            _ => lines,
        })
    }

    fn prove(&self, settings: &ParsedSettings, context: &Context, input: &ProofInput<'_>) -> ProofFinding {
        let check_line = |args: &[String]| {
            let driver = args.first().map_or("nothing", String::as_str);
            (format!("linked by {}", without_directories(driver)), driver == self.0)
        };
        let expected = format!("linked by {}", without_directories(&self.0));
        prove::on_link_lines(expected, &self.flags(settings, context), context, input.build, check_line)
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        &["build scripts and proc macros are linked by it too"]
    }
}

#[cfg(test)]
mod tests {
    use super::super::name::LinkerName;
    use super::*;
    use crate::axes::fixture;
    use crate::build::Toolchain;

    /// A toolchain in `dir` with its own lld.
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
        let of = |value: &str, linker: Option<&str>| {
            let linker = linker.map(|linker| ("linker", linker));
            let settings: Vec<_> = linker.into_iter().chain([(KEY, value)]).collect();
            let flags = DriverName(value.to_owned()).flags(&fixture::parse_settings(&settings), &context);
            flags.iter().map(|flag| without_directories(flag)).collect::<Vec<_>>()
        };
        assert_eq!(of("clang", None), ["-Clinker=clang", "-Clink-arg=-B…/gcc-ld", "-Clink-arg=-fuse-ld=lld"]);
        assert_eq!(of("cc", None), ["-Clinker=cc"], "rustc keeps it with this one");
        assert_eq!(of("clang", Some("mold")), ["-Clinker=clang"], "the linker's own axis sees to it");
        let own = flags::linker_flags(&LinkerName::Default, Some("clang"), &context);
        assert_eq!(own.len(), 2, "also where the default is named: {own:?}");
    }

    #[test]
    fn takes_names_and_absolute_paths() {
        assert!(fixture::parse(KEY, "clang").is_ok() && fixture::parse(KEY, "/opt/cc").is_ok());
        assert_eq!(fixture::parse_error(KEY, "clan").help.as_deref(), Some("did you mean `clang`?"));
    }
}
