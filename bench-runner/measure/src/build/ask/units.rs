//! The units that cargo would build and the flags that it would call the compiler with, without building
//! anything.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{AskError, CargoInvocation, os_args, recorder};

const WHAT: &str = "which units it would build";

/// A query for the units of a build.
#[derive(Debug, Clone, Copy)]
pub struct UnitsRequest<'a> {
    /// Command and options, such as `build --profile dev`.
    pub args: &'a [String],
    /// Cargo home; never that of the user.
    pub cargo_home: &'a Path,
    /// Empty directory for the output of cargo, used as target directory and build directory.
    pub scratch: &'a Path,
}

/// Build plan of cargo.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedUnits {
    /// Units; they refer to each other by index.
    pub units: Vec<PlannedUnit>,
    /// Indexes of the requested units, not those that are only needed by others.
    pub roots: Vec<usize>,
    /// The compiler and its flags.
    pub flags: CompilerFlags,
}

impl PlannedUnits {
    /// Number of units that the compiler is called for, each of which cargo reports when it is done.
    pub(crate) fn compiled(&self) -> u32 {
        let compiled = |unit: &&PlannedUnit| !matches!(unit.mode.as_str(), "run-custom-build" | "doctest");
        self.units.iter().filter(compiled).count() as u32
    }
}

/// Flags that cargo would pass to the compiler for every unit, whichever key or variable they come from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CompilerFlags {
    pub compiler: PathBuf,
    /// Flags for units of the host if no target is named, else for what runs during the build.
    pub host: Vec<String>,
    /// Flags by target, in the order in which the targets are named.
    pub targets: Vec<(String, Vec<String>)>,
}

impl CompilerFlags {
    /// Flags for results; `None` if several targets are named and their flags differ.
    pub(crate) fn for_results(&self) -> Option<&[String]> {
        let Some((_, first)) = self.targets.first() else { return Some(&self.host) };
        self.targets.iter().all(|(_, flags)| flags == first).then_some(first.as_slice())
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedUnit {
    pub package: PackageName,
    /// Kind of its target, such as `lib`, `bin`, `custom-build`, `proc-macro`.
    pub kind: String,
    /// Crate types that it makes.
    pub crate_types: Vec<String>,
    pub target: String,
    /// Root source file.
    pub source: PathBuf,
    /// `build`, `check`, `test`, `run-custom-build`, …
    pub mode: String,
    /// Target triple that it is built for; `None` for the host.
    pub platform: Option<String>,
    pub features: Vec<String>,
    /// Settings of its profile by key, as cargo prints them.
    pub profile: BTreeMap<String, String>,
    /// Indexes of the units that it needs.
    pub needs: Vec<usize>,
}

/// Identity of a package, independent of the format of package ids.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackageName {
    pub name: String,
    pub version: String,
    /// Source: a URL, or a directory as `path+file://…`.
    pub source: String,
}

impl PackageName {
    /// Parses a package id of cargo: `name version (source)` before 1.77, `source#name@version` since.
    pub fn from_id(id: &str) -> Option<Self> {
        let old = || {
            let (front, source) = id.strip_suffix(')')?.rsplit_once(" (")?;
            let (name, version) = front.split_once(' ')?;
            Some(Self { name: name.to_owned(), version: version.to_owned(), source: source.to_owned() })
        };
        let new = || {
            let (source, rest) = id.rsplit_once('#')?;
            let (name, version) = match rest.rsplit_once('@') {
                Some((name, version)) => (name.to_owned(), version),
                // Cargo omits the name if it is the last part of the URL.
                None => {
                    let end = source.split('?').next().unwrap_or(source).rsplit('/').next()?;
                    (decode_percent(end), rest)
                }
            };
            Some(Self { name, version: version.to_owned(), source: source.to_owned() })
        };
        old().or_else(new)
    }

    /// True if it is built from a directory rather than from a registry or a repository.
    pub(crate) fn is_local(&self) -> bool {
        self.source.starts_with("path+")
    }

    /// Directory of a local package.
    pub fn directory(&self) -> Option<PathBuf> {
        Some(decode_percent(self.source.strip_prefix("path+file://")?).into())
    }
}

/// Decodes the percent escapes of a URL.
fn decode_percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok()))
            .flatten();
        match escaped {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The units that cargo would build.
///
/// # Errors
/// If cargo cannot answer: it is too old, a dependency is not available offline, the lock file does not
/// match.
pub fn units(invocation: &CargoInvocation, request: &UnitsRequest<'_>) -> Result<PlannedUnits, AskError> {
    units_and_flags(invocation, request).0
}

/// The units that cargo would build, and separately the compiler with its flags: cargo determines these
/// before it looks at dependencies, so they are known even if a dependency is missing.
pub(crate) fn units_and_flags(
    invocation: &CargoInvocation,
    request: &UnitsRequest<'_>,
) -> (Result<PlannedUnits, AskError>, Option<CompilerFlags>) {
    let (output, flags) = ask(invocation, request);
    let known = (flags != CompilerFlags::default()).then(|| flags.clone());
    let unclear = || AskError { what: WHAT, reason: "its answer cannot be read".to_owned(), help: None };
    let units = output.and_then(|output| Ok(PlannedUnits { flags, ..parse(&output).ok_or_else(unclear)? }));
    (units, known)
}

/// Output of cargo, and the flags that it called the compiler with meanwhile.
fn ask(
    invocation: &CargoInvocation,
    request: &UnitsRequest<'_>,
) -> (Result<String, AskError>, CompilerFlags) {
    let io = |error: std::io::Error| AskError {
        what: WHAT,
        reason: format!("{}: {error}", request.scratch.display()),
        help: None,
    };
    let recorder = match recorder::write_into(request.scratch) {
        Ok(recorder) => recorder,
        Err(error) => return (Err(io(error)), CompilerFlags::default()),
    };
    let log = request.scratch.join("calls");
    let target = request.scratch.join("target");
    let mut args: Vec<OsString> = request.args.iter().map(OsString::from).collect();
    args.extend(os_args(["--locked", "--offline", "--unit-graph", "-Zunstable-options", "--target-dir"]));
    args.push(target.clone().into());
    let set = [
        ("CARGO_HOME", request.cargo_home.into()),
        ("CARGO_BUILD_BUILD_DIR", target.into()),
        ("RUSTC_WRAPPER", recorder.into()),
        ("RUSTC_WORKSPACE_WRAPPER", OsString::new()),
        (recorder::LOG, log.clone().into()),
    ];
    let output = invocation.call(WHAT, args, &set).map(|output| output.stdout);
    let log = std::fs::read(&log).unwrap_or_default();
    (output, flags(&recorder::parse_log(&String::from_utf8_lossy(&log))))
}

/// Flags in the calls by which cargo queries target information. It makes one call for the host and one for
/// each named target, and another if flags depend on the answer of the first one; the last one counts.
fn flags(calls: &[Vec<String>]) -> CompilerFlags {
    let mut found = CompilerFlags::default();
    for call in calls {
        let Some((compiler, args)) = call.split_first() else { continue };
        found.compiler = compiler.into();
        let start = args.iter().position(|arg| arg == "--print=file-names");
        let end = args.iter().position(|arg| arg == "--crate-type");
        let Some((start, end)) = start.zip(end).filter(|(start, end)| start < end) else { continue };
        let mut flags = args[start + 1..end].to_vec();
        // Cargo puts the target after the flags.
        let Some(at) = flags.iter().rposition(|flag| flag == "--target") else {
            found.host = flags;
            continue;
        };
        let target = flags.get(at + 1).cloned().unwrap_or_default();
        flags.truncate(at);
        match found.targets.iter_mut().find(|(known, _)| *known == target) {
            Some((_, known)) => *known = flags,
            None => found.targets.push((target, flags)),
        }
    }
    found
}

fn parse(text: &str) -> Option<PlannedUnits> {
    let output: Value = serde_json::from_str(text.lines().find(|line| line.starts_with('{'))?).ok()?;
    let indexes = |value: &Value| -> Option<Vec<usize>> {
        value.as_array()?.iter().map(|index| Some(index.as_u64()? as usize)).collect()
    };
    let units = output["units"].as_array()?.iter().map(unit).collect::<Option<Vec<_>>>()?;
    Some(PlannedUnits { units, roots: indexes(&output["roots"])?, flags: CompilerFlags::default() })
}

fn unit(unit: &Value) -> Option<PlannedUnit> {
    let strings = |value: &Value| -> Vec<String> {
        value.as_array().into_iter().flatten().filter_map(|item| item.as_str().map(str::to_owned)).collect()
    };
    let target = &unit["target"];
    let needs =
        unit["dependencies"].as_array()?.iter().map(|needed| Some(needed["index"].as_u64()? as usize));
    let mut profile = BTreeMap::new();
    for (key, value) in unit["profile"].as_object()? {
        profile.insert(key.clone(), value.as_str().map_or_else(|| value.to_string(), str::to_owned));
    }
    Some(PlannedUnit {
        package: PackageName::from_id(unit["pkg_id"].as_str()?)?,
        kind: target["kind"][0].as_str()?.to_owned(),
        crate_types: strings(&target["crate_types"]),
        target: target["name"].as_str()?.to_owned(),
        source: target["src_path"].as_str().unwrap_or_default().into(),
        mode: unit["mode"].as_str()?.to_owned(),
        platform: unit["platform"].as_str().map(str::to_owned),
        features: strings(&unit["features"]),
        profile,
        needs: needs.collect::<Option<_>>()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_packages_are_read_in_either_form() {
        let name = |id: &str| {
            let PackageName { name, version, source } = PackageName::from_id(id).unwrap();
            (name, version, source)
        };
        let of = |name: &str, version: &str, source: &str| {
            (name.to_owned(), version.to_owned(), source.to_owned())
        };
        assert_eq!(name("p 0.1.0 (path+file:///w/p)"), of("p", "0.1.0", "path+file:///w/p"));
        assert_eq!(name("path+file:///w/p#0.1.0"), of("p", "0.1.0", "path+file:///w/p"));
        assert_eq!(name("path+file:///w/a%20b#p@0.1.0"), of("p", "0.1.0", "path+file:///w/a%20b"));
        let registry = "registry+https://host/index";
        assert_eq!(name(&format!("{registry}#serde@1.0.0+x")), of("serde", "1.0.0+x", registry));
        assert_eq!(name(&format!("serde 1.0.0 ({registry})")), of("serde", "1.0.0", registry));
        assert_eq!(name("git+https://host/own/dep?rev=ab#1.0.0").0, "dep");
        let directory = PackageName::from_id("path+file:///w/a%20b#p@0.1.0").unwrap().directory();
        assert_eq!(directory, Some("/w/a b".into()));
    }

    #[test]
    fn flags_are_those_of_the_last_call_for_a_target() {
        let call = |line: &str| line.split(' ').map(str::to_owned).collect::<Vec<String>>();
        let calls = [
            call("/tc/rustc -vV"),
            call("/tc/rustc - --crate-name ___ --print=file-names --crate-type bin --print=cfg"),
            call("/tc/rustc - --crate-name ___ --print=file-names -Ca --target x --crate-type bin"),
            call("/tc/rustc - --crate-name ___ --print=file-names -Cb --target x --crate-type bin"),
        ];
        let found = flags(&calls);
        assert_eq!(found.compiler, PathBuf::from("/tc/rustc"));
        assert_eq!(found.for_results().unwrap(), ["-Cb"]);
        assert!(found.host.is_empty());
        assert!(flags(&calls[..2]).for_results().unwrap().is_empty());
        let two =
            CompilerFlags { targets: vec![("a".into(), vec!["-Ca".into()]), ("b".into(), vec![])], ..found };
        assert_eq!(two.for_results(), None);
    }

    #[test]
    fn units_are_read_with_what_they_need() {
        let text = r#"{"version":1,"units":[{"pkg_id":"path+file:///w/p#0.1.0","target":{"kind":["bin"],"crate_types":["bin"],
            "name":"p","src_path":"/w/p/src/main.rs"},"profile":{"name":"dev","debuginfo":2,"lto":"false"},"platform":null,
            "mode":"build","features":["a"],"dependencies":[{"index":0}]}],"roots":[0]}"#;
        let read = parse(&text.replace('\n', "")).unwrap();
        assert_eq!(read.units[0].profile["debuginfo"], "2");
        let run = PlannedUnit { mode: "run-custom-build".into(), ..read.units[0].clone() };
        let units = vec![read.units[0].clone(), run];
        assert_eq!(
            PlannedUnits { units, ..read.clone() }.compiled(),
            1,
            "a build script that runs is not one"
        );
        assert_eq!((read.units[0].needs.as_slice(), read.roots.as_slice()), (&[0][..], &[0][..]));
        assert_eq!(parse("{}"), None);
    }
}
