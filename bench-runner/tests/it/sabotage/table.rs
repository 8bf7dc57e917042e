//! The cases of each axis. A new axis gets a line in [`entries`]: one case for each of its values, with a
//! project that has contrary settings.

use std::collections::BTreeMap;

/// The cases of an axis.
pub(super) enum Entry {
    /// Builds, one for each value.
    Built(Vec<Case>),
    /// Nothing: builds do not show it, and the proof of this key and value says so.
    Unseen(&'static str, &'static str),
}

/// One value, and a project with contrary settings.
#[derive(Clone)]
pub(super) struct Case {
    pub(super) key: &'static str,
    pub(super) value: &'static str,
    /// Other settings that it needs.
    pub(super) beside: &'static [(&'static str, &'static str)],
    /// Added to the project's manifest.
    pub(super) manifest: &'static str,
    /// The project's profile if no axis sets one.
    pub(super) profile: Option<&'static str>,
    pub(super) needs: Need,
    /// The least number of additions to the build request that are removed one after another.
    pub(super) adds: usize,
}

/// A requirement of a case on the machine.
#[derive(Clone, Copy)]
pub(super) enum Need {
    Nothing,
    Program(&'static str),
    /// A program that takes too long to install for the gate.
    LongProgram(&'static str),
    /// rustup's nightly toolchain.
    Nightly,
    /// Not on any test machine: the axis must give a hint.
    Absent,
}

/// A case without requirements, with this text in the project's manifest.
fn case(key: &'static str, value: &'static str, manifest: &'static str) -> Case {
    Case { key, value, beside: &[], manifest, profile: None, needs: Need::Nothing, adds: 1 }
}

/// A case on nightly, without contrary settings in the project.
fn on_nightly(key: &'static str, value: &'static str) -> Case {
    Case { beside: &[("toolchain", "nightly")], needs: Need::Nightly, ..case(key, value, "") }
}

/// Every axis by its key.
pub(super) fn entries() -> BTreeMap<&'static str, Entry> {
    let built = Entry::Built;
    BTreeMap::from([
        ("linker", built(linkers())),
        ("linker-driver", built(drivers())),
        ("linker-threads", built(linker_threads())),
        ("profile", built(profiles())),
        ("toolchain", built(toolchains())),
        ("backend", built(backends())),
        ("lto", built(lto())),
        ("codegen-units", built(units())),
        ("opt-level", built(levels())),
        ("debug", built(debug())),
        ("split-debuginfo", built(split_debuginfo())),
        ("strip", built(strip())),
        ("incremental", built(incremental())),
        ("jobs", built(vec![case("jobs", "1", ""), case("jobs", "cores", "")])),
        ("threads", built(vec![on_nightly("threads", "1"), on_nightly("threads", "8")])),
        (
            "target-cpu",
            built(vec![
                Case { adds: 0, ..case("target-cpu", "default", "") },
                case("target-cpu", "native", ""),
                case("target-cpu", "x86-64-v2", ""),
            ]),
        ),
        ("cache", built(caches())),
        (
            "rustflags",
            built(vec![Case {
                adds: 2,
                ..case("rustflags", "-Cdebug-assertions=no -Coverflow-checks=no", "")
            }]),
        ),
        ("cargo-args", built(vec![case("cargo-args", "--all-targets", "")])),
        ("config", built(vec![case("config", "profile.dev.debug=1", "")])),
        ("snippet", built(vec![case("snippet", "[profile.dev]\nopt-level = 1\n", "")])),
        (
            "as-configured",
            built(vec![
                Case { adds: 2, ..case("as-configured", CONFIGURED, "") },
                case("as-configured", "[variables]\nRUSTFLAGS = '-Coverflow-checks=no'\n", ""),
            ]),
        ),
        ("env.NAME", Entry::Unseen("env.CC", "gcc")),
        ("arg", Entry::Unseen("arg", "--fast")),
    ])
}

/// An example of a user's own configuration.
const CONFIGURED: &str = "[build]\nrustflags = ['-Coverflow-checks=no']\n[profile.dev]\ndebug = 1\n";

fn linkers() -> Vec<Case> {
    let linker = |value, needs| Case { needs, ..case("linker", value, "") };
    vec![
        Case { adds: 0, ..linker("default", Need::Nothing) },
        linker("bfd", Need::Nothing),
        linker("rust-lld", Need::Nothing),
        linker("gold", Need::Program("ld.gold")),
        linker("lld", Need::Program("ld.lld")),
        linker("mold", Need::Program("mold")),
        linker("wild", Need::LongProgram("wild")),
    ]
}

fn drivers() -> Vec<Case> {
    let driver = |program| Case { needs: Need::Program(program), ..case("linker-driver", program, "") };
    vec![driver("cc"), driver("gcc"), driver("clang")]
}

fn linker_threads() -> Vec<Case> {
    let threads = |beside, needs, value| Case { beside, needs, ..case("linker-threads", value, "") };
    vec![
        threads(&[("linker", "mold")], Need::Program("mold"), "2"),
        threads(&[("linker", "lld")], Need::Program("ld.lld"), "2"),
        threads(&[("linker", "rust-lld")], Need::Nothing, "1"),
        threads(&[("linker", "gold")], Need::Program("ld.gold"), "1"),
        threads(&[("linker", "gold")], Need::Program("ld.gold"), "2"),
        threads(&[("linker", "wild")], Need::LongProgram("wild"), "2"),
    ]
}

fn profiles() -> Vec<Case> {
    let profile = |value, other| Case { profile: Some(other), ..case("profile", value, "") };
    vec![
        // Profiles that share a directory.
        profile("dev", "test"),
        profile("release", "bench"),
        profile("test", "dev"),
        profile("bench", "release"),
    ]
}

/// A build request does not contain the toolchain: the toolchain itself is exchanged.
fn toolchains() -> Vec<Case> {
    let toolchain = |value| Case { needs: Need::Nightly, adds: 0, ..case("toolchain", value, "") };
    vec![toolchain("stable"), toolchain("nightly")]
}

fn backends() -> Vec<Case> {
    vec![
        Case { adds: 0, ..case("backend", "llvm", "") },
        on_nightly("backend", "llvm"),
        Case { needs: Need::Absent, ..on_nightly("backend", "cranelift") },
    ]
}

fn lto() -> Vec<Case> {
    vec![
        case("lto", "off", "[profile.dev]\nlto = 'thin'"),
        case("lto", "false", "[profile.dev]\nlto = 'off'"),
        case("lto", "thin", "[profile.dev]\nlto = 'fat'"),
        case("lto", "fat", "[profile.dev]\nlto = 'thin'"),
    ]
}

fn units() -> Vec<Case> {
    let single = |value| case("codegen-units", value, "[profile.dev]\ncodegen-units = 7");
    let manifest = "[profile.dev]\ncodegen-units = 7\n[profile.dev.package.'*']\ncodegen-units = 9";
    let table = Case { adds: 2, ..case("codegen-units", "{own=16,deps=256}", manifest) };
    vec![single("1"), single("16"), single("256"), table]
}

fn levels() -> Vec<Case> {
    let single = |value| case("opt-level", value, "[profile.dev]\nopt-level = 2");
    let manifest = "[profile.dev]\nopt-level = 2\n[profile.dev.package.'*']\nopt-level = 'z'\n[profile.dev.build-override]\nopt-level = 1\n";
    let table = |value, adds| Case { adds, ..case("opt-level", value, manifest) };
    vec![
        single("0"),
        single("1"),
        case("opt-level", "2", "[profile.dev]\nopt-level = 3"),
        single("3"),
        single("s"),
        single("z"),
        table("{own=1,deps=3}", 2),
        table("{own=1,deps=3,build=0,final=\"s\"}", 4),
    ]
}

fn debug() -> Vec<Case> {
    vec![
        case("debug", "none", "[profile.dev]\ndebug = 'full'"),
        case("debug", "line-directives-only", "[profile.dev]\ndebug = 'none'"),
        case("debug", "line-tables-only", "[profile.dev]\ndebug = 'full'"),
        case("debug", "limited", "[profile.dev]\ndebug = 'full'"),
        case("debug", "full", "[profile.dev]\ndebug = 'limited'"),
    ]
}

fn split_debuginfo() -> Vec<Case> {
    vec![
        case("split-debuginfo", "off", "[profile.dev]\nsplit-debuginfo = 'packed'"),
        case("split-debuginfo", "packed", "[profile.dev]\nsplit-debuginfo = 'off'"),
        case("split-debuginfo", "unpacked", "[profile.dev]\nsplit-debuginfo = 'packed'"),
    ]
}

fn strip() -> Vec<Case> {
    vec![
        case("strip", "none", "[profile.dev]\nstrip = 'symbols'"),
        case("strip", "debuginfo", "[profile.dev]\nstrip = 'none'"),
        case("strip", "symbols", "[profile.dev]\nstrip = 'debuginfo'"),
    ]
}

fn incremental() -> Vec<Case> {
    vec![
        case("incremental", "on", "[profile.dev]\nincremental = false"),
        case("incremental", "off", "[profile.dev]\nincremental = true"),
    ]
}

fn caches() -> Vec<Case> {
    let cache = |value, adds, needs| Case {
        adds,
        needs,
        // Incrementally compiled crates are not cached.
        ..case("cache", value, "[profile.dev]\nincremental = false")
    };
    vec![
        cache("off", 1, Need::Program("sccache")),
        cache("cold", 2, Need::Program("sccache")),
        cache("warm", 2, Need::Program("sccache")),
        cache("cold@s3", 2, Need::Absent),
        cache("warm@s3", 2, Need::Absent),
    ]
}
