//! Files of a pinned tree that were copied although git ignores them: their names in a plan, and their hash.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use bench_runner_core::record::{IgnoredFiles, Pin};

use super::error::SourceError;
use super::tree::{self, TreeFile};

/// The hash of these files, in the form of the pin of a tree.
pub(super) fn hash_files(files: &[TreeFile]) -> String {
    Pin::Tree { sha256: tree::hash(files) }.to_string()
}

/// The hash of the copied ignored files, if there are any.
pub(super) fn hash(ignored: Option<&IgnoredFiles>) -> Option<&str> {
    ignored.filter(|ignored| !ignored.files.is_empty()).map(|ignored| ignored.hash.as_str())
}

/// The form of a path in a plan: as it is, with bytes that are not UTF-8 as `\xNN`.
pub(super) fn plan_name(path: &Path) -> String {
    let chunks = path.as_os_str().as_bytes().utf8_chunks();
    chunks
        .map(|chunk| {
            let bad: String = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect();
            format!("{}{bad}", chunk.valid())
        })
        .collect()
}

/// A predicate for the files of a copy that a plan names as ignored.
pub(super) fn is_in_plan(names: &[String]) -> impl Fn(&TreeFile) -> bool {
    let all: BTreeSet<String> = names.iter().cloned().collect();
    move |file| {
        let own = plan_name(&file.path);
        let mut above = own.match_indices('/').map(|(at, _)| &own[..=at]);
        all.contains(&own) || above.any(|dir| all.contains(dir))
    }
}

/// Makes a directory accessible to its owner only.
pub(super) fn keep_private(dir: &Path) -> Result<(), SourceError> {
    let owner_only = fs::Permissions::from_mode(0o700);
    fs::set_permissions(dir, owner_only).map_err(SourceError::io("make private", dir))
}
