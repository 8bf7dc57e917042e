//! Identifiers, each with its own type so that they cannot be mixed up.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Text that is not a valid id or pin, with a description of what was expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not {expected}")]
pub struct InvalidId {
    /// The invalid text.
    pub text: String,
    /// Description of valid text.
    pub expected: &'static str,
}

/// A string shared by many values: cloning it copies no bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub struct SharedText(Arc<str>);

impl SharedText {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::ops::Deref for SharedText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<&str> for SharedText {
    fn from(text: &str) -> Self {
        Self(text.into())
    }
}

impl From<String> for SharedText {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&String> for SharedText {
    fn from(text: &String) -> Self {
        Self(text.as_str().into())
    }
}

impl From<SharedText> for String {
    fn from(text: SharedText) -> Self {
        text.0.as_ref().to_owned()
    }
}

impl PartialEq<str> for SharedText {
    fn eq(&self, other: &str) -> bool {
        self.as_str() == other
    }
}

impl PartialEq<&str> for SharedText {
    fn eq(&self, other: &&str) -> bool {
        self.as_str() == *other
    }
}

impl PartialEq<String> for SharedText {
    fn eq(&self, other: &String) -> bool {
        self.as_str() == other
    }
}

impl fmt::Debug for SharedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_str().fmt(f)
    }
}

impl fmt::Display for SharedText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self)
    }
}

/// Name of a block within a run: `<matrix>/<project>/<workload>`, with `*` for a part that is an axis of the
/// block.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct BlockId(SharedText);

impl BlockId {
    /// The id of the block that `matrix` makes for one project under one workload.
    pub fn new(matrix: &str, project: &str, workload: &str) -> Self {
        Self(format!("{matrix}/{project}/{workload}").into())
    }

    /// The id as written in files.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The project; `None` if the block spans several.
    pub fn project(&self) -> Option<&str> {
        self.0.split('/').nth(1).filter(|project| *project != "*")
    }

    /// The id as a file name: `/` becomes `-`, `*` becomes `all`.
    pub fn file_stem(&self) -> String {
        self.0.replace('/', "-").replace('*', "all")
    }
}

impl From<String> for BlockId {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl fmt::Display for BlockId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Identity of a source tree: the same pin always gives the same bytes.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Pin {
    /// A crates.io version and the sha256 of its archive, 64 hex digits.
    CratesIo {
        /// Name of the crate.
        name: String,
        /// Version of the crate.
        version: String,
        /// Hash of the archive.
        sha256: String,
    },
    /// A full git commit, 40 hex digits.
    Git {
        /// The commit.
        rev: String,
    },
    /// Hash of a local tree, 64 hex digits.
    Tree {
        /// The tree hash.
        sha256: String,
    },
}

/// Returns the first 12 hex digits of the sha256 of `text`: a name for a set or a plan, for uses in which a
/// collision would only confuse.
pub fn short_hash(text: &str) -> String {
    use sha2::Digest;
    hex(&sha2::Sha256::digest(text.as_bytes())[..6])
}

/// Returns `bytes` as lower-case hex digits.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns true if `text` consists of `digits` lower-case hex digits.
pub fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
}

const PIN_FORM: &str =
    "a pin (`crates-io:NAME@VERSION#sha256:<64 hex>`, `git:<40 hex>` or `tree:sha256:<64 hex>`)";

impl FromStr for Pin {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let invalid = || InvalidId { text: text.to_owned(), expected: PIN_FORM };
        if let Some(rest) = text.strip_prefix("crates-io:") {
            let (package, sha256) = rest.split_once("#sha256:").ok_or_else(invalid)?;
            let (name, version) = package.split_once('@').ok_or_else(invalid)?;
            if name.is_empty() || version.is_empty() || !is_hex(sha256, 64) {
                return Err(invalid());
            }
            return Ok(Self::CratesIo { name: name.into(), version: version.into(), sha256: sha256.into() });
        }
        if let Some(rev) = text.strip_prefix("git:").filter(|rev| is_hex(rev, 40)) {
            return Ok(Self::Git { rev: rev.into() });
        }
        if let Some(sha256) = text.strip_prefix("tree:sha256:").filter(|hash| is_hex(hash, 64)) {
            return Ok(Self::Tree { sha256: sha256.into() });
        }
        Err(invalid())
    }
}

impl TryFrom<String> for Pin {
    type Error = InvalidId;

    fn try_from(text: String) -> Result<Self, InvalidId> {
        text.parse()
    }
}

impl From<Pin> for String {
    fn from(pin: Pin) -> Self {
        pin.to_string()
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CratesIo { name, version, sha256 } => {
                write!(f, "crates-io:{name}@{version}#sha256:{sha256}")
            }
            Self::Git { rev } => write!(f, "git:{rev}"),
            Self::Tree { sha256 } => write!(f, "tree:sha256:{sha256}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_survive_their_text_form() {
        let hex64 = "0123456789abcdef".repeat(4);
        for text in [
            format!("crates-io:hexyl@0.17.0#sha256:{hex64}"),
            format!("git:{}", "ab".repeat(20)),
            format!("tree:sha256:{hex64}"),
        ] {
            let pin: Pin = text.parse().unwrap();
            assert_eq!(pin.to_string(), text);
        }
    }

    #[test]
    fn a_block_has_the_project_of_its_id_unless_it_spans_several() {
        assert_eq!(BlockId::new("m", "hexyl", "clean").project(), Some("hexyl"));
        assert_eq!(BlockId::new("m", "*", "clean").project(), None);
        assert_eq!(BlockId::from("m".to_owned()).project(), None);
    }

    #[test]
    fn a_pin_takes_only_full_lower_case_hashes() {
        for text in ["git:abc123", "git:main", &format!("git:{}", "AB".repeat(20)), "tree:sha256:00", ""] {
            assert!(text.parse::<Pin>().is_err(), "{text} was taken");
        }
    }
}
