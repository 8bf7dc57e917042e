//! `kind = "command"`: a directory that is built by a command, both named in `[source]`. It is the older form
//! of `kind = "path"` with a `command` in `[build]`; it does not support git's ignored files and commits.

use std::path::{Path, PathBuf};

use crate::corpus::build_settings::{BuildCommand, BuildSettings, BuildTool};
use crate::corpus::names;
use crate::corpus::sources::context::FetchContext;
use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::kind::{SourceKind, SourceRequest, SourceTable};
use crate::corpus::sources::local_tree::{self, LocalTree, TakeIgnored};
use crate::corpus::sources::path_deps::OutsideFiles;
use crate::corpus::sources::pinned::Pinned;
use crate::toml_reader::{DocError, Reader};

/// A directory with any contents.
#[derive(Debug, Clone, PartialEq, Eq)]
struct CommandSource {
    /// The directory, absolute or relative to the manifest.
    path: PathBuf,
}

pub(super) fn read(table: &mut Reader<'_>) -> Result<SourceTable, DocError> {
    let source = CommandSource { path: table.read("path", names::directory)? };
    let prepare = table.read_optional("prepare", |v| v.argv())?;
    let command = BuildCommand {
        clean: table.read_optional("clean", |v| v.argv())?,
        edit: table.read_optional("edit", |v| v.argv())?,
        build: table.read("build", |v| v.argv())?,
    };
    let build = BuildSettings {
        tool: BuildTool::Command(command),
        prepare: prepare.into_iter().collect(),
        ..BuildSettings::default()
    };
    Ok(SourceTable { source: source.into(), lock: None, build: Some(build) })
}

impl SourceKind for CommandSource {
    fn kind(&self) -> &'static str {
        "command"
    }

    fn describe(&self) -> String {
        self.path.display().to_string()
    }

    fn directory(&self) -> Option<&Path> {
        Some(&self.path)
    }

    fn pin(&self, request: &SourceRequest<'_>, with: &FetchContext) -> Result<Pinned, SourceError> {
        let path = request.absolute(&self.path)?;
        let tree =
            LocalTree { path: &path, exclude: &[], ignored: TakeIgnored::Nothing, limit: request.limit };
        local_tree::pin(&tree, &OutsideFiles::default(), with)
    }
}
