//! One value, converted to the type that its reader expects.

use std::time::Duration;

use bench_runner_core::record::Refusal;
use toml::Spanned;
use toml::de::DeValue;

use super::{DocError, SourceText};

/// A value in a document, with its position and its dotted name.
#[derive(Debug, Clone)]
pub struct TomlValue<'d> {
    pub(super) source: &'d SourceText,
    pub(super) spanned: &'d Spanned<DeValue<'d>>,
    name: String,
}

impl<'d> TomlValue<'d> {
    pub(super) fn new(source: &'d SourceText, spanned: &'d Spanned<DeValue<'d>>, name: String) -> Self {
        Self { source, spanned, name }
    }

    /// The dotted name, such as `build.features`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// An error at this value.
    pub fn error(&self, message: impl Into<String>) -> DocError {
        self.source.error(self.spanned.span(), message)
    }

    /// A refusal of this value.
    pub(crate) fn refuse(&self, refusal: Refusal) -> DocError {
        self.error("").with_refusal(refusal)
    }

    /// Position in the text, in bytes.
    pub fn span(&self) -> std::ops::Range<usize> {
        self.spanned.span()
    }

    pub(crate) fn is_table(&self) -> bool {
        matches!(self.spanned.get_ref(), DeValue::Table(_))
    }

    pub(crate) fn string(&self) -> Result<String, DocError> {
        match self.spanned.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            _ => Err(self.mismatch("a string")),
        }
    }

    pub(crate) fn integer(&self) -> Result<i64, DocError> {
        match self.spanned.get_ref() {
            DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
                .map_err(|_| self.error(format!("`{}` is too large", self.name))),
            _ => Err(self.mismatch("an integer")),
        }
    }

    /// An integer from 0 to 2³² − 1.
    pub fn count(&self) -> Result<u32, DocError> {
        let number = self.integer()?;
        u32::try_from(number)
            .map_err(|_| self.error(format!("`{}` must be between 0 and {}", self.name, u32::MAX)))
    }

    pub fn bool(&self) -> Result<bool, DocError> {
        self.spanned.get_ref().as_bool().ok_or_else(|| self.mismatch("`true` or `false`"))
    }

    /// A string, an integer, a float or a truth value, as text.
    pub(crate) fn scalar_text(&self) -> Result<String, DocError> {
        match self.spanned.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Integer(number) => Ok(number.to_string()),
            DeValue::Float(number) => Ok(number.to_string()),
            DeValue::Boolean(truth) => Ok(truth.to_string()),
            _ => Err(self.mismatch("a string, a number, `true` or `false`")),
        }
    }

    /// The items of an array.
    pub fn items(&self) -> Result<Vec<Self>, DocError> {
        let array = match self.spanned.get_ref() {
            DeValue::Array(array) => array,
            _ => return Err(self.mismatch("an array")),
        };
        let items = array.iter().enumerate();
        Ok(items.map(|(at, item)| Self::new(self.source, item, format!("{}[{at}]", self.name))).collect())
    }

    /// An array of strings.
    pub(crate) fn strings(&self) -> Result<Vec<String>, DocError> {
        self.items()?.iter().map(Self::string).collect()
    }

    /// A program with its arguments: a list of strings of which the first is not empty.
    pub fn argv(&self) -> Result<Vec<String>, DocError> {
        let with_form =
            |error: DocError| error.with_help("commands are lists, such as `[\"make\", \"all\"]`");
        let argv = self.strings().map_err(with_form)?;
        match argv.first() {
            Some(program) if !program.is_empty() => Ok(argv),
            _ => Err(with_form(self.error(format!("`{}` names no program", self.name)))),
        }
    }

    /// A list of commands, each a program with its arguments.
    pub(crate) fn argvs(&self) -> Result<Vec<Vec<String>>, DocError> {
        self.items()?.iter().map(Self::argv).collect()
    }

    /// A duration with its unit, such as `"30m"`.
    pub fn duration(&self) -> Result<Duration, DocError> {
        const FORM: &str = "a duration such as `\"30m\"` or `\"1h 20m\"`";
        let DeValue::String(text) = self.spanned.get_ref() else { return Err(self.mismatch(FORM)) };
        humantime::parse_duration(text)
            .map_err(|error| self.error(format!("`{}` must be {FORM}: {error}", self.name)))
    }

    /// A percentage, such as `"1.5%"`, as a share: 0.015.
    pub fn percent(&self) -> Result<f64, DocError> {
        const FORM: &str = "a percentage such as `\"1.5%\"`";
        let DeValue::String(text) = self.spanned.get_ref() else { return Err(self.mismatch(FORM)) };
        text.trim()
            .strip_suffix('%')
            .and_then(|number| number.trim_end().parse::<f64>().ok())
            .filter(|number| number.is_finite() && *number >= 0.0)
            .map(|number| number / 100.0)
            .ok_or_else(|| self.error(format!("`{}` must be {FORM}", self.name)))
    }

    pub(super) fn mismatch(&self, expected: &str) -> DocError {
        let found = match self.spanned.get_ref() {
            DeValue::String(_) => "a string",
            DeValue::Integer(_) => "an integer",
            DeValue::Float(_) => "a float",
            DeValue::Boolean(_) => "a truth value",
            DeValue::Datetime(_) => "a date",
            DeValue::Array(_) => "an array",
            DeValue::Table(_) => "a table",
        };
        self.error(format!("`{}` must be {expected}, not {found}", self.name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> TomlValue<'static> {
        let source: &'static _ = Box::leak(Box::new(SourceText::new("t.toml", format!("v = {text}\n"))));
        let document: &'static _ = Box::leak(Box::new(source.parse().unwrap()));
        document.reader().required("v").unwrap()
    }

    #[test]
    fn each_type_is_taken() {
        assert_eq!(value("\"x\"").string().unwrap(), "x");
        assert_eq!(value("0x1_0").integer().unwrap(), 16);
        assert_eq!(value("-3").integer().unwrap(), -3);
        assert!(value("true").bool().unwrap());
        assert_eq!(value("[\"a\", \"b\"]").strings().unwrap(), ["a", "b"]);
        assert_eq!(value("\"1h 30m\"").duration().unwrap(), Duration::from_secs(5400));
        assert_eq!(value("\"1.5%\"").percent().unwrap(), 0.015);
        assert_eq!(value("{ a = \"b\" }").string_map().unwrap()["a"], "b");
        assert_eq!(value("[[\"a\", \"b\"], [\"c\"]]").argvs().unwrap(), [vec!["a", "b"], vec!["c"]]);
        let items = value("[1, true, 0.5, \"x\"]").items().unwrap();
        let texts: Result<Vec<_>, _> = items.iter().map(TomlValue::scalar_text).collect();
        assert_eq!(texts.unwrap(), ["1", "true", "0.5", "x"]);
    }

    #[test]
    fn a_table_of_scalars_has_one_text() {
        let text = |text: &str| value(text).setting_text();
        assert_eq!(text("{ own = 16, deps = 256 }").unwrap(), "{own=16,deps=256}");
        assert_eq!(text("{deps=\"s\",own=true}").unwrap(), "{deps=s,own=true}");
        assert_eq!((text("16").unwrap(), text("\"a b\"").unwrap()), ("16".to_owned(), "a b".to_owned()));
        let refused = |toml: &str| text(toml).unwrap_err().message;
        assert_eq!(refused("{}"), "`v` is an empty table");
        assert_eq!(
            refused("[1]"),
            "`v` must be a string, a number, `true`, `false` or a table of those, not an array"
        );
        assert!(refused("{ a = [1] }").starts_with("`v.a` must be a string, a number"));
        for unclear in ["{ a = \"x,y\" }", "{ a = \"\" }", "{ \"a=b\" = 1 }"] {
            assert!(refused(unclear).contains("can hold no spaces"), "{unclear}");
        }
    }

    #[test]
    fn another_type_is_refused_by_name() {
        let refused = |error: Result<(), DocError>| error.unwrap_err().message;
        assert_eq!(refused(value("1").string().map(drop)), "`v` must be a string, not an integer");
        assert_eq!(refused(value("[1]").strings().map(drop)), "`v[0]` must be a string, not an integer");
        assert_eq!(refused(value("-1").count().map(drop)), "`v` must be between 0 and 4294967295");
        assert!(refused(value("30").duration().map(drop)).contains("\"30m\""));
        assert!(refused(value("\"30\"").duration().map(drop)).contains("\"30m\""));
        for percentage in ["\"3\"", "\"-1%\"", "\"NaN%\"", "\"inf%\"", "\"%\"", "3"] {
            assert!(refused(value(percentage).percent().map(drop)).contains("1.5%"), "{percentage}");
        }
        for argv in ["\"make all\"", "[]", "[\"\"]"] {
            assert!(value(argv).argv().unwrap_err().help.is_some(), "{argv}");
        }
    }

    #[test]
    fn the_place_is_that_of_the_value() {
        let error = value("[\n  \"a\",\n  7,\n]").strings().unwrap_err();
        assert_eq!((error.line, error.column), (3, 3));
    }
}
