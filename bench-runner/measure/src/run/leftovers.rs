//! Changes by builds outside of their own directories: noted, and undone.

use std::path::Path;

use super::arm::LiveArm;
use super::block_dirs::BlockDirs;
use super::builder::Builder;
use super::notes::NoteKind;
use super::worktree::Keep;
use super::{RunError, arm_dirs, modified_packages, notes};
use crate::build::{CommandLine, Detail};
use crate::host;

impl Builder<'_> {
    /// Takes the work tree back from the arm that built in it last, and notes the changes.
    pub(super) fn leave(&mut self, dirs: &BlockDirs) -> Result<(), RunError> {
        let Some((inside, changes)) = dirs.leave()? else { return Ok(()) };
        if let Some(done) = changes.describe_changes() {
            let then = match inside.keep {
                Keep::Nothing => "this is undone before the next build",
                Keep::ForTheArm => "this is kept apart for each variant",
            };
            let what = format!("{done} in the work tree; {then}");
            self.notes.add(NoteKind::WorkTree, &inside.variant, what);
        }
        Ok(())
    }

    /// Notes the files that a build has left in its home, its cargo home and its directory for temporary
    /// files.
    pub(super) fn note_leftovers(&mut self, arm: &LiveArm<'_>) -> Result<(), RunError> {
        let (variant, dirs) = (&arm.arm.variant.name, &arm.dirs);
        let then = match arm.keep() {
            Keep::Nothing => "which is empty before each build",
            Keep::ForTheArm => "which each variant has for itself",
        };
        type Look = fn(&Path) -> Result<(Vec<String>, usize), RunError>;
        let places: [(NoteKind, &Path, &str, Look); 3] = [
            (NoteKind::Home, &dirs.home, "home directory", arm_dirs::leftovers),
            (NoteKind::TemporaryFiles, &dirs.tmp, "directory for temporary files", arm_dirs::leftovers),
            (NoteKind::CargoHome, &dirs.cargo_home, "cargo home", arm_dirs::leftovers_in_cargo_home),
        ];
        for (about, dir, named, look) in places {
            if self.notes.has(about, variant) {
                continue;
            }
            let (files, count) = look(dir)?;
            if count > 0 {
                let files = notes::list_some(&files, count);
                self.notes.add(about, variant, format!("leave {files} in their {named}, {then}"));
            }
        }
        Ok(())
    }

    /// Notes the files that build scripts of dependencies have written among their sources.
    pub(super) fn note_modified_packages(&mut self, arm: &LiveArm<'_>, stdout: &str) {
        for package in modified_packages::modified_packages(stdout) {
            let name = package.dir.file_name().unwrap_or_default().to_string_lossy();
            let files = notes::list_some(&package.files, package.files.len());
            let what = format!(
                "write {files} among the sources of the dependency `{name}`, which all variants share; before a build \
                 from nothing they are unpacked again"
            );
            self.notes.add(NoteKind::Dependencies, &arm.arm.variant.name, what);
            self.modified_packages.insert(package.dir);
        }
    }

    /// Lets cargo unpack the dependencies again that builds have modified. `false` if the run was
    /// interrupted.
    pub(super) fn unpack_again(&mut self, dirs: &BlockDirs, arm: &LiveArm<'_>) -> Result<bool, RunError> {
        if self.modified_packages.is_empty() {
            return Ok(true);
        }
        for dir in std::mem::take(&mut self.modified_packages) {
            host::remove_tree(&dir)?;
        }
        let Ok(command) = arm.command_line(Detail::Quiet) else { return Ok(true) };
        let args = ["fetch", "--locked", "--offline"].map(str::to_owned).to_vec();
        match self.run_untimed(dirs, arm, CommandLine { args, ..command }) {
            // The next build reports the error, or unpacks them itself.
            Err(RunError::Untimed { .. }) => Ok(true),
            result => result,
        }
    }
}
