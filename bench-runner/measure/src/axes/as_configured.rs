//! The user's own configuration as a whole variant: the state that a user switches from.
//!
//! Its value is the text that [`crate::build::user_settings`] makes. Files go into the cargo home of builds,
//! and variables into their environment, so cargo merges them with the project's own configuration.

use bench_runner_core::record::{AS_CONFIGURED, ProofResult, Refusal};
use toml::{Table, Value};

use super::axis::{Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue};
use super::flatten::flatten_table;
use super::lines::{SettingLines, Situation, Unwritable};
use super::rustflags::missing_flags;
use super::{call_diff, profile_keys};
use crate::build::{BuildRequest, Goal, VARIABLES};

pub(super) struct AsConfiguredAxis;

impl Axis for AsConfiguredAxis {
    fn key(&self) -> &'static str {
        AS_CONFIGURED
    }

    fn summary(&self) -> &'static str {
        "your own configuration of cargo, by `--variant as-configured` or `--baseline as-configured`"
    }

    fn values(&self) -> &'static [&'static str] {
        &["by --variant as-configured"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        Ok(Box::new(UserConfiguration::parse(text)?))
    }
}

/// A user's own configuration.
#[derive(Debug)]
pub(super) struct UserConfiguration {
    /// As recorded.
    text: String,
    /// Settings in files.
    files: Table,
    variables: Vec<(String, String)>,
}

impl UserConfiguration {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        let mut files: Table = text.parse().map_err(|error: toml::de::Error| {
            Refusal::new(format!(
                "what is recorded as the user's own configuration is not TOML: {}",
                error.message()
            ))
        })?;
        let variables = match files.remove(VARIABLES) {
            Some(Value::Table(table)) => table
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
                .collect(),
            _ => Vec::new(),
        };
        Ok(Self { text: text.to_owned(), files, variables })
    }

    pub(super) fn apply_to(&self, request: &mut BuildRequest) {
        if !self.files.is_empty() {
            request.home_config = Some(self.files.to_string());
        }
        for (name, value) in &self.variables {
            request.env_from.insert(name.clone(), AS_CONFIGURED.to_owned());
            request.env.insert(name.clone(), value.clone());
        }
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// True if it sets flags or linkers, which affect every compiler call.
    fn concerns_calls(&self) -> bool {
        let in_files = flatten_table(&self.files)
            .iter()
            .any(|(key, _)| key.ends_with(".rustflags") || key.ends_with(".linker"));
        let is_flags_variable = |name: &str| name.ends_with("RUSTFLAGS") || name.ends_with("_LINKER");
        in_files || self.variables.iter().any(|(name, _)| is_flags_variable(name))
    }
}

impl SettingValue for UserConfiguration {
    fn is_default(&self) -> bool {
        self.text.trim().is_empty()
    }

    fn is_proven_by_comparison(&self) -> bool {
        true
    }

    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        if context.toolchain.is_none() {
            return Err(Refusal::new(
                "the user's configuration of cargo means nothing to a project that cargo does not build",
            ));
        }
        Ok(Available::without_tool(self.text.as_str()))
    }

    fn applies_to(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, request: &mut BuildRequest) {
        self.apply_to(request);
    }

    fn advise(&self, settings: &ParsedSettings, _: &Situation) -> Result<SettingLines, Unwritable> {
        if settings.iter().count() == 1 {
            return Err(Unwritable("it is what your own configuration says already".to_owned()));
        }
        // The lines are those of the other settings.
        Ok(if self.is_default() {
            SettingLines::default()
        } else {
            SettingLines::remark_only("This was measured on top of your own configuration, which stays.")
        })
    }

    fn prove(&self, settings: &ParsedSettings, context: &Context, input: &ProofInput<'_>) -> ProofFinding {
        if self.is_default() {
            let found = "the user has no configuration of cargo".to_owned();
            return ProofFinding { found, ..ProofFinding::not_applicable() };
        }
        let (seen, wrong, unseen) = Default::default();
        let mut proof = ConfigurationProof { context, settings, input, seen, wrong, unseen };
        proof.examine(self);
        proof.finding().and(input.describe_difference())
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        let wrapped = self.text.contains("rustc-wrapper") || self.text.contains("RUSTC_WRAPPER");
        if wrapped {
            &["a wrapper such as a compiler cache keeps what it has from one build to the next"]
        } else {
            &[]
        }
    }
}

/// State of a proof: what was looked for in a build, and the results.
struct ConfigurationProof<'a> {
    /// Context with the user's configuration in force.
    context: &'a Context,
    /// All settings of the variant; another setting takes precedence for its own key.
    settings: &'a ParsedSettings,
    input: &'a ProofInput<'a>,
    seen: Vec<String>,
    wrong: Vec<String>,
    unseen: Vec<String>,
}

impl ConfigurationProof<'_> {
    fn examine(&mut self, user: &UserConfiguration) {
        let in_force = &self.context.in_force;
        let linker = in_force
            .linker
            .iter()
            .filter(|_| self.settings.get("linker-driver").is_none())
            .map(|linker| format!("-Clinker={linker}"));
        let flags: Vec<String> = in_force.flags.iter().cloned().chain(linker).collect();
        if user.concerns_calls() && !flags.is_empty() {
            self.flags(&flags);
        }
        let config = self.context.config.clone().unwrap_or_default();
        let wrapper = config.get("build").and_then(|build| build.get("rustc-wrapper")?.as_str());
        let wrapper = user.variable("RUSTC_WRAPPER").or(wrapper).map(str::to_owned);
        let decided = self.settings.get("cache").is_some();
        if let Some(wrapper) = wrapper.filter(|wrapper| !wrapper.is_empty() && !decided) {
            self.wrapper(&wrapper);
        }
        let incremental = user.variable("CARGO_INCREMENTAL").is_some()
            || config.get("build").is_some_and(|build| build.get("incremental").is_some());
        let profile = self.profile();
        let in_force = flatten_table(&config);
        for (key, value) in flatten_table(&user.files) {
            let covered =
                key.ends_with(".rustflags") || key.ends_with(".linker") || key == "build.rustc-wrapper";
            // The project overrides a value, and variables override both.
            let overruled = !covered && !in_force.contains(&(key.clone(), value.clone()));
            match key.strip_prefix("profile.").and_then(|rest| rest.split_once('.')) {
                _ if overruled => {}
                // Overridden by a variable or another key.
                Some((name, "incremental")) if name == profile && incremental => self.unseen.push(key),
                Some((name, key)) if name == profile => self.profile_key(key, &value),
                Some(_) => {}
                None if covered => {}
                None => self.unseen.push(key),
            }
        }
        let prefix = format!("CARGO_PROFILE_{}_", profile.to_uppercase().replace('-', "_"));
        for (name, value) in &user.variables {
            let flags = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"].contains(&name.as_str());
            let covered = flags || name.ends_with("_LINKER") || name == "RUSTC_WRAPPER";
            match name.strip_prefix(&prefix) {
                Some(key) => self.profile_key(&key.to_lowercase().replace('_', "-"), value),
                None if covered || name.starts_with("CARGO_PROFILE_") => {}
                None => self.unseen.push(name.clone()),
            }
        }
    }

    /// The profile of the build.
    fn profile(&self) -> String {
        let command = &self.input.build.command;
        let named = command.windows(2).find(|pair| pair[0] == "--profile").map(|pair| pair[1].clone());
        named.unwrap_or_else(|| "dev".to_owned())
    }

    fn flags(&mut self, flags: &[String]) {
        let text = call_diff::shorten_paths(&flags.join(" "));
        match missing_flags(flags, self.input.build) {
            Some((calls, missing)) if missing.is_empty() => {
                self.seen.push(format!("`{text}` in all {calls} calls of its own units"));
            }
            Some((_, missing)) => self.wrong.push(format!("{} is missing in calls", missing.join(" "))),
            None => self.wrong.push("no compiler call of its own units".to_owned()),
        }
    }

    fn wrapper(&mut self, wrapper: &str) {
        let name = wrapper.rsplit('/').next().unwrap_or(wrapper).to_owned();
        let calls = &self.input.build.compiler_calls;
        let wrapped =
            |args: &[String]| args.first().and_then(|arg| arg.rsplit('/').next()) == Some(name.as_str());
        if !calls.is_empty() && calls.iter().all(|call| wrapped(&call.args)) {
            self.seen.push(format!("`{name}` before every compiler call"));
        } else {
            self.wrong.push(format!("`{name}` is not before every compiler call"));
        }
    }

    /// Proves a key of the profile by the axis of the same name.
    fn profile_key(&mut self, key: &str, value: &str) {
        if self.settings.get(key).is_some() {
            return;
        }
        let value = as_axis_writes(key, value.trim_matches('"'));
        let Some(parsed) = profile_keys::parse(key, &value) else {
            self.unseen.push(format!("{key}={value}"));
            return;
        };
        let finding = parsed.prove(&ParsedSettings::default(), self.context, self.input);
        match finding.result {
            ProofResult::Holds => self.seen.push(format!("{key}={value}: {}", finding.found)),
            ProofResult::Fails => self.wrong.push(format!("{key}={value}: {}", finding.found)),
            ProofResult::NotApplicable | ProofResult::NotProvable => {
                self.unseen.push(format!("{key}={value}"));
            }
        }
    }

    fn finding(self) -> ProofFinding {
        let mut found = Vec::new();
        found.extend((!self.wrong.is_empty()).then(|| self.wrong.join(", ")));
        found.extend((!self.seen.is_empty()).then(|| self.seen.join(", ")));
        found
            .extend((!self.unseen.is_empty()).then(|| format!("cannot be seen: {}", self.unseen.join(", "))));
        let result = match (self.wrong.is_empty(), self.seen.is_empty()) {
            (false, _) => ProofResult::Fails,
            (true, false) => ProofResult::Holds,
            (true, true) => ProofResult::NotProvable,
        };
        ProofFinding {
            expected: "what the user's configuration sets".to_owned(),
            found: found.join("; "),
            result,
        }
    }
}

/// A value of a profile key in the spelling of the axis of the same name.
fn as_axis_writes(key: &str, value: &str) -> String {
    let word = match (key, value) {
        ("debug", "false" | "0") => "none",
        ("debug", "1") => "limited",
        ("debug", "true" | "2") => "full",
        ("strip", "false") => "none",
        ("strip", "true") => "symbols",
        ("lto", "true") => "fat",
        ("incremental", "true") => "on",
        ("incremental", "false") => "off",
        (_, value) => value,
    };
    word.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes::fixture;
    use crate::build::{BuildEvidence, BuildPart, CompilerCall, SettingsInForce};

    #[test]
    fn files_go_into_the_cargo_home_and_variables_into_the_environment() {
        let user = "[profile.dev]\ndebug = 1\n[variables]\nCARGO_PROFILE_DEV_DEBUG = '2'\n";
        let request = fixture::apply("as-configured", user, &fixture::context());
        assert_eq!(request.home_config.as_deref(), Some("[profile.dev]\ndebug = 1\n"));
        assert!(request.config.is_empty());
        assert_eq!(request.env["CARGO_PROFILE_DEV_DEBUG"], "2");
        assert_eq!(request.env_from["CARGO_PROFILE_DEV_DEBUG"], "as-configured");
        let request = fixture::apply("as-configured", "", &fixture::context());
        assert_eq!(request, BuildRequest::default());
    }

    #[test]
    fn what_can_be_seen_is_looked_for() {
        let build = |flags: &str| BuildEvidence {
            compiler_calls: vec![CompilerCall {
                name: "p".into(),
                part: BuildPart::Own,
                unit: None,
                args: format!("rustc --crate-name p {flags}").split(' ').map(str::to_owned).collect(),
            }],
            ..BuildEvidence::default()
        };
        let user = "[target.'cfg(unix)']\nlinker = 'clang'\nrustflags = ['-Ca']\n[variables]\nCC = 'gcc'\n";
        let prove = |user: &str, config: &str, flags: &str| {
            let in_force = SettingsInForce {
                flags: vec!["-Ca".to_owned()],
                linker: Some("clang".to_owned()),
                ..SettingsInForce::default()
            };
            let context = Context { config: Some(config.parse().unwrap()), in_force, ..fixture::context() };
            let finding = fixture::prove("as-configured", user, &context, &build(flags));
            (finding.result, finding.found)
        };
        let (result, found) = prove(user, "", "-C linker=clang -Ca");
        assert_eq!(found, "`-Ca -Clinker=clang` in all 1 calls of its own units; cannot be seen: CC");
        assert_eq!(result, ProofResult::Holds);
        let (result, found) = prove(user, "", "-Ca");
        assert!(result == ProofResult::Fails && found.contains("`-Clinker=clang` is missing"), "{found}");
        assert_eq!(prove("[variables]\nCC = 'gcc'\n", "", "").0, ProofResult::NotProvable);
        assert_eq!(prove("", "", "").0, ProofResult::NotApplicable);
        // Values that the project overrides are not looked for in the build.
        let user = "[profile.dev]\ndebug = 1\n";
        let (result, found) = prove(user, "profile.dev.debug = 2", "-C debuginfo=2");
        assert_eq!(result, ProofResult::NotProvable, "{found}");
        let wrapper = "build.rustc-wrapper = '/x/wrap'";
        assert_eq!(prove(wrapper, wrapper, "").0, ProofResult::Fails);
    }
}
