//! Several of cargo's configurations put together as cargo does it.

use toml::{Table, Value};

use super::{OwnSettings, Toolchain};

/// `higher` on top of `lower`: tables are joined, of arrays those of `lower` come first, else `higher` wins.
pub fn merged(lower: &Table, higher: &Table) -> Table {
    let mut table = lower.clone();
    for (key, value) in higher {
        let value = match (table.get(key), value) {
            (Some(Value::Table(below)), Value::Table(above)) => Value::Table(merged(below, above)),
            (Some(Value::Array(below)), Value::Array(above)) => {
                Value::Array(below.iter().chain(above).cloned().collect())
            }
            (_, value) => value.clone(),
        };
        table.insert(key.clone(), value);
    }
    table
}

/// Which flags cargo drops where `set` comes on top of a project's `own` configuration: it reads `target.*.rustflags`,
/// and `build.rustflags` only where those have none.
pub fn dropped_flags(own: Option<&Table>, set: &Table, toolchain: &Toolchain) -> Option<String> {
    let empty = Table::new();
    let own = own.unwrap_or(&empty);
    let of = |table: &Table| OwnSettings::of(Some(table), toolchain);
    let both = of(&merged(own, set));
    let has_build = |table: &Table| {
        table.get("build").and_then(|build| build.get("rustflags")).is_some_and(|list| {
            list.as_array()
                .map_or_else(|| list.as_str().is_some_and(|s| !s.trim().is_empty()), |l| !l.is_empty())
        })
    };
    if both.at_the_last_level() {
        return None;
    }
    let place = both.place();
    if has_build(set) && !has_build(own) {
        return Some(format!("cargo drops its `build.rustflags`, because `{place}` is set too"));
    }
    if has_build(own) {
        return Some(format!(
            "cargo drops the project's own `build.rustflags`, because `{place}` is set too"
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(text: &str) -> Table {
        text.parse().unwrap()
    }

    #[test]
    fn tables_and_arrays_are_joined_and_other_values_replaced() {
        let lower = table("[build]\nrustflags = ['-Ca']\ntarget = 'a'\n[profile.dev]\ndebug = 1");
        let higher = table("[build]\nrustflags = ['-Cb']\ntarget = 'b'\n[profile.dev]\nlto = true");
        let expected =
            table("[build]\nrustflags = ['-Ca', '-Cb']\ntarget = 'b'\n[profile.dev]\ndebug = 1\nlto = true");
        assert_eq!(merged(&lower, &higher), expected);
    }

    #[test]
    fn one_level_of_flags_drops_the_other() {
        let dropped =
            |own: &str, set: &str| dropped_flags(Some(&table(own)), &table(set), &Toolchain::sample());
        let (build, target) = ("build.rustflags = ['-Ca']", "target.'cfg(unix)'.rustflags = ['-Cb']");
        assert_eq!(
            dropped(target, build).unwrap(),
            "cargo drops its `build.rustflags`, because `target.\"cfg(unix)\".rustflags` is set too"
        );
        assert_eq!(
            dropped(build, target).unwrap(),
            "cargo drops the project's own `build.rustflags`, because `target.\"cfg(unix)\".rustflags` is set too"
        );
        assert_eq!(dropped(build, build), None);
        assert_eq!(dropped(target, target), None);
        assert_eq!(dropped("", build), None);
        assert_eq!(dropped(build, "target.'cfg(windows)'.rustflags = ['-Cb']"), None);
        assert!(dropped("", &format!("{build}\n{target}")).unwrap().starts_with("cargo drops its"));
    }
}
