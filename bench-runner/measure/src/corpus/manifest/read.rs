//! TOML → [`Project`]: the keys of a manifest, and their valid values.

mod build;
mod edits;

use std::collections::BTreeMap;
use std::path::PathBuf;

use bench_runner_core::record::PlannedProject;

use crate::corpus::names;
use crate::corpus::sources::kind::SourceTable;
use crate::corpus::sources::kinds;
use crate::toml_reader::{DocError, SourceText, TomlValue};

use super::{Edit, Project, ProjectEstimate};

impl Project {
    /// A project of a plan, which has its manifest.
    ///
    /// # Errors
    /// If the manifest is not valid, at its place.
    pub fn from_plan(planned: &PlannedProject) -> Result<Self, DocError> {
        let text = SourceText::new(format!("manifest of {} in the plan", planned.name), &planned.manifest);
        Self::parse(&text, planned.base.as_ref().map(PathBuf::from))
    }

    /// Parses a manifest; its relative paths start at `base`.
    ///
    /// # Errors
    /// If it is not valid, at its place.
    pub fn parse(manifest: &SourceText, base: Option<PathBuf>) -> Result<Self, DocError> {
        let document = manifest.parse()?;
        let mut reader = document.reader();
        let (SourceTable { source, lock, build: source_build }, megabytes) =
            reader.read("source", kinds::read)?;
        let edits = reader.read_optional("edit", |v| edits::read(v, base.as_deref()))?.unwrap_or_default();
        let mut project = Self {
            name: reader.read("name", names::name)?,
            summary: reader.read_optional("summary", |v| v.string())?.unwrap_or_default(),
            tags: reader.read_optional("tags", names::names)?.unwrap_or_default(),
            max_source_bytes: megabytes.map(|megabytes| u64::from(megabytes) * 1_000_000),
            lock,
            build: match reader
                .read_optional("build", |v| v.with_table(|t| build::read(t, source_build.as_ref())))?
            {
                Some(build) => build,
                None => source_build.clone().unwrap_or_default(),
            },
            text: edits.inlined(&manifest.text),
            edits: edits.edits,
            estimate: reader.read_optional("estimate", estimate)?.unwrap_or_default(),
            origin: manifest.name.clone(),
            base,
            source,
        };
        let own_edit = project.build.tool.command().is_some_and(|command| command.edit.is_some());
        if !project.edits.is_empty() {
            if source_build.is_some() {
                let message = "a project that is built by commands is edited by `edit` in `source`";
                return Err(reader.error_at_key("edit", message));
            }
            if own_edit {
                let message = "`[[edit]]` and `edit` in `build` exclude each other";
                return Err(reader.error_at_key("edit", message));
            }
        }
        reader.finish()?;
        if let (true, false, Some(tables)) = (project.edits.is_empty(), own_edit, project.source.edits()) {
            project.edits = read_source_edits(tables)?;
        }
        Ok(project)
    }
}

/// The edits that come with a source.
fn read_source_edits(tables: String) -> Result<Vec<Edit>, DocError> {
    let text = SourceText::new("the edits of generated projects", tables);
    let document = text.parse()?;
    document.reader().read("edit", |v| edits::read(v, None)).map(|read| read.edits)
}

/// Build times by workload, and the size of a target directory.
fn estimate(value: &TomlValue<'_>) -> Result<ProjectEstimate, DocError> {
    const SIZE: &str = "target-mb";
    value.with_table(|table| {
        let megabytes = table.read_optional(SIZE, TomlValue::count)?;
        let mut builds = BTreeMap::new();
        for (key, value) in table.entries().into_iter().filter(|(key, _)| key != SIZE) {
            builds.insert(key, value.duration()?);
        }
        Ok(ProjectEstimate {
            builds,
            target_bytes: megabytes.map(|megabytes| u64::from(megabytes) * 1_000_000),
        })
    })
}

#[cfg(test)]
mod tests {
    use std::path::Path;
    use std::time::Duration;

    use super::*;
    use crate::corpus::build_settings::{BuildCommand, BuildSettings, BuildTool};
    use crate::corpus::manifest::{EditChange, EditClass, EditPlacement};
    use crate::corpus::sources::kinds::crates_io::CratesIoSource;
    use crate::corpus::sources::kinds::git::GitSource;
    use crate::corpus::sources::kinds::path::PathSource;
    use crate::printed_error::PrintedError as _;

    const WHOLE: &str = r#"
name = "demo"
summary = "a demonstration"
tags = ["quick", "cli"]

[source]
kind = "crates-io"
name = "demo-crate"
version = "1.2.3-rc.1"
sha256 = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

[build]
package = "demo-crate"
bins = ["demo"]
features = ["fast", "dep/extra"]
no-default-features = true
profile = "release"
args = ["--quiet"]
env = { A = "b" }
pass-env = ["PROTOC"]
prepare = [["make", "tables"]]
requires = ["cmake"]
check = ["{artifact}", "--version"]

[[edit]]
name = "body"
class = "body"
file = "src/main.rs"
anchor = "fn main() {"
insert = " std::hint::black_box({n}u64);"

[estimate]
clean = "7s"
incremental = "500ms"
target-mb = 80
"#;

    fn parse(text: &str) -> Result<Project, DocError> {
        Project::parse(&SourceText::new("demo.toml", text), None)
    }

    fn refused(text: &str) -> String {
        parse(text).unwrap_err().printed()
    }

    fn with(find: &str, replace: &str) -> String {
        assert!(WHOLE.contains(find), "{find}");
        WHOLE.replacen(find, replace, 1)
    }

    #[test]
    fn every_key_arrives() {
        let project = parse(WHOLE).unwrap();
        assert_eq!(project.name, "demo");
        assert_eq!(project.tags, ["quick", "cli"]);
        let source: &CratesIoSource = project.source.downcast().unwrap();
        assert_eq!((source.name.as_str(), source.version.as_str()), ("demo-crate", "1.2.3-rc.1"));
        let build = &project.build;
        assert_eq!(
            (&build.packages[0][..], &build.bins[0][..], &build.features[1][..]),
            ("demo-crate", "demo", "dep/extra")
        );
        assert!(build.no_default_features);
        assert_eq!(build.profile.as_deref(), Some("release"));
        assert_eq!(
            (&build.args[0][..], &build.env["A"][..], &build.pass_env[0][..]),
            ("--quiet", "b", "PROTOC")
        );
        assert_eq!((&build.prepare[0][1][..], &build.requires[0][..]), ("tables", "cmake"));
        assert_eq!(build.check.as_ref().unwrap()[1], "--version");
        let EditChange::Text(text) = &project.edit(EditClass::Body).unwrap().change else {
            panic!("a patch")
        };
        assert_eq!(text.file, Path::new("src/main.rs"));
        assert_eq!(text.put, EditPlacement::After(" std::hint::black_box({n}u64);".into()));
        assert!(project.edit(EditClass::Signature).is_none());
        assert_eq!(project.edit_of(None), project.edit(EditClass::Body));
        assert_eq!(project.estimate.builds["incremental"], Duration::from_millis(500));
        assert_eq!(project.estimate.target_bytes, Some(80_000_000));
        assert_eq!(project.text, WHOLE);
    }

    #[test]
    fn commands_are_lists_of_which_only_build_is_needed() {
        let project =
            parse("name = \"c\"\n[source]\nkind = \"command\"\npath = \"..\"\nbuild = [\"make\"]\n");
        let build = project.unwrap().build;
        let command = BuildCommand { build: vec!["make".to_owned()], clean: None, edit: None };
        assert_eq!(build, BuildSettings { tool: BuildTool::Command(command), ..BuildSettings::default() });
        let error =
            refused("name = \"c\"\n[source]\nkind = \"command\"\npath = \"..\"\nbuild = \"make all\"\n");
        assert!(error.starts_with("demo.toml:5:9: `source.build` must be an array"), "{error}");
    }

    #[test]
    fn an_unknown_kind_names_the_valid_ones() {
        let error = refused(&with("crates-io", "crate-io"));
        expect_test::expect![[r#"
            demo.toml:7:8: there is no kind of source `crate-io`
              kind = "crate-io"
                     ^^^^^^^^^^
            help: did you mean `crates-io`? valid are `crates-io`, `git`, `path`, `command`, `generated`"#]]
        .assert_eq(&error);
    }

    const GIT: &str = r#"
name = "g"
[source]
kind = "git"
url = "https://host/owner/name"
rev = "0123456789abcdef0123456789abcdef01234567"
"#;

    #[test]
    fn a_commit_is_named_by_its_address_and_in_full() {
        let source = |text: &str| parse(text).unwrap().source.downcast::<GitSource>().unwrap().clone();
        let plain = source(GIT);
        assert_eq!((plain.url.as_str(), plain.submodules), ("https://host/owner/name", false));
        assert_eq!((plain.rev.len(), plain.tree), (40, None));
        let hash = "ab".repeat(32);
        let more = source(&format!("{GIT}submodules = true\ntree = \"{hash}\"\n"));
        assert_eq!((more.submodules, more.tree), (true, Some(hash)));
        assert_eq!(source(&format!("{GIT}dir = \"a/b\"\n")).dir.as_deref(), Some(Path::new("a/b")));
        assert!(refused(&format!("{GIT}dir = \"../b\"\n")).contains("leaves the source tree"));
        let limited = parse(&format!("{GIT}max-mb = 3\n")).unwrap();
        assert_eq!(limited.max_source_bytes, Some(3_000_000));
    }

    #[test]
    fn what_names_no_commit_is_refused_with_the_command_that_resolves_it() {
        let error = |rev: &str| refused(&GIT.replace("0123456789abcdef0123456789abcdef01234567", rev));
        expect_test::expect![[r#"
            demo.toml:6:7: `source.rev` is not a full commit of 40 lower-case hex digits: `main`
              rev = "main"
                    ^^^^^^
            help: of a branch or a tag, `git ls-remote https://host/owner/name refs/heads/main refs/tags/main 'refs/tags/main^{}'` gives it (of a tag the last line)"#]]
        .assert_eq(&error("main"));
        assert!(error("0123abc").contains("`git rev-parse 0123abc` in a clone"), "{}", error("0123abc"));
        assert!(error("v1; touch x").contains("'refs/tags/v1; touch x^{}'"), "{}", error("v1; touch x"));
        assert!(error("0123456789ABCDEF0123456789ABCDEF01234567").contains("in lower case"));
        assert!(!error("a\\nb").contains("ls-remote"));
    }

    #[test]
    fn addresses_that_git_would_run_are_refused_at_their_place() {
        let error = |url: &str| refused(&GIT.replace("https://host/owner/name", url));
        for url in ["--upload-pack=x", "ext::sh", "https://user:pass@host/x", "name"] {
            assert!(error(url).starts_with("demo.toml:5:7: "), "{}", error(url));
        }
    }

    #[test]
    fn what_is_left_out_lies_below_the_directory() {
        let text = |exclude: &str| {
            format!("name = \"c\"\n[source]\nkind = \"path\"\npath = \"..\"\nexclude = [\"{exclude}\"]\n")
        };
        let source = parse(&text("big/data")).unwrap().source;
        assert_eq!(source.downcast::<PathSource>().unwrap().exclude, [Path::new("big/data")]);
        for path in ["../x", "/etc", ""] {
            assert!(refused(&text(path)).starts_with("demo.toml:5:12: "), "{}", refused(&text(path)));
        }
    }

    #[test]
    fn a_key_of_another_kind_is_unknown() {
        let error = refused("name = \"c\"\n[source]\nkind = \"path\"\npath = \"..\"\nversion = \"1.0.0\"\n");
        assert!(error.starts_with("demo.toml:5:1: `source` has no key `version`"), "{error}");
    }

    #[test]
    fn names_and_paths_that_would_leave_their_place_are_refused() {
        for name in ["../x", ".hidden", "a/b", "a b", "", "ä"] {
            let error = refused(&with("\"demo\"", &format!("\"{name}\"")));
            assert!(error.starts_with("demo.toml:2:8: `name` is not a name"), "{error}");
        }
        for file in ["/etc/passwd", "../main.rs", "src/../../x", "./main.rs", "", "src/"] {
            let error = refused(&with("\"src/main.rs\"", &format!("\"{file}\"")));
            assert!(error.starts_with("demo.toml:28:8: `edit[0].file` leaves the source tree"), "{error}");
        }
        for package in ["--config=x", "", "a b"] {
            assert!(parse(&with("\"demo-crate\"\nbins", &format!("\"{package}\"\nbins"))).is_err());
        }
    }

    #[test]
    fn what_pins_nothing_is_refused() {
        for version in ["15", "^1.2.3", "1.2", "*", "1.2.3 ", "latest"] {
            assert!(refused(&with("1.2.3-rc.1", version)).contains("full version"), "{version}");
        }
        assert!(refused(&with("0123456789abcdef", "0123456789ABCDEF")).contains("64 lower-case hex digits"));
        assert!(refused(&with("0123456789abcdef", "")).contains("64 lower-case hex digits"));
    }

    #[test]
    fn edits_must_differ_by_round_and_by_name() {
        assert!(refused(&with("{n}u64", "1u64")).contains("same for every round"));
        assert!(refused(&with("anchor = \"fn main() {\"", "anchor = \" \"")).contains("anchor is empty"));
        let twice = WHOLE.replace("[estimate]", "[[edit]]\nname = \"body\"\nclass = \"body\"\nfile = \"a\"\nanchor = \"b\"\ninsert = \"{n}\"\n[estimate]");
        assert!(refused(&twice).contains("two edits named `body`"));
        let error = refused(&with("class = \"body\"", "class = \"boddy\""));
        assert!(error.contains("did you mean `body`?"), "{error}");
    }

    #[test]
    fn settings_that_make_no_sense_are_refused() {
        assert!(refused(&with("package =", "packages = []\npackage =")).contains("exclude each other"));
        assert!(refused(&with("\"{artifact}\"", "\"true\"")).contains("does not use the artifact"));
        assert!(refused(&with("{ A = \"b\" }", "{ \"A=B\" = \"b\" }")).contains("not a name of a variable"));
        assert!(refused(&with("\"7s\"", "7")).contains("a duration such as"));
        assert!(refused(&with("tags", "tag")).contains("did you mean `tags`?"));
    }
}
