//! The configuration of cargo that a tree brings along.

use std::path::Path;

use crate::build::{BuildError, merged};

/// The cargo configuration that `tree` brings along for the project in its directory `root`: that of each directory
/// down to it, the lower ones first in force. Where both names exist, cargo takes the one without an ending.
pub fn config_of_tree(tree: &Path, root: &Path) -> Result<Option<toml::Table>, BuildError> {
    let mut all: Option<toml::Table> = None;
    let dirs: Vec<&Path> = root.ancestors().collect();
    for dir in dirs.into_iter().rev() {
        if let Some(config) = config_in(&tree.join(dir))? {
            all = Some(all.map_or_else(|| config.clone(), |above| merged(&above, &config)));
        }
    }
    Ok(all)
}

fn config_in(dir: &Path) -> Result<Option<toml::Table>, BuildError> {
    for name in [".cargo/config", ".cargo/config.toml"] {
        let path = dir.join(name);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(source) => return Err(BuildError::Read { path: path.display().to_string(), source }),
        };
        let table = text.parse().map_err(|error: toml::de::Error| BuildError::Config {
            path: path.display().to_string(),
            reason: error.message().to_owned(),
        })?;
        return Ok(Some(table));
    }
    Ok(None)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_two_configurations_cargo_takes_the_one_without_an_ending() {
        let tree = tempfile::tempdir().unwrap();
        let read = || {
            let config = config_of_tree(tree.path(), Path::new("")).unwrap();
            config.map(|config| config["from"].as_str().unwrap().to_owned())
        };
        assert_eq!(read(), None);
        std::fs::create_dir(tree.path().join(".cargo")).unwrap();
        std::fs::write(tree.path().join(".cargo/config.toml"), "from = 'config.toml'").unwrap();
        assert_eq!(read().as_deref(), Some("config.toml"));
        std::fs::write(tree.path().join(".cargo/config"), "from = 'config'").unwrap();
        assert_eq!(read().as_deref(), Some("config"));
    }

    #[test]
    fn configuration_copied_from_above_a_project_stands_below_its_own() {
        let tree = tempfile::tempdir().unwrap();
        for (dir, text) in [
            ("", "build.rustflags = ['-Ca']\nenv.A = 'top'\nenv.B = 'top'"),
            ("a/p", "build.rustflags = ['-Cb']\nenv.A = 'own'"),
        ] {
            let dir = tree.path().join(dir).join(".cargo");
            std::fs::create_dir_all(&dir).unwrap();
            std::fs::write(dir.join("config.toml"), text).unwrap();
        }
        let config = config_of_tree(tree.path(), Path::new("a/p")).unwrap().unwrap();
        let expected = "build.rustflags = ['-Ca', '-Cb']\nenv.A = 'own'\nenv.B = 'top'";
        assert_eq!(config, expected.parse::<toml::Table>().unwrap());
    }
}
