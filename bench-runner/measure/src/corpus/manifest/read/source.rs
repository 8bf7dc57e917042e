//! The `[source]` table of a manifest, kind by kind.

use super::{generated, names};
use crate::corpus::manifest::{CommandSource, CratesIoSource, GitSource, PathSource, Source};
use crate::spanned::{DocError, Reader, Value};

/// The kinds of sources, each with its reader.
type ReadSource = fn(&mut Reader<'_>) -> Result<Source, DocError>;
const KINDS: [(&str, ReadSource); 5] =
    [("crates-io", crates_io), ("git", git), ("path", path), ("command", command), ("generated", made)];

/// Kinds whose sources may come without a Cargo.lock.
const WITHOUT_LOCK: [&str; 3] = ["crates-io", "git", "path"];

/// What is said of a source whatever its kind.
pub(super) struct SourceFacts {
    /// The lock file that it lacks.
    pub(super) lock: Option<String>,
    /// The most that it may hold, in bytes.
    pub(super) max_bytes: Option<u64>,
}

/// The table of any kind.
pub(super) fn read(value: &Value<'_>) -> Result<(Source, SourceFacts), DocError> {
    let kind = value.peek("kind")?;
    let word = kind.string()?;
    if let Some((_, of_kind)) = KINDS.iter().find(|(name, _)| *name == word) {
        return value.with_table(|table| {
            table.required("kind")?;
            let megabytes = table.read_optional("max-mb", Value::count)?;
            let may_lack = WITHOUT_LOCK.contains(&word.as_str());
            let lock = may_lack.then(|| table.read_optional("lock", |v| v.string())).transpose()?.flatten();
            let max_bytes = megabytes.map(|megabytes| u64::from(megabytes) * 1_000_000);
            Ok((of_kind(table)?, SourceFacts { lock, max_bytes }))
        });
    }
    let valid = KINDS.map(|(name, _)| name);
    let listed = valid.map(|name| format!("`{name}`")).join(", ");
    let error = kind.error(format!("there is no kind of source `{}`", word.escape_debug()));
    Err(match bench_runner_core::nearest::nearest(&word, valid) {
        Some(name) => error.with_help(format!("did you mean `{name}`? valid are {listed}")),
        None => error.with_help(format!("valid are {listed}")),
    })
}

fn crates_io(table: &mut Reader<'_>) -> Result<Source, DocError> {
    Ok(Source::CratesIo(CratesIoSource {
        name: table.read("name", names::name)?,
        version: table.read("version", names::version)?,
        sha256: table.read("sha256", names::sha256)?,
        tree: table.read_optional("tree", names::tree)?,
    }))
}

fn git(table: &mut Reader<'_>) -> Result<Source, DocError> {
    let url = table.read("url", names::url)?;
    Ok(Source::Git(GitSource {
        rev: table.read("rev", |value| names::commit(value, &url))?,
        url,
        dir: table.read_optional("dir", names::path_below)?,
        submodules: table.read_optional("submodules", |v| v.bool())?.unwrap_or_default(),
        tree: table.read_optional("tree", names::tree)?,
    }))
}

fn path(table: &mut Reader<'_>) -> Result<Source, DocError> {
    let below = |v: &Value<'_>| v.items()?.iter().map(names::path_below).collect::<Result<_, _>>();
    Ok(Source::Path(PathSource {
        path: table.read("path", names::directory)?,
        exclude: table.read_optional("exclude", below)?.unwrap_or_default(),
        include: table.read_optional("include", below)?.unwrap_or_default(),
    }))
}

fn command(table: &mut Reader<'_>) -> Result<Source, DocError> {
    Ok(Source::Command(CommandSource {
        path: table.read("path", names::directory)?,
        prepare: table.read_optional("prepare", |v| v.argv())?,
        clean: table.read_optional("clean", |v| v.argv())?,
        edit: table.read_optional("edit", |v| v.argv())?,
        build: table.read("build", |v| v.argv())?,
    }))
}

fn made(table: &mut Reader<'_>) -> Result<Source, DocError> {
    generated::read(table).map(Source::Generated)
}
