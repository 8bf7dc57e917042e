//! Settings → the lines that make them permanent in a project. Pure and independent of the machine, so it
//! works for settings that were measured elsewhere.

mod files;

use super::axis::ParsedSettings;
use super::lines::{SettingLines, Situation, Unwritable};

pub use files::{AdvisedFiles, CONFIG_FILE, MANIFEST_FILE, TOOLCHAIN_FILE};

/// The lines for all settings of a variant, in files.
pub(super) fn advise(settings: &ParsedSettings, situation: &Situation) -> AdvisedFiles {
    let (lines, unwritable) = lines(settings, situation);
    AdvisedFiles { unwritable, ..lines.files(situation) }
}

/// The lines for all settings of a variant, flags in one list and tables merged, and the reasons why settings cannot be
/// written to a file.
pub(super) fn lines(settings: &ParsedSettings, situation: &Situation) -> (SettingLines, Vec<String>) {
    let mut lines = SettingLines::default();
    let mut unwritable = Vec::new();
    for setting in settings.iter() {
        match setting.value.advise(settings, situation) {
            Ok(more) => lines = lines.and(more),
            Err(Unwritable(reason)) => unwritable.push(reason),
        }
    }
    (lines, unwritable)
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use toml::Table;

    use super::files::ENVIRONMENT;
    use super::*;
    use crate::axes::{self, fixture};

    fn situation() -> Situation {
        Situation {
            host: Some("x86_64-unknown-linux-gnu".into()),
            own_lld: true,
            by_cargo: true,
            profile: "dev".into(),
            package: Some("own-tool".into()),
        }
    }

    fn written(settings: &[(&str, &str)], situation: &Situation) -> AdvisedFiles {
        advise(&fixture::parse_settings(settings), situation)
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
        // Nothing is added to the default of rustc.
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
            [(CONFIG_FILE.to_owned(), "[build]\nrustflags = [\"-Clink-arg=-fuse-ld=lld\"]\n".to_owned())]
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
        assert_eq!(
            written(&[("snippet", text)], &situation()).files,
            [(CONFIG_FILE.to_owned(), text.to_owned())]
        );
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
            &[("arg", "--fast"), ("cargo-args", "--all-targets")],
            expect![[r#"
            not: an argument of the build command stands on the command line: `--fast`
            not: arguments of cargo stand on the command line: `--all-targets`
        "#]],
        );
        check(&[("arg", ""), ("cargo-args", " "), ("rustflags", "")], expect![""]);
        let own = ("as-configured", "[build]\nincremental = false\n");
        check(&[own], expect![["not: it is what your own configuration says already\n"]]);
        check(
            &[own, ("debug", "none")],
            expect![[r#"
            # Cargo.toml
            [profile.dev]
            debug = "none"
        "#]],
        );
        let remarks = |settings: &[(&str, &str)]| written(settings, &situation()).remarks;
        let on_top = "This was measured on top of your own configuration, which stays.".to_owned();
        assert!(remarks(&[own, ("debug", "none")]).contains(&on_top));
        assert!(!remarks(&[("as-configured", ""), ("debug", "none")]).contains(&on_top));
        let other = Situation { package: None, ..situation() };
        let written = written(&[("opt-level", "{own=1,deps=3,final=2}")], &other);
        assert!(written.unwritable[0].contains("which package"), "{:?}", written.unwritable);
    }

    #[test]
    fn every_axis_has_something_to_say_of_each_of_its_values() {
        for axis in axes::all() {
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
