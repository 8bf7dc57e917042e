//! The user's own configuration, as a whole variant: what somebody switches from.
//!
//! Its value is the text that [`crate::build::user_settings`] makes. It is applied with the precedence that cargo gives
//! it: the project's own configuration beats the user's files, variables beat both, arrays are joined.

use toml::{Table, Value};

use super::leaves::of_table;
use super::rustflags::lacking;
use super::{
    Availability, Axis, Context, Finding, InvalidValue, Lines, Setting, Shown, Situation, Unwritable,
};
use crate::build::{Goal, OwnSettings, Recipe, VARIABLES, dropped_flags, merged};
use crate::record::ProofResult;

pub(super) struct AsConfigured;

/// The two halves of the text.
struct User {
    /// What the files say.
    files: Table,
    /// The variables.
    variables: Vec<(String, String)>,
}

impl User {
    fn of(value: &str) -> Result<Self, InvalidValue> {
        let mut files: Table = value.parse().map_err(|error: toml::de::Error| InvalidValue {
            message: format!(
                "what is recorded as the user's own configuration is not TOML: {}",
                error.message()
            ),
            nearest: None,
        })?;
        let variables = match files.remove(VARIABLES) {
            Some(Value::Table(table)) => table
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.as_str()?.to_owned())))
                .collect(),
            _ => Vec::new(),
        };
        Ok(Self { files, variables })
    }

    fn variable(&self, name: &str) -> Option<&str> {
        self.variables.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    /// Flags that cargo takes from variables, in place of those of any file.
    fn flags_of_variables(&self) -> Option<Vec<String>> {
        let encoded = self.variable("CARGO_ENCODED_RUSTFLAGS");
        let encoded = encoded.map(|text| text.split('\u{1f}').map(str::to_owned).collect());
        let plain = self.variable("RUSTFLAGS");
        encoded.or(plain.map(|text| text.split_whitespace().map(str::to_owned).collect()))
    }
}

/// Whether both give a list of flags at one key: cargo puts the user's first, and `--config` would put them last.
fn lists_meet(user: &[(String, String)], own: &[(String, String)]) -> bool {
    let list = |(key, value): &&(String, String)| key.ends_with(".rustflags") && value.starts_with('[');
    user.iter().filter(list).any(|(key, _)| own.iter().filter(list).any(|(other, _)| other == key))
}

/// Whether something else has the last word on a key of the user's files.
fn overruled(key: &str, value: &str, own: &[(String, String)], user: &User) -> bool {
    let within =
        |other: &str| key.strip_prefix(other).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
    let variable = format!("CARGO_{}", key.replace('"', "").replace(['.', '-'], "_").to_uppercase());
    let variable_set = user.variable(&variable).is_some();
    if value.starts_with('[') {
        return own.iter().any(|(other, there)| other == key && !there.starts_with('['));
    }
    let name_of_env = |key: &str| key.split('.').take(2).collect::<Vec<_>>().join(".");
    let env = key.starts_with("env.")
        && own.iter().any(|(other, _)| other.starts_with("env.") && name_of_env(other) == name_of_env(key));
    variable_set || env || own.iter().any(|(other, _)| within(other))
}

impl Axis for AsConfigured {
    fn key(&self) -> &'static str {
        super::WHOLE[1]
    }

    fn summary(&self) -> &'static str {
        "your own configuration of cargo, by `--variant as-configured` or `--baseline as-configured`"
    }

    fn values(&self) -> &'static [&'static str] {
        &["by --variant as-configured"]
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        User::of(value).map(drop)
    }

    fn is_nothing(&self, value: &str) -> bool {
        value.trim().is_empty()
    }

    fn by_comparison(&self) -> bool {
        true
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        if context.toolchain.is_none() {
            return Availability::Missing {
                reason:
                    "the user's configuration of cargo means nothing to a project that cargo does not build"
                        .into(),
                help: None,
            };
        }
        Availability::Available { identity: setting.value.to_owned(), tool: None }
    }

    fn matters(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, setting: &Setting<'_>, context: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        let user = User::of(setting.value).map_err(|error| std::io::Error::other(error.message))?;
        let own = context.config.clone().unwrap_or_default();
        let own_leaves = of_table(&own);
        let leaves = of_table(&user.files);
        let mut meet = lists_meet(&leaves, &own_leaves) && user.flags_of_variables().is_none();
        if let Some(toolchain) = context.toolchain.as_ref().filter(|_| meet) {
            let flags = OwnSettings::of(Some(&merged(&user.files, &own)), toolchain).flags.concat();
            recipe.env.insert("CARGO_ENCODED_RUSTFLAGS".to_owned(), flags.join("\u{1f}"));
            recipe.env_from.insert("CARGO_ENCODED_RUSTFLAGS".to_owned(), self.key().to_owned());
        } else {
            meet = false;
        }
        for (key, value) in leaves {
            let given = meet && key.ends_with(".rustflags");
            if !given && !overruled(&key, &value, &own_leaves, &user) {
                recipe.config.push((key, value));
            }
        }
        for (name, value) in user.variables {
            recipe.env_from.insert(name.clone(), self.key().to_owned());
            recipe.env.insert(name, value);
        }
        Ok(())
    }

    fn advise(&self, _: &Setting<'_>, _: &Situation) -> Result<Lines, Unwritable> {
        Err(Unwritable("it is what your own configuration says already".to_owned()))
    }

    fn prove(&self, setting: &Setting<'_>, context: &Context, shown: &Shown<'_>) -> Finding {
        let Some(user) = User::of(setting.value).ok().filter(|_| !self.is_nothing(setting.value)) else {
            let found = "the user has no configuration of cargo".to_owned();
            return Finding { found, ..Finding::nothing_asked() };
        };
        // What the user sets for single packages is an exception as well as what the project sets.
        let own = context.config.clone().unwrap_or_default();
        let in_force = Context { config: Some(merged(&user.files, &own)), ..context.clone() };
        let (seen, wrong, unseen) = Default::default();
        let mut looked = Looked { context: &in_force, own, shown, seen, wrong, unseen };
        looked.at(&user);
        let dropped = context
            .toolchain
            .as_ref()
            .and_then(|toolchain| dropped_flags(context.config.as_ref(), &user.files, toolchain));
        let against = shown.against();
        looked.finding().and(dropped).and(against)
    }

    fn co_changes(&self, setting: &Setting<'_>) -> &'static [&'static str] {
        let wrapped = setting.value.contains("rustc-wrapper") || setting.value.contains("RUSTC_WRAPPER");
        if wrapped {
            &["a wrapper such as a compiler cache keeps what it has from one build to the next"]
        } else {
            &[]
        }
    }
}

/// What was looked for in a build, and what came of it.
struct Looked<'a> {
    /// With the user's configuration and the project's together.
    context: &'a Context,
    /// The project's own configuration.
    own: Table,
    shown: &'a Shown<'a>,
    seen: Vec<String>,
    wrong: Vec<String>,
    unseen: Vec<String>,
}

impl Looked<'_> {
    fn at(&mut self, user: &User) {
        let Some(toolchain) = self.context.toolchain.clone() else { return };
        let own = of_table(&self.own);
        let in_force = OwnSettings::of(self.context.config.as_ref(), &toolchain);
        let host = toolchain.host.to_uppercase().replace(['-', '.'], "_");
        let linker =
            user.variable(&format!("CARGO_TARGET_{host}_LINKER")).map(str::to_owned).or(in_force.linker);
        // These drop some of the files' flags and are joined to others.
        let partly = ["CARGO_BUILD_RUSTFLAGS".to_owned(), format!("CARGO_TARGET_{host}_RUSTFLAGS")];
        let partly = partly.iter().any(|name| user.variable(name).is_some());
        let of_files = || if partly { Vec::new() } else { in_force.flags.concat() };
        let mut flags = user.flags_of_variables().unwrap_or_else(of_files);
        flags.extend(linker.map(|linker| format!("-Clinker={linker}")));
        if !flags.is_empty() {
            self.flags(&flags);
        }
        let mut of_files = of_table(&user.files);
        of_files.retain(|(key, value)| !overruled(key, value, &own, user));
        let wrapper =
            of_files.iter().find(|(key, _)| key == "build.rustc-wrapper").map(|(_, v)| v.replace('"', ""));
        let wrapper = user.variable("RUSTC_WRAPPER").map(str::to_owned).or(wrapper);
        if let Some(wrapper) = wrapper.filter(|wrapper| !wrapper.is_empty()) {
            self.wrapper(&wrapper);
        }
        let incremental = user.variable("CARGO_INCREMENTAL").is_some()
            || self.context.config.as_ref().is_some_and(|config| {
                config.get("build").is_some_and(|build| build.get("incremental").is_some())
            });
        let profile = self.profile();
        for (key, value) in of_files {
            let told =
                key.ends_with(".rustflags") || key.ends_with(".linker") || key == "build.rustc-wrapper";
            match key.strip_prefix("profile.").and_then(|rest| rest.split_once('.')) {
                // Something else decides on it.
                Some((name, "incremental")) if name == profile && incremental => self.unseen.push(key),
                Some((name, key)) if name == profile => self.profile_key(key, &value),
                Some(_) => {}
                None if told => {}
                None => self.unseen.push(key),
            }
        }
        let prefix = format!("CARGO_PROFILE_{}_", profile.to_uppercase().replace('-', "_"));
        for (name, value) in &user.variables {
            let flags = ["RUSTFLAGS", "CARGO_ENCODED_RUSTFLAGS"].contains(&name.as_str());
            let told = flags || name.ends_with("_LINKER") || name == "RUSTC_WRAPPER";
            match name.strip_prefix(&prefix) {
                Some(key) => self.profile_key(&key.to_lowercase().replace('_', "-"), value),
                None if told || name.starts_with("CARGO_PROFILE_") => {}
                None => self.unseen.push(name.clone()),
            }
        }
    }

    /// The profile that was built with.
    fn profile(&self) -> String {
        let command = &self.shown.build.command;
        let named = command.windows(2).find(|pair| pair[0] == "--profile").map(|pair| pair[1].clone());
        named.unwrap_or_else(|| "dev".to_owned())
    }

    fn flags(&mut self, flags: &[String]) {
        let text = super::difference::shortened(&flags.join(" "));
        match lacking(flags, self.shown.build) {
            Some((calls, missing)) if missing.is_empty() => {
                self.seen.push(format!("`{text}` in all {calls} calls of its own units"));
            }
            Some((_, missing)) => self.wrong.push(format!("{} is missing in calls", missing.join(" "))),
            None => self.wrong.push("no compiler call of its own units".to_owned()),
        }
    }

    fn wrapper(&mut self, wrapper: &str) {
        let name = wrapper.rsplit('/').next().unwrap_or(wrapper).to_owned();
        let calls = &self.shown.build.compiler_calls;
        let wrapped =
            |args: &[String]| args.first().and_then(|arg| arg.rsplit('/').next()) == Some(name.as_str());
        if !calls.is_empty() && calls.iter().all(|call| wrapped(&call.args)) {
            self.seen.push(format!("`{name}` before every compiler call"));
        } else {
            self.wrong.push(format!("`{name}` is not before every compiler call"));
        }
    }

    /// A key of the profile, by the axis of the same name.
    fn profile_key(&mut self, key: &str, value: &str) {
        let value = as_axis_writes(key, value.trim_matches('"'));
        let axis = super::all().iter().find(|axis| axis.key() == key && axis.parse(key, &value).is_ok());
        let Some(axis) = axis else {
            self.unseen.push(format!("{key}={value}"));
            return;
        };
        let beside = super::Settings::from([(key.to_owned(), value.clone())]);
        let finding = axis.prove(&Setting { key, value: &value, beside: &beside }, self.context, self.shown);
        match finding.result {
            ProofResult::Holds => self.seen.push(format!("{key}={value}: {}", finding.found)),
            ProofResult::Fails => self.wrong.push(format!("{key}={value}: {}", finding.found)),
            ProofResult::NotApplicable | ProofResult::NotProvable => {
                self.unseen.push(format!("{key}={value}"));
            }
        }
    }

    fn finding(self) -> Finding {
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
        Finding { expected: "what the user's configuration sets".to_owned(), found: found.join("; "), result }
    }
}

/// A value of a profile's key as the axis of the same name writes it.
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
    use crate::build::{CompilerCall, Evidence, Part};

    fn applied(user: &str, own: &str) -> (Vec<String>, Vec<String>) {
        let context = Context { config: Some(own.parse().unwrap()), ..fixture::context() };
        let recipe = fixture::applied(&AsConfigured, "as-configured", user, &context);
        let config = recipe.config.iter().map(|(key, value)| format!("{key}={value}")).collect();
        (config, recipe.env.iter().map(|(name, value)| format!("{name}={value}")).collect())
    }

    #[test]
    fn the_projects_own_configuration_has_the_last_word_on_values() {
        let user =
            "[build]\nrustc-wrapper = 'w'\ntarget = 't'\n[profile.dev]\ndebug = 1\n[env]\nX = '1'\nY = '2'\n";
        let own = "[build]\ntarget = 'own'\n[profile.dev]\ndebug = 2\n[env.X]\nvalue = 'own'\n";
        let (config, env) = applied(user, own);
        assert_eq!(config, ["build.rustc-wrapper=\"w\"", "env.Y=\"2\""]);
        assert!(env.is_empty());
    }

    #[test]
    fn a_variable_beats_a_file() {
        let user = "[profile.dev]\ndebug = 1\nopt-level = 1\n[variables]\nCARGO_PROFILE_DEV_DEBUG = '2'\n";
        let (config, env) = applied(user, "");
        assert_eq!(config, ["profile.dev.opt-level=1"]);
        assert_eq!(env, ["CARGO_PROFILE_DEV_DEBUG=2"]);
    }

    #[test]
    fn where_lists_of_flags_meet_the_projects_own_come_last() {
        let (config, env) = applied("build.rustflags = ['-Cuser']", "build.rustflags = ['-Cown']");
        assert!(config.is_empty());
        assert_eq!(env, ["CARGO_ENCODED_RUSTFLAGS=-Cuser\u{1f}-Cown"]);
        let (config, env) =
            applied("build.rustflags = ['-Cuser']", "target.'cfg(unix)'.rustflags = ['-Cown']");
        assert_eq!((config.len(), env.len()), (1, 0), "cargo drops the user's, as it would at home");
        let (config, _) = applied("build.rustflags = '-Cuser'", "build.rustflags = '-Cown'");
        assert!(config.is_empty(), "of two strings cargo takes the project's");
    }

    #[test]
    fn what_can_be_seen_is_looked_for() {
        let build = |flags: &str| Evidence {
            compiler_calls: vec![CompilerCall {
                name: "p".into(),
                part: Part::Own,
                unit: None,
                args: format!("rustc --crate-name p {flags}").split(' ').map(str::to_owned).collect(),
            }],
            ..Evidence::default()
        };
        let user = "[target.'cfg(unix)']\nlinker = 'clang'\nrustflags = ['-Ca']\n[variables]\nCC = 'gcc'\n";
        let prove = |user: &str, flags: &str| {
            let finding =
                fixture::prove(&AsConfigured, "as-configured", user, &fixture::context(), &build(flags));
            (finding.result, finding.found)
        };
        let (result, found) = prove(user, "-C linker=clang -Ca");
        assert_eq!(found, "`-Ca -Clinker=clang` in all 1 calls of its own units; cannot be seen: CC");
        assert_eq!(result, ProofResult::Holds);
        let (result, found) = prove(user, "-Ca");
        assert!(result == ProofResult::Fails && found.contains("`-Clinker=clang` is missing"), "{found}");
        assert_eq!(prove("[variables]\nCC = 'gcc'\n", "").0, ProofResult::NotProvable);
        assert_eq!(prove("", "").0, ProofResult::NotApplicable);
        // What the project has the last word on is not asked of the build.
        let config = Some("[profile.dev]\ndebug = 2\n".parse().unwrap());
        let context = Context { config, ..fixture::context() };
        let user = "[profile.dev]\ndebug = 1\n";
        let finding =
            fixture::prove(&AsConfigured, "as-configured", user, &context, &build("-C debuginfo=2"));
        assert_eq!(finding.result, ProofResult::NotProvable, "{}", finding.found);
        assert_eq!(prove("build.rustc-wrapper = '/x/wrap'\n", "").0, ProofResult::Fails);
    }
}
