//! The kinds of sources: one file per member, and their list.

mod command;
pub(in crate::corpus) mod crates_io;
pub(in crate::corpus) mod generated;
pub(in crate::corpus) mod git;
pub(in crate::corpus) mod path;

use super::kind::SourceTable;
use crate::toml_reader::{DocError, Reader, TomlValue};

/// Reads the keys of a kind, except `kind` and `max-mb`.
type ReadKind = fn(&mut Reader<'_>) -> Result<SourceTable, DocError>;

/// The members, by their words in the manifest.
const KINDS: [(&str, ReadKind); 5] = [
    ("crates-io", crates_io::read),
    ("git", git::read),
    ("path", path::read),
    ("command", command::read),
    ("generated", generated::read),
];

/// Reads the `[source]` table of a manifest, of any kind, and the most megabytes that the source may have, if
/// the table sets a limit.
pub(in crate::corpus) fn read(value: &TomlValue<'_>) -> Result<(SourceTable, Option<u32>), DocError> {
    let kind = value.peek("kind")?;
    let word = kind.string()?;
    if let Some((_, read)) = KINDS.iter().find(|(name, _)| *name == word) {
        return value.with_table(|table| {
            table.required("kind")?;
            let megabytes = table.read_optional("max-mb", TomlValue::count)?;
            Ok((read(table)?, megabytes))
        });
    }
    let valid = KINDS.map(|(name, _)| name);
    let listed = valid.map(|name| format!("`{name}`")).join(", ");
    let error = kind.error(format!("there is no kind of source `{}`", word.escape_debug()));
    Err(match bench_runner_core::suggest::suggest(&word, valid) {
        Some(name) => error.with_help(format!("did you mean `{name}`? valid are {listed}")),
        None => error.with_help(format!("valid are {listed}")),
    })
}
