//! Files of a project that lines are written to.

use toml::{Table, Value};

use crate::axes::lines::{SettingLines, Situation};
use crate::build::merge_tables;

/// Name of the cargo configuration file.
pub const CONFIG_FILE: &str = ".cargo/config.toml";
/// Name of the manifest.
pub const MANIFEST_FILE: &str = "Cargo.toml";
/// Name of the file that chooses a toolchain.
pub const TOOLCHAIN_FILE: &str = "rust-toolchain.toml";
/// Placeholder for a file name, for variables.
pub(crate) const ENVIRONMENT: &str = "the environment";

/// Lines that make all settings of a variant permanent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdvisedFiles {
    /// Lines by file name.
    pub files: Vec<(String, String)>,
    /// Programs that must be installed, by their names in the record of tools.
    pub needs: Vec<&'static str>,
    /// Further remarks, as sentences.
    pub remarks: Vec<String>,
    /// Reasons why settings cannot be written to a file.
    pub unwritable: Vec<String>,
}

impl AdvisedFiles {
    /// No lines, because the settings cannot be parsed.
    pub(in crate::axes) fn unwritable(why: String) -> Self {
        Self { files: Vec::new(), needs: Vec::new(), remarks: Vec::new(), unwritable: vec![why] }
    }
}

impl SettingLines {
    /// Assigns the lines to files, with remarks about these files.
    pub(super) fn files(mut self, situation: &Situation) -> AdvisedFiles {
        if !self.rustflags.is_empty() {
            let (table, remark) = place_of_flags(situation);
            self.config = merge_tables(&self.config, &with_flags(&table, &self.rustflags));
            self.remarks.push(remark);
        }
        if !self.manifest.is_empty() {
            self.remarks.push(
                "Profiles are read from the `Cargo.toml` at the top of the workspace only; keys join those that its tables have already."
                    .to_owned(),
            );
        }
        let text = |table: &Table| table.to_string();
        let config = self.verbatim.unwrap_or_else(|| text(&self.config));
        let variables = self.environment.iter().map(|(name, value)| export(name, value)).collect::<String>();
        let files = [
            (CONFIG_FILE, config),
            (MANIFEST_FILE, text(&self.manifest)),
            (TOOLCHAIN_FILE, text(&self.toolchain)),
            (ENVIRONMENT, variables),
        ];
        let files = files.into_iter().filter(|(_, lines)| !lines.trim().is_empty());
        AdvisedFiles {
            files: files.map(|(name, lines)| (name.to_owned(), lines)).collect(),
            needs: self.needs,
            remarks: self.remarks,
            unwritable: Vec::new(),
        }
    }
}

/// The table for flags, as a list of names, with a remark.
fn place_of_flags(situation: &Situation) -> (Vec<String>, String) {
    const ONE_PLACE: &str = "cargo reads flags from one place only: a variable `RUSTFLAGS` in the environment makes it \
                             ignore these";
    match &situation.host {
        Some(host) => (
            vec!["target".to_owned(), host.clone()],
            format!(
                "{ONE_PLACE}, and these make it ignore those under `[build]`. Flags that your files set already, there or \
                 under `[target.…]`, belong into this list. `rustc -vV` names your target as `host`, where it is not {host}."
            ),
        ),
        None => (
            vec!["build".to_owned()],
            format!(
                "{ONE_PLACE}, and so do flags under `[target.…]`: where those are, these belong into that list."
            ),
        ),
    }
}

fn with_flags(table: &[String], flags: &[String]) -> Table {
    let list = Value::Array(flags.iter().cloned().map(Value::String).collect());
    let mut innermost = Table::new();
    innermost.insert("rustflags".to_owned(), list);
    table.iter().rev().fold(innermost, |inner, name| {
        let mut outer = Table::new();
        outer.insert(name.clone(), Value::Table(inner));
        outer
    })
}

/// A line for a shell.
fn export(name: &str, value: &str) -> String {
    format!("export {name}='{}'\n", value.replace('\'', "'\\''"))
}
