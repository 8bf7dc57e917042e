//! The code generator: LLVM or Cranelift.
//!
//! The marks of Cranelift could not be observed here, because the component is missing. According to the
//! source of rustc_codegen_cranelift (`src/driver/aot.rs`, `src/debuginfo`), each of its objects has `cg_clif
//! (rustc …, cranelift …)` in `.comment` and as producer in its debug info; those of LLVM have `rustc version
//! …` and `clang LLVM (rustc version …)`.

use bench_runner_core::record::Refusal;

use super::axis::{
    Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue, Settings,
};
use super::lines::{SettingLines, Situation, Unwritable};
use super::rustc_args::{self, ArgCheck, PartialFinding};
use super::{toolchain, values};
use crate::build::{BuildEvidence, BuildRequest, Goal, Toolchain};

pub(super) struct BackendAxis;

const KEY: &str = "backend";
const FLAG: &str = "codegen-backend";
/// Mark of Cranelift in `.comment`.
const CRANELIFT_MARK: &str = "cg_clif";

/// Reason why two variants must not be compared: code generators are compared with the same compiler and
/// linker only.
pub(super) fn incomparable(baseline: &Settings, variant: &Settings) -> Option<String> {
    let cranelift = |settings: &Settings| settings.get(KEY).is_some_and(|backend| backend == "cranelift");
    if cranelift(baseline) == cranelift(variant) {
        return None;
    }
    // If no linker is named, it is the default one.
    let value = |settings: &Settings, key: &str| match (settings.get(key), key) {
        (Some(value), _) => Some(value.clone()),
        (None, "linker") => Some("default".to_owned()),
        (None, _) => None,
    };
    let describe = |settings: &Settings, key: &str| match value(settings, key) {
        Some(value) => format!("{key}={value}"),
        None => format!("no {key} set"),
    };
    let keys = ["toolchain", "linker", "linker-driver"];
    keys.into_iter().find(|key| value(baseline, key) != value(variant, key)).map(|key| {
        let (one, other) = (describe(baseline, key), describe(variant, key));
        format!("Cranelift is compared with LLVM on one {key} only, and here {one} stands against {other}")
    })
}

/// True if the toolchain has Cranelift.
fn has_cranelift(toolchain: &Toolchain) -> bool {
    let dir = toolchain.sysroot.join("lib/rustlib").join(&toolchain.host).join("codegen-backends");
    let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
    files.map(|file| file.file_name()).any(|name| name.to_string_lossy().contains("cranelift"))
}

impl Axis for BackendAxis {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "code generator: llvm, or cranelift (nightly only, a component of rustup)"
    }

    fn values(&self) -> &'static [&'static str] {
        &["llvm", "cranelift"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        let name = values::one_of(text, "a code generator", self.values())?;
        Ok(Box::new(if name == "llvm" { CodeGenerator::Llvm } else { CodeGenerator::Cranelift }))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CodeGenerator {
    Llvm,
    Cranelift,
}

impl CodeGenerator {
    fn name(self) -> &'static str {
        match self {
            Self::Llvm => "llvm",
            Self::Cranelift => "cranelift",
        }
    }

    fn flag(self) -> String {
        format!("-Z{FLAG}={}", self.name())
    }
}

impl SettingValue for CodeGenerator {
    fn probe(&self, settings: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        if let (Self::Cranelift, Some(toolchain)) = (self, &context.toolchain) {
            if !toolchain.is_nightly() {
                return Err(values::needs_nightly("Cranelift", toolchain));
            }
            if !has_cranelift(toolchain) {
                let name = settings.text(toolchain::KEY).filter(|name| !name.starts_with('/'));
                let name = name.unwrap_or("nightly");
                return Err(Refusal::new(format!("{} has no Cranelift", toolchain.rustc_version)).with_help(
                    format!("rustup component add rustc-codegen-cranelift-preview --toolchain {name}"),
                ));
            }
        }
        values::available_to_cargo(KEY, self.name(), context)
    }

    fn applies_to(&self, goal: Goal) -> bool {
        // Build scripts and proc macros are compiled in full under a check too, but the project itself is
        // not.
        goal.links()
    }

    fn apply(&self, _: &ParsedSettings, context: &Context, request: &mut BuildRequest) {
        if takes_flag(context) {
            request.rustflags.push(self.flag());
            request.rustflags_from.push(format!("{KEY}={}", self.name()));
        }
    }

    fn advise(&self, settings: &ParsedSettings, _: &Situation) -> Result<SettingLines, Unwritable> {
        let named = settings.text(toolchain::KEY);
        if *self == Self::Llvm {
            // Only a nightly compiler accepts the flag; whether it was one is read from the settings.
            let nightly = named.is_some_and(|name| name.starts_with("nightly"));
            let lines = if nightly { SettingLines::flags([self.flag()]) } else { SettingLines::default() };
            return Ok(lines.with_remark(
                "Nothing to do: rustc uses LLVM if nothing is set. \
                 If your configuration names another code generator, remove that line.",
            ));
        }
        let components = toml::Value::Array(vec!["rustc-codegen-cranelift-preview".into()]);
        let mut lines = SettingLines::toolchain("components", components)
            .with_remark("Cranelift needs a nightly compiler with this component.");
        if named.is_none()
            && let Some(toml::Value::Table(table)) = lines.toolchain.get_mut(toolchain::KEY)
        {
            table.insert("channel".to_owned(), "nightly".into());
        }
        lines.rustflags.push(self.flag());
        Ok(lines)
    }

    fn prove(&self, _: &ParsedSettings, context: &Context, input: &ProofInput<'_>) -> ProofFinding {
        // On nightly the flag is given, so it must be there; stable has no generator other than LLVM.
        let default = if takes_flag(context) { "not set" } else { "llvm" };
        let check = ArgCheck {
            name: FLAG,
            read: &|args| rustc_args::unstable(args, FLAG).unwrap_or(default).to_owned(),
            excluded: Default::default(),
        };
        let seen = check.run_all(input.build, self.name());
        seen.and(in_result(*self, input.build)).finding(format!("{FLAG}={}", self.name()))
    }

    fn costs(&self) -> &'static [&'static str] {
        match self {
            Self::Llvm => &[],
            Self::Cranelift => &[
                "programs run slower, because Cranelift optimizes less than LLVM",
                "Cranelift is experimental: some crates with assembly or SIMD do not build with it",
            ],
        }
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        match self {
            Self::Llvm => &[],
            Self::Cranelift => &["build scripts and proc macros are compiled by it too"],
        }
    }
}

fn takes_flag(context: &Context) -> bool {
    context.toolchain.as_ref().is_some_and(Toolchain::is_nightly)
}

/// Marks of code generators in the result. Every result has LLVM's mark, because the standard library was
/// compiled by it, so only that of Cranelift is looked for.
fn in_result(generator: CodeGenerator, build: &BuildEvidence) -> PartialFinding {
    let mut comments = build.own_facts().peekable();
    if comments.peek().is_none() {
        return PartialFinding::not_provable("no linked file whose marks could be read".to_owned());
    }
    let mark = comments.flat_map(|facts| &facts.comments).find(|comment| comment.contains(CRANELIFT_MARK));
    let found = match mark {
        Some(mark) => format!("the result is marked `{mark}`"),
        None => "the result has no mark of Cranelift".to_owned(),
    };
    PartialFinding::new(found, mark.is_some() == (generator == CodeGenerator::Cranelift))
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::ProofResult;

    use super::*;
    use crate::axes::fixture;

    #[test]
    fn cranelift_needs_nightly_and_the_component() {
        let missing = |context: &Context| {
            let refusal = fixture::probe(KEY, "cranelift", context).unwrap_err();
            (refusal.what, refusal.help.unwrap())
        };
        assert_eq!(missing(&fixture::context()).1, "use toolchain=nightly");
        let (reason, help) = missing(&fixture::nightly());
        assert_eq!(reason, "rustc 1.97.0-nightly (e50aa6fba 2026-05-19) has no Cranelift");
        assert_eq!(help, "rustup component add rustc-codegen-cranelift-preview --toolchain nightly");
        let here = tempfile::tempdir().unwrap();
        let dir = here.path().join("lib/rustlib/x86_64-unknown-linux-gnu/codegen-backends");
        std::fs::create_dir_all(&dir).unwrap();
        std::fs::write(dir.join("librustc_codegen_cranelift-1.97.0-nightly.so"), "").unwrap();
        let mut context = fixture::nightly();
        context.toolchain.as_mut().unwrap().sysroot = here.path().to_owned();
        let available = fixture::probe(KEY, "cranelift", &context);
        assert_eq!(available, Ok(Available::without_tool("cranelift")));
    }

    #[test]
    fn flags_and_marks_must_agree() {
        let prove = |value, flag: &str, comments: &[&str], context: &Context| {
            let build = fixture::with_linked_program(fixture::evidence_with(flag, flag), &[], comments);
            fixture::prove(KEY, value, context, &build).result
        };
        let (stable, nightly) = (fixture::context(), fixture::nightly());
        let llvm = ["rustc version 1.97.0-nightly (e50aa6fba 2026-05-19)"];
        let both = [llvm[0], "cg_clif (rustc 1.97.0-nightly, cranelift 0.131.0)"];
        let flag = |value: &str| format!("-Zcodegen-backend={value}");
        assert_eq!(prove("llvm", "", &llvm, &stable), ProofResult::Holds);
        assert_eq!(prove("llvm", "", &llvm, &nightly), ProofResult::Fails);
        assert_eq!(prove("llvm", &flag("llvm"), &llvm, &nightly), ProofResult::Holds);
        assert_eq!(prove("llvm", &flag("llvm"), &both, &nightly), ProofResult::Fails);
        assert_eq!(prove("cranelift", &flag("cranelift"), &both, &nightly), ProofResult::Holds);
        assert_eq!(prove("cranelift", &flag("cranelift"), &llvm, &nightly), ProofResult::Fails);
        assert_eq!(prove("cranelift", &flag("llvm"), &both, &nightly), ProofResult::Fails);
    }

    #[test]
    fn generators_are_compared_on_one_compiler_and_with_one_linker() {
        let of = fixture::settings;
        let nightly = ("toolchain", "nightly");
        let cranelift = of(&[("backend", "cranelift"), nightly]);
        assert_eq!(incomparable(&of(&[("backend", "llvm"), nightly]), &cranelift), None);
        assert_eq!(incomparable(&of(&[nightly]), &cranelift), None);
        assert_eq!(
            incomparable(&of(&[("backend", "llvm")]), &cranelift).unwrap(),
            "Cranelift is compared with LLVM on one toolchain only, and here no toolchain set stands against toolchain=nightly"
        );
        let with_mold = of(&[("backend", "cranelift"), nightly, ("linker", "mold")]);
        assert!(incomparable(&of(&[nightly, ("linker", "bfd")]), &with_mold).unwrap().contains("linker=bfd"));
        let with_default = of(&[("backend", "cranelift"), nightly, ("linker", "default")]);
        assert_eq!(incomparable(&of(&[nightly]), &with_default), None);
        // Variants with the same code generator may differ in anything.
        assert_eq!(incomparable(&cranelift, &with_mold), None);
        assert_eq!(incomparable(&of(&[nightly]), &of(&[])), None);
    }
}
