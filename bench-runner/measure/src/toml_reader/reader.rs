//! Reads one table of a document, key by key.

use std::collections::BTreeMap;
use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{DocError, SourceText, TomlValue};

/// A parsed text.
#[derive(Debug)]
pub struct TomlDocument<'t> {
    source: &'t SourceText,
    root: Spanned<DeTable<'t>>,
}

impl<'t> TomlDocument<'t> {
    /// Reader of the top-level table.
    pub fn reader(&self) -> Reader<'_> {
        Reader::new(self.source, self.root.get_ref(), 0..0, String::new())
    }
}

/// Reads the keys of one table and remembers which were requested.
#[derive(Debug)]
#[must_use = "`finish` reports the keys that nobody asked for"]
pub struct Reader<'d> {
    source: &'d SourceText,
    table: &'d DeTable<'d>,
    span: Range<usize>,
    /// Dotted path of the table, empty for the top-level table.
    path: String,
    asked: Vec<String>,
}

impl<'d> Reader<'d> {
    fn new(source: &'d SourceText, table: &'d DeTable<'d>, span: Range<usize>, path: String) -> Self {
        Self { source, table, span, path, asked: Vec::new() }
    }

    /// The value of `key`, if it is there.
    pub fn optional(&mut self, key: &str) -> Option<TomlValue<'d>> {
        self.asked.push(key.to_owned());
        let (_, value) = self.table.get_key_value(key)?;
        Some(self.value(key, value))
    }

    /// The value of `key`.
    ///
    /// # Errors
    /// If it is missing, at the table.
    pub fn required(&mut self, key: &str) -> Result<TomlValue<'d>, DocError> {
        let found = self.optional(key);
        found.ok_or_else(|| self.error(format!("{} lacks the key `{key}`", self.describe())))
    }

    /// The value of `key` converted by `read`, such as `reader.read("name", TomlValue::string)`.
    ///
    /// # Errors
    /// If the key is missing, and those of `read`.
    pub fn read<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&TomlValue<'d>) -> Result<T, DocError>,
    ) -> Result<T, DocError> {
        read(&self.required(key)?)
    }

    /// The value of `key` converted by `read`, if the key is there.
    ///
    /// # Errors
    /// Those of `read`.
    pub(crate) fn read_optional<T>(
        &mut self,
        key: &str,
        read: impl FnOnce(&TomlValue<'d>) -> Result<T, DocError>,
    ) -> Result<Option<T>, DocError> {
        self.optional(key).map(|value| read(&value)).transpose()
    }

    /// The value of `key`, which older files call `older`.
    ///
    /// # Errors
    /// If both are there.
    pub(crate) fn read_renamed<T>(
        &mut self,
        key: &str,
        older: &str,
        read: impl FnOnce(&TomlValue<'d>) -> Result<T, DocError>,
    ) -> Result<Option<T>, DocError> {
        match (self.optional(key), self.optional(older)) {
            (Some(_), Some(old)) => {
                Err(old.error(format!("`{older}` is the older name of `{key}`: give one of them")))
            }
            (value, old) => value.or(old).map(|value| read(&value)).transpose(),
        }
    }

    /// All keys with their values, in the order of the file; they count as requested.
    ///
    /// For tables whose keys are names chosen in the file.
    pub fn entries(&mut self) -> Vec<(String, TomlValue<'d>)> {
        let mut entries: Vec<_> = self.table.iter().collect();
        entries.sort_by_key(|(key, _)| key.span().start);
        let entries: Vec<(String, TomlValue<'d>)> = entries
            .into_iter()
            .map(|(key, value)| (key.get_ref().to_string(), self.value(key.get_ref(), value)))
            .collect();
        self.asked.extend(entries.iter().map(|(key, _)| key.clone()));
        entries
    }

    /// An error at this table.
    pub fn error(&self, message: impl Into<String>) -> DocError {
        self.source.error(self.span.clone(), message)
    }

    /// An error at a key of this table, or at the table if it has no such key.
    pub(crate) fn error_at_key(&self, key: &str, message: impl Into<String>) -> DocError {
        let span = self.table.get_key_value(key).map_or(self.span.clone(), |(key, _)| key.span());
        self.source.error(span, message)
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// If the table has a key that was not requested: the first one, with the valid key closest to it.
    pub fn finish(self) -> Result<(), DocError> {
        let unknown = self
            .table
            .keys()
            .filter(|key| !self.asked.iter().any(|asked| asked.as_str() == key.get_ref().as_ref()))
            .min_by_key(|key| key.span().start);
        let Some(key) = unknown else { return Ok(()) };
        let message = format!("{} has no key `{}`", self.describe(), key.get_ref());
        let error = self.source.error(key.span(), message);
        let absent = self.asked.iter().map(String::as_str);
        let absent = absent.filter(|asked| !self.table.contains_key(*asked));
        // A key that is already there cannot be the one that was meant.
        Err(error.suggest(key.get_ref(), absent))
    }

    fn value(&self, key: &str, value: &'d Spanned<DeValue<'d>>) -> TomlValue<'d> {
        let name = if self.path.is_empty() { key.to_owned() } else { format!("{}.{key}", self.path) };
        TomlValue::new(self.source, value, name)
    }

    fn describe(&self) -> String {
        if self.path.is_empty() { "the file".to_owned() } else { format!("`{}`", self.path) }
    }
}

/// Values that are tables.
impl<'d> TomlValue<'d> {
    /// A scalar as text, or a table of scalars: without spaces, its keys in the order of the file,
    /// `{own=16,deps=256}`.
    pub fn setting_text(&self) -> Result<String, DocError> {
        let DeValue::Table(table) = self.spanned.get_ref() else {
            return match self.spanned.get_ref() {
                DeValue::Array(_) | DeValue::Datetime(_) => {
                    Err(self.mismatch("a string, a number, `true`, `false` or a table of those"))
                }
                _ => self.scalar_text(),
            };
        };
        let entries = self.reader(table).entries();
        if entries.is_empty() {
            return Err(self.error(format!("`{}` is an empty table", self.name())));
        }
        let fields: Vec<String> = entries
            .into_iter()
            .map(|(key, value)| {
                let text = value.scalar_text()?;
                let plain = |text: &str| {
                    !text.is_empty() && text.chars().all(|c| !c.is_whitespace() && !"{}=,\"'".contains(c))
                };
                if plain(&key) && plain(&text) {
                    return Ok(format!("{key}={text}"));
                }
                Err(value.error(format!("`{}` can hold no spaces, quotes, braces, `=` or `,`", value.name())))
            })
            .collect::<Result<_, DocError>>()?;
        Ok(format!("{{{}}}", fields.join(",")))
    }

    /// Reads a table to its end: `read` requests its keys, and keys that it did not request are errors.
    pub(crate) fn with_table<T>(
        &self,
        read: impl FnOnce(&mut Reader<'d>) -> Result<T, DocError>,
    ) -> Result<T, DocError> {
        let DeValue::Table(table) = self.spanned.get_ref() else { return Err(self.mismatch("a table")) };
        let mut reader = self.reader(table);
        let value = read(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }

    /// All keys of a table with their values, in the order of the file.
    pub fn entries(&self) -> Result<Vec<(String, Self)>, DocError> {
        let DeValue::Table(table) = self.spanned.get_ref() else { return Err(self.mismatch("a table")) };
        Ok(self.reader(table).entries())
    }

    /// One value of a table that is not read yet, such as the one that decides how to read it.
    pub fn peek(&self, key: &str) -> Result<Self, DocError> {
        let DeValue::Table(table) = self.spanned.get_ref() else { return Err(self.mismatch("a table")) };
        self.reader(table).required(key)
    }

    /// Reads each table of an array of tables to its end.
    pub(crate) fn with_tables<T>(
        &self,
        mut read: impl FnMut(&mut Reader<'d>) -> Result<T, DocError>,
    ) -> Result<Vec<T>, DocError> {
        let items = self.items().map_err(|_| self.mismatch("an array of tables"))?;
        items.iter().map(|item| item.with_table(&mut read)).collect()
    }

    /// A table whose values are strings.
    pub(crate) fn string_map(&self) -> Result<BTreeMap<String, String>, DocError> {
        self.map_of(Self::string)
    }

    /// A table whose keys are names chosen in the file and whose values `read` converts.
    pub(crate) fn map_of<T>(
        &self,
        read: impl Fn(&Self) -> Result<T, DocError>,
    ) -> Result<BTreeMap<String, T>, DocError> {
        let mut map = BTreeMap::new();
        for (key, value) in self.entries()? {
            map.insert(key, read(&value)?);
        }
        Ok(map)
    }

    fn reader(&self, table: &'d DeTable<'d>) -> Reader<'d> {
        Reader::new(self.source, table, self.spanned.span(), self.name().to_owned())
    }
}

impl SourceText {
    /// Parses the text as TOML.
    ///
    /// # Errors
    /// If it is not valid TOML, at the place of the error.
    pub fn parse(&self) -> Result<TomlDocument<'_>, DocError> {
        match DeTable::parse(&self.text) {
            Ok(root) => Ok(TomlDocument { source: self, root }),
            Err(error) => Err(self.error(error.span().unwrap_or(0..0), one_line(error.message()))),
        }
    }
}

fn one_line(text: &str) -> String {
    text.lines().collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printed_error::PrintedError as _;

    fn read<T>(
        text: &str,
        check: impl FnOnce(&mut Reader<'_>) -> Result<T, DocError>,
    ) -> Result<T, DocError> {
        let source = SourceText::new("t.toml", text);
        let document = source.parse()?;
        let mut reader = document.reader();
        let value = check(&mut reader)?;
        reader.finish()?;
        Ok(value)
    }

    #[test]
    fn an_unknown_key_names_the_nearest_one() {
        let error = read("name = \"x\"\nsumary = \"y\"\n", |reader| {
            reader.read("name", TomlValue::string)?;
            reader.read_optional("summary", TomlValue::string)
        })
        .unwrap_err();
        expect_test::expect![[r#"
            t.toml:2:1: the file has no key `sumary`
              sumary = "y"
              ^^^^^^
            help: did you mean `summary`?"#]]
        .assert_eq(&error.printed());
    }

    #[test]
    fn an_unknown_key_like_no_other_lists_the_valid_ones() {
        let error = read("[a]\ncolour = 1\n", |reader| {
            reader.required("a")?.with_table(|a| {
                a.optional("package");
                a.optional("args");
                Ok(())
            })
        })
        .unwrap_err();
        assert_eq!((error.line, error.column), (2, 1));
        assert_eq!(error.message, "`a` has no key `colour`");
        assert_eq!(error.help().as_deref(), Some("valid are `package`, `args`"));
    }

    #[test]
    fn a_missing_key_is_reported_at_its_table() {
        let error = read("x = 1\n[a]\ny = 2\n", |reader| {
            reader.optional("x");
            reader.required("a")?.with_table(|a| a.read("name", TomlValue::string))
        })
        .unwrap_err();
        assert_eq!((error.line, error.message.as_str()), (2, "`a` lacks the key `name`"));
    }

    #[test]
    fn entries_come_in_the_order_of_the_file() {
        let keys = read("b = 1\na = 2\nc = 3\n", |reader| {
            Ok(reader.entries().into_iter().map(|(key, _)| key).collect::<Vec<_>>())
        });
        assert_eq!(keys.unwrap(), ["b", "a", "c"]);
    }
}
