//! `--variant` and `--baseline`: whole variants, and baselines.

use std::path::Path;

use bench_runner_core::record::Refusal;
use bench_runner_core::suggest::suggest;
use bench_runner_measure::scenario::{
    Baseline, PREDEFINED, RequestError, RequestWord, Scenario, VariantBase, VariantContent, WholeVariant,
    check_name, snippet,
};

use super::{check_value, pair, values};

/// Reads `--variant NAME=FILE` and the predefined names.
pub(super) fn read(texts: &[String]) -> Result<Vec<WholeVariant>, RequestError> {
    let mut variants: Vec<WholeVariant> = Vec::new();
    for text in texts {
        let variant = parse_variant(text)?;
        if variants.iter().any(|other| other.name == variant.name) {
            return Err(duplicate_name(&variant.name));
        }
        variants.push(variant);
    }
    Ok(variants)
}

/// Reads `NAME=FILE` or a predefined name.
pub(in crate::commands) fn parse_variant(text: &str) -> Result<WholeVariant, RequestError> {
    if let Some(known) = WholeVariant::predefined(text) {
        return Ok(known);
    }
    let Some((name, file)) = text.split_once('=') else {
        let help = match suggest(text, PREDEFINED) {
            Some(name) => format!("did you mean `{name}`?"),
            None => format!("write `--variant NAME=FILE`, or one of {}", PREDEFINED.join(", ")),
        };
        return Err(RequestError::usage(format!("`--variant {text}` names no file"), Some(help)));
    };
    check_name(name)
        .map_err(|refusal| Refusal { what: format!("`--variant {text}`: {}", refusal.what), ..refusal })?;
    Ok(WholeVariant { name: name.to_owned(), content: VariantContent::Snippet(snippet(Path::new(file))?) })
}

fn duplicate_name(name: &str) -> RequestError {
    RequestError::usage(
        format!("two variants are called `{name}`"),
        Some("give one of them another name".to_owned()),
    )
}

/// Adds whole variants to every matrix.
pub(super) fn add(scenario: &mut Scenario, variants: &[WholeVariant]) -> Result<(), RequestError> {
    for matrix in &mut scenario.matrices {
        for variant in variants {
            match matrix.variants.iter().find(|other| other.name == variant.name) {
                None => matrix.variants.push(variant.clone()),
                // The same variant may be given twice.
                Some(same) if same == variant => {}
                Some(_) => return Err(duplicate_name(&variant.name)),
            }
        }
    }
    Ok(())
}

/// Sets the baselines given on the command line: values of axes, or one whole variant.
pub(super) fn set_baselines(scenario: &mut Scenario, texts: &[String]) -> Result<(), RequestError> {
    let is_whole = |text: &&String| !text.contains('=');
    match texts {
        [text] if is_whole(&text) => set_whole(scenario, text),
        texts if texts.iter().any(|text| is_whole(&text)) => {
            let help = "give one name, or values of axes such as `--baseline linker=bfd`".to_owned();
            Err(RequestError::usage("a whole variant is the only baseline there can be", Some(help)))
        }
        texts => texts.iter().try_for_each(|text| set_value(scenario, text)),
    }
}

fn set_whole(scenario: &mut Scenario, name: &str) -> Result<(), RequestError> {
    if let Some(known) = WholeVariant::predefined(name) {
        add(scenario, std::slice::from_ref(&known))?;
        scenario.matrices.iter_mut().for_each(|matrix| {
            matrix.baseline = Baseline::Whole(known.name.clone());
            // Variants on top of one's own configuration would differ in that too.
            if known.content != VariantContent::AsConfigured && matrix.on == VariantBase::Auto {
                matrix.on = VariantBase::AsItIs;
            }
        });
        return Ok(());
    }
    let mut found = false;
    for matrix in &mut scenario.matrices {
        if matrix.variants.iter().any(|variant| variant.name == name) {
            matrix.baseline = Baseline::Whole(name.to_owned());
            found = true;
        }
    }
    if found {
        return Ok(());
    }
    let variants = scenario.matrices.iter().flat_map(|matrix| &matrix.variants);
    let names: Vec<&str> = variants.map(|variant| variant.name.as_str()).chain(PREDEFINED).collect();
    let help = match suggest(name, names.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("give a value of an axis such as `linker=bfd`, or one of {}", names.join(", ")),
    };
    Err(RequestError::usage(format!("no variant of `{}` is called `{name}`", scenario.name), Some(help)))
}

fn set_value(scenario: &mut Scenario, text: &str) -> Result<(), RequestError> {
    let (key, value) = pair("--baseline", text)?;
    let value = &values::value(value);
    check_value(text, key, value)?;
    let keys: Vec<String> =
        scenario.matrices.iter().flat_map(|matrix| matrix.axes.iter().map(|(key, _)| key.clone())).collect();
    if !keys.iter().any(|known| known == key) {
        let help = suggest(key, keys.iter().map(String::as_str)).map(|key| format!("did you mean `{key}`?"));
        let message = format!("the baseline names `{key}`, which is not an axis of `{}`", scenario.name);
        return Err(RequestError::usage(message, help.or(Some(format!("its axes are {}", keys.join(", "))))));
    }
    for matrix in
        scenario.matrices.iter_mut().filter(|matrix| matrix.axes.iter().any(|(axis, _)| axis == key))
    {
        if let Baseline::Whole(_) = matrix.baseline {
            matrix.baseline = Baseline::default();
        }
        if let Baseline::Values(values) = &mut matrix.baseline {
            values.insert(key.to_owned(), RequestWord::from_command_line(value));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use crate::built_in;

    use super::*;
    use crate::flows::FlowError;

    fn read_one(text: &str) -> String {
        crate::commands::with_help(&FlowError::from(read(&[text.to_owned()]).unwrap_err()).refusal())
    }

    #[test]
    fn what_is_no_variant_is_refused() {
        assert_eq!(
            read_one("fast"),
            "`--variant fast` names no file\nhelp: write `--variant NAME=FILE`, or one of as-configured, as-it-is"
        );
        assert!(read_one("as-configurd").ends_with("did you mean `as-configured`?"));
        assert_eq!(
            read_one("as-configured=x.toml"),
            "`--variant as-configured=x.toml`: the name `as-configured` is taken"
        );
        assert!(read_one("a b=x.toml").contains("`a b` is not a name"));
        assert!(read_one("fast=/nowhere/x.toml").starts_with("cannot read /nowhere/x.toml: "));
        let twice = crate::commands::with_help(
            &FlowError::from(read(&["as-it-is".to_owned(), "as-it-is".to_owned()]).unwrap_err()).refusal(),
        );
        assert_eq!(twice, "two variants are called `as it is`\nhelp: give one of them another name");
    }

    #[test]
    fn whole_variants_go_into_every_matrix_and_can_be_the_baseline() {
        let mut quick = built_in::library(None).unwrap().get("quick").unwrap();
        add(&mut quick, &read(&["as-configured".to_owned()]).unwrap()).unwrap();
        set_baselines(&mut quick, &["as-configured".to_owned()]).unwrap();
        assert!(quick.matrices.iter().all(|matrix| matrix.variants.len() == 1));
        assert!(quick.matrices.iter().all(|m| m.baseline == Baseline::Whole("as-configured".into())));
        // The value of an axis replaces it in blocks with this axis.
        set_baselines(&mut quick, &["linker=bfd".to_owned()]).unwrap();
        assert!(quick.matrices[0].baseline.value("linker").is_some());
        assert_eq!(quick.matrices[1].baseline, Baseline::Whole("as-configured".into()));
    }

    #[test]
    fn beside_a_baseline_without_ones_own_configuration_no_variant_has_it() {
        let on = |scenario: &str, baseline: &str| {
            let mut scenario = built_in::library(None).unwrap().get(scenario).unwrap();
            set_baselines(&mut scenario, &[baseline.to_owned()]).unwrap();
            scenario.matrices[0].on
        };
        assert_eq!(on("quick", "as-it-is"), VariantBase::AsItIs);
        assert_eq!(on("quick", "as-configured"), VariantBase::Auto);
        assert_eq!(on("quick", "linker=bfd"), VariantBase::Auto);
        assert_eq!(on("recommended", "as-it-is"), VariantBase::AsConfigured, "it says so");
    }

    #[test]
    fn the_value_of_a_baseline_is_read_as_those_of_an_axis() {
        let mut scenario = built_in::library(None).unwrap().get("codegen-units").unwrap();
        set_baselines(&mut scenario, &["codegen-units={ own = 16, deps = 256 }".to_owned()]).unwrap();
        let word = scenario.matrices[0].baseline.value("codegen-units").unwrap();
        assert_eq!(word.text, "{own=16,deps=256}");
    }

    #[test]
    fn a_baseline_is_one_variant_or_values() {
        let mut quick = built_in::library(None).unwrap().get("quick").unwrap();
        let mut refused = |texts: &[&str]| {
            let texts: Vec<String> = texts.iter().map(|&text| text.to_owned()).collect();
            crate::commands::with_help(
                &FlowError::from(set_baselines(&mut quick, &texts).unwrap_err()).refusal(),
            )
        };
        assert!(refused(&["as-it-is", "linker=bfd"]).contains("the only baseline there can be"));
        assert!(refused(&["fast"]).starts_with("no variant of `quick` is called `fast`\nhelp: give a value"));
        assert!(refused(&["as-is"]).contains("no variant"));
    }
}
