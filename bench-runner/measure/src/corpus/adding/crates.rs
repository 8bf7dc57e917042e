//! Finds the version of a crate and the hash of its archive with the user's own cargo.

use crate::corpus::names::is_version;
use crate::corpus::sources::{self, FetchContext};
use crate::toml_reader::toml_string;

use super::error::AddError;

/// The lines of `[source]` for the crate `name` at `version`, or at the newest version.
pub(super) fn source(name: &str, version: Option<&str>, with: &FetchContext) -> Result<String, AddError> {
    let version = match version {
        Some(version) if is_version(version) => version.to_owned(),
        Some(version) => {
            let message = format!("`{}` is not a full version", version.escape_debug());
            let help = format!("write all three numbers, such as `{name}@1.2.3`, or none for the newest");
            return Err(AddError::request(message, help));
        }
        None => newest(name, with)?,
    };
    let crate_file = format!("{name}-{version}.crate");
    let hash = match sources::archive_hash(&crate_file, with)? {
        Some(hash) => hash,
        None => {
            // Asking for one version makes cargo download its archive and check it against the index.
            cargo_info(&format!("{name}@{version}"), with)?;
            let missing = || {
                let message = format!("cargo reported success and did not download {crate_file}");
                AddError::request(message, "a mirror without archives cannot be pinned; give its repository")
            };
            sources::archive_hash(&crate_file, with)?.ok_or_else(missing)?
        }
    };
    Ok(format!(
        "kind = \"crates-io\"\nname = {}\nversion = {}\nsha256 = {}\n",
        toml_string(name),
        toml_string(&version),
        toml_string(&hash)
    ))
}

fn cargo_info(spec: &str, with: &FetchContext) -> Result<String, AddError> {
    let args = ["info", "--color", "never", "--registry", "crates-io", spec];
    Ok(sources::cargo(&format!("the crate {spec}"), &args, &with.cache.empty_dir(), with)?.stdout)
}

fn newest(name: &str, with: &FetchContext) -> Result<String, AddError> {
    let said = cargo_info(name, with)?;
    parse_version(&said).ok_or_else(|| {
        let message = format!("cargo did not say which version of `{name}` is the newest");
        AddError::request(message, format!("name one: `{name}@1.2.3`"))
    })
}

/// The version in the output of `cargo info`: `version: 1.2.3`, or `version: 1.2.3 (latest 2.0.0)` if a newer
/// one needs another compiler.
fn parse_version(said: &str) -> Option<String> {
    let line = said.lines().find_map(|line| line.strip_prefix("version:"))?;
    line.split_whitespace().next().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_version_stands_in_a_line_of_its_own() {
        let said = "hexyl #hex #cli\nA command-line hex viewer\nversion: 0.17.0 (latest 0.18.0 from crates.io)\nlicense: MIT\n";
        assert_eq!(parse_version(said).as_deref(), Some("0.17.0"));
        assert_eq!(parse_version("version: 1.0.0-rc.1+b\n").as_deref(), Some("1.0.0-rc.1+b"));
        assert_eq!(parse_version("no such crate"), None);
    }
}
