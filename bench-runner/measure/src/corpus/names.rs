//! Valid names and relative paths in a manifest; they become parts of file names.

use std::path::{Component, Path, PathBuf};

use bench_runner_core::record::{Pin, is_hex};

use super::urls;
use crate::toml_reader::{DocError, TomlValue};

/// Longest name, so that file names made from several names still fit.
const LONGEST: usize = 64;

/// A name of `[A-Za-z0-9._-]` that does not start with a dot.
pub(super) fn name(value: &TomlValue<'_>) -> Result<String, DocError> {
    let text = value.string()?;
    if is_name(&text) {
        return Ok(text);
    }
    Err(value.error(format!("`{}` is not a name: `{}`", value.name(), text.escape_debug())).with_help(
        format!("names have 1 to {LONGEST} letters, digits, `.`, `_` or `-` and do not start with `.`"),
    ))
}

/// True if `text` is a valid name.
pub(super) fn is_name(text: &str) -> bool {
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    (1..=LONGEST).contains(&text.len()) && !text.starts_with('.') && text.chars().all(valid)
}

/// An argument that cargo cannot mistake for a flag.
pub(super) fn word(value: &TomlValue<'_>) -> Result<String, DocError> {
    let text = value.string()?;
    if text.is_empty() || text.starts_with('-') || text.contains(char::is_whitespace) {
        let message = format!("`{}` is not a name cargo could know: `{}`", value.name(), text.escape_debug());
        return Err(value.error(message));
    }
    Ok(text)
}

/// Several such arguments.
pub(super) fn words(value: &TomlValue<'_>) -> Result<Vec<String>, DocError> {
    value.items()?.iter().map(word).collect()
}

pub(super) fn names(value: &TomlValue<'_>) -> Result<Vec<String>, DocError> {
    value.items()?.iter().map(name).collect()
}

/// A path below the root of the source: relative, without `..`.
pub(super) fn path_below(value: &TomlValue<'_>) -> Result<PathBuf, DocError> {
    let text = value.string()?;
    let path = PathBuf::from(&text);
    let below = path.components().all(|part| matches!(part, Component::Normal(_)));
    if below && !text.is_empty() && !text.ends_with('/') && !text.contains('\0') {
        return Ok(path);
    }
    Err(value
        .error(format!(
            "`{}` leaves the source tree or names no file: `{}`",
            value.name(),
            text.escape_debug()
        ))
        .with_help("paths start at the root of the source and go down from there, such as `src/main.rs`"))
}

/// A directory, absolute or relative to the manifest.
pub(super) fn directory(value: &TomlValue<'_>) -> Result<PathBuf, DocError> {
    let text = value.string()?;
    if text.is_empty() || text.contains('\0') {
        return Err(value.error(format!("`{}` names no directory", value.name())));
    }
    Ok(Path::new(&text).to_path_buf())
}

/// The address of a repository.
pub(super) fn url(value: &TomlValue<'_>) -> Result<String, DocError> {
    let text = value.string()?;
    match urls::check(&text) {
        Ok(()) => Ok(text),
        Err((reason, help)) => Err(value.error(reason).with_help(help)),
    }
}

/// A full commit of the repository at `url`.
pub(super) fn commit(value: &TomlValue<'_>, url: &str) -> Result<String, DocError> {
    let text = value.string()?;
    if is_hex(&text, 40) {
        return Ok(text);
    }
    let shown = text.escape_debug();
    let error = value
        .error(format!("`{}` is not a full commit of 40 lower-case hex digits: `{shown}`", value.name()));
    let is_hash = text.len() >= 4 && text.bytes().all(|b| b.is_ascii_hexdigit());
    Err(if is_hash && text.len() == 40 {
        error.with_help("write it in lower case")
    } else if is_hash {
        error.with_help(format!("`git rev-parse {text}` in a clone of {url} gives it in full"))
    } else if text.is_empty() || text.chars().any(char::is_control) {
        error
    } else {
        let refs =
            [format!("refs/heads/{text}"), format!("refs/tags/{text}"), format!("refs/tags/{text}^{{}}")];
        let refs = refs.map(|name| urls::shell_word(&name)).join(" ");
        let url = urls::shell_word(url);
        error.with_help(format!(
            "of a branch or a tag, `git ls-remote {url} {refs}` gives it (of a tag the last line)"
        ))
    })
}

/// The hash of a tree, 64 lower-case hex digits.
pub(super) fn tree(value: &TomlValue<'_>) -> Result<String, DocError> {
    let text = value.string()?;
    if is_hex(&text, 64) {
        return Ok(text);
    }
    let error =
        value.error(format!("`{}` is not the hash of a tree, 64 lower-case hex digits", value.name()));
    Err(error.with_help("leave it out; `corpus fetch` prints it"))
}

/// A sha256, 64 lower-case hex digits.
pub(super) fn sha256(value: &TomlValue<'_>) -> Result<String, DocError> {
    let text = value.string()?;
    if format!("tree:sha256:{text}").parse::<Pin>().is_ok() {
        return Ok(text);
    }
    Err(value
        .error(format!("`{}` is not a sha256 of 64 lower-case hex digits", value.name()))
        .with_help("`sha256sum` of the .crate archive gives it"))
}

/// A full version `1.2.3`, with any suffix.
pub(super) fn version(value: &TomlValue<'_>) -> Result<String, DocError> {
    checked_version(value, &value.string()?)
}

/// True if the text is a version with all three numbers.
pub(super) fn is_version(text: &str) -> bool {
    let core = text.split(['-', '+']).next().unwrap_or("");
    let parts: Vec<&str> = core.split('.').collect();
    let numeric = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '+');
    parts.len() == 3 && parts.iter().all(numeric) && text.chars().all(valid) && text.len() <= LONGEST
}

/// The same check, if the version is only a part of the value.
pub(super) fn checked_version(value: &TomlValue<'_>, text: &str) -> Result<String, DocError> {
    if is_version(text) {
        return Ok(text.to_owned());
    }
    Err(value
        .error(format!("`{}` is not a full version: `{}`", value.name(), text.escape_debug()))
        .with_help(
            "write all three numbers, such as `15.1.0`; requirements such as `^15` do not pin anything",
        ))
}

/// Checks the name of an environment variable.
pub(super) fn variable(value: &TomlValue<'_>, text: &str) -> Result<(), DocError> {
    if text.is_empty() || text.contains(['=', '\0']) {
        return Err(value.error(format!("`{}` is not a name of a variable", text.escape_debug())));
    }
    Ok(())
}
