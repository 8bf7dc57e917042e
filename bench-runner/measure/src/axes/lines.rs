//! The lines that make settings permanent, before they are put into files.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::build::{BuildRequest, merge_tables};

/// Stands for the directory of the toolchain, which only the reader's machine knows.
pub const SYSROOT: &str = "/SYSROOT";

/// Where settings were measured, as far as a bundle says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// The target triple; `None` where it cannot be told.
    pub host: Option<String>,
    /// Whether rustc links with its own lld when nobody says otherwise.
    pub own_lld: bool,
    /// Whether cargo builds the project.
    pub by_cargo: bool,
    /// The profile that is built with where no setting names one.
    pub profile: String,
    /// Name of the package at the top of the project, where it is known.
    pub package: Option<String>,
}

impl Situation {
    /// A manifest that names the package at the top, if it is known.
    pub(super) fn manifest(&self) -> Option<Table> {
        self.package.as_ref().map(|name| nested("package.name", name.clone().into()))
    }
}

/// Why a setting cannot be written down.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unwritable(pub String);

/// What makes one setting permanent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SettingLines {
    /// Flags for rustc.
    pub rustflags: Vec<String>,
    /// For cargo's configuration.
    pub config: Table,
    /// For the manifest at the top of the workspace.
    pub manifest: Table,
    /// For `rust-toolchain.toml`.
    pub toolchain: Table,
    /// Variables that must stand in the environment, because configuration comes too late for them.
    pub environment: BTreeMap<String, String>,
    /// A whole file of cargo's configuration, as it stands.
    pub verbatim: Option<String>,
    /// Programs that have to be there, by the names that the record of tools has.
    pub needs: Vec<&'static str>,
    /// What else has to be known, as sentences.
    pub remarks: Vec<String>,
}

impl SettingLines {
    /// No line at all, because of this.
    pub(super) fn remark_only(why: &str) -> Self {
        Self::default().with_remark(why)
    }

    pub(super) fn flags(flags: impl IntoIterator<Item = String>) -> Self {
        Self { rustflags: flags.into_iter().collect(), ..Self::default() }
    }

    /// One key of cargo's configuration.
    pub(super) fn config(key: &str, value: impl Into<Value>) -> Self {
        Self { config: nested(key, value.into()), ..Self::default() }
    }

    pub(super) fn toolchain(key: &str, value: impl Into<Value>) -> Self {
        Self { toolchain: nested(&format!("toolchain.{key}"), value.into()), ..Self::default() }
    }

    pub(super) fn with_program(mut self, program: &'static str) -> Self {
        self.needs.push(program);
        self
    }

    pub(super) fn with_remark(mut self, remark: impl Into<String>) -> Self {
        self.remarks.push(remark.into());
        self
    }

    /// What was added to a build request, written down. `profile` is the one that its keys are of.
    pub(super) fn from_request(request: BuildRequest, profile: &str) -> Result<Self, Unwritable> {
        let parsed = |text: String| {
            text.parse::<Table>()
                .map_err(|error| Unwritable(format!("`{text}` is not TOML: {}", error.message())))
        };
        let mut lines = Self::flags(request.rustflags);
        for (key, value) in request.config {
            lines.config = merge_tables(&lines.config, &parsed(format!("{key}={value}"))?);
        }
        for (key, value) in request.profile_keys {
            lines.manifest =
                merge_tables(&lines.manifest, &parsed(format!("profile.{profile}.{key}={value}"))?);
        }
        Ok(lines)
    }

    /// This and `other` together.
    pub(super) fn and(mut self, other: Self) -> Self {
        let Self { rustflags, config, manifest, toolchain, environment, verbatim, needs, remarks } = other;
        self.rustflags.extend(rustflags);
        self.config = merge_tables(&self.config, &config);
        self.manifest = merge_tables(&self.manifest, &manifest);
        self.toolchain = merge_tables(&self.toolchain, &toolchain);
        self.environment.extend(environment);
        self.verbatim = self.verbatim.or(verbatim);
        self.needs.extend(needs.into_iter().filter(|need| !self.needs.contains(need)).collect::<Vec<_>>());
        self.remarks
            .extend(remarks.into_iter().filter(|remark| !self.remarks.contains(remark)).collect::<Vec<_>>());
        self
    }
}

/// A table with one value at a dotted path of bare keys.
fn nested(path: &str, value: Value) -> Table {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let value = rest.map_or_else(|| value.clone(), |rest| Value::Table(nested(rest, value.clone())));
    Table::from_iter([(first.to_owned(), value)])
}
