//! Values for all crates, or for kinds of crates as a table.

use bench_runner_core::record::Refusal;

/// One value for all crates, or values by kind of crate, in the order of the kinds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum PerKindValue {
    /// One value for all crates.
    All(String),
    /// Values for some kinds.
    Some(Vec<(&'static str, String)>),
}

impl PerKindValue {
    /// Parses `value`: a scalar, or an inline table whose keys are among `kinds`. `scalar` checks the
    /// scalars; its error names the valid values.
    pub(super) fn parse(
        value: &str,
        kinds: &[&'static str],
        scalar: impl Fn(&str) -> Result<(), Refusal>,
    ) -> Result<Self, Refusal> {
        if !value.trim_start().starts_with('{') {
            return scalar(value).map(|()| Self::All(value.to_owned()));
        }
        let form = kinds.iter().map(|kind| format!("{kind}=…")).collect::<Vec<_>>().join(",");
        let inner = value.trim().strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
        let pairs = inner.map(|inner| inner.split(',').map(|pair| pair.split_once('=')).collect());
        let Some(Some(pairs)) = pairs.map(|pairs: Option<Vec<(&str, &str)>>| pairs) else {
            return Err(Refusal::new(format!("`{value}` is not a table such as {{{form}}}")));
        };
        let mut values: Vec<(&'static str, String)> = Vec::new();
        for (kind, text) in pairs {
            let kind = kind.trim();
            let Some(known) = kinds.iter().find(|known| **known == kind) else {
                let known = kinds.join(", ");
                return Err(Refusal::new(format!("`{kind}` is no kind of crate here (known: {known})"))
                    .did_you_mean(kind, kinds.iter().copied()));
            };
            if values.iter().any(|(other, _)| other == known) {
                return Err(Refusal::new(format!("`{value}` sets {kind} twice")));
            }
            // A word such as `s` may be quoted, as TOML requires.
            let text = text.trim().trim_matches(['"', '\'']);
            scalar(text)?;
            values.push((known, text.to_owned()));
        }
        let names = |kind: &str| values.iter().any(|(name, _)| *name == kind);
        if names("own") && !names("deps") {
            // The key of the profile applies to all crates.
            return Err(Refusal::new(format!("`{value}` would reach dependencies too: name `deps` as well")));
        }
        values.sort_by_key(|(kind, _)| kinds.iter().position(|known| known == kind));
        Ok(Self::Some(values))
    }

    /// The value for `kind`, if the table names it.
    pub(super) fn for_kind(&self, kind: &str) -> Option<&str> {
        match self {
            Self::All(_) => None,
            Self::Some(values) => {
                values.iter().find(|(name, _)| *name == kind).map(|(_, value)| value.as_str())
            }
        }
    }

    /// Canonical spelling: `16`, `{own=16,deps=256}`.
    pub(super) fn canonical(&self) -> String {
        match self {
            Self::All(value) => value.clone(),
            Self::Some(values) => {
                let pairs: Vec<String> =
                    values.iter().map(|(kind, value)| format!("{kind}={value}")).collect();
                format!("{{{}}}", pairs.join(","))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn number(text: &str) -> Result<(), Refusal> {
        let error = |_| Refusal::new(format!("`{text}` is no number"));
        text.parse::<u32>().map(|_| ()).map_err(error)
    }

    fn parse(value: &str) -> Result<PerKindValue, String> {
        PerKindValue::parse(value, &["own", "deps"], number).map_err(|refusal| refusal.what)
    }

    #[test]
    fn tables_have_one_spelling() {
        for value in ["{own=16,deps=256}", "{ own = 16, deps = 256 }", "{deps=\"256\",own=16}"] {
            assert_eq!(parse(value).unwrap().canonical(), "{own=16,deps=256}", "{value}");
        }
        assert_eq!(parse("{deps=1}").unwrap().canonical(), "{deps=1}");
        assert_eq!(parse("{deps=1}").unwrap().for_kind("own"), None);
        assert_eq!(parse("7").unwrap(), PerKindValue::All("7".into()));
    }

    #[test]
    fn what_a_table_cannot_say_is_named() {
        assert_eq!(parse("{own=16").unwrap_err(), "`{own=16` is not a table such as {own=…,deps=…}");
        assert_eq!(parse("{}").unwrap_err(), "`{}` is not a table such as {own=…,deps=…}");
        assert_eq!(parse("{own=many}").unwrap_err(), "`many` is no number");
        assert_eq!(parse("{own=1,own=2}").unwrap_err(), "`{own=1,own=2}` sets own twice");
        assert_eq!(parse("{dep=1}").unwrap_err(), "`dep` is no kind of crate here (known: own, deps)");
        let error = PerKindValue::parse("{dep=1}", &["own", "deps"], number).unwrap_err();
        assert_eq!(error.help.as_deref(), Some("did you mean `deps`?"));
    }
}
