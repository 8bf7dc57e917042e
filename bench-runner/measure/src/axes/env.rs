//! An environment variable of the build.

use super::{
    Availability, Axis, Context, Finding, InvalidValue, Lines, Setting, Shown, Situation, Unwritable,
};
use crate::build::{Goal, Recipe, leads_to_a_cache};

pub(super) struct Env;

/// The made environment is the harness's own: these names cannot be an axis.
const RESERVED: [&str; 8] = ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "CARGO_HOME", "RUSTC", "RUSTDOC"];

fn name(key: &str) -> &str {
    key.strip_prefix("env.").unwrap_or(key)
}

impl Axis for Env {
    fn key(&self) -> &'static str {
        "env.NAME"
    }

    fn summary(&self) -> &'static str {
        "an environment variable of the build"
    }

    fn values(&self) -> &'static [&'static str] {
        &["any text"]
    }

    fn parse(&self, key: &str, _: &str) -> Result<(), InvalidValue> {
        let name = name(key);
        let valid = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !valid {
            return Err(InvalidValue {
                message: format!("`{name}` is not a name of a variable (letters, digits and `_`)"),
                nearest: None,
            });
        }
        if leads_to_a_cache(name) {
            return Err(InvalidValue {
                message: format!(
                    "the variable {name} would lead builds to results of other builds; \
                     the axis `cache` says where a compiler cache keeps them"
                ),
                nearest: None,
            });
        }
        if RESERVED.contains(&name) || name.starts_with("BENCH_RUNNER_") {
            return Err(InvalidValue {
                message: format!("the variable {name} is set by the harness itself and cannot be an axis"),
                nearest: None,
            });
        }
        Ok(())
    }

    fn probe(&self, &Setting { value, .. }: &Setting<'_>, _: &Context) -> Availability {
        Availability::Available { identity: value.to_owned(), tool: None }
    }

    fn matters(&self, _: Goal) -> bool {
        true
    }

    fn apply(
        &self,
        &Setting { key, value, .. }: &Setting<'_>,
        _: &Context,
        recipe: &mut Recipe,
    ) -> std::io::Result<()> {
        recipe.env.insert(name(key).to_owned(), value.to_owned());
        recipe.env_from.insert(name(key).to_owned(), format!("{key}={value}"));
        Ok(())
    }

    fn advise(&self, setting: &Setting<'_>, situation: &Situation) -> Result<Lines, Unwritable> {
        let (name, value) = (name(setting.key), setting.value.to_owned());
        // cargo reads these itself, before it sets any; rustup does so before there is a cargo.
        let too_late = name.starts_with("CARGO") || name.starts_with("RUST");
        if too_late || !situation.by_cargo {
            return Ok(Lines { environment: [(name.to_owned(), value)].into(), ..Lines::default() });
        }
        let fields = [("value".to_owned(), value.into()), ("force".to_owned(), true.into())];
        Ok(Lines::config(&format!("env.{name}"), toml::Table::from_iter(fields)))
    }

    fn prove(&self, &Setting { key, value, .. }: &Setting<'_>, _: &Context, _: &Shown<'_>) -> Finding {
        Finding::not_provable(
            format!("{}={value}", name(key)),
            "it was in the environment; what the build made of it cannot be seen",
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_variable_carries_the_setting_that_asks_for_it() {
        let recipe = crate::axes::fixture::applied(&Env, "env.CC", "gcc", &crate::axes::fixture::context());
        assert_eq!((&*recipe.env["CC"], &*recipe.env_from["CC"]), ("gcc", "env.CC=gcc"));
    }

    #[test]
    fn the_made_environment_cannot_be_an_axis() {
        assert!(Env.parse("env.CC", "gcc").is_ok());
        assert!(Env.parse("env.PATH", "/bin").is_err());
        assert!(Env.parse("env.BENCH_RUNNER_EDIT", "1").is_err());
        assert!(Env.parse("env.SCCACHE_DIR", "/x").is_err());
        assert!(Env.parse("env.SCCACHE_RECACHE", "1").is_ok());
        assert!(Env.parse("env.9X", "1").is_err());
        assert!(Env.parse("env.", "1").is_err());
    }
}
