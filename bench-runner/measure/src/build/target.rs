//! Target of a build, and the settings for compiler and linker in the configuration in force.

use std::str::FromStr;

use cargo_platform::{Cfg, Platform};
use toml::Table;

use super::Toolchain;

/// Target to build for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BuildTarget {
    /// Target triple, or path of a target specification.
    pub triple: String,
    /// Output of `rustc --print cfg` for it, one entry per line.
    pub cfg: Vec<String>,
}

/// Settings for target compiler calls in the configuration in force, before an axis adds anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SettingsInForce {
    /// Flags, from the key or variable that cargo reads them from.
    pub flags: Vec<String>,
    /// Target; the host if no other is named.
    pub target: BuildTarget,
    /// Targets that are named by command line, configuration or variable.
    pub named: Vec<String>,
    /// Program called to link, if one is set.
    pub linker: Option<String>,
}

impl BuildTarget {
    /// True if a key of cargo's `[target]` table, a triple or `cfg(…)`, matches this target. A key that
    /// cannot be parsed never matches, as in cargo.
    pub fn applies(&self, key: &str) -> bool {
        let cfg: Vec<Cfg> = self.cfg.iter().filter_map(|line| Cfg::from_str(line).ok()).collect();
        Platform::from_str(key).is_ok_and(|platform| platform.matches(&self.triple, &cfg))
    }

    /// Value of a `cfg` that has one, such as `target_os`.
    pub fn value(&self, key: &str) -> Option<&str> {
        let of = |line: &'_ String| line.strip_prefix(key).is_some_and(|rest| rest.starts_with("=\""));
        let line = self.cfg.iter().find(|line| of(line))?;
        Some(line[key.len() + 2..].trim_end_matches('"'))
    }

    /// Linker program set by a configuration: a triple takes precedence over `cfg(…)`.
    pub fn linker(&self, config: &Table) -> Option<String> {
        let tables = config.get("target")?.as_table()?;
        let own = tables.get(&self.triple);
        let by_cfg = tables.iter().filter(|(key, _)| key.starts_with("cfg(") && self.applies(key));
        let mut candidates = own.into_iter().chain(by_cfg.map(|(_, table)| table));
        candidates.find_map(|table| Some(table.get("linker")?.as_str()?.to_owned()))
    }
}

impl Toolchain {
    pub fn host_target(&self) -> BuildTarget {
        BuildTarget { triple: self.host.clone(), cfg: self.cfg.clone() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_the_target_table_mean_a_target_or_not() {
        let host = Toolchain::sample().host_target();
        for (key, applies) in [
            ("x86_64-unknown-linux-gnu", true),
            ("x86_64-pc-windows-msvc", false),
            ("cfg(unix)", true),
            ("cfg( unix )", true),
            ("cfg(windows)", false),
            ("cfg(all(target_os = \"linux\", not(target_env = \"musl\")))", true),
            ("cfg(any(windows, target_env = \"msvc\"))", false),
            ("cfg(unix", false),
            ("", false),
        ] {
            assert_eq!(host.applies(key), applies, "{key}");
        }
        assert_eq!(host.value("target_os"), Some("linux"));
        assert_eq!(host.value("target_vendor"), None);
    }

    #[test]
    fn the_linker_of_a_triple_goes_before_that_of_a_cfg() {
        let linker = |config: &str| Toolchain::sample().host_target().linker(&config.parse().unwrap());
        let both = "[target.'cfg(unix)']\nlinker = 'a'\n[target.x86_64-unknown-linux-gnu]\nlinker = 'b'";
        assert_eq!(linker(both).as_deref(), Some("b"));
        assert_eq!(linker("[target.'cfg(unix)']\nlinker = 'a'").as_deref(), Some("a"));
        assert_eq!(linker("[target.'cfg(windows)']\nlinker = 'a'"), None);
        assert_eq!(linker(""), None);
    }
}
