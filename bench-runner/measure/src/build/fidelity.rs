//! Compares the user's own build with the one that is measured, as cargo describes both.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use bench_runner_core::record::FidelityDifference;
use toml::Value;

use super::ask::{CompilerFlags, ConfigEntry, Configuration, PlannedUnit, PlannedUnits};
use super::user_settings::{is_secret, with_absolute_paths};

/// Maximum number of units named in one difference.
const NAMED: usize = 4;

/// One of the two compared builds, as cargo describes it.
#[derive(Debug, Clone, Copy)]
pub struct ComparedBuild<'a> {
    /// Directory of the whole tree, without symbolic links. Paths below it are compared relative to it.
    pub tree: &'a Path,
    /// Configuration that the build reads.
    pub configuration: &'a Configuration,
    /// Flags of its compiler calls, if they are compared.
    pub flags: Option<&'a CompilerFlags>,
    /// Units of the build, if they are compared.
    pub units: Option<&'a PlannedUnits>,
}

/// Differences between the user's own build and the one that is measured here.
pub fn differences(yours: &ComparedBuild<'_>, here: &ComparedBuild<'_>) -> Vec<FidelityDifference> {
    let mut all = configuration_differences(yours, here);
    if let (Some(your_flags), Some(our_flags)) = (yours.flags, here.flags) {
        all.extend(flag_differences((your_flags, yours.tree), (our_flags, here.tree)));
    }
    if let (Some(your_units), Some(our_units)) = (yours.units, here.units) {
        all.extend(unit_differences((your_units, yours.tree), (our_units, here.tree)));
    }
    all
}

fn difference(what: &str, yours: String, here: String) -> FidelityDifference {
    FidelityDifference { what: what.to_owned(), yours, here }
}

fn configuration_differences(yours: &ComparedBuild<'_>, here: &ComparedBuild<'_>) -> Vec<FidelityDifference> {
    let (yours, here) = (values(yours), values(here));
    let keys: BTreeSet<&str> = yours.keys().chain(here.keys()).map(String::as_str).collect();
    let differing = keys.into_iter().filter(|key| yours.get(*key) != here.get(*key));
    let describe = |key: &str, values: Option<&Vec<String>>| match values {
        None => String::new(),
        Some(values) => format!("{key} = {}", values.join(", ")),
    };
    differing
        .map(|key| difference("configuration", describe(key, yours.get(key)), describe(key, here.get(key))))
        .collect()
}

/// Values that can change a compiler call, by key.
fn values(side: &ComparedBuild<'_>) -> BTreeMap<String, Vec<String>> {
    let mut all: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let deciding: Vec<ConfigEntry> =
        side.configuration.entries.iter().filter(|entry| entry.affects_compiler_calls()).cloned().collect();
    for entry in with_absolute_paths(&deciding) {
        // The value is absolute by now, so relative and absolute spellings are the same.
        if entry.key.len() == 3 && entry.key[0] == "env" && entry.key[2] == "relative" {
            continue;
        }
        let masked = entry.key[0] == "env" && entry.key.get(1).is_some_and(|name| is_secret(name));
        let text = match &entry.value {
            _ if masked => "…".to_owned(),
            Value::String(text) => relative_to(text, side.tree),
            other => other.to_string(),
        };
        all.entry(key_of(&entry)).or_default().push(text);
    }
    all
}

/// Key of an entry; a variable with options has the same key as one without.
fn key_of(entry: &ConfigEntry) -> String {
    let name = entry.name();
    let is_env_value = entry.key.len() == 3 && entry.key[0] == "env" && entry.key[2] == "value";
    if is_env_value { name.trim_end_matches(".value").to_owned() } else { name }
}

/// `text` with paths below `tree` made relative to it.
fn relative_to(text: &str, tree: &Path) -> String {
    let Some(tree) = tree.to_str().filter(|tree| tree.len() > 1) else { return text.to_owned() };
    let is_path_char = |c: char| c.is_alphanumeric() || "/._-~".contains(c);
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(tree) {
        let (before, after) = (&rest[..at], &rest[at + tree.len()..]);
        // A path that merely starts or ends like the path of the tree is another path.
        let word = before.rsplit(|c: char| !is_path_char(c)).next().unwrap_or_default();
        let begins = word.is_empty() || (word.starts_with('-') && !word.contains('/'));
        let ends = !after.chars().next().is_some_and(|c| c != '/' && is_path_char(c));
        out.push_str(before);
        out.push_str(if begins && ends { "." } else { tree });
        rest = after;
    }
    out.push_str(rest);
    out
}

fn flag_differences(
    yours: (&CompilerFlags, &Path),
    here: (&CompilerFlags, &Path),
) -> Vec<FidelityDifference> {
    let flags_by_target = |(flags, tree): (&CompilerFlags, &Path)| -> BTreeMap<String, String> {
        let line = |flags: &[String]| relative_to(&flags.join(" "), tree);
        let mut lines = BTreeMap::new();
        lines.insert("the host".to_owned(), line(&flags.host));
        for (target, flags) in &flags.targets {
            lines.insert(relative_to(target, tree), line(flags));
        }
        lines
    };
    let (yours, here) = (flags_by_target(yours), flags_by_target(here));
    let several = yours.len().max(here.len()) > 1;
    let targets: BTreeSet<&str> = yours.keys().chain(here.keys()).map(String::as_str).collect();
    let differing = targets.into_iter().filter(|target| yours.get(*target) != here.get(*target));
    let describe = |target: &str, flags: Option<&String>| match flags {
        None => format!("nothing built for {target}"),
        Some(flags) if several && flags.is_empty() => format!("{target}: none"),
        Some(flags) if several => format!("{target}: {flags}"),
        Some(flags) => flags.clone(),
    };
    differing
        .map(|target| {
            difference("flags", describe(target, yours.get(target)), describe(target, here.get(target)))
        })
        .collect()
}

fn unit_differences(yours: (&PlannedUnits, &Path), here: (&PlannedUnits, &Path)) -> Vec<FidelityDifference> {
    let (yours, here) = (describe_units(yours), describe_units(here));
    let mut all = Vec::new();
    let only = |of: &BTreeMap<String, BTreeSet<String>>, other: &BTreeMap<String, BTreeSet<String>>| {
        let names: Vec<&str> =
            of.keys().filter(|name| !other.contains_key(*name)).map(String::as_str).collect();
        list_names(&names)
    };
    let (only_yours, only_here) = (only(&yours, &here), only(&here, &yours));
    if !(only_yours.is_empty() && only_here.is_empty()) {
        all.push(difference("units", only_yours, only_here));
    }
    let mut by_change: BTreeMap<(String, String), Vec<&str>> = BTreeMap::new();
    for (name, ours) in &here {
        let Some(theirs) = yours.get(name).filter(|theirs| *theirs != ours) else { continue };
        let beyond = |of: &BTreeSet<String>, other: &BTreeSet<String>| {
            of.difference(other).cloned().collect::<Vec<_>>().join(" ")
        };
        by_change.entry((beyond(theirs, ours), beyond(ours, theirs))).or_default().push(name);
    }
    for ((theirs, ours), names) in by_change {
        let names = list_names(&names);
        all.push(difference("units", format!("{names}: {theirs}"), format!("{names}: {ours}")));
    }
    all
}

/// The first of some names, and the number of the rest.
pub fn list_names(names: &[&str]) -> String {
    let mut text = names.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    if names.len() > NAMED {
        text.push_str(&format!(" and {} more", names.len() - NAMED));
    }
    text
}

/// Units by name, each with everything that decides how it is built.
fn describe_units((units, tree): (&PlannedUnits, &Path)) -> BTreeMap<String, BTreeSet<String>> {
    let mut all: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for unit in &units.units {
        all.entry(name(unit, tree)).or_default().extend(details(unit, tree));
    }
    all
}

fn name(unit: &PlannedUnit, tree: &Path) -> String {
    let package = &unit.package;
    let mode = if unit.mode == "build" { String::new() } else { format!(" ({})", unit.mode) };
    let local = package.directory().map(|directory| {
        let directory = directory.strip_prefix(tree).map(Path::to_path_buf).unwrap_or(directory);
        if directory.as_os_str().is_empty() { String::new() } else { format!(" in {}", directory.display()) }
    });
    format!(
        "{}@{} {}:{}{mode}{}",
        package.name,
        package.version,
        unit.kind,
        unit.target,
        local.unwrap_or_default()
    )
}

fn details(unit: &PlannedUnit, tree: &Path) -> BTreeSet<String> {
    let platform = unit.platform.as_deref().unwrap_or("the host");
    let mut all: BTreeSet<String> = unit
        .profile
        .iter()
        // A path in the tree is compared relative to it, not as a path of the machine.
        .map(|(key, value)| format!("{key}={}", relative_to(value, tree)))
        .collect();
    all.insert(format!("for={}", relative_to(platform, tree)));
    all.extend(unit.features.iter().map(|feature| format!("feature={feature}")));
    all.extend(unit.crate_types.iter().map(|kind| format!("crate-type={kind}")));
    if unit.package.directory().is_some() {
        all.insert(format!("source={}", relative_to(&unit.source.display().to_string(), tree)));
    } else {
        all.insert(format!("from={}", unit.package.source));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::build::{ConfigOrigin, PackageName};

    fn entry(key: &str, value: impl Into<Value>, file: &str) -> ConfigEntry {
        let key = key.split('|').map(str::to_owned).collect();
        ConfigEntry { key, item: false, value: value.into(), origin: ConfigOrigin::File(file.into()) }
    }

    fn configuration(entries: Vec<ConfigEntry>) -> Configuration {
        Configuration { entries, variables: Vec::new() }
    }

    fn difference_lines(differences: &[FidelityDifference]) -> Vec<String> {
        let line = |d: &FidelityDifference| format!("{}: {} | {}", d.what, d.yours, d.here);
        differences.iter().map(line).collect()
    }

    #[test]
    fn configurations_are_compared_by_what_they_say_and_not_by_where() {
        let yours = configuration(vec![
            entry("build|jobs", 3, "/home/me/.cargo/config.toml"),
            entry("build|rustc-wrapper", "tools/w", "/w/p/.cargo/config.toml"),
            entry("env|A", "1", "/w/p/.cargo/config.toml"),
            entry("env|MY_TOKEN", "secret", "/home/me/.cargo/config.toml"),
            entry("profile|dev|debug", 1, "/home/me/.cargo/config.toml"),
        ]);
        let here = configuration(vec![
            entry("build|rustc-wrapper", "/cache/t/p/tools/w", "/cache/t/p/.cargo/config.toml"),
            entry("env|A|value", "1", "/cache/t/p/.cargo/config.toml"),
        ]);
        let side = |configuration, tree| ComparedBuild { tree, configuration, flags: None, units: None };
        let found = differences(&side(&yours, Path::new("/w")), &side(&here, Path::new("/cache/t")));
        assert_eq!(
            difference_lines(&found),
            ["configuration: env.MY_TOKEN = … | ", "configuration: profile.dev.debug = 1 | "]
        );
    }

    #[test]
    fn only_paths_below_the_tree_are_written_from_there() {
        let within = |text: &str| relative_to(text, Path::new("/w"));
        assert_eq!(within("-L/w/x -I/w -L/home/w"), "-L./x -I. -L/home/w");
        assert_eq!(within("link-arg=/w/x:/w /w"), "link-arg=./x:. .");
        assert_eq!(within("/home/w/x /work /w-2/x tools/w"), "/home/w/x /work /w-2/x tools/w");
    }

    #[test]
    fn flags_are_compared_by_target() {
        let flags = |host: &str, targets: &[(&str, &str)]| CompilerFlags {
            compiler: "/tc/rustc".into(),
            host: host.split_whitespace().map(str::to_owned).collect(),
            targets: targets.iter().map(|(t, f)| ((*t).to_owned(), vec![(*f).to_owned()])).collect(),
        };
        let trees = [Path::new("/w"), Path::new("/c")];
        let compare = |yours: &CompilerFlags, here: &CompilerFlags| {
            difference_lines(&flag_differences((yours, trees[0]), (here, trees[1])))
        };
        assert_eq!(compare(&flags("-L/w/x", &[]), &flags("-L/c/x", &[])), Vec::<String>::new());
        assert_eq!(compare(&flags("-Ca", &[]), &flags("", &[])), ["flags: -Ca | "]);
        let other = compare(&flags("", &[("wasm", "-Ca")]), &flags("", &[]));
        assert_eq!(other, ["flags: wasm: -Ca | nothing built for wasm"]);
    }

    #[test]
    fn units_are_compared_by_their_place_in_the_tree() {
        let unit = |tree: &str, target: &str, debug: &str| PlannedUnit {
            package: PackageName {
                name: "p".into(),
                version: "0.1.0".into(),
                source: format!("path+file://{tree}/p"),
            },
            kind: "bin".into(),
            crate_types: vec!["bin".into()],
            target: target.into(),
            source: format!("{tree}/p/src/{target}.rs").into(),
            mode: "build".into(),
            platform: None,
            features: Vec::new(),
            profile: [("debuginfo".to_owned(), debug.to_owned())].into(),
            needs: Vec::new(),
        };
        let units = |units: Vec<PlannedUnit>| PlannedUnits { units, ..PlannedUnits::default() };
        let trees = [Path::new("/w"), Path::new("/c")];
        let compare = |yours: PlannedUnits, here: PlannedUnits| {
            difference_lines(&unit_differences((&yours, trees[0]), (&here, trees[1])))
        };
        let same = compare(units(vec![unit("/w", "a", "2")]), units(vec![unit("/c", "a", "2")]));
        assert_eq!(same, Vec::<String>::new());
        let more = compare(
            units(vec![unit("/w", "a", "1"), unit("/w", "b", "2")]),
            units(vec![unit("/c", "a", "2")]),
        );
        assert_eq!(
            more,
            [
                "units: p@0.1.0 bin:b in p | ",
                "units: p@0.1.0 bin:a in p: debuginfo=1 | p@0.1.0 bin:a in p: debuginfo=2"
            ]
        );
    }
}
