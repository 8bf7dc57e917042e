//! An environment variable of the build.

use bench_runner_core::record::Refusal;

use super::axis::{Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue};
use super::lines::{SettingLines, Situation, Unwritable};
use crate::build::{BuildRequest, Goal, is_cache_variable};

pub(super) struct EnvAxis;

/// Variables that the harness sets itself; they cannot be an axis.
const RESERVED: [&str; 8] = ["PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "CARGO_HOME", "RUSTC", "RUSTDOC"];

impl Axis for EnvAxis {
    fn key(&self) -> &'static str {
        "env.NAME"
    }

    fn summary(&self) -> &'static str {
        "an environment variable of the build"
    }

    fn values(&self) -> &'static [&'static str] {
        &["any text"]
    }

    fn parse(&self, key: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        let name = key.strip_prefix("env.").unwrap_or(key);
        let valid = !name.is_empty()
            && !name.starts_with(|c: char| c.is_ascii_digit())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        if !valid {
            return Err(Refusal::new(format!(
                "`{name}` is not a name of a variable (letters, digits and `_`)"
            )));
        }
        if is_cache_variable(name) {
            return Err(Refusal::new(format!(
                "the variable {name} would lead builds to results of other builds; \
                 the axis `cache` says where a compiler cache keeps them"
            )));
        }
        if RESERVED.contains(&name) || name.starts_with("BENCH_RUNNER_") {
            return Err(Refusal::new(format!(
                "the variable {name} is set by the harness itself and cannot be an axis"
            )));
        }
        Ok(Box::new(EnvVariable { name: name.to_owned(), value: text.to_owned() }))
    }
}

#[derive(Debug)]
struct EnvVariable {
    name: String,
    value: String,
}

impl SettingValue for EnvVariable {
    fn probe(&self, _: &ParsedSettings, _: &Context) -> Result<Available, Refusal> {
        Ok(Available::without_tool(self.value.as_str()))
    }

    fn applies_to(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, request: &mut BuildRequest) {
        let Self { name, value } = self;
        request.env.insert(name.clone(), value.clone());
        request.env_from.insert(name.clone(), format!("env.{name}={value}"));
    }

    fn advise(&self, _: &ParsedSettings, situation: &Situation) -> Result<SettingLines, Unwritable> {
        let (name, value) = (self.name.as_str(), self.value.clone());
        // Cargo reads these before it sets any from its configuration, and rustup before cargo is started.
        let too_late = name.starts_with("CARGO") || name.starts_with("RUST");
        if too_late || !situation.by_cargo {
            let mut lines = SettingLines::default();
            lines.environment.insert(name.to_owned(), value);
            return Ok(lines);
        }
        let mut fields = toml::Table::new();
        fields.insert("value".to_owned(), value.into());
        fields.insert("force".to_owned(), true.into());
        Ok(SettingLines::config(&format!("env.{name}"), fields))
    }

    fn prove(&self, _: &ParsedSettings, _: &Context, _: &ProofInput<'_>) -> ProofFinding {
        ProofFinding::not_provable(
            format!("{}={}", self.name, self.value),
            "it was in the environment; what the build made of it cannot be seen",
        )
    }
}

#[cfg(test)]
mod tests {
    use crate::axes::fixture;

    #[test]
    fn a_variable_carries_the_setting_that_asks_for_it() {
        let request = crate::axes::fixture::apply("env.CC", "gcc", &crate::axes::fixture::context());
        assert_eq!((&*request.env["CC"], &*request.env_from["CC"]), ("gcc", "env.CC=gcc"));
    }

    #[test]
    fn the_made_environment_cannot_be_an_axis() {
        assert!(fixture::parse("env.CC", "gcc").is_ok());
        assert!(fixture::parse("env.PATH", "/bin").is_err());
        assert!(fixture::parse("env.BENCH_RUNNER_EDIT", "1").is_err());
        assert!(fixture::parse("env.SCCACHE_DIR", "/x").is_err());
        assert!(fixture::parse("env.SCCACHE_RECACHE", "1").is_ok());
        assert!(fixture::parse("env.9X", "1").is_err());
        assert!(fixture::parse("env.", "1").is_err());
    }
}
