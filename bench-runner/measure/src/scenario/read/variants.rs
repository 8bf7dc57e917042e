//! `[variants]` and `baseline` of a matrix.

use std::collections::BTreeMap;
use std::path::Path;

use bench_runner_core::record::Refusal;

use super::{check_value, refuse, setting};
use crate::axes;
use crate::scenario::variants::{check_name, snippet};
use crate::scenario::{Baseline, PREDEFINED, RequestError, RequestWord, VariantContent, WholeVariant};
use crate::toml_reader::{DocError, TomlValue};

/// Reads all whole variants of a table. Files are relative to `base`, the directory of the scenario file.
pub(super) fn variants(table: &TomlValue<'_>, base: Option<&Path>) -> Result<Vec<WholeVariant>, DocError> {
    table.with_table(|reader| {
        reader.entries().into_iter().map(|(name, value)| variant(name, &value, base)).collect()
    })
}

fn variant(name: String, value: &TomlValue<'_>, base: Option<&Path>) -> Result<WholeVariant, DocError> {
    if let Some(known) = WholeVariant::predefined(&name) {
        let form = || format!("`{name}` has a meaning of its own and is only asked for");
        return match value.bool() {
            Ok(true) => Ok(known),
            _ => Err(value.error(form()).with_help(format!("write `{name} = true`"))),
        };
    }
    check_name(&name).map_err(|refusal| value.refuse(refusal))?;
    if value.is_table() {
        return Ok(WholeVariant { name, content: VariantContent::Set(set(value)?) });
    }
    let file = value.string().map_err(|error| {
        error.with_help(
            "a variant is a table of settings, or the name of a file with a piece of cargo's configuration",
        )
    })?;
    let Some(base) = base else {
        return Err(value.error("a scenario without a directory of its own cannot name files"));
    };
    let content = snippet(&base.join(file)).map_err(|error| match error {
        RequestError::Refused(refusal) => value.refuse(refusal),
        RequestError::Document(error) => error,
    })?;
    Ok(WholeVariant { name, content: VariantContent::Snippet(content) })
}

/// Reads the settings of a named set, checked like values of axes.
fn set(value: &TomlValue<'_>) -> Result<Vec<(String, RequestWord)>, DocError> {
    let entries = value.entries()?;
    if entries.is_empty() {
        return Err(value
            .error("a set that sets nothing")
            .with_help("the project as it is, is `as-it-is = true`"));
    }
    let checked = |(key, value): (String, TomlValue<'_>)| {
        if axes::STRUCTURAL.contains(&key.as_str()) && key != "rev" {
            let message = format!("`{key}` is no setting of a build, so a set cannot name it");
            return Err(value.error(message));
        }
        let word = setting(&value)?;
        check_value(&key, &word)?;
        Ok((key, word))
    };
    entries.into_iter().map(checked).collect()
}

/// Reads the baseline: values of axes, or the name of a whole variant. A predefined variant is added if it is
/// missing.
pub(super) fn baseline(
    value: &TomlValue<'_>,
    axes: &[(String, Vec<RequestWord>)],
    variants: &mut Vec<WholeVariant>,
) -> Result<Baseline, DocError> {
    if !value.is_table() {
        let name = value.string().map_err(|error| {
            error.with_help("a baseline is a table of axes, or the name of a whole variant")
        })?;
        return whole_variant(value, &name, variants);
    }
    let values: BTreeMap<String, RequestWord> = value.with_table(|table| {
        let mut values = BTreeMap::new();
        for (key, value) in table.entries() {
            let word = setting(&value)?;
            check_value(&key, &word)?;
            values.insert(key, word);
        }
        Ok(values)
    })?;
    for (key, word) in &values {
        if !axes.iter().any(|(axis, _)| axis == key) {
            let what = format!("the baseline names `{key}`, which is not an axis here");
            let error = refuse(word, Refusal::new(what));
            return Err(error.suggest(key, axes.iter().map(|(axis, _)| axis.as_str()).collect::<Vec<_>>()));
        }
    }
    Ok(Baseline::Values(values))
}

fn whole_variant(
    value: &TomlValue<'_>,
    name: &str,
    variants: &mut Vec<WholeVariant>,
) -> Result<Baseline, DocError> {
    let named = WholeVariant::predefined(name);
    let arm = named.as_ref().map_or(name, |known| &known.name).to_owned();
    if !variants.iter().any(|variant| variant.name == arm) {
        let Some(known) = named else {
            let names: Vec<&str> =
                variants.iter().map(|variant| variant.name.as_str()).chain(PREDEFINED).collect();
            return Err(value.error(format!("no variant is called `{name}`")).suggest(name, names));
        };
        variants.push(known);
    }
    Ok(Baseline::Whole(arm))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::super::scenario;
    use super::*;
    use crate::printed_error::PrintedError as _;
    use crate::scenario::{AS_IT_IS, Matrix};
    use crate::toml_reader::SourceText;

    const HEAD: &str = "name = \"s\"\nsummary = \"x\"\nprojects = [\"hexyl\"]\nworkloads = [\"clean\"]\n";

    fn read(text: &str, base: Option<&Path>) -> Result<Matrix, DocError> {
        let source = SourceText::new("s.toml", format!("{HEAD}{text}"));
        scenario(&source, "s.toml", base).map(|mut scenario| scenario.matrices.remove(0))
    }

    fn check(text: &str, expected: expect_test::Expect) {
        expected.assert_eq(&read(text, None).unwrap_err().printed());
    }

    #[test]
    fn sets_files_and_known_names_are_read_in_their_order() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("article.toml"), "[profile.dev]\ndebug = 0\n").unwrap();
        let text = concat!(
            "[variants]\nrecommended = { profile = \"dev\", linker = \"mold\" }\n",
            "article = \"article.toml\"\nas-configured = true\n",
        );
        let matrix = read(text, Some(dir.path())).unwrap();
        let names: Vec<&str> = matrix.variants.iter().map(|variant| variant.name.as_str()).collect();
        assert_eq!(names, ["recommended", "article", "as-configured"]);
        let VariantContent::Set(set) = &matrix.variants[0].content else { panic!("a set") };
        let keys: Vec<&str> = set.iter().map(|(key, _)| key.as_str()).collect();
        assert_eq!(keys, ["profile", "linker"]);
        assert_eq!(matrix.variants[1].content, VariantContent::Snippet("[profile.dev]\ndebug = 0\n".into()));
    }

    #[test]
    fn a_baseline_can_be_a_whole_variant() {
        let matrix = read("baseline = \"as-configured\"\n", None).unwrap();
        assert_eq!(matrix.baseline, Baseline::Whole("as-configured".into()));
        assert_eq!(matrix.variants[0].content, VariantContent::AsConfigured);
        let matrix = read("baseline = \"as-it-is\"\n[variants]\nas-it-is = true\n", None).unwrap();
        assert_eq!((matrix.baseline, matrix.variants.len()), (Baseline::Whole(AS_IT_IS.into()), 1));
    }

    #[test]
    fn what_is_no_variant_is_refused_at_its_place() {
        check(
            "[variants]\nfast = { linker = \"modl\" }\n",
            expect![[r#"
                s.toml:6:19: `modl` is not a linker (known: default, bfd, gold, lld, rust-lld, mold, wild, or an absolute path)
                  fast = { linker = "modl" }
                                    ^^^^^^
                help: did you mean `mold`?"#]],
        );
        check(
            "[variants]\nfast = { workload = \"check\" }\n",
            expect![[r#"
            s.toml:6:21: `workload` is no setting of a build, so a set cannot name it
              fast = { workload = "check" }
                                  ^^^^^^^"#]],
        );
        check(
            "[variants]\nfast = {}\n",
            expect![[r#"
            s.toml:6:8: a set that sets nothing
              fast = {}
                     ^^
            help: the project as it is, is `as-it-is = true`"#]],
        );
        check(
            "[variants]\n\"a b\" = { linker = \"mold\" }\n",
            expect![[r#"
            s.toml:6:9: `a b` is not a name: letters, digits, `-`, `_` and `.` are allowed
              "a b" = { linker = "mold" }
                      ^^^^^^^^^^^^^^^^^^^"#]],
        );
        check(
            "[variants]\nas-configured = \"x.toml\"\n",
            expect![[r#"
            s.toml:6:17: `as-configured` has a meaning of its own and is only asked for
              as-configured = "x.toml"
                              ^^^^^^^^
            help: write `as-configured = true`"#]],
        );
        check(
            "[variants]\nfast = 3\n",
            expect![[r#"
            s.toml:6:8: `variants.fast` must be a string, not an integer
              fast = 3
                     ^
            help: a variant is a table of settings, or the name of a file with a piece of cargo's configuration"#]],
        );
        check(
            "[variants]\nfast = \"x.toml\"\n",
            expect![[r#"
            s.toml:6:8: a scenario without a directory of its own cannot name files
              fast = "x.toml"
                     ^^^^^^^^"#]],
        );
        check(
            "baseline = \"fats\"\n[variants]\nfast = { linker = \"mold\" }\n",
            expect![[r#"
            s.toml:5:12: no variant is called `fats`
              baseline = "fats"
                         ^^^^^^
            help: did you mean `fast`?"#]],
        );
    }

    #[test]
    fn a_file_is_refused_where_it_is_named_or_where_it_is_wrong() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("bad.toml"), "[profile.dev]\ndebug = = 0\n").unwrap();
        let refused = |file: &str| {
            let error = read(&format!("[variants]\nx = \"{file}\"\n"), Some(dir.path())).unwrap_err();
            error.printed().replace(dir.path().to_str().unwrap(), "")
        };
        assert!(refused("none.toml").starts_with("s.toml:6:5: cannot read /none.toml: "));
        assert!(refused("bad.toml").starts_with("/bad.toml:2:9: "), "{}", refused("bad.toml"));
    }
}
