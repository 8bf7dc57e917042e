//! Lines that make settings permanent, before they are assigned to files.

use std::collections::BTreeMap;

use toml::{Table, Value};

use crate::build::{BuildRequest, merge_tables};

/// Placeholder for the directory of the toolchain, which depends on the machine of the reader.
pub const SYSROOT: &str = "/SYSROOT";

/// Project and machine on which settings were measured, as far as a bundle records them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Situation {
    /// Target triple; `None` if it is not known.
    pub host: Option<String>,
    /// True if rustc links with its own lld by default.
    pub own_lld: bool,
    /// True if cargo builds the project.
    pub by_cargo: bool,
    /// Profile in use if no setting names one.
    pub profile: String,
    /// Name of the root package of the project, if it is known.
    pub package: Option<String>,
}

impl Situation {
    /// A manifest with the name of the root package, if it is known.
    pub(super) fn manifest(&self) -> Option<Table> {
        self.package.as_ref().map(|name| nested_table("package.name", name.clone().into()))
    }
}

/// Reason why a setting cannot be written to a file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unwritable(pub String);

/// Lines that make one setting permanent.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct SettingLines {
    /// Flags for rustc.
    pub rustflags: Vec<String>,
    /// Keys of the cargo configuration.
    pub config: Table,
    /// Keys of the manifest of the workspace.
    pub manifest: Table,
    /// Keys of `rust-toolchain.toml`.
    pub toolchain: Table,
    /// Variables that must be set in the environment, because cargo or rustup reads them before the
    /// configuration.
    pub environment: BTreeMap<String, String>,
    /// Complete text of a cargo configuration file.
    pub verbatim: Option<String>,
    /// Programs that must be installed, by their names in the record of tools.
    pub needs: Vec<&'static str>,
    /// Further remarks, as sentences.
    pub remarks: Vec<String>,
}

impl SettingLines {
    /// No lines, only a remark that explains why.
    pub(super) fn remark_only(why: &str) -> Self {
        Self::default().with_remark(why)
    }

    pub(super) fn flags(flags: impl IntoIterator<Item = String>) -> Self {
        Self { rustflags: flags.into_iter().collect(), ..Self::default() }
    }

    /// One key of the cargo configuration.
    pub(super) fn config(key: &str, value: impl Into<Value>) -> Self {
        Self { config: nested_table(key, value.into()), ..Self::default() }
    }

    pub(super) fn toolchain(key: &str, value: impl Into<Value>) -> Self {
        Self { toolchain: nested_table(&format!("toolchain.{key}"), value.into()), ..Self::default() }
    }

    pub(super) fn with_program(mut self, program: &'static str) -> Self {
        self.needs.push(program);
        self
    }

    pub(super) fn with_remark(mut self, remark: impl Into<String>) -> Self {
        self.remarks.push(remark.into());
        self
    }

    /// Lines for the additions to a build request. Its profile keys are those of `profile`.
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

    /// Merges `other` into this.
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
fn nested_table(path: &str, value: Value) -> Table {
    let (first, rest) = path.split_once('.').map_or((path, None), |(first, rest)| (first, Some(rest)));
    let value = rest.map_or_else(|| value.clone(), |rest| Value::Table(nested_table(rest, value.clone())));
    let mut table = Table::new();
    table.insert(first.to_owned(), value);
    table
}
