//! The `[build]` table of a manifest: the build tool and its settings.

use std::collections::BTreeMap;

use crate::corpus::build_settings::{BuildCommand, BuildSettings, BuildTool};
use crate::corpus::names;
use crate::toml_reader::{DocError, Reader, TomlValue};

/// Keys that are for cargo only.
const CARGO_KEYS: [&str; 8] =
    ["package", "packages", "bins", "features", "no-default-features", "profile", "args", "check"];
/// Keys that are for a build command only.
const COMMAND_KEYS: [&str; 2] = ["clean", "edit"];

/// Reads the table; `source_build` are the settings that the source brings along, if any.
pub(super) fn read(
    table: &mut Reader<'_>,
    source_build: Option<&BuildSettings>,
) -> Result<BuildSettings, DocError> {
    let build = match (table.read_optional("command", |v| v.argv())?, source_build) {
        (Some(_), Some(_)) => {
            let message = "the source is built by the `build` that it names itself";
            let error = table.error_at_key("command", message);
            return Err(error.with_help("name the directory with `kind = \"path\"`, and the command here"));
        }
        (Some(command), None) => read_command_keys(table, command)?,
        (None, source_build) => {
            if let Some(key) = COMMAND_KEYS.into_iter().find(|key| table.optional(key).is_some()) {
                let error = table.error_at_key(key, format!("`build.{key}` goes with a `command`"));
                return Err(error.with_help(match source_build {
                    Some(_) => format!("this source has its own: put `{key}` into `source`"),
                    None => {
                        "name the command that builds the project, such as `command = [\"make\"]`".to_owned()
                    }
                }));
            }
            let cargo_settings = read_cargo_keys(table)?;
            // Keys for cargo are ignored, and always have been, if the source is built by its own command.
            source_build.cloned().unwrap_or(cargo_settings)
        }
    };
    Ok(BuildSettings {
        env: table.read_optional("env", environment)?.unwrap_or_default(),
        pass_env: table.read_optional("pass-env", variables)?.unwrap_or_default(),
        requires: table.read_optional("requires", |v| v.strings())?.unwrap_or_default(),
        ..build
    })
}

/// Reads the keys of a project that cargo builds.
fn read_cargo_keys(table: &mut Reader<'_>) -> Result<BuildSettings, DocError> {
    let one = table.read_optional("package", names::word)?;
    let several = table.read_optional("packages", names::words)?;
    if one.is_some() && several.is_some() {
        return Err(table.error_at_key("package", "`package` and `packages` exclude each other"));
    }
    Ok(BuildSettings {
        directory: table.read_optional("directory", names::path_below)?,
        packages: several.unwrap_or_else(|| one.into_iter().collect()),
        bins: table.read_optional("bins", names::words)?.unwrap_or_default(),
        features: table.read_optional("features", names::words)?.unwrap_or_default(),
        no_default_features: table.read_optional("no-default-features", |v| v.bool())?.unwrap_or_default(),
        profile: table.read_optional("profile", names::word)?,
        args: table.read_optional("args", |v| v.strings())?.unwrap_or_default(),
        prepare: table.read_optional("prepare", |v| v.argvs())?.unwrap_or_default(),
        check: table.read_optional("check", check)?,
        ..BuildSettings::default()
    })
}

/// Reads the keys of a project that `command` builds.
fn read_command_keys(table: &mut Reader<'_>, command: Vec<String>) -> Result<BuildSettings, DocError> {
    if let Some(key) = CARGO_KEYS.into_iter().find(|key| table.optional(key).is_some()) {
        let message = format!("`build.{key}` is for cargo, and this project is built by a `command`");
        let error = table.error_at_key(key, message);
        return Err(error.with_help(match key {
            "args" => "write the arguments into `command`".to_owned(),
            _ => format!("leave out `{key}`, or leave out `command` to have cargo build it"),
        }));
    }
    let command = BuildCommand {
        build: command,
        clean: table.read_optional("clean", |v| v.argv())?,
        edit: table.read_optional("edit", |v| v.argv())?,
    };
    Ok(BuildSettings {
        tool: BuildTool::Command(command),
        directory: table.read_optional("directory", names::path_below)?,
        prepare: table.read_optional("prepare", |v| v.argvs())?.unwrap_or_default(),
        ..BuildSettings::default()
    })
}

fn environment(value: &TomlValue<'_>) -> Result<BTreeMap<String, String>, DocError> {
    let variables = value.string_map()?;
    for (name, content) in &variables {
        names::variable(value, name)?;
        if content.contains('\0') {
            return Err(value.error(format!("the value of `{name}` holds a null character")));
        }
    }
    Ok(variables)
}

fn variables(value: &TomlValue<'_>) -> Result<Vec<String>, DocError> {
    let item = |item: &TomlValue<'_>| {
        let text = item.string()?;
        names::variable(item, &text).map(|()| text)
    };
    value.items()?.iter().map(item).collect()
}

fn check(value: &TomlValue<'_>) -> Result<Vec<String>, DocError> {
    let argv = value.argv()?;
    if argv.iter().any(|word| word.contains("{artifact}")) {
        return Ok(argv);
    }
    let error = value.error(format!("`{}` does not use the artifact", value.name()));
    Err(error.with_help("`{artifact}` stands for it, such as in `[\"{artifact}\", \"--version\"]`"))
}
