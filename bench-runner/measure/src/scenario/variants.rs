//! Whole variants: each is one arm in addition to the combinations of the axes, with its own name.
//!
//! Anything that such a variant does not set stays as in the project.

use std::path::Path;

use bench_runner_core::record::{AS_CONFIGURED, Refusal, SNIPPET};

use super::{RequestError, RequestWord};
use crate::axes;
use crate::toml_reader::SourceText;

/// Name of the variant of a project without any settings.
pub(crate) const AS_IT_IS: &str = "as it is";
/// Names of predefined variants in requests.
pub const PREDEFINED: [&str; 2] = [AS_CONFIGURED, "as-it-is"];

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WholeVariant {
    /// Name, also of its arm.
    pub name: String,
    pub content: VariantContent,
}

/// Settings of a whole variant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum VariantContent {
    /// Values of axes, in the order of the file.
    Set(Vec<(String, RequestWord)>),
    /// Text of a file: a piece of cargo's configuration or of a profile.
    Snippet(String),
    /// The user's own configuration, which depends on the machine.
    AsConfigured,
}

/// Baseline that the others of a block are compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Baseline {
    /// Values of some axes; the others have their first one.
    Values(std::collections::BTreeMap<String, RequestWord>),
    /// A whole variant, by the name of its arm.
    Whole(String),
}

impl Default for Baseline {
    fn default() -> Self {
        Self::Values(Default::default())
    }
}

impl Baseline {
    /// The value on an axis, if the baseline names one.
    pub fn value(&self, key: &str) -> Option<&RequestWord> {
        match self {
            Self::Values(values) => values.get(key),
            Self::Whole(_) => None,
        }
    }
}

impl WholeVariant {
    /// True if its name has a fixed meaning.
    pub(super) fn is_predefined(&self) -> bool {
        self.content == VariantContent::AsConfigured || self.name == AS_IT_IS
    }

    /// The predefined variant of this name, as requests write it.
    pub fn predefined(name: &str) -> Option<Self> {
        match name {
            AS_CONFIGURED => Some(Self { name: name.to_owned(), content: VariantContent::AsConfigured }),
            "as-it-is" => Some(Self { name: AS_IT_IS.to_owned(), content: VariantContent::Set(Vec::new()) }),
            _ => None,
        }
    }
}

/// Checks that a user-defined whole variant can have this name.
///
/// # Errors
/// If it is not a name, or is already taken.
pub fn check_name(name: &str) -> Result<(), Refusal> {
    if PREDEFINED.contains(&name) || name == "all" {
        return Err(Refusal::new(format!("the name `{name}` is taken")));
    }
    if !super::is_name(name) {
        return Err(Refusal::new(format!(
            "`{name}` is not a name: letters, digits, `-`, `_` and `.` are allowed"
        )));
    }
    Ok(())
}

/// Reads the text of a snippet, which must be TOML that sets something.
///
/// # Errors
/// If the file cannot be read or is not a snippet; at the place in it.
pub fn snippet(path: &Path) -> Result<String, RequestError> {
    let unreadable = |reason: &str| Refusal::new(format!("cannot read {}: {reason}", path.display()));
    let bytes = std::fs::read(path).map_err(|error| unreadable(&error.to_string()))?;
    let text = String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        let line = error.as_bytes()[..at].iter().filter(|&&byte| byte == b'\n').count() + 1;
        unreadable(&format!("line {line} is not UTF-8"))
    })?;
    let source = SourceText::new(path.display().to_string(), text);
    if source.parse()?.reader().entries().is_empty() {
        return Err(source.error(0..0, "the file sets nothing").into());
    }
    axes::parse(SNIPPET, &source.text).map_err(|refusal| source.error(0..0, "").with_refusal(refusal))?;
    Ok(source.text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(bytes: &[u8]) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.toml");
        std::fs::write(&path, bytes).unwrap();
        let error = snippet(&path).unwrap_err().to_string();
        error.replace(dir.path().to_str().unwrap(), "")
    }

    #[test]
    fn a_file_that_is_no_snippet_is_refused_with_its_place() {
        assert!(refused(b"[build]\nx = = 1\n").starts_with("/x.toml:2:5: "));
        assert_eq!(refused(b"# one\n# \xff\n"), "cannot read /x.toml: line 2 is not UTF-8");
        assert!(refused(b"build.target-dir = '/x'\n").contains("`build.target-dir` cannot be set here"));
        assert!(refused(b"# nothing\n").starts_with("/x.toml:1:1: the file sets nothing"));
        let missing = snippet(Path::new("/nowhere/x.toml")).unwrap_err().to_string();
        assert!(missing.starts_with("cannot read /nowhere/x.toml: "), "{missing}");
    }

    #[test]
    fn names_that_mean_something_already_are_taken() {
        for name in ["as-configured", "as-it-is", "all"] {
            assert_eq!(check_name(name).unwrap_err().what, format!("the name `{name}` is taken"));
        }
        assert!(check_name("a=b").unwrap_err().what.contains("is not a name"));
        assert_eq!(check_name("faster-2.0"), Ok(()));
    }
}
