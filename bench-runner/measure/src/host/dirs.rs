//! Directories for the user's files, by the XDG base directory specification.

use std::env;
use std::ffi::OsString;
use std::path::PathBuf;

const NAME: &str = "bench-runner";

/// Neither HOME nor the XDG variable is an absolute path.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("no home directory: set HOME or {variable} to an absolute path")]
pub struct DirsError {
    /// The XDG variable that could be set instead.
    pub variable: &'static str,
}

/// Directory of work trees, target directories and downloads: `$XDG_CACHE_HOME/bench-runner`, or
/// `~/.cache/bench-runner`. It need not exist yet.
pub fn cache_dir() -> Result<PathBuf, DirsError> {
    find("XDG_CACHE_HOME", ".cache", |name| env::var_os(name))
}

/// True if `$XDG_CACHE_HOME` chooses the place of [`cache_dir`].
pub fn is_cache_chosen() -> bool {
    env::var_os("XDG_CACHE_HOME").is_some_and(|value| PathBuf::from(value).is_absolute())
}

/// Directory of the machine's id: `$XDG_STATE_HOME/bench-runner`, or `~/.local/state/bench-runner`. It need
/// not exist yet.
pub fn state_dir() -> Result<PathBuf, DirsError> {
    find("XDG_STATE_HOME", ".local/state", |name| env::var_os(name))
}

fn find(
    variable: &'static str,
    below_home: &str,
    environment: impl Fn(&str) -> Option<OsString>,
) -> Result<PathBuf, DirsError> {
    // By the specification, a relative path in one of its variables is ignored.
    let absolute = |name| environment(name).map(PathBuf::from).filter(|path| path.is_absolute());
    absolute(variable)
        .or_else(|| absolute("HOME").map(|home| home.join(below_home)))
        .map(|base| base.join(NAME))
        .ok_or(DirsError { variable })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(variables: &[(&str, &str)]) -> Result<PathBuf, DirsError> {
        find("XDG_CACHE_HOME", ".cache", |name| {
            variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into())
        })
    }

    #[test]
    fn the_variable_goes_before_the_home_directory() {
        let both = [("XDG_CACHE_HOME", "/var/c"), ("HOME", "/home/u")];
        assert_eq!(with(&both), Ok("/var/c/bench-runner".into()));
        assert_eq!(with(&[("HOME", "/home/u")]), Ok("/home/u/.cache/bench-runner".into()));
    }

    #[test]
    fn relative_and_empty_values_are_ignored() {
        assert_eq!(
            with(&[("XDG_CACHE_HOME", "c"), ("HOME", "/home/u")]),
            Ok("/home/u/.cache/bench-runner".into())
        );
        let error = with(&[("XDG_CACHE_HOME", ""), ("HOME", "")]).unwrap_err();
        assert_eq!(error.to_string(), "no home directory: set HOME or XDG_CACHE_HOME to an absolute path");
    }
}
