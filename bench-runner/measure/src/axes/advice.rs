//! Settings → the lines that make them permanent in a project of one's own. Pure: it asks no machine, so it works for
//! what was measured on another one.

mod files;

use std::collections::BTreeMap;

use toml::{Table, Value};

use super::{Axis, Context, Setting, Settings, each, find};
use crate::build::{InForce, Recipe, merged};

pub use files::{CONFIG, MANIFEST, TOOLCHAIN, Written};

/// Stands for the directory of the toolchain, which only the reader's machine knows.
pub const SYSROOT: &str = "/SYSROOT";

/// Where settings were measured, as far as a bundle says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// The target triple; `None` where it cannot be told.
    pub host: Option<String>,
    /// Whether rustc links with its own lld when nobody says otherwise.
    pub own_lld: bool,
    /// Whether cargo builds the project.
    pub by_cargo: bool,
    /// The profile that is built with where no setting names one.
    pub profile: String,
    /// Name of the package at the top of the project, where it is known.
    pub package: Option<String>,
}

/// Why a setting cannot be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unwritable(pub String);

/// What makes one setting permanent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lines {
    /// Flags for rustc.
    pub rustflags: Vec<String>,
    /// For cargo's configuration.
    pub config: Table,
    /// For the manifest at the top of the workspace.
    pub manifest: Table,
    /// For `rust-toolchain.toml`.
    pub toolchain: Table,
    /// Variables that must stand in the environment, because configuration comes too late for them.
    pub environment: BTreeMap<String, String>,
    /// A whole file of cargo's configuration, as it stands.
    pub verbatim: Option<String>,
    /// Programs that have to be there, by the names that the record of tools has.
    pub needs: Vec<&'static str>,
    /// What else has to be known, as sentences.
    pub remarks: Vec<String>,
}

impl Lines {
    /// No line at all, because of this.
    pub(super) fn nothing(why: &str) -> Self {
        Self::default().noting(why)
    }

    pub(super) fn flags(flags: impl IntoIterator<Item = String>) -> Self {
        Self { rustflags: flags.into_iter().collect(), ..Self::default() }
    }

    /// One key of cargo's configuration.
    pub(super) fn config(key: &str, value: impl Into<Value>) -> Self {
        Self { config: nested(key, value.into()), ..Self::default() }
    }

    pub(super) fn toolchain(key: &str, value: impl Into<Value>) -> Self {
        Self { toolchain: nested(&format!("toolchain.{key}"), value.into()), ..Self::default() }
    }

    pub(super) fn needing(mut self, program: &'static str) -> Self {
        self.needs.push(program);
        self
    }

    pub(super) fn noting(mut self, remark: impl Into<String>) -> Self {
        self.remarks.push(remark.into());
        self
    }

    /// What an axis adds to a recipe, written down.
    pub(super) fn as_applied(
        axis: &(impl Axis + ?Sized),
        setting: &Setting<'_>,
        situation: &Situation,
    ) -> Result<Self, Unwritable> {
        let package = situation.package.as_ref().map(|name| nested("package.name", name.clone().into()));
        let context = Context {
            toolchain: None,
            config: None,
            in_force: InForce::default(),
            manifest: package,
            path: Default::default(),
            tools: Default::default(),
        };
        let mut recipe = Recipe::default();
        let unwritable = |reason: String| Unwritable(format!("{}={}: {reason}", setting.key, setting.value));
        axis.apply(setting, &context, &mut recipe).map_err(|error| unwritable(error.to_string()))?;
        let mut lines = Self::flags(recipe.rustflags);
        let parsed = |text: String| text.parse::<Table>().map_err(|error| unwritable(error.to_string()));
        for (key, value) in recipe.config {
            lines.config = merged(&lines.config, &parsed(format!("{key}={value}"))?);
        }
        let profile = setting.beside.get("profile").unwrap_or(&situation.profile);
        for (key, value) in recipe.profile_keys {
            lines.manifest = merged(&lines.manifest, &parsed(format!("profile.{profile}.{key}={value}"))?);
        }
        Ok(lines)
    }

    /// This and `other` together.
    fn and(mut self, other: Self) -> Self {
        let Self { rustflags, config, manifest, toolchain, environment, verbatim, needs, remarks } = other;
        self.rustflags.extend(rustflags);
        self.config = merged(&self.config, &config);
        self.manifest = merged(&self.manifest, &manifest);
        self.toolchain = merged(&self.toolchain, &toolchain);
        self.environment.extend(environment);
        self.verbatim = self.verbatim.or(verbatim);
        self.needs.extend(needs.into_iter().filter(|need| !self.needs.contains(need)).collect::<Vec<_>>());
        self.remarks
            .extend(remarks.into_iter().filter(|remark| !self.remarks.contains(remark)).collect::<Vec<_>>());
        self
    }
}

/// The lines for all settings of a variant together: flags in one list, tables joined.
pub fn advise(settings: &Settings, situation: &Situation) -> Written {
    let mut lines = Lines::default();
    let mut unwritable = Vec::new();
    for setting in each(settings) {
        let axis = find(setting.key).map_err(|error| Unwritable(error.message));
        match axis.and_then(|axis| axis.advise(&setting, situation)) {
            Ok(more) => lines = lines.and(more),
            Err(Unwritable(reason)) => unwritable.push(reason),
        }
    }
    Written { unwritable, ..lines.files(situation) }
}

/// A table with one value at a dotted path of bare keys.
fn nested(path: &str, value: Value) -> Table {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let value = rest.map_or_else(|| value.clone(), |rest| Value::Table(nested(rest, value.clone())));
    Table::from_iter([(first.to_owned(), value)])
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::files::ENVIRONMENT;
    use super::*;

    fn situation() -> Situation {
        Situation {
            host: Some("x86_64-unknown-linux-gnu".into()),
            own_lld: true,
            by_cargo: true,
            profile: "dev".into(),
            package: Some("own-tool".into()),
        }
    }

    fn written(settings: &[(&str, &str)], situation: &Situation) -> Written {
        let settings = settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        advise(&settings.collect(), situation)
    }

    fn check(settings: &[(&str, &str)], expected: Expect) {
        let written = written(settings, &situation());
        let mut text = String::new();
        for (name, lines) in &written.files {
            text.push_str(&format!("# {name}\n{lines}"));
            if name != ENVIRONMENT {
                lines.parse::<Table>().unwrap();
            }
        }
        for reason in &written.unwritable {
            text.push_str(&format!("not: {reason}\n"));
        }
        expected.assert_eq(&text);
    }

    #[test]
    fn settings_of_several_axes_come_into_one_file_each() {
        check(
            &[
                ("linker", "mold"),
                ("linker-threads", "2"),
                ("rustflags", "-Ctarget-cpu=native"),
                ("incremental", "off"),
                ("debug", "line-tables-only"),
                ("opt-level", "{own=1,deps=3,build=0,final=\"s\"}"),
                ("profile", "release"),
                ("toolchain", "nightly"),
                ("backend", "cranelift"),
                ("threads", "8"),
                ("env.CC", "it's gcc"),
                ("env.CARGO_TERM_QUIET", "true"),
            ],
            expect![[r##"
                # .cargo/config.toml
                [build]
                incremental = false

                [env.CC]
                force = true
                value = "it's gcc"

                [target.x86_64-unknown-linux-gnu]
                rustflags = ["-Zcodegen-backend=cranelift", "-Clink-arg=-fuse-ld=mold", "-Clink-arg=-Wl,--threads=2", "-Ctarget-cpu=native", "-Zthreads=8"]
                # Cargo.toml
                [profile.release]
                debug = "line-tables-only"
                opt-level = 1

                [profile.release.build-override]
                opt-level = 0

                [profile.release.package."*"]
                opt-level = 3

                [profile.release.package.own-tool]
                opt-level = "s"
                # rust-toolchain.toml
                [toolchain]
                channel = "nightly"
                components = ["rustc-codegen-cranelift-preview"]
                # the environment
                export CARGO_TERM_QUIET='true'
                not: a profile is chosen on the command line: `--profile release`
            "##]],
        );
    }

    #[test]
    fn linkers_have_the_flags_that_were_measured() {
        check(
            &[("linker", "lld")],
            expect![[r#"
            # .cargo/config.toml
            [target.x86_64-unknown-linux-gnu]
            rustflags = ["-Clinker-features=-lld", "-Clink-arg=-fuse-ld=lld"]
        "#]],
        );
        check(
            &[("linker", "wild"), ("linker-driver", "clang")],
            expect![[r#"
            # .cargo/config.toml
            [target.x86_64-unknown-linux-gnu]
            rustflags = ["-Clinker-features=-lld", "-Clink-arg=-B/usr/local/lib/wild", "-Clinker=clang"]
        "#]],
        );
        check(
            &[("linker", "default"), ("linker-driver", "clang")],
            expect![[r#"
            # .cargo/config.toml
            [target.x86_64-unknown-linux-gnu]
            rustflags = ["-Clink-arg=-B/SYSROOT/lib/rustlib/x86_64-unknown-linux-gnu/bin/gcc-ld", "-Clink-arg=-fuse-ld=lld", "-Clinker=clang"]
        "#]],
        );
        // Nothing is added to what rustc does by itself.
        check(&[("linker", "default")], expect![""]);
        check(
            &[("linker", "rust-lld"), ("linker-driver", "cc")],
            expect![[r#"
            # .cargo/config.toml
            [target.x86_64-unknown-linux-gnu]
            rustflags = ["-Clinker=cc"]
        "#]],
        );
        let elsewhere = Situation { host: None, own_lld: false, ..situation() };
        assert_eq!(
            written(&[("linker", "lld")], &elsewhere).files,
            [(CONFIG.to_owned(), "[build]\nrustflags = [\"-Clink-arg=-fuse-ld=lld\"]\n".to_owned())]
        );
    }

    #[test]
    fn a_cache_has_its_wrapper_and_where_it_keeps_results() {
        check(
            &[("cache", "warm@redis://cache.corp:6379/3")],
            expect![[r#"
            # .cargo/config.toml
            [build]
            rustc-wrapper = "sccache"
            # the environment
            export SCCACHE_REDIS_DB='3'
            export SCCACHE_REDIS_ENDPOINT='redis://cache.corp:6379'
        "#]],
        );
        check(
            &[("cache", "off")],
            expect![[r#"
            # .cargo/config.toml
            [build]
            rustc-wrapper = ""
        "#]],
        );
    }

    #[test]
    fn a_file_that_was_tried_stays_as_it_is() {
        let text = "# as printed\n[profile.dev]\ndebug = 1   # less\n";
        assert_eq!(written(&[("snippet", text)], &situation()).files, [(CONFIG.to_owned(), text.to_owned())]);
        check(
            &[("config", "profile.dev.debug=1"), ("jobs", "2")],
            expect![[r#"
            # .cargo/config.toml
            [build]
            jobs = 2

            [profile.dev]
            debug = 1
        "#]],
        );
    }

    #[test]
    fn what_is_no_configuration_says_what_it_is() {
        check(
            &[("arg", "--fast"), ("as-configured", "[build]\njobs = 1\n"), ("cargo-args", "--all-targets")],
            expect![[r#"
            not: an argument of the build command stands on the command line: `--fast`
            not: it is what your own configuration says already
            not: arguments of cargo stand on the command line: `--all-targets`
        "#]],
        );
        check(&[("arg", ""), ("cargo-args", " "), ("rustflags", "")], expect![""]);
        let other = Situation { package: None, ..situation() };
        let written = written(&[("opt-level", "{own=1,deps=3,final=2}")], &other);
        assert!(written.unwritable[0].contains("which package"), "{:?}", written.unwritable);
    }

    #[test]
    fn every_axis_has_something_to_say_of_each_of_its_values() {
        for axis in super::super::all() {
            let key = if axis.key() == "env.NAME" { "env.CC" } else { axis.key() };
            for value in axis.values().iter().filter(|value| axis.parse(key, value).is_ok()) {
                let written = written(&[(key, value)], &situation());
                assert!(
                    !(written.files.is_empty()
                        && written.remarks.is_empty()
                        && written.unwritable.is_empty()),
                    "{key}={value} is passed over in silence"
                );
            }
        }
    }
}
