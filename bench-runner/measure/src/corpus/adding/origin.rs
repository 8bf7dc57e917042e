//! Classifies the user's `URL|CRATE|PATH`.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::corpus::urls;

use super::error::AddError;

/// The place that a project is added from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProjectOrigin {
    /// A repository, by an address that git understands.
    Git { url: String },
    /// A crate from crates.io.
    Crate {
        name: String,
        /// Its version; the newest if `None`.
        version: Option<String>,
    },
    /// A directory.
    Path(PathBuf),
    /// A manifest of generated sources that is to be completed.
    Manifest(PathBuf),
}

impl ProjectOrigin {
    /// Parses the user's text: with `://` or as `host:path` it is a repository, with `/` or as `.` a
    /// directory, with `.toml` at its end a manifest, else a crate.
    ///
    /// # Errors
    /// If it is none of these.
    pub fn parse(text: &str) -> Result<Self, AddError> {
        let shown = text.escape_debug();
        if text.is_empty() || text.starts_with('-') || text.chars().any(char::is_control) {
            return Err(AddError::request(
                format!("`{shown}` is no url, crate or directory"),
                "such as `https://github.com/BurntSushi/ripgrep`, `hexyl`, `hexyl@0.17.0` or `./`",
            ));
        }
        if is_url(text) {
            urls::check(text).map_err(|(reason, help)| AddError::request(reason, help))?;
            return Ok(Self::Git { url: text.to_owned() });
        }
        if text.ends_with(".toml") {
            return Ok(Self::Manifest(text.into()));
        }
        if text.contains('/') || matches!(text, "." | "..") {
            return Ok(Self::Path(text.into()));
        }
        let (name, version) = text.split_once('@').map_or((text, None), |(name, v)| (name, Some(v)));
        let valid = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        if name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.len() <= 64 && name.chars().all(valid)
        {
            return Ok(Self::Crate { name: name.to_owned(), version: version.map(str::to_owned) });
        }
        Err(AddError::request(
            format!("`{shown}` is not the name of a crate"),
            format!("a directory is written with a `/`, such as `./{shown}`"),
        ))
    }

    /// The last part of its name, unchecked.
    pub(super) fn suggested_name(&self) -> String {
        match self {
            Self::Git { url } => {
                let last = url.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
                last.strip_suffix(".git").unwrap_or(last).to_owned()
            }
            Self::Crate { name, .. } => name.clone(),
            Self::Path(path) => last_part(&path.canonicalize().unwrap_or_else(|_| path.clone())),
            Self::Manifest(path) => path.file_stem().unwrap_or_default().to_string_lossy().into_owned(),
        }
    }
}

fn last_part(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// True for an address that git understands: with a scheme, or `host:path` with nothing that looks like a
/// path before the colon.
fn is_url(text: &str) -> bool {
    let scheme = text.split_once("://").is_some_and(|(scheme, _)| !scheme.contains('/'));
    let host = text.split_once(':').is_some_and(|(host, path)| {
        !host.is_empty() && !host.contains('/') && !path.is_empty() && !path.starts_with(':')
    });
    scheme || host
}

impl fmt::Display for ProjectOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Git { url } => f.write_str(url),
            Self::Crate { name, .. } => write!(f, "the crate `{name}`"),
            Self::Path(path) | Self::Manifest(path) => write!(f, "{}", path.display()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_tells_the_kind() {
        let kind = |text: &str| match ProjectOrigin::parse(text) {
            Ok(ProjectOrigin::Git { .. }) => "git",
            Ok(ProjectOrigin::Crate { .. }) => "crate",
            Ok(ProjectOrigin::Path(_)) => "path",
            Ok(ProjectOrigin::Manifest(_)) => "manifest",
            Err(_) => "refused",
        };
        for (text, expected) in [
            ("https://github.com/BurntSushi/ripgrep", "git"),
            ("file:///srv/x.git", "git"),
            ("git@host:group/name.git", "git"),
            ("host:name", "git"),
            ("hexyl", "crate"),
            ("hexyl@0.17.0", "crate"),
            ("./hexyl", "path"),
            ("/srv/a:b", "path"),
            (".", "path"),
            ("..", "path"),
            ("draft.toml", "manifest"),
            ("./corpus/draft.toml", "manifest"),
            ("--upload-pack=x", "refused"),
            ("", "refused"),
            ("a b", "refused"),
            ("x;rm", "refused"),
            ("a\nb", "refused"),
            ("ext::sh -c x", "refused"),
            ("https://me:hunter2@host/x", "refused"),
        ] {
            assert_eq!(kind(text), expected, "{text}");
        }
    }

    #[test]
    fn names_come_from_the_last_part() {
        for (text, name) in [
            ("https://github.com/BurntSushi/ripgrep", "ripgrep"),
            ("https://host/a/name.git/", "name"),
            ("git@host:name.git", "name"),
            ("hexyl@0.17.0", "hexyl"),
            ("/srv/my tree", "my-tree"),
            ("x/draft.toml", "draft"),
        ] {
            assert_eq!(super::super::name(&ProjectOrigin::parse(text).unwrap(), None).unwrap(), name);
        }
    }
}
