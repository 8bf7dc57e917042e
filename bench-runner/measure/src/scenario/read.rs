//! Parses scenario files. Axes and their values are checked here, where their place is known.

mod variants;

use std::collections::BTreeMap;
use std::path::Path;

use bench_runner_core::record::Refusal;

use super::{
    Baseline, Exclusion, Matrix, MatrixDesign, RequestWord, SamplingSpec, Scenario, VariantBase,
    VariantContent, WholeVariant,
};
use crate::axes;
use crate::toml_reader::{DocError, Reader, SourceText, TomlValue};

/// Reads one file. `origin` is its origin in listings, `base` the directory of the file.
pub(super) fn scenario(source: &SourceText, origin: &str, base: Option<&Path>) -> Result<Scenario, DocError> {
    let document = source.parse()?;
    let mut reader = document.reader();
    let name = reader.read("name", name)?;
    let summary = reader.read("summary", TomlValue::string)?;
    let sampling = match reader.optional("sampling") {
        Some(table) => sampling(&table)?,
        None => SamplingSpec::default(),
    };
    let matrices = match reader.optional("matrix") {
        Some(tables) => tables.with_tables(|table| {
            let name = table.read("name", self::name)?;
            matrix(table, name, base)
        })?,
        None => vec![matrix(&mut reader, name.clone(), base)?],
    };
    if matrices.is_empty() {
        return Err(reader.error_at_key("matrix", "the scenario varies nothing"));
    }
    for (at, matrix) in matrices.iter().enumerate() {
        if matrices[..at].iter().any(|other| other.name == matrix.name) {
            return Err(reader.error_at_key("matrix", format!("two matrices are called `{}`", matrix.name)));
        }
    }
    reader.finish()?;
    Ok(Scenario { name, summary, matrices, sampling, origin: origin.to_owned() })
}

fn name(value: &TomlValue<'_>) -> Result<String, DocError> {
    let text = value.string()?;
    if super::is_name(&text) {
        return Ok(text);
    }
    Err(value.error(format!("`{text}` is not a name: letters, digits, `-`, `_` and `.` are allowed")))
}

fn word(value: &TomlValue<'_>) -> Result<RequestWord, DocError> {
    Ok(RequestWord::from_file(value.scalar_text()?, value))
}

/// A value of an axis, which may be a table.
fn setting(value: &TomlValue<'_>) -> Result<RequestWord, DocError> {
    Ok(RequestWord::from_file(value.setting_text()?, value))
}

fn matrix(reader: &mut Reader<'_>, name: String, base: Option<&Path>) -> Result<Matrix, DocError> {
    let axes = match reader.optional("axes") {
        Some(table) => table.with_table(|table| table.entries().into_iter().map(axis).collect())?,
        None => Vec::new(),
    };
    let has = |key: &str| axes.iter().any(|(axis, _)| axis == key);
    let (by_project, by_workload) = (has("project"), has("workload"));
    let projects = list_or_axis(reader, "projects", by_project)?;
    let workloads = list_or_axis(reader, "workloads", by_workload)?;
    for word in &workloads {
        check_value("workload", word)?;
    }
    let listed = reader.optional("variants");
    let mut whole = match &listed {
        Some(table) => variants::variants(table, base)?,
        None => Vec::new(),
    };
    let baseline = match reader.optional("baseline") {
        Some(value) => variants::baseline(&value, &axes, &mut whole)?,
        None => Baseline::default(),
    };
    let exclude = match reader.optional("exclude") {
        Some(tables) => tables.with_tables(|table| {
            let when = table.read("when", |value| exclusion(value, &axes, &whole, &baseline))?;
            Ok(Exclusion { when, reason: table.read("reason", TomlValue::string)? })
        })?,
        None => Vec::new(),
    };
    let twin = reader.read_renamed("control", "twin", TomlValue::bool)?.unwrap_or(true);
    let on = reader.read_optional("on", read_on)?.unwrap_or_default();
    let (design, rows) = (reader.optional("design"), reader.optional("rows"));
    let matrix = Matrix {
        name,
        projects,
        workloads,
        baseline,
        axes,
        variants: whole,
        on,
        exclude,
        twin,
        alone: false,
        mixed: false,
        design: read_design(design.as_ref(), rows.as_ref())?,
    };
    let Some(problem) = matrix.design_problem() else { return Ok(matrix) };
    let place = match problem.key {
        "rows" => rows,
        "variants" => listed,
        _ => None,
    };
    Err(match place.or(design) {
        Some(value) => value.refuse(problem.refusal),
        None => reader.error(problem.refusal.what),
    })
}

fn read_design(
    design: Option<&TomlValue<'_>>,
    rows: Option<&TomlValue<'_>>,
) -> Result<MatrixDesign, DocError> {
    let named = match design {
        Some(value) => MatrixDesign::parse(&value.string()?).map_err(|refusal| value.refuse(refusal))?,
        None => MatrixDesign::default(),
    };
    match (named, rows) {
        (MatrixDesign::Fraction { .. }, Some(rows)) => {
            Ok(MatrixDesign::Fraction { rows: Some(rows.count()?) })
        }
        (MatrixDesign::Product, Some(rows)) => Err(rows
            .error("a product has all combinations, so `rows` means nothing")
            .with_help("add `design = \"fraction\"`")),
        (_, None) => Ok(named),
    }
}

/// Reads what the settings of variants are added to.
fn read_on(value: &TomlValue<'_>) -> Result<VariantBase, DocError> {
    VariantBase::parse(&value.string()?).map_err(|refusal| value.refuse(refusal))
}

/// Reads the list `key`, which must be there if and only if there is no axis of the same meaning.
fn list_or_axis(reader: &mut Reader<'_>, key: &str, is_axis: bool) -> Result<Vec<RequestWord>, DocError> {
    let Some(value) = reader.optional(key) else {
        return if is_axis {
            Ok(Vec::new())
        } else {
            Err(reader.error(format!("the key `{key}` is missing")))
        };
    };
    if is_axis {
        let singular = key.trim_end_matches('s');
        return Err(
            value.error(format!("`{singular}` is an axis here, so `{key}` must not be given as well"))
        );
    }
    let words: Vec<RequestWord> = value.items()?.iter().map(word).collect::<Result<_, _>>()?;
    if words.is_empty() {
        return Err(value.error(format!("`{key}` is empty")));
    }
    Ok(words)
}

/// Reads the values of an exclusion; each must be possible in the matrix.
fn exclusion(
    value: &TomlValue<'_>,
    axes: &[(String, Vec<RequestWord>)],
    variants: &[WholeVariant],
    baseline: &Baseline,
) -> Result<BTreeMap<String, String>, DocError> {
    let set_settings = variants.iter().flat_map(|variant| match &variant.content {
        VariantContent::Set(set) => set.as_slice(),
        VariantContent::Snippet(_) | VariantContent::AsConfigured => &[],
    });
    let set_settings: Vec<(&str, &RequestWord)> =
        set_settings.map(|(key, word)| (key.as_str(), word)).collect();
    let axis_settings =
        axes.iter().flat_map(|(key, words)| words.iter().map(move |word| (key.as_str(), word)));
    let settings: Vec<(&str, &RequestWord)> = axis_settings.chain(set_settings).collect();
    let known: Vec<&str> = settings.iter().map(|(key, _)| *key).chain(["project", "workload"]).collect();
    let could_be = |key: &str, text: &str| {
        let asked = settings.iter().any(|(other, word)| *other == key && word.text == text);
        // Names of projects are resolved later, and workloads may be in a separate list.
        asked || ["project", "workload"].contains(&key) || baseline.value(key).is_some_and(|w| w.text == text)
    };
    let when: BTreeMap<String, String> = value.with_table(|table| {
        let mut when = BTreeMap::new();
        for (key, value) in table.entries() {
            if !known.contains(&key.as_str()) {
                let error = value.error(format!("`{key}` is not an axis here, so this excludes nothing"));
                return Err(error.suggest(&key, known.iter().copied()));
            }
            let word = setting(&value)?;
            check_value(&key, &word)?;
            if !could_be(&key, &word.text) {
                let message = format!("no variant has `{key}` at `{}`, so this excludes nothing", word.text);
                let values = settings.iter().filter(|(other, _)| *other == key);
                return Err(refuse(&word, Refusal::new(message))
                    .suggest(&word.text, values.map(|(_, word)| word.text.as_str())));
            }
            when.insert(key, word.text);
        }
        Ok(when)
    })?;
    if when.is_empty() {
        return Err(value.error("an exclusion that names nothing would exclude everything"));
    }
    Ok(when)
}

fn axis((key, value): (String, TomlValue<'_>)) -> Result<(String, Vec<RequestWord>), DocError> {
    if !axes::STRUCTURAL.contains(&key.as_str())
        && let Err(refusal) = axes::find(&key)
    {
        return Err(value.refuse(refusal));
    }
    let words: Vec<RequestWord> = value.items()?.iter().map(setting).collect::<Result<_, _>>()?;
    if words.is_empty() {
        return Err(value.error(format!("the axis `{key}` has no values")));
    }
    for (at, word) in words.iter().enumerate() {
        if words[..at].iter().any(|other| other.text == word.text) {
            return Err(refuse(word, Refusal::new(format!("duplicate value `{}`", word.text))));
        }
        check_value(&key, word)?;
    }
    Ok((key, words))
}

fn check_value(key: &str, word: &RequestWord) -> Result<(), DocError> {
    super::check_value(key, &word.text).map_err(|refusal| refuse(word, refusal))
}

/// A refusal at the place of a word from this file.
fn refuse(word: &RequestWord, refusal: Refusal) -> DocError {
    let place = word.place.clone();
    place.unwrap_or_else(|| SourceText::new("", "").error(0..0, "")).with_refusal(refusal)
}

pub(crate) fn sampling(table: &TomlValue<'_>) -> Result<SamplingSpec, DocError> {
    let spec = table.with_table(|reader| {
        let standard = SamplingSpec::default();
        let min_rounds = reader.read_optional("min-rounds", TomlValue::count)?;
        let max_rounds = reader.read_optional("max-rounds", TomlValue::count)?;
        Ok(SamplingSpec {
            warmup: reader.read_optional("warmup", TomlValue::count)?.unwrap_or(standard.warmup),
            min_rounds: min_rounds.unwrap_or(standard.min_rounds.min(max_rounds.unwrap_or(u32::MAX))),
            max_rounds: max_rounds.unwrap_or(standard.max_rounds.max(min_rounds.unwrap_or(0))),
            precision: reader.read_optional("precision", TomlValue::percent)?.or(standard.precision),
            margin: reader.read_optional("margin", TomlValue::percent)?.unwrap_or(standard.margin),
            time_budget: reader.read_optional("time-budget", TomlValue::duration)?,
            timeout: reader.read_optional("timeout", TomlValue::duration)?.unwrap_or(standard.timeout),
            sessions: reader
                .read_renamed("fresh-dirs", "sessions", TomlValue::count)?
                .unwrap_or(standard.sessions),
        })
    })?;
    match spec.contradiction() {
        Some(contradiction) => Err(table.error(contradiction)),
        None => Ok(spec),
    }
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::printed_error::PrintedError as _;

    fn check(text: &str, expected: expect_test::Expect) {
        let error = scenario(&SourceText::new("s.toml", text), "s.toml", None).unwrap_err();
        expected.assert_eq(&error.printed());
    }

    const HEAD: &str = "name = \"s\"\nsummary = \"x\"\nprojects = [\"hexyl\"]\nworkloads = [\"clean\"]\n";

    #[test]
    fn an_unknown_value_is_shown_at_its_place() {
        check(
            &format!("{HEAD}[axes]\nlinker = [\"bfd\", \"modl\"]\n"),
            expect![[r#"
                s.toml:6:18: `modl` is not a linker (known: default, bfd, gold, lld, rust-lld, mold, wild, or an absolute path)
                  linker = ["bfd", "modl"]
                                   ^^^^^^
                help: did you mean `mold`?"#]],
        );
    }

    #[test]
    fn older_names_of_keys_and_values_are_read() {
        let read = |on: &str, control: &str, dirs: &str| {
            let text = format!("{HEAD}{on}{control} = false\n[sampling]\n{dirs} = 3\n");
            scenario(&SourceText::new("s.toml", text), "s.toml", None)
        };
        let new = read("on = \"auto\"\n", "control", "fresh-dirs").unwrap();
        assert_eq!((new.matrices[0].on, new.matrices[0].twin), (VariantBase::Auto, false));
        assert_eq!(new.sampling.sessions, 3);
        let old = read("on = \"what-you-have\"\n", "twin", "sessions").unwrap();
        assert_eq!((old.matrices, old.sampling), (new.matrices, new.sampling));
        let both = read("control = true\n", "twin", "sessions").unwrap_err().to_string();
        assert!(both.contains("`twin` is the older name of `control`: give one of them"), "{both}");
    }

    #[test]
    fn an_unknown_axis_key_and_workload_name_the_nearest() {
        check(
            &format!("{HEAD}[axes]\nlinkr = [\"bfd\"]\n"),
            expect![[r#"
                s.toml:6:9: unknown axis `linkr` (`bench-runner doctor` shows all of them)
                  linkr = ["bfd"]
                          ^^^^^^^
                help: did you mean `linker`?"#]],
        );
        check(
            &format!("{HEAD}[sampling]\nmax-round = 3\n"),
            expect![[r#"
                s.toml:6:1: `sampling` has no key `max-round`
                  max-round = 3
                  ^^^^^^^^^
                help: did you mean `max-rounds`?"#]],
        );
        check(
            "name = \"s\"\nsummary = \"x\"\nprojects = [\"hexyl\"]\nworkloads = [\"claen\"]\n",
            expect![[r#"
                s.toml:4:14: unknown workload `claen`
                  workloads = ["claen"]
                               ^^^^^^^
                help: did you mean `clean`?"#]],
        );
    }

    #[test]
    fn a_value_may_be_a_table() {
        let text = format!("{HEAD}[axes]\n\"env.X\" = [1, {{ own = 16, deps = 256 }}]\n");
        let scenario = scenario(&SourceText::new("s.toml", text), "s.toml", None).unwrap();
        let texts: Vec<&str> = scenario.matrices[0].axes[0].1.iter().map(|word| word.text.as_str()).collect();
        assert_eq!(texts, ["1", "{own=16,deps=256}"]);
    }

    #[test]
    fn a_baseline_must_name_axes() {
        check(
            &format!("{HEAD}baseline = {{ linkr = \"bfd\" }}\n[axes]\nlinker = [\"bfd\"]\n"),
            expect![[r#"
                s.toml:5:22: unknown axis `linkr` (`bench-runner doctor` shows all of them)
                  baseline = { linkr = "bfd" }
                                       ^^^^^
                help: did you mean `linker`?"#]],
        );
    }

    #[test]
    fn an_exclusion_must_name_a_value_that_there_is() {
        check(
            &format!(
                "{HEAD}[axes]\nlinker = [\"bfd\"]\n[[exclude]]\nwhen = {{ linker = \"mold\" }}\nreason = \"x\"\n"
            ),
            expect![[r#"
                s.toml:8:19: no variant has `linker` at `mold`, so this excludes nothing
                  when = { linker = "mold" }
                                    ^^^^^^
                help: valid are `bfd`"#]],
        );
    }

    #[test]
    fn an_exclusion_must_name_what_there_is() {
        check(
            &format!(
                "{HEAD}[axes]\nlinker = [\"bfd\"]\n[[exclude]]\nwhen = {{ linkr = \"bfd\" }}\nreason = \"x\"\n"
            ),
            expect![[r#"
                s.toml:8:18: `linkr` is not an axis here, so this excludes nothing
                  when = { linkr = "bfd" }
                                   ^^^^^
                help: did you mean `linker`?"#]],
        );
    }

    #[test]
    fn structural_axes_take_the_place_of_lists() {
        let text = "name = \"s\"\nsummary = \"x\"\nprojects = [\"hexyl\"]\n[axes]\nworkload = [\"clean\", \"check\"]\n";
        let scenario = scenario(&SourceText::new("s.toml", text), "s.toml", None).unwrap();
        assert!(scenario.matrices[0].workloads.is_empty());
        check(
            &format!("{HEAD}[axes]\nworkload = [\"clean\", \"check\"]\n"),
            expect![[r#"
                s.toml:4:13: `workload` is an axis here, so `workloads` must not be given as well
                  workloads = ["clean"]
                              ^^^^^^^^^"#]],
        );
    }

    #[test]
    fn sampling_that_contradicts_itself_is_refused() {
        let error = scenario(
            &SourceText::new("s.toml", format!("{HEAD}[sampling]\nmin-rounds = 9\nmax-rounds = 3\n")),
            "s.toml",
            None,
        )
        .unwrap_err();
        assert!(error.message.contains("`min-rounds` (9) is more than `max-rounds` (3)"), "{error}");
    }

    #[test]
    fn a_lone_maximum_lowers_the_minimum() {
        let text = format!("{HEAD}[sampling]\nmax-rounds = 3\n");
        let scenario = scenario(&SourceText::new("s.toml", text), "s.toml", None).unwrap();
        assert_eq!((scenario.sampling.min_rounds, scenario.sampling.max_rounds), (3, 3));
    }
}
