//! What a project's own cargo configuration says to rustc for the host.
//!
//! cargo reads one level of flags: `target.*.rustflags` of what applies to the host, and `build.rustflags` only
//! where those are empty. Within the target level the host's triple comes first, then `cfg(…)` by the alphabet, and
//! of two flags that contradict each other the later one mostly wins.

use super::Toolchain;

const LAST_LEVEL: &str = "build.rustflags";

/// The settings of a project's cargo configuration that are in force for the host.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnSettings {
    /// The lists of flags of the level in force, in cargo's order. None of them is empty.
    pub flags: Vec<Vec<String>>,
    /// The program that is called to link.
    pub linker: Option<String>,
    /// The key of the last list.
    place: String,
    /// What stands there.
    there: Option<toml::Value>,
}

impl OwnSettings {
    /// What `config` says for the host of `toolchain`.
    pub fn of(config: Option<&toml::Table>, toolchain: &Toolchain) -> Self {
        let targets = targets(config, toolchain);
        let linker = targets.iter().find_map(|(_, table)| Some(table.get("linker")?.as_str()?.to_owned()));
        let mut lists: Vec<(String, toml::Value)> = targets
            .into_iter()
            .filter_map(|(key, table)| {
                let key = toml::Value::String(key.to_owned());
                Some((format!("target.{key}.rustflags"), table.get("rustflags")?.clone()))
            })
            .filter(|(_, list)| !words(list).is_empty())
            .collect();
        if lists.is_empty() {
            let list = config.and_then(|config| config.get("build")?.get("rustflags")).cloned();
            lists.extend(list.map(|list| (LAST_LEVEL.to_owned(), list)));
        }
        let flags = lists.iter().map(|(_, list)| words(list)).filter(|list| !list.is_empty()).collect();
        let (place, there) = match lists.pop() {
            Some((place, there)) => (place, Some(there)),
            None => (LAST_LEVEL.to_owned(), None),
        };
        Self { flags, linker, place, there }
    }

    /// Whether flags are added at the level that cargo reads only where no other has any.
    pub(super) fn at_the_last_level(&self) -> bool {
        self.place == LAST_LEVEL
    }

    /// The key at which flags are added.
    pub(super) fn place(&self) -> &str {
        &self.place
    }

    /// The value of `--config` that adds `flags` after all of the project's own.
    pub fn adding(&self, flags: &[String]) -> String {
        // cargo appends an array to an array, refuses to append one to a string, and replaces a string by a string.
        let value = match &self.there {
            Some(toml::Value::String(text)) => toml::Value::String(format!("{text} {}", flags.join(" "))),
            _ => toml::Value::Array(flags.iter().cloned().map(toml::Value::String).collect()),
        };
        format!("{}={value}", self.place)
    }
}

/// The tables under `target` that apply to the host, in cargo's order.
fn targets<'c>(config: Option<&'c toml::Table>, toolchain: &Toolchain) -> Vec<(&'c str, &'c toml::Table)> {
    let all = config.and_then(|config| config.get("target")?.as_table());
    let mut applying: Vec<(&str, &toml::Table)> = all
        .into_iter()
        .flatten()
        .filter_map(|(key, table)| Some((key.as_str(), table.as_table()?)))
        .filter(|(key, _)| toolchain.applies(key))
        .collect();
    applying.sort_by_key(|(key, _)| (*key != toolchain.host, *key));
    applying
}

/// The flags of a list, which cargo takes as an array or as one string.
fn words(list: &toml::Value) -> Vec<String> {
    match list {
        toml::Value::String(text) => text.split_whitespace().map(str::to_owned).collect(),
        toml::Value::Array(items) => {
            items.iter().filter_map(|item| Some(item.as_str()?.to_owned())).collect()
        }
        _ => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(config: &str) -> OwnSettings {
        let config: toml::Table = config.parse().unwrap();
        OwnSettings::of(Some(&config), &Toolchain::sample())
    }

    fn adding(config: &str) -> String {
        own(config).adding(&["-Cx".to_owned()])
    }

    #[test]
    fn flags_go_in_at_the_level_that_the_project_uses() {
        assert_eq!(
            OwnSettings::of(None, &Toolchain::sample()).adding(&["-Cx".into()]),
            r#"build.rustflags=["-Cx"]"#
        );
        assert_eq!(
            adding("[target.x86_64-unknown-linux-gnu]\nrustflags = ['-Cy']"),
            r#"target."x86_64-unknown-linux-gnu".rustflags=["-Cx"]"#
        );
        assert_eq!(
            adding("[target.'cfg(unix)']\nrustflags = ['-Cy']"),
            r#"target."cfg(unix)".rustflags=["-Cx"]"#
        );
        assert_eq!(adding("[build]\nrustflags = '-Cy'"), r#"build.rustflags="-Cy -Cx""#);
        assert_eq!(
            adding("[target.'cfg(unix)']\nrustflags = '-Cy'"),
            r#"target."cfg(unix)".rustflags="-Cy -Cx""#
        );
    }

    #[test]
    fn a_target_that_is_not_the_host_does_not_move_the_level() {
        for other in
            ["x86_64-pc-windows-msvc", "'cfg(windows)'", "aarch64-unknown-linux-gnu", "'cfg(not(unix))'"]
        {
            let config =
                format!("[target.{other}]\nrustflags = ['-Cy']\nlinker = 'l'\n[build]\nrustflags = ['-Cz']");
            assert_eq!(adding(&config), r#"build.rustflags=["-Cx"]"#, "{other}");
            assert_eq!(own(&config).flags, [["-Cz"]], "{other}");
            assert_eq!(own(&config).linker, None, "{other}");
        }
        // Nor does one without flags.
        let empty = "[target.'cfg(unix)']\nrustflags = []\nlinker = 'clang'\n[build]\nrustflags = ['-Cz']";
        assert_eq!(adding(empty), r#"build.rustflags=["-Cx"]"#);
        assert_eq!(own(empty).linker.as_deref(), Some("clang"));
    }

    #[test]
    fn flags_are_added_after_all_of_the_projects_own() {
        let config = "[target.'cfg(unix)']\nrustflags = '-Ca -Cb'\n[target.'cfg(target_os = \"linux\")']\nrustflags = ['-Cc']\n[target.x86_64-unknown-linux-gnu]\nrustflags = ['-Cd']\n[build]\nrustflags = ['-Ce']";
        assert_eq!(own(config).flags, [vec!["-Cd"], vec!["-Cc"], vec!["-Ca", "-Cb"]]);
        assert_eq!(adding(config), r#"target."cfg(unix)".rustflags="-Ca -Cb -Cx""#);
        let quoted = adding("[target.'cfg(target_os = \"linux\")']\nrustflags = ['-Cc']");
        let read: toml::Table = quoted.parse().unwrap();
        assert!(read["target"].get("cfg(target_os = \"linux\")").is_some(), "{quoted}");
    }
}
