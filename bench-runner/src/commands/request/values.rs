//! `V1,V2` on the command line, parsed as in a scenario file.

use bench_runner_measure::scenario::RequestError;
use bench_runner_measure::toml_reader::SourceText;

/// Splits at the commas outside of braces, brackets and quotes. A value that is quoted as a whole loses its
/// quotes; a table gets the text that it has in a file, `{own=16,deps=256}`.
///
/// # Errors
/// If brackets or quotes do not match.
pub(super) fn split(text: &str) -> Result<Vec<String>, RequestError> {
    let wrong = |what: String| {
        let help = "put quotes around a value that has commas, braces or brackets of its own";
        RequestError::usage(format!("`{text}`: {what}"), Some(help.to_owned()))
    };
    let mut values = Vec::new();
    let mut open: Vec<char> = Vec::new();
    let mut start = 0;
    let mut before = ',';
    for (at, c) in text.char_indices() {
        if let Some(&quote) = open.last().filter(|&&open| open == '"' || open == '\'') {
            if c == quote && before != '\\' {
                open.pop();
            }
            before = c;
            continue;
        }
        match (open.last(), c) {
            // An apostrophe within a word is not a quotation mark.
            (_, '"' | '\'') if ",=[{: ".contains(before) => open.push(c),
            (_, '{' | '[') => open.push(c),
            (last, '}' | ']') => {
                let opening = if c == '}' { '{' } else { '[' };
                if last != Some(&opening) {
                    return Err(wrong(format!("a `{c}` closes nothing")));
                }
                open.pop();
            }
            (None, ',') => {
                values.push(value(&text[start..at]));
                start = at + 1;
            }
            _ => {}
        }
        before = c;
    }
    if let Some(open) = open.last() {
        return Err(wrong(format!("a `{open}` is not closed")));
    }
    values.push(value(&text[start..]));
    Ok(values)
}

/// One value, as in a file.
pub(super) fn value(text: &str) -> String {
    for quote in ['"', '\''] {
        let inner = text.strip_prefix(quote).and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner.filter(|inner| !inner.contains(quote)) {
            return inner.to_owned();
        }
    }
    if text.starts_with('{') {
        let source = SourceText::new("", format!("v = {text}"));
        let table = source.parse().and_then(|document| document.reader().read("v", |v| v.setting_text()));
        return table.unwrap_or_else(|_| text.to_owned());
    }
    text.to_owned()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::flows::FlowError;

    #[test]
    fn commas_within_a_value_stay() {
        let parts = |text: &str| split(text).unwrap();
        assert_eq!(parts("1,16"), ["1", "16"]);
        assert_eq!(parts("1,{ own = 16, deps = 256 },2"), ["1", "{own=16,deps=256}", "2"]);
        assert_eq!(parts("{own=s,deps=3},s"), ["{own=s,deps=3}", "s"]);
        assert_eq!(parts("\"-Clink-arg=-Wl,-z,now\",-g"), ["-Clink-arg=-Wl,-z,now", "-g"]);
        assert_eq!(parts("a.b=\"x,y\",c=[\"-Ca,b\", \"]\"]"), ["a.b=\"x,y\"", "c=[\"-Ca,b\", \"]\"]"]);
        assert_eq!(parts("it's,this"), ["it's", "this"]);
        assert_eq!(parts(",-g"), ["", "-g"]);
    }

    #[test]
    fn what_is_not_closed_is_refused() {
        let refused =
            |text: &str| crate::commands::with_help(&FlowError::from(split(text).unwrap_err()).refusal());
        assert!(refused("{own=1,2").starts_with("`{own=1,2`: a `{` is not closed\nhelp: put quotes"));
        assert!(refused("1],2").contains("a `]` closes nothing"));
        assert!(refused("\"a,b").contains("a `\"` is not closed"));
    }

    proptest! {
        #[test]
        fn plain_values_are_split_at_every_comma(values in prop::collection::vec("[a-z0-9/.-]{0,6}", 1..6)) {
            prop_assert_eq!(split(&values.join(",")).unwrap(), values);
        }
    }
}
