//! The CPU that rustc generates code for.
//!
//! `native` is another CPU on every machine. A plan therefore writes it as `native@NAME`; a machine with
//! another CPU neither runs it nor is compared under it.

use bench_runner_core::record::Refusal;

use super::axis::{
    Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue, request_lines,
};
use super::lines::{SettingLines, Situation, Unwritable};
use super::rustc_args::{self, ArgCheck, PartialFinding};
use super::values;
use crate::build::{BuildRequest, Goal, Toolchain};
use crate::process::{ToolCall, check_tool};

pub(super) struct TargetCpuAxis;

const KEY: &str = "target-cpu";

impl Axis for TargetCpuAxis {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "the CPU that code is made for: default, native (that of this machine), or a name that rustc knows"
    }

    fn values(&self) -> &'static [&'static str] {
        &["default", "native", "x86-64-v2", "a name of rustc's"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        let is_name = |text: &str| {
            text.starts_with(|c: char| c.is_ascii_alphanumeric())
                && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.+".contains(&byte))
        };
        Ok(Box::new(match text.strip_prefix("native@") {
            Some(name) if is_name(name) => CpuChoice::Native { planned: Some(name.to_owned()) },
            _ if text == "default" => CpuChoice::Default,
            _ if text == "native" => CpuChoice::Native { planned: None },
            _ if is_name(text) => CpuChoice::Named(text.to_owned()),
            _ => {
                return Err(Refusal::new(format!("`{text}` is not a name of a CPU"))
                    .with_help("`rustc --print target-cpus` lists them"));
            }
        }))
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum CpuChoice {
    /// The CPU that the flags of the project name, or else the default of rustc for the target.
    Default,
    /// The CPU of the machine that builds; plans record its name.
    Native {
        planned: Option<String>,
    },
    Named(String),
}

impl CpuChoice {
    /// Value of the flag; `None` if no flag is added.
    fn flag_value(&self) -> Option<&str> {
        match self {
            Self::Default => None,
            Self::Native { .. } => Some("native"),
            Self::Named(name) => Some(name),
        }
    }
}

/// The CPU that the flags in force name.
fn configured_cpu(context: &Context) -> Option<&str> {
    rustc_args::codegen(&context.in_force.flags, KEY)
}

impl SettingValue for CpuChoice {
    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        let Some(toolchain) = &context.toolchain else { return values::available_to_cargo(KEY, "", context) };
        let known = KnownCpus::query(toolchain, context)?;
        let native = || format!("native@{}", known.native.as_deref().unwrap_or_default());
        match self {
            Self::Default => Ok(Available::without_tool(match configured_cpu(context) {
                Some("native") => native(),
                Some(name) => name.to_owned(),
                None => known.default.clone().unwrap_or_else(|| "default".to_owned()),
            })),
            Self::Native { planned } => {
                let Some(here) = &known.native else {
                    return Err(known.refusal("native", "rustc does not say which CPU `native` is"));
                };
                if let Some(planned) = planned.as_ref().filter(|planned| *planned != here) {
                    return Err(Refusal::new(format!(
                        "`native` is {here} on this machine, and {planned} where the plan was made"
                    ))
                    .with_help("name the CPU itself, or make the plan on this machine"));
                }
                Ok(Available { pinned: Some(native()), ..Available::without_tool(native()) })
            }
            Self::Named(name) if known.names.contains(name) => Ok(Available::without_tool(name.as_str())),
            Self::Named(name) => Err(known.refusal(name, &format!("rustc knows no CPU `{name}`"))),
        }
    }

    fn applies_to(&self, goal: Goal) -> bool {
        goal.compiles()
    }

    fn conflict(&self, settings: &ParsedSettings) -> Option<String> {
        let flags: Vec<String> = settings.text("rustflags")?.split_whitespace().map(str::to_owned).collect();
        let other = rustc_args::codegen(&flags, KEY)?;
        Some(format!("{KEY} beside rustflags that name the CPU `{other}`: one of the two would be lost"))
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, request: &mut BuildRequest) {
        if let Some(value) = self.flag_value() {
            request.rustflags.push(format!("-C{KEY}={value}"));
            request.rustflags_from.push(format!("{KEY}={value}"));
        }
    }

    fn prove(&self, _: &ParsedSettings, context: &Context, input: &ProofInput<'_>) -> ProofFinding {
        let value = self.flag_value().or(configured_cpu(context)).unwrap_or("not set");
        let check = ArgCheck {
            name: KEY,
            read: &|args| rustc_args::codegen(args, KEY).unwrap_or("not set").to_owned(),
            excluded: Default::default(),
        };
        let seen = check.run_all(input.build, value);
        let Self::Native { planned } = self else { return seen.finding(format!("{KEY}={value}")) };
        let toolchain = context.toolchain.as_ref();
        let here = toolchain.and_then(|toolchain| KnownCpus::query(toolchain, context).ok()?.native);
        let machine_finding = match &here {
            Some(name) if planned.as_ref().is_none_or(|planned| planned == name) => {
                PartialFinding::new(format!("native is {name} here"), true)
            }
            Some(name) => PartialFinding::new(format!("native is {name} here"), false),
            None => PartialFinding::not_provable("rustc does not say which CPU native is".to_owned()),
        };
        let name = planned.as_ref().or(here.as_ref());
        seen.and(machine_finding).finding(match name {
            Some(name) => format!("{KEY}=native, which is {name}"),
            None => format!("{KEY}=native"),
        })
    }

    fn costs(&self) -> &'static [&'static str] {
        match self {
            Self::Default => &[],
            Self::Native { .. } | Self::Named(_) => &["programs may not run on machines with an older CPU"],
        }
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        match self {
            Self::Default => &[],
            _ => &["without `--target`, build scripts and proc macros are compiled for it too"],
        }
    }

    fn advise(&self, settings: &ParsedSettings, situation: &Situation) -> Result<SettingLines, Unwritable> {
        Ok(match self {
            Self::Default => SettingLines::remark_only(
                "Nothing to do: rustc chooses this CPU if nothing is set. \
                 If your `.cargo/config.toml` or `RUSTFLAGS` names another one, remove that line.",
            ),
            Self::Native { planned } => {
                let measured = planned.as_ref().map(|name| format!(": it was measured on {name}"));
                request_lines(self, settings, situation)?.with_remark(format!(
                    "`native` is another CPU on every machine{}.",
                    measured.unwrap_or_default()
                ))
            }
            Self::Named(_) => request_lines(self, settings, situation)?
                .with_remark("What is built runs only on CPUs that have every instruction of this one."),
        })
    }
}

/// CPUs that rustc supports for the targets of a project.
struct KnownCpus {
    names: Vec<String>,
    /// Default CPU.
    default: Option<String>,
    /// CPU of this machine.
    native: Option<String>,
    target: String,
}

impl KnownCpus {
    /// Queries `toolchain` for every target of the project.
    fn query(toolchain: &Toolchain, context: &Context) -> Result<Self, Refusal> {
        let named = &context.in_force.named;
        let mut targets = named.iter().map(String::as_str);
        let mut known = Self::query_target(toolchain, targets.next())?;
        for target in targets {
            let other = Self::query_target(toolchain, Some(target))?;
            known.names.retain(|name| other.names.contains(name));
            known.native = known.native.filter(|_| other.native.is_some());
            known.default = known.default.filter(|name| other.default.as_ref() == Some(name));
            known.target = format!("{} and {target}", known.target);
        }
        Ok(known)
    }

    fn query_target(toolchain: &Toolchain, target: Option<&str>) -> Result<Self, Refusal> {
        let mut args = vec!["--print", "target-cpus"];
        args.extend(target.into_iter().flat_map(|target| ["--target", target]));
        let output = check_tool(&ToolCall::new(&toolchain.rustc, args))
            .map_err(|error| Refusal::new(format!("rustc does not say which CPUs it knows: {error}")))?;
        let target = target.unwrap_or(&toolchain.host).to_owned();
        let mut known = Self { names: Vec::new(), default: None, native: None, target };
        // The first line is a title; each other line is a name, some with a description.
        for line in output.stdout.lines().filter(|line| line.starts_with(' ')) {
            let (name, what) = line.trim().split_once(' ').unwrap_or((line.trim(), ""));
            if name == "native" {
                known.native = what
                    .split_once("(currently ")
                    .and_then(|(_, rest)| Some(rest.split_once(')')?.0.to_owned()));
                continue;
            }
            if what.contains("default target CPU") {
                known.default = Some(name.to_owned());
            }
            if !name.is_empty() {
                known.names.push(name.to_owned());
            }
        }
        Ok(known)
    }

    /// Refuses `name`, with the most similar name.
    fn refusal(&self, name: &str, what: &str) -> Refusal {
        let names = self.names.iter().map(String::as_str).chain(["default", "native"]);
        Refusal::new(format!("{what} for {}", self.target))
            .with_help("`rustc --print target-cpus` lists them")
            .did_you_mean(name, names.filter(|known| *known != name))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;
    use crate::build::SettingsInForce;

    /// A project with these flags, on a machine with a Zen 3 and a compiler that reports it.
    fn context(dir: &std::path::Path, flags: &str) -> Context {
        let rustc = dir.join("rustc");
        let output = "Available CPUs for this target:\n    native  - Select the CPU of the current host (currently znver3).\n    x86-64  - This is the default target CPU for the current build target (currently x86_64-unknown-linux-gnu).\n    x86-64-v2\n    znver3\n";
        std::fs::write(&rustc, format!("#!/bin/sh\nprintf '%s' '{output}'\n")).unwrap();
        std::fs::set_permissions(&rustc, std::fs::Permissions::from_mode(0o755)).unwrap();
        let toolchain = Toolchain { rustc, ..Toolchain::sample() };
        let in_force = SettingsInForce { flags: fixture::words(flags), ..SettingsInForce::default() };
        Context { toolchain: Some(toolchain), in_force, ..fixture::context() }
    }

    #[test]
    fn native_is_what_it_means_on_this_machine() {
        let dir = tempfile::tempdir().unwrap();
        let context = context(dir.path(), "");
        let native = fixture::probe(KEY, "native", &context).unwrap();
        assert_eq!(
            (native.identity.as_str(), native.pinned.as_deref()),
            ("native@znver3", Some("native@znver3"))
        );
        assert_eq!(fixture::probe(KEY, "native@znver3", &context), Ok(native));
        let elsewhere = fixture::probe(KEY, "native@skylake", &context).unwrap_err();
        assert_eq!(elsewhere.what, "`native` is znver3 on this machine, and skylake where the plan was made");
    }

    #[test]
    fn a_name_that_rustc_does_not_know_gets_the_nearest() {
        let dir = tempfile::tempdir().unwrap();
        let context = context(dir.path(), "");
        assert_eq!(fixture::probe(KEY, "x86-64-v2", &context), Ok(Available::without_tool("x86-64-v2")));
        let refusal = fixture::probe(KEY, "x86-64-v22", &context).unwrap_err();
        assert_eq!(refusal.what, "rustc knows no CPU `x86-64-v22` for x86_64-unknown-linux-gnu");
        assert_eq!(refusal.help.as_deref(), Some("did you mean `x86-64-v2`?"));
        let refusal = fixture::probe(KEY, "natve", &context).unwrap_err();
        assert_eq!(refusal.help.as_deref(), Some("did you mean `native`?"));
        assert!(fixture::parse(KEY, "-Cx").is_err() && fixture::parse(KEY, "a b").is_err());
    }

    #[test]
    fn the_default_is_what_the_project_has() {
        let dir = tempfile::tempdir().unwrap();
        let identity =
            |flags: &str| fixture::probe(KEY, "default", &context(dir.path(), flags)).unwrap().identity;
        assert_eq!(identity(""), "x86-64");
        assert_eq!(identity("-C target-cpu=znver3"), "znver3");
        assert_eq!(identity("-Ctarget-cpu=native"), "native@znver3");
        assert!(fixture::apply(KEY, "default", &fixture::context()).rustflags.is_empty());
    }

    #[test]
    fn the_last_flag_counts_on_every_call() {
        let dir = tempfile::tempdir().unwrap();
        let prove = |value: &str, own_flags: &str, flags: &str| {
            let build = fixture::evidence_with(flags, flags);
            fixture::prove(KEY, value, &context(dir.path(), own_flags), &build)
        };
        let finding = prove("native", "", "-Ctarget-cpu=native");
        assert_eq!(finding.result, ProofResult::Holds);
        assert_eq!(finding.expected, "target-cpu=native, which is znver3");
        assert!(finding.found.ends_with("; native is znver3 here"), "{}", finding.found);
        assert_eq!(prove("native@skylake", "", "-Ctarget-cpu=native").result, ProofResult::Fails);
        assert_eq!(prove("native", "", "").result, ProofResult::Fails);
        assert_eq!(prove("x86-64-v2", "", "-C target-cpu=x86-64-v2").result, ProofResult::Holds);
        let own = "-Ctarget-cpu=znver3";
        assert_eq!(
            prove("x86-64-v2", own, &format!("{own} -Ctarget-cpu=x86-64-v2")).result,
            ProofResult::Holds
        );
        assert_eq!(prove("x86-64-v2", own, own).result, ProofResult::Fails);
        assert_eq!(prove("default", own, own).result, ProofResult::Holds);
        assert_eq!(prove("default", "", "").result, ProofResult::Holds);
        assert_eq!(prove("default", "", own).result, ProofResult::Fails);
    }

    #[test]
    fn two_settings_must_not_name_it() {
        let settings = |flags| fixture::conflict(KEY, "native", &[("rustflags", flags)]);
        assert!(settings("--cfg x -C target-cpu=znver3").is_some());
        assert_eq!(settings("--cfg x"), None);
    }
}
