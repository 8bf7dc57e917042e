//! Writes a manifest as text, from its parts.

use std::path::Path;

use crate::corpus::edits;
use crate::corpus::manifest::{Edit, Project};
use crate::corpus::sources::{self, FetchContext, MemberPackage};
use crate::toml_reader::{DocError, SourceText, toml_string};

use super::error::AddError;

/// The parts of a manifest.
#[derive(Debug, Clone, Default)]
pub struct ManifestDraft {
    pub name: String,
    /// Description in a few words.
    pub summary: String,
    /// The lines of `[source]`, or the whole text of an existing manifest.
    pub(super) source: String,
    /// True if `source` is the whole text.
    pub(super) verbatim: bool,
    /// The hash that the tree must have.
    pub tree: Option<String>,
    /// The text of Cargo.lock, if the source has none.
    pub lock: Option<String>,
    /// The package to build; cargo's choice if `None`.
    pub package: Option<String>,
    /// The binaries to build.
    pub bins: Vec<String>,
    /// The command that tries out the artifact.
    pub check: Option<Vec<String>>,
    pub edits: Vec<Edit>,
}

/// The lines of `[source]` for a directory, and the package to build if the directory is a member of a
/// workspace.
pub(super) fn path_source(path: &Path, with: &FetchContext) -> Result<(String, Option<String>), AddError> {
    let missing = |error: std::io::Error| {
        let message = format!("failed to find the project {}: {error}", path.display());
        AddError::request(message, "a crate is written without a `/`")
    };
    let root = path.canonicalize().map_err(missing)?;
    let (root, package) = match sources::member(&root, with)? {
        Some(MemberPackage { directory: Some(directory), .. }) => {
            let message = format!(
                "{} is built where it is, because cargo or rustup read a file between it and its workspace",
                root.display()
            );
            let help = format!(
                "add the workspace, then set `package` and `directory = {}` in the `build` of its manifest",
                toml_string(&directory.to_string_lossy())
            );
            return Err(AddError::request(message, help));
        }
        Some(member) => (member.workspace, Some(member.package)),
        None => (root, None),
    };
    let text = root.to_str().ok_or_else(|| {
        let message = format!("the path {} is not UTF-8", root.display());
        AddError::request(message, "give the project through a link with another name")
    })?;
    Ok((format!("kind = \"path\"\npath = {}\n", toml_string(text)), package))
}

impl ManifestDraft {
    /// A manifest with these lines in `[source]` and nothing else yet.
    pub(super) fn new(name: &str, source: String) -> Self {
        Self { name: name.to_owned(), source, ..Self::default() }
    }

    /// An existing manifest, to which a hash and a lock file can be added.
    pub(super) fn verbatim(name: &str, text: &str) -> Self {
        Self { name: name.to_owned(), source: text.to_owned(), verbatim: true, ..Self::default() }
    }

    /// Parses the text of the manifest, as if it were in a file of that name.
    ///
    /// # Errors
    /// If it cannot be parsed, at its place.
    pub fn project(&self) -> Result<Project, DocError> {
        Project::parse(
            &SourceText::new(format!("{}.toml, as it would be written", self.name), self.text()),
            None,
        )
    }

    /// The text of a manifest with `lock` inserted.
    pub(super) fn with_lock(text: &str, lock: &str) -> String {
        Self { lock: Some(lock.to_owned()), ..Self::verbatim("", text) }.text()
    }

    /// The text of the manifest.
    pub fn text(&self) -> String {
        if self.verbatim {
            return self.with_pins();
        }
        let mut text = format!("name = {}\n", toml_string(&self.name));
        if !self.summary.is_empty() {
            text.push_str(&format!("summary = {}\n", toml_string(&self.summary)));
        }
        text.push_str(&format!("\n[source]\n{}{}", self.source, self.pins()));
        text.push_str(&self.build());
        self.edits.iter().for_each(|edit| text.push_str(&edits::as_toml(edit)));
        text
    }

    /// The keys of `[source]` that were determined by pinning.
    fn pins(&self) -> String {
        let tree = self.tree.iter().map(|tree| format!("tree = {}\n", toml_string(tree)));
        let lock = self.lock.iter().map(|lock| format!("lock = {}\n", multiline_string(lock)));
        tree.chain(lock).collect()
    }

    /// The existing text with the pins at the start of `[source]`.
    fn with_pins(&self) -> String {
        let mut at = 0;
        for line in self.source.split_inclusive('\n') {
            at += line.len();
            if line.trim() == "[source]" {
                let (before, after) = self.source.split_at(at);
                return format!("{before}{}{after}", self.pins());
            }
        }
        self.source.clone()
    }

    fn build(&self) -> String {
        let list =
            |words: &[String]| words.iter().map(|word| toml_string(word)).collect::<Vec<_>>().join(", ");
        let mut lines = String::new();
        if let Some(package) = &self.package {
            lines.push_str(&format!("package = {}\n", toml_string(package)));
        }
        if !self.bins.is_empty() {
            lines.push_str(&format!("bins = [{}]\n", list(&self.bins)));
        }
        if let Some(check) = &self.check {
            lines.push_str(&format!("check = [{}]\n", list(check)));
        }
        if lines.is_empty() { lines } else { format!("\n[build]\n{lines}") }
    }
}

/// A TOML string of several lines.
fn multiline_string(text: &str) -> String {
    if text.contains("'''") || text.contains('\r') || text.ends_with('\'') {
        return toml_string(text);
    }
    format!("'''\n{text}'''")
}
