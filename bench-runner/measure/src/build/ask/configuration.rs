//! The configuration that cargo reads in a directory: every value with its origin, a file or a variable.

use std::path::{Path, PathBuf};

use toml::de::{DeTable, DeValue};
use toml::{Spanned, Table, Value};

use super::{AskError, CargoInvocation, os_args};

const WHAT: &str = "which configuration it reads";

/// Tables that cannot change a compiler call.
const WITHOUT_EFFECT: [&str; 14] = [
    "alias",
    "cache",
    "cargo-new",
    "credential-alias",
    "future-incompat-report",
    "http",
    "include",
    "install",
    "net",
    "registries",
    "registry",
    "source",
    "term",
    "publish",
];

/// Keys of `build` that cannot change a compiler call: directories and jobs.
const WITHOUT_EFFECT_IN_BUILD: [&str; 6] =
    ["artifact-dir", "build-dir", "dep-info-basedir", "jobs", "target-dir", "warnings"];

/// Configuration that cargo would read.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configuration {
    /// Single values in cargo's order: by key, and within an array as cargo joins it.
    pub entries: Vec<ConfigEntry>,
    /// Names of variables that may change the values; cargo does not list all that it reads.
    pub variables: Vec<String>,
}

/// One configuration value.
#[derive(Debug, Clone, PartialEq)]
pub struct ConfigEntry {
    /// Parts of the key.
    pub key: Vec<String>,
    /// True if the value is an item of an array under that key.
    pub item: bool,
    pub value: Value,
    pub origin: ConfigOrigin,
}

/// Origin of a configuration value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ConfigOrigin {
    File(PathBuf),
    /// An environment variable.
    Variable(String),
    /// An argument, or an origin that cargo does not report.
    Other,
}

impl CargoInvocation {
    /// The configuration that cargo reads here. Variables are merged for the keys that they set; cargo itself
    /// does that only for a key that is queried by name.
    ///
    /// # Errors
    /// If cargo cannot be run, or a configuration file is invalid.
    pub fn configuration(&self) -> Result<Configuration, AskError> {
        let mut read = Configuration::parse(&self.get(None)?)?;
        for name in read.variables.clone() {
            for key in possible_keys(&name, &read) {
                // For cargo, a key that is not set is an error.
                let Ok(output) = self.get(Some(&key)) else { continue };
                let one = Configuration::parse(&output)?;
                if one.entries.iter().any(|entry| entry.origin == ConfigOrigin::Variable(name.clone())) {
                    let prefix = &one.entries[0].key;
                    read.entries.retain(|entry| entry.key != *prefix);
                    read.entries.extend(one.entries);
                    break;
                }
            }
        }
        Ok(read)
    }

    fn get(&self, key: Option<&str>) -> Result<String, AskError> {
        let mut args = os_args(["-Zunstable-options", "config", "get", "--show-origin"]);
        args.extend(key.map(Into::into));
        self.call(WHAT, args, &[]).map(|output| output.stdout)
    }
}

impl Configuration {
    fn parse(text: &str) -> Result<Self, AskError> {
        let unclear = |reason: String| AskError { what: WHAT, reason, help: None };
        let root = DeTable::parse(text).map_err(|error| unclear(error.message().to_owned()))?;
        let mut entries = Vec::new();
        collect(text, &mut Vec::new(), root.get_ref(), &mut entries);
        let variables = text
            .lines()
            .filter_map(|line| line.strip_prefix("# ")?.split_once('='))
            .map(|(name, _)| name.to_owned())
            .filter(|name| name.starts_with("CARGO_"));
        Ok(Self { entries, variables: variables.collect() })
    }

    pub fn table(&self) -> Table {
        self.table_where(|_| true)
    }

    /// The values that satisfy `which`, as one table.
    pub(crate) fn table_where(&self, which: impl Fn(&ConfigEntry) -> bool) -> Table {
        let mut table = Table::new();
        self.entries.iter().filter(|entry| which(entry)).for_each(|entry| insert_value(&mut table, entry));
        table
    }

    /// Files that values come from, each once, in their order.
    pub fn files(&self) -> Vec<&Path> {
        let mut files: Vec<&Path> = Vec::new();
        for entry in &self.entries {
            if let ConfigOrigin::File(file) = &entry.origin
                && !files.contains(&file.as_path())
            {
                files.push(file);
            }
        }
        files
    }
}

impl ConfigEntry {
    /// Dotted key, as in TOML.
    pub fn name(&self) -> String {
        dotted_key(&self.key)
    }

    /// True if it can change a compiler call.
    pub fn affects_compiler_calls(&self) -> bool {
        match (self.key.first().map(String::as_str), self.key.get(1).map(String::as_str)) {
            (Some("build"), Some(key)) => !WITHOUT_EFFECT_IN_BUILD.contains(&key),
            (Some("target"), _) => self.key.last().is_none_or(|key| key != "runner"),
            (Some(table), _) => !WITHOUT_EFFECT.contains(&table),
            (None, _) => false,
        }
    }
}

/// Parts of a key as one dotted key in TOML.
pub(crate) fn dotted_key(parts: &[String]) -> String {
    let quoted = |part: &String| {
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let is_bare = !part.is_empty() && part.chars().all(bare);
        if is_bare { part.clone() } else { Value::String(part.clone()).to_string() }
    };
    parts.iter().map(quoted).collect::<Vec<_>>().join(".")
}

/// Collects the single values below a table of cargo's answer.
fn collect(text: &str, key: &mut Vec<String>, table: &DeTable<'_>, entries: &mut Vec<ConfigEntry>) {
    for (name, value) in table.iter() {
        key.push(name.get_ref().to_string());
        match value.get_ref() {
            DeValue::Table(inner) => collect(text, key, inner, entries),
            DeValue::Array(items) => {
                for item in items.iter() {
                    entries.push(entry(text, key, true, item));
                }
            }
            _ => entries.push(entry(text, key, false, value)),
        }
        key.pop();
    }
}

fn entry(text: &str, key: &[String], item: bool, value: &Spanned<DeValue<'_>>) -> ConfigEntry {
    let rest = text.get(value.span().end..).unwrap_or_default();
    let line = rest.lines().next().unwrap_or_default();
    let comment = line.split_once('#').map(|(_, comment)| comment.trim());
    ConfigEntry {
        key: key.to_vec(),
        item,
        value: toml_value(value.get_ref()),
        origin: ConfigOrigin::from_comment(comment.unwrap_or_default()),
    }
}

impl ConfigOrigin {
    fn from_comment(comment: &str) -> Self {
        let variable = comment.strip_prefix("environment variable `").and_then(|rest| rest.strip_suffix('`'));
        match variable {
            Some(name) => Self::Variable(name.to_owned()),
            None if Path::new(comment).is_absolute() => Self::File(comment.into()),
            None => Self::Other,
        }
    }
}

fn toml_value(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::String(text.to_string()),
        DeValue::Integer(number) => i64::from_str_radix(number.as_str(), number.radix())
            .map_or_else(|_| Value::String(number.to_string()), Value::Integer),
        DeValue::Float(number) => {
            number.as_str().parse().map_or_else(|_| Value::String(number.to_string()), Value::Float)
        }
        DeValue::Boolean(truth) => Value::Boolean(*truth),
        DeValue::Datetime(date) => Value::Datetime(*date),
        DeValue::Array(items) => Value::Array(items.iter().map(|item| toml_value(item.get_ref())).collect()),
        DeValue::Table(table) => {
            let mut values = Table::new();
            for (key, value) in table {
                values.insert(key.get_ref().to_string(), toml_value(value.get_ref()));
            }
            Value::Table(values)
        }
    }
}

/// Inserts one value into a table, and creates the tables above it.
fn insert_value(table: &mut Table, entry: &ConfigEntry) {
    let Some((last, above)) = entry.key.split_last() else { return };
    let mut inner = table;
    for part in above {
        let next = inner.entry(part.clone()).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(next) = next else { return };
        inner = next;
    }
    match (entry.item, inner.get_mut(last)) {
        (true, Some(Value::Array(items))) => items.push(entry.value.clone()),
        (true, _) => drop(inner.insert(last.clone(), Value::Array(vec![entry.value.clone()]))),
        (false, _) => drop(inner.insert(last.clone(), entry.value.clone())),
    }
}

/// Keys of the profiles and targets that a variable can set.
const VARIABLE_KEYS: [&str; 22] = [
    "build-override.codegen-units",
    "build-override.debug",
    "build-override.opt-level",
    "codegen-backend",
    "codegen-units",
    "debug",
    "debug-assertions",
    "incremental",
    "inherits",
    "linker",
    "lto",
    "opt-level",
    "overflow-checks",
    "panic",
    "rpath",
    "runner",
    "rustdocflags",
    "rustflags",
    "split-debuginfo",
    "strip",
    "trim-paths",
    "hint-mostly-unused",
];

/// Keys that a variable may set, likely ones first: an underscore may be a dot, a dash or an underscore of
/// the key.
fn possible_keys(variable: &str, known: &Configuration) -> Vec<String> {
    let Some(rest) = variable.strip_prefix("CARGO_") else { return Vec::new() };
    let Some((table, rest)) = rest.split_once('_') else { return Vec::new() };
    let upper = |key: &str| key.to_uppercase().replace(['-', '.'], "_");
    let table = table.to_lowercase();
    match table.as_str() {
        "profile" | "target" => {
            let profile_or_target = |leaf: &'static str| {
                let name = rest.strip_suffix(&upper(leaf))?.strip_suffix('_')?;
                Some((leaf, name.to_lowercase()))
            };
            let leaves = VARIABLE_KEYS.into_iter().filter_map(profile_or_target);
            leaves
                .flat_map(|(leaf, name)| {
                    possible_names(&table, &name, known).map(move |name| (leaf, name)).collect::<Vec<_>>()
                })
                .map(|(leaf, name)| format!("{table}.{name}.{leaf}"))
                .collect()
        }
        "build" | "unstable" | "resolver" => {
            vec![format!("{table}.{}", rest.to_lowercase().replace('_', "-"))]
        }
        // No other table can change a compiler call.
        _ => Vec::new(),
    }
}

/// Names in a table that a part of the name of a variable may mean.
fn possible_names(table: &str, lower: &str, known: &Configuration) -> impl Iterator<Item = String> {
    let table_entries =
        known.entries.iter().filter(move |entry| entry.key.first().is_some_and(|key| key == table));
    let mut names: Vec<String> = table_entries
        .filter_map(|entry| entry.key.get(1).cloned())
        .filter(|name| name.to_lowercase().replace(['-', '.'], "_") == lower)
        .collect();
    // A triple begins with the architecture, which may contain an underscore.
    let with_processor = match lower.strip_prefix("x86_64_") {
        Some(rest) => format!("x86_64-{}", rest.replace('_', "-")),
        None => lower.replace('_', "-"),
    };
    names.extend([with_processor, lower.to_owned()]);
    names.into_iter().map(|name| {
        let bare = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
        if bare { name } else { format!("{name:?}") }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const SAID: &str = concat!(
        "build.jobs = 2 # /home/config.toml\n",
        "build.rustflags = [\n    \"-Ca # b\", # /w/.cargo/config.toml\n    \"-Cb\", # /w/.cargo/more.toml\n]\n",
        "env.A.relative = true # /w/.cargo/config.toml\n",
        "profile.dev.debug = 2 # environment variable `CARGO_PROFILE_DEV_DEBUG`\n",
        "target.\"cfg(unix)\".linker = \"clang\" # /w/.cargo/config.toml\n",
        "# The following environment variables may affect the loaded values.\n",
        "# CARGO_PROFILE_DEV_DEBUG=2\n# CARGO_HOME=/home\n",
    );

    #[test]
    fn every_value_comes_with_its_origin() {
        let read = Configuration::parse(SAID).unwrap();
        let lines: Vec<String> = read
            .entries
            .iter()
            .map(|entry| format!("{} = {} {:?}", entry.name(), entry.value, entry.origin))
            .collect();
        let config = |file: &str| format!("File(\"/w/.cargo/{file}.toml\")");
        let expected = [
            "build.jobs = 2 File(\"/home/config.toml\")".to_owned(),
            format!("build.rustflags = \"-Ca # b\" {}", config("config")),
            format!("build.rustflags = \"-Cb\" {}", config("more")),
            format!("env.A.relative = true {}", config("config")),
            "profile.dev.debug = 2 Variable(\"CARGO_PROFILE_DEV_DEBUG\")".to_owned(),
            format!("target.\"cfg(unix)\".linker = \"clang\" {}", config("config")),
        ];
        assert_eq!(lines, expected);
        assert_eq!(read.variables, ["CARGO_PROFILE_DEV_DEBUG", "CARGO_HOME"]);
        assert_eq!(read.files().len(), 3);
        let table =
            read.table_where(|entry| entry.origin == ConfigOrigin::File("/w/.cargo/more.toml".into()));
        assert_eq!(table, "build.rustflags = ['-Cb']".parse().unwrap());
    }

    #[test]
    fn keys_that_cannot_change_a_compiler_call_do_not_decide() {
        let text = concat!(
            "build.jobs = 1 # /c\nbuild.rustflags = \"-Ca\" # /c\nbuild.target-dir = \"x\" # /c\nhttp.proxy = \"p\" # /c\n",
            "net.offline = true # /c\nprofile.dev.debug = 1 # /c\nregistries.x.token = \"t\" # /c\n",
            "target.x.runner = \"r\" # /c\ntarget.x.linker = \"l\" # /c\nunstable.x = true # /c\n",
        );
        let read = Configuration::parse(text).unwrap();
        let deciding: Vec<String> = read
            .entries
            .iter()
            .filter(|entry| entry.affects_compiler_calls())
            .map(ConfigEntry::name)
            .collect();
        assert_eq!(deciding, ["build.rustflags", "profile.dev.debug", "target.x.linker", "unstable.x"]);
    }

    #[test]
    fn the_key_of_a_variable_is_found_whatever_its_underscores_stand_for() {
        let known = Configuration::parse("profile.my_prof.debug = 1 # /c\n").unwrap();
        let first = |name: &str| possible_keys(name, &known).into_iter().next();
        assert_eq!(first("CARGO_BUILD_RUSTC_WRAPPER").as_deref(), Some("build.rustc-wrapper"));
        assert_eq!(first("CARGO_PROFILE_DEV_CODEGEN_UNITS").as_deref(), Some("profile.dev.codegen-units"));
        assert_eq!(first("CARGO_PROFILE_MY_PROF_LTO").as_deref(), Some("profile.my_prof.lto"));
        assert_eq!(
            first("CARGO_TARGET_X86_64_UNKNOWN_LINUX_GNU_LINKER").as_deref(),
            Some("target.x86_64-unknown-linux-gnu.linker")
        );
        assert_eq!(first("CARGO_HOME"), None);
        assert_eq!(first("CARGO_NET_OFFLINE"), None);
    }
}
