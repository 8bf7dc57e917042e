//! The `[[edit]]` tables of a manifest.

use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::toml_reader::{DocError, Reader, TomlValue, toml_string};

use crate::corpus::manifest::{Edit, EditChange, EditClass, EditPlacement, TextChange};
use crate::corpus::{names, patch};

/// The parsed `[[edit]]` tables of a manifest.
#[derive(Debug, Default)]
pub(super) struct EditTables {
    /// The edits, in the order of the manifest.
    pub(super) edits: Vec<Edit>,
    /// Positions of file names in the manifest, and the contents of these files.
    files: Vec<(Range<usize>, String)>,
}

impl EditTables {
    /// The manifest with the names of patch files replaced by the patches, so that it is self-contained.
    pub(super) fn inlined(&self, manifest: &str) -> String {
        let mut text = manifest.to_owned();
        for (range, content) in self.files.iter().rev() {
            text.replace_range(range.clone(), &toml_string(content));
        }
        text
    }
}

/// Reads the tables; patch files are in the directory of the manifest, `base`.
pub(super) fn read(value: &TomlValue<'_>, base: Option<&Path>) -> Result<EditTables, DocError> {
    let mut all = EditTables::default();
    let edits = value.with_tables(|table| {
        let edit = Edit {
            name: table.read("name", names::name)?,
            class: table.read("class", class)?,
            change: change(table, base, &mut all.files)?,
        };
        if edit.class == EditClass::Manifest && !changes_a_manifest(&edit.change) {
            let message = "an edit of class `manifest` changes a `Cargo.toml`";
            return Err(table.error_at_key("file", message));
        }
        Ok((edit, table.error_at_key("name", "")))
    })?;
    for (edit, mut twice) in edits {
        if all.edits.iter().any(|other| other.name == edit.name) {
            twice.message = format!("there are two edits named `{}`", edit.name);
            return Err(twice);
        }
        all.edits.push(edit);
    }
    Ok(all)
}

fn changes_a_manifest(change: &EditChange) -> bool {
    match change {
        EditChange::Text(text) => text.file.file_name().is_some_and(|name| name == "Cargo.toml"),
        EditChange::Patch { .. } => true,
    }
}

fn change(
    table: &mut Reader<'_>,
    base: Option<&Path>,
    files: &mut Vec<(Range<usize>, String)>,
) -> Result<EditChange, DocError> {
    if let Some(value) = table.optional("patch") {
        return Ok(EditChange::Patch { diff: patch(&value, base, files)? });
    }
    let after = table.read_optional("insert", numbered)?;
    let in_place = table.read_optional("replace", numbered)?;
    let put = match (after, in_place) {
        (Some(text), None) => EditPlacement::After(text),
        (None, Some(text)) => EditPlacement::InPlace(text),
        (Some(_), Some(_)) => {
            return Err(table.error_at_key("replace", "`insert` and `replace` exclude each other"));
        }
        (None, None) => {
            let error = table.error("the edit says nothing that it puts in");
            return Err(
                error.with_help("give `insert`, which goes after the anchor, `replace`, or a `patch`")
            );
        }
    };
    Ok(EditChange::Text(TextChange {
        file: table.read("file", names::path_below)?,
        anchor: table.read("anchor", |v| match v.string()? {
            empty if empty.trim().is_empty() => Err(v.error("the anchor is empty")),
            anchor => Ok(anchor),
        })?,
        put,
    }))
}

/// A text that differs in every round.
fn numbered(value: &TomlValue<'_>) -> Result<String, DocError> {
    match value.string()? {
        text if text.contains("{n}") => Ok(text),
        _ => Err(value.error(format!("`{}` is the same for every round", value.name())).with_help(
            "put `{n}` where the number of the round goes, such as `std::hint::black_box({n}u64);`",
        )),
    }
}

/// A diff, or the name of a file with one: a text of several lines is a diff.
fn patch(
    value: &TomlValue<'_>,
    base: Option<&Path>,
    files: &mut Vec<(Range<usize>, String)>,
) -> Result<String, DocError> {
    if value.string()?.contains('\n') {
        return patch_text(value, value.string()?);
    }
    let name: PathBuf = names::path_below(value)?;
    let Some(base) = base else {
        let error = value.error("a manifest without a directory of its own has no files beside it");
        return Err(error.with_help("put the diff itself there, between `'''` and `'''`"));
    };
    let file = base.join(name);
    let diff = std::fs::read_to_string(&file)
        .map_err(|error| value.error(format!("failed to read {}: {error}", file.display())))?;
    files.push((value.span(), diff.clone()));
    patch_text(value, diff)
}

fn patch_text(value: &TomlValue<'_>, diff: String) -> Result<String, DocError> {
    patch::parse(&diff)
        .map_err(|reason| value.error(format!("`{}` is not a patch: {reason}", value.name())))?;
    if diff.lines().any(|line| line.starts_with('+') && !line.starts_with("+++") && line.contains("{n}")) {
        return Ok(diff);
    }
    let error = value.error("the patch is the same for every round");
    Err(error.with_help("put `{n}` into a line that it adds, where the number of the round goes"))
}

fn class(value: &TomlValue<'_>) -> Result<EditClass, DocError> {
    let word = value.string()?;
    EditClass::ALL.into_iter().find(|class| class.as_str() == word).ok_or_else(|| {
        let error = value.error(format!("there is no class of edits `{}`", word.escape_debug()));
        error.suggest(&word, EditClass::ALL.map(EditClass::as_str))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::Project;
    use crate::toml_reader::SourceText;

    const HEAD: &str = "name = \"p\"\n[source]\nkind = \"path\"\npath = \".\"\n[[edit]]\nname = \"e\"\n";

    fn parse(edit: &str, base: Option<&Path>) -> Result<Project, String> {
        let text = format!("{HEAD}{edit}");
        Project::parse(&SourceText::new("p.toml", text), base.map(Path::to_owned)).map_err(|e| e.to_string())
    }

    #[test]
    fn an_edit_puts_in_or_replaces_or_patches() {
        let put = |edit: &str| match &parse(edit, None).unwrap().edits[0].change {
            EditChange::Text(text) => text.put.clone(),
            EditChange::Patch { .. } => panic!("a patch"),
        };
        let place = "class = \"manifest\"\nfile = \"a/Cargo.toml\"\nanchor = \"[features]\"\n";
        assert_eq!(put(&format!("{place}replace = \"x{{n}}\"")), EditPlacement::InPlace("x{n}".into()));
        assert_eq!(put(&format!("{place}insert = \"x{{n}}\"")), EditPlacement::After("x{n}".into()));
        let refused = |edit: &str| parse(edit, None).unwrap_err();
        assert!(refused(place).contains("the edit says nothing that it puts in"));
        let both = format!("{place}insert = \"{{n}}\"\nreplace = \"{{n}}\"");
        assert!(refused(&both).contains("exclude each other"));
        let other = "class = \"manifest\"\nfile = \"a.rs\"\nanchor = \"x\"\ninsert = \"{n}\"";
        assert!(refused(other).contains("changes a `Cargo.toml`"));
    }

    const DIFF: &str = "--- a/x.rs\n+++ b/x.rs\n@@ -1 +1 @@\n-old\n+new {n}\n";

    #[test]
    fn a_patch_stands_in_the_manifest_or_beside_it() {
        let inline = parse(&format!("class = \"patch\"\npatch = '''\n{DIFF}'''"), None).unwrap();
        let change = EditChange::Patch { diff: DIFF.into() };
        assert_eq!(inline.edits[0].change, change);
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("x.patch"), DIFF).unwrap();
        let beside = parse("class = \"patch\"\npatch = \"x.patch\" # beside\n", Some(dir.path())).unwrap();
        assert_eq!(beside.edits[0].change, change);
        let again = Project::parse(&SourceText::new("again", beside.text.clone()), None).unwrap();
        assert_eq!(again.edits, beside.edits, "the text is complete in itself:\n{}", beside.text);
    }

    #[test]
    fn a_patch_that_cannot_be_one_is_refused() {
        let refused = |patch: &str| parse(&format!("class = \"patch\"\npatch = {patch}"), None).unwrap_err();
        assert!(refused("\"x.patch\"").contains("no files beside it"));
        assert!(refused("\"../x.patch\"").contains("leaves the source tree"));
        assert!(refused("'''\nhello\n'''").contains("is not a patch"));
        let same = DIFF.replace("{n}", "1");
        assert!(refused(&format!("'''\n{same}'''")).contains("the same for every round"));
        let out = DIFF.replace("x.rs", "../x.rs");
        assert!(refused(&format!("'''\n{out}'''")).contains("leaves the source tree"));
    }
}
