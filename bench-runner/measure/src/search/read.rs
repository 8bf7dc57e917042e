//! Parses space files.

use bench_runner_core::record::{AS_CONFIGURED, Refusal};

use super::{DeclaredAxis, ExcludedPair, SpaceFile, UNTOUCHED};
use crate::axes;
use crate::scenario::{self, RequestWord};
use crate::toml_reader::{DocError, SourceText, TomlValue};

/// Keys whose values can be a share of the machine's threads.
pub(super) const COUNTS_THREADS: [&str; 3] = ["jobs", "linker-threads", "threads"];

/// Reads one file.
pub(super) fn space_file(source: &SourceText) -> Result<SpaceFile, DocError> {
    let document = source.parse()?;
    let mut reader = document.reader();
    let name = reader.read("name", |value| {
        let text = value.string()?;
        if scenario::is_name(&text) {
            return Ok(text);
        }
        Err(value.error(format!("`{text}` is not a name: letters, digits, `-`, `_` and `.` are allowed")))
    })?;
    let summary = reader.read("summary", TomlValue::string)?;
    let axes: Vec<DeclaredAxis> = reader.read("axes", |value| value.entries()?.iter().map(axis).collect())?;
    if axes.is_empty() {
        return Err(reader.error_at_key("axes", "the space has no axes"));
    }
    let exclude = reader.read_optional("exclude", |tables| {
        tables.with_tables(|table| {
            let when = table.read("when", |value| excluded_levels(value, &axes))?;
            Ok(ExcludedPair { when, reason: table.read("reason", TomlValue::string)? })
        })
    })?;
    reader.finish()?;
    Ok(SpaceFile { name, summary, axes, exclude: exclude.unwrap_or_default() })
}

fn axis((key, value): &(String, TomlValue<'_>)) -> Result<DeclaredAxis, DocError> {
    check_key(key).map_err(|refusal| value.refuse(refusal))?;
    if key == "profile" {
        let refusal = Refusal::new("builds of different profiles are no alternatives to each other");
        return Err(value.refuse(refusal.with_help("fix the profile by `--require profile=…`")));
    }
    let mut values: Vec<RequestWord> = Vec::new();
    for item in value.items()? {
        let text = item.setting_text()?;
        if text == UNTOUCHED {
            let what = format!("every axis has the level `{UNTOUCHED}`, so it is not listed");
            return Err(item.error(what).with_help("leave it out"));
        }
        if values.iter().any(|other| other.text == text) {
            return Err(item.error(format!("duplicate value `{text}`")));
        }
        check_level(key, &text).map_err(|refusal| item.refuse(refusal))?;
        values.push(RequestWord::from_file(text, &item));
    }
    if values.is_empty() {
        return Err(value.error(format!("the axis `{key}` has no values")));
    }
    Ok(DeclaredAxis { key: key.clone(), values })
}

/// Checks that a search can vary or require `key`.
///
/// # Errors
/// If there is no such axis, or it is not a setting of a build.
pub(super) fn check_key(key: &str) -> Result<(), Refusal> {
    if axes::STRUCTURAL.contains(&key) {
        return Err(Refusal::new(format!("`{key}` is not a setting that a search can choose")));
    }
    if key == AS_CONFIGURED {
        return Err(Refusal::new(format!("`{key}` is in every combination already")));
    }
    axes::find(key).map(drop)
}

/// Checks a value of a space file.
fn check_level(key: &str, text: &str) -> Result<(), Refusal> {
    if share_of_threads(text).is_none() {
        return scenario::check_value(key, text);
    }
    if COUNTS_THREADS.contains(&key) {
        return Ok(());
    }
    let keys = COUNTS_THREADS.join(", ");
    Err(Refusal::new(format!("`{text}` is a share of the machine's threads, which {keys} can have only")))
}

/// The divisor of `cores/N`.
pub(super) fn share_of_threads(text: &str) -> Option<usize> {
    let divisor = text.strip_prefix("cores/")?.parse().ok()?;
    (1..=1024).contains(&divisor).then_some(divisor)
}

fn excluded_levels(
    value: &TomlValue<'_>,
    axes: &[DeclaredAxis],
) -> Result<[(String, RequestWord); 2], DocError> {
    let mut levels = Vec::new();
    for (key, value) in value.entries()? {
        let Some(axis) = axes.iter().find(|axis| axis.key == key) else {
            let error = value.error(format!("`{key}` is not an axis of this space"));
            return Err(error.suggest(&key, axes.iter().map(|axis| axis.key.as_str())));
        };
        let text = value.setting_text()?;
        let known = || axis.values.iter().map(|word| word.text.as_str()).chain([UNTOUCHED]);
        if known().all(|other| other != text) {
            let error = value.error(format!("`{text}` is not a level of `{key}` in this space"));
            return Err(error.suggest(&text, known()));
        }
        let word = RequestWord::from_file(text, &value);
        levels.push((key, word));
    }
    <[_; 2]>::try_from(levels).map_err(|_| value.error("give the levels of two axes"))
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::printed_error::PrintedError as _;

    const HEAD: &str = "name = \"s\"\nsummary = \"x\"\n";

    fn read(body: &str) -> Result<SpaceFile, DocError> {
        space_file(&SourceText::new("s.toml", format!("{HEAD}{body}")))
    }

    fn refused(body: &str, expected: Expect) {
        expected.assert_eq(&read(body).unwrap_err().printed());
    }

    #[test]
    fn a_space_is_axes_with_values() {
        let body = "[axes]\ndebug = [\"none\"]\njobs = [2, \"cores/2\"]\ncodegen-units = [{ own = 16, deps = 4 }]\n\
                    [[exclude]]\nwhen = { debug = \"none\", jobs = \"as-configured\" }\nreason = \"because\"\n";
        let file = read(body).unwrap();
        let of = |axis: &DeclaredAxis| {
            let values: Vec<&str> = axis.values.iter().map(|word| word.text.as_str()).collect();
            format!("{}: {}", axis.key, values.join(" "))
        };
        let axes: Vec<String> = file.axes.iter().map(of).collect();
        assert_eq!(axes, ["debug: none", "jobs: 2 cores/2", "codegen-units: {own=16,deps=4}"]);
        assert_eq!(file.exclude[0].when[1].1.text, UNTOUCHED);
    }

    #[test]
    fn what_is_wrong_in_a_file_has_its_place() {
        refused(
            "[axes]\nlinker = [\"mold\"]\ndbug = [\"none\"]\n",
            expect![[r#"
            s.toml:5:8: unknown axis `dbug` (`bench-runner doctor` shows all of them)
              dbug = ["none"]
                     ^^^^^^^^
            help: did you mean `debug`?"#]],
        );
        refused(
            "[axes]\nlinker = [\"mold\", \"modl\"]\n",
            expect![[r#"
                s.toml:4:19: `modl` is not a linker (known: default, bfd, gold, lld, rust-lld, mold, wild, or an absolute path)
                  linker = ["mold", "modl"]
                                    ^^^^^^
                help: did you mean `mold`?"#]],
        );
        refused(
            "[axes]\nlinker = []\n",
            expect![[r#"
                s.toml:4:10: the axis `linker` has no values
                  linker = []
                           ^^"#]],
        );
        refused(
            "[axes]\n",
            expect![[r#"
                s.toml:3:2: the space has no axes
                  [axes]
                   ^^^^"#]],
        );
        refused(
            "[axes]\ndebug = [\"as-configured\"]\n",
            expect![[r#"
                s.toml:4:10: every axis has the level `as-configured`, so it is not listed
                  debug = ["as-configured"]
                           ^^^^^^^^^^^^^^^
                help: leave it out"#]],
        );
    }

    #[test]
    fn what_a_search_cannot_vary_is_refused() {
        let what = |body: &str| read(body).unwrap_err().message;
        assert!(
            what("[axes]\nworkload = [\"clean\"]\n").contains("is not a setting that a search can choose")
        );
        assert!(what("[axes]\nas-configured = [\"x\"]\n").contains("in every combination already"));
        assert!(what("[axes]\nprofile = [\"release\"]\n").contains("are no alternatives"));
        assert!(what("[axes]\nsnippet = [\"x\"]\n").contains("is a whole variant"));
        assert!(what("[axes]\ndebug = [\"cores/2\"]\n").contains("is a share of the machine's threads"));
        assert!(what("[axes]\njobs = [\"cores/0\"]\n").contains("is not a number of jobs"));
        assert_eq!(what("[axes]\njobs = [2, 2]\n"), "duplicate value `2`");
        let pair = |when: &str| {
            what(&format!(
                "[axes]\ndebug = [\"none\"]\njobs = [2]\n[[exclude]]\nwhen = {when}\nreason = \"x\"\n"
            ))
        };
        assert_eq!(pair("{ debug = \"none\" }"), "give the levels of two axes");
        assert!(pair("{ debug = \"none\", linker = \"mold\" }").contains("`linker` is not an axis of this"));
        assert!(pair("{ debug = \"full\", jobs = 2 }").contains("`full` is not a level of `debug`"));
    }
}
