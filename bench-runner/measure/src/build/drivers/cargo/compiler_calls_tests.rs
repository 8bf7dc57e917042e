use super::*;
use crate::build::{CompilerFlags, Members, PackageName, WorkspaceMember};

/// A unit: package, kind, target, hash of its files, and indexes of the units that it needs.
type SampleBuildUnit = (&'static str, &'static str, &'static str, &'static str, &'static [usize]);

/// A build as cargo shows and plans it. Packages whose names begin with `dep` come from a registry; those
/// that begin with `path` are local but not members.
struct SampleBuild {
    given: Vec<SampleBuildUnit>,
    roots: Vec<usize>,
    /// Other properties of units: optimization level in the plan, `--target`.
    opt_levels: Vec<&'static str>,
    target: Vec<usize>,
}

impl SampleBuild {
    fn new(given: &[SampleBuildUnit], roots: &[usize]) -> Self {
        Self {
            given: given.to_vec(),
            roots: roots.to_vec(),
            opt_levels: vec!["0"; given.len()],
            target: vec![],
        }
    }

    fn id(package: &str) -> String {
        match package.starts_with("dep") {
            true => format!("registry+https://x/#{package}@0.1.0"),
            false => format!("path+file:///w/{package}#0.1.0"),
        }
    }

    fn file(&self, at: usize) -> String {
        let (_, kind, target, hash, _) = self.given[at];
        let name = crate_name(target);
        match kind {
            "bin" | "custom-build" => format!("/t/deps/{name}-{hash}"),
            "proc-macro" => format!("/t/deps/lib{name}-{hash}.so"),
            _ => format!("/t/deps/lib{name}-{hash}.rlib"),
        }
    }

    fn source(package: &str, kind: &str, target: &str) -> String {
        let file = match kind {
            "bin" => format!("src/bin/{target}.rs"),
            "custom-build" => "build.rs".to_owned(),
            _ => "src/lib.rs".to_owned(),
        };
        format!("{package}/{file}")
    }

    fn messages(&self) -> Vec<UnitMessage> {
        let members: Vec<WorkspaceMember> = self
            .given
            .iter()
            .filter(|(package, ..)| !package.starts_with("path"))
            .map(|(package, ..)| WorkspaceMember {
                name: (*package).into(),
                version: "0.1.0".into(),
                manifest: "/m".into(),
            })
            .collect();
        let members = Members { root: "/w".into(), packages: members };
        let message = |(at, (package, kind, target, ..)): (usize, &SampleBuildUnit)| {
            let source = format!("/w/{}", Self::source(package, kind, target));
            let file = match *kind {
                // Cargo reports the final path of programs, not the path that they were linked to.
                "bin" => format!("/t/{target}"),
                _ => self.file(at),
            };
            let line = serde_json::json!({
                "reason": "compiler-artifact", "package_id": Self::id(package),
                "target": {"kind": [kind], "name": target, "src_path": source},
                "profile": {"opt_level": self.opt_levels[at], "debuginfo": 0, "test": false},
                "features": [], "filenames": [file], "executable": null, "fresh": false,
            });
            UnitMessage::parse(&line.to_string(), &members).unwrap()
        };
        self.given.iter().enumerate().map(message).collect()
    }

    fn running_lines(&self) -> String {
        let line = |(at, (package, kind, target, hash, needs)): (usize, &SampleBuildUnit)| {
            let crate_type = if matches!(*kind, "bin" | "custom-build") { "bin" } else { kind };
            let named = if self.target.contains(&at) { " --target x" } else { "" };
            let externs: String = needs
                .iter()
                .map(|need| format!(" --extern {}={}", crate_name(self.given[*need].2), self.file(*need)))
                .collect();
            format!(
                "     Running `/tc/bin/rustc --crate-name {} {} --crate-type {crate_type} -C extra-filename=-{hash} \
                 --out-dir /t/deps{named}{externs}`\n",
                crate_name(target),
                Self::source(package, kind, target)
            )
        };
        self.given.iter().enumerate().map(line).collect()
    }

    fn units(&self) -> PlannedUnits {
        let unit = |(at, (package, kind, target, _, needs)): (usize, &SampleBuildUnit)| PlannedUnit {
            package: PackageName::from_id(&Self::id(package)).unwrap(),
            kind: (*kind).into(),
            crate_types: Vec::new(),
            target: (*target).into(),
            source: PathBuf::new(),
            mode: "build".into(),
            platform: self.target.contains(&at).then(|| "x".to_owned()),
            features: Vec::new(),
            profile: [("opt_level".to_owned(), self.opt_levels[at].to_owned())].into(),
            needs: needs.to_vec(),
        };
        let units = self.given.iter().enumerate().map(unit).collect();
        PlannedUnits { units, roots: self.roots.clone(), flags: CompilerFlags::default() }
    }

    fn parts(&self) -> Vec<BuildPart> {
        let calls =
            compiler_calls(&self.running_lines(), &self.messages(), Some(&self.units()), Path::new("/w"));
        calls.iter().map(|call| call.part).collect()
    }
}

use BuildPart::{Dependency, Host, Own};

#[test]
fn a_call_is_of_the_package_that_cargo_says() {
    let build = SampleBuild::new(
        &[
            ("dep", "lib", "dep", "1", &[]),
            ("path-dep", "lib", "path-dep", "2", &[]),
            ("p", "custom-build", "build-main", "3", &[1]),
            ("p", "bin", "release", "4", &[0, 1]),
            // Has the name that cargo gives to build scripts.
            ("p", "bin", "build_script_build", "5", &[]),
        ],
        &[3, 4],
    );
    assert_eq!(build.parts(), [Dependency, Dependency, Host, Own, Own]);
}

#[test]
fn two_programs_of_one_name_are_two_units() {
    let build = SampleBuild::new(&[("a", "bin", "tool", "1", &[]), ("b", "bin", "tool", "2", &[])], &[0, 1]);
    let calls =
        compiler_calls(&build.running_lines(), &build.messages(), Some(&build.units()), Path::new("/w"));
    let packages: Vec<&str> =
        calls.iter().map(|call| call.unit.as_ref().unwrap().package.name.as_str()).collect();
    assert_eq!(packages, ["a", "b"]);
}

#[test]
fn what_only_runs_during_the_build_is_told_apart() {
    // The same crate twice: for a macro, and for the program.
    let mut build = SampleBuild::new(
        &[
            ("dep", "lib", "syn", "aa", &[]),
            ("dep", "lib", "syn", "bb", &[]),
            ("m", "proc-macro", "derive", "cc", &[0]),
            ("p", "bin", "p", "dd", &[2, 1]),
        ],
        &[3],
    );
    assert_eq!(build.parts(), [Host, Dependency, Host, Own]);
    // A requested macro is not a result if there is a program.
    build.roots = vec![2, 3];
    assert_eq!(build.parts(), [Host, Dependency, Host, Own]);
    // In a project that consists of a macro only, the macro is the result.
    let alone = SampleBuild::new(
        &[("dep", "lib", "syn", "aa", &[]), ("m", "proc-macro", "derive", "cc", &[0])],
        &[1],
    );
    assert_eq!(alone.parts(), [Dependency, Own]);
}

#[test]
fn a_library_that_a_build_script_needs_too_is_told_apart_by_its_profile() {
    let given: [SampleBuildUnit; 4] = [
        ("inner", "lib", "inner", "aa", &[]),
        ("inner", "lib", "inner", "bb", &[]),
        ("p", "custom-build", "build-script-build", "cc", &[0]),
        ("p", "bin", "p", "dd", &[1]),
    ];
    let mut build = SampleBuild::new(&given, &[1, 3]);
    build.opt_levels = vec!["0", "3", "0", "3"];
    assert_eq!(build.parts(), [Host, Own, Host, Own]);
    // A unit that is used for both is a result.
    let shared: [SampleBuildUnit; 3] = [
        ("inner", "lib", "inner", "aa", &[]),
        ("p", "custom-build", "build-script-build", "cc", &[0]),
        ("p", "bin", "p", "dd", &[0]),
    ];
    assert_eq!(SampleBuild::new(&shared, &[2]).parts(), [Own, Host, Own]);
    // A unit that is only needed by what runs during the build, and was not requested, is not a result.
    let only_host: [SampleBuildUnit; 3] = [
        ("core", "lib", "core", "aa", &[]),
        ("m", "proc-macro", "m", "cc", &[0]),
        ("p", "bin", "p", "dd", &[1]),
    ];
    assert_eq!(SampleBuild::new(&only_host, &[2]).parts(), [Host, Host, Own]);
    assert_eq!(SampleBuild::new(&only_host, &[0, 2]).parts(), [Own, Host, Own]);
}

#[test]
fn with_a_target_named_only_what_is_built_for_it_is_a_result() {
    let mut build = SampleBuild::new(
        &[
            ("inner", "lib", "inner", "aa", &[]),
            ("inner", "lib", "inner", "bb", &[]),
            ("p", "custom-build", "build-script-build", "cc", &[0]),
            ("p", "bin", "p", "dd", &[1]),
        ],
        &[1, 3],
    );
    build.target = vec![1, 3];
    assert_eq!(build.parts(), [Host, Own, Host, Own]);
}

#[test]
fn commands_are_read_however_much_cargo_shows() {
    let stderr = concat!(
        "     Running `CARGO=/tc/bin/cargo CARGO_PKG_DESCRIPTION='two\nlines' /w/wrap /tc/bin/rustc --crate-name a --out-dir /t`\n",
        "     Running `/t/debug/build/p-1/build-script-build`\n",
        "     Running `/tc/bin/rustc --crate-name b '-Clink-arg=-B/a b' '--cfg=feature=\"x\"' '--cfg=it'\\''s'`\n",
        "     Running `/tc/bin/rustdoc --crate-name c`\n",
    );
    let calls = compiler_calls(stderr, &[], None, Path::new("/w"));
    let names: Vec<&str> = calls.iter().map(|call| call.name.as_str()).collect();
    assert_eq!(names, ["a", "b"]);
    assert_eq!(calls[0].args[..2], ["/w/wrap", "/tc/bin/rustc"]);
    assert_eq!(calls[1].args[3..], ["-Clink-arg=-B/a b", "--cfg=feature=\"x\"", "--cfg=it's"]);
}
