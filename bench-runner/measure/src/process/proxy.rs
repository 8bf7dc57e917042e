//! rustup's proxies: the toolchain that `cargo` or `rustc` stands for, and the error if it is not installed.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::ToolError;

/// The files by which a directory chooses its toolchain, in rustup's order.
const TOOLCHAIN_FILES: [&str; 2] = ["rust-toolchain", "rust-toolchain.toml"];

/// The variable by which a user chooses the toolchain for a shell; it takes precedence over
/// toolchain files and directory overrides.
pub const RUSTUP_TOOLCHAIN: &str = "RUSTUP_TOOLCHAIN";

/// The toolchain in the user's own variable. Under `cargo run`, rustup sets the same variable for this
/// program and not for the projects that it builds.
pub fn chosen_toolchain() -> Option<OsString> {
    let under_cargo = std::env::var_os("CARGO").is_some();
    std::env::var_os(RUSTUP_TOOLCHAIN).filter(|name| !under_cargo && !name.is_empty())
}

/// A toolchain that is requested and not installed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotInstalled {
    /// Its name, as rustup writes it.
    pub toolchain: String,
    /// The file that requests it, if a file does.
    pub file: Option<PathBuf>,
}

impl NotInstalled {
    /// The command that installs it.
    pub fn help(&self) -> String {
        format!(
            "`rustup toolchain install {}` installs it; nothing is installed without being asked",
            self.toolchain
        )
    }
}

impl fmt::Display for NotInstalled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "{} asks for the toolchain `{}`, which", file.display(), self.toolchain)?,
            None => write!(f, "the toolchain `{}`, which rustup is set to use here,", self.toolchain)?,
        }
        f.write_str(" is not installed")
    }
}

/// The toolchain that a proxy of rustup lacked, if that is why a tool failed that was started in `dir`.
pub fn not_installed(error: &ToolError, dir: &Path) -> Option<NotInstalled> {
    let ToolError::Failed { last_lines, .. } = error else { return None };
    let (_, rest) = last_lines.split_once("toolchain '")?;
    let (toolchain, rest) = rest.split_once('\'')?;
    rest.trim_start().starts_with("is not installed").then(|| NotInstalled {
        toolchain: toolchain.to_owned(),
        file: dir
            .ancestors()
            .flat_map(|dir| TOOLCHAIN_FILES.map(|name| dir.join(name)))
            .find(|file| file.is_file()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_toolchain_that_is_not_installed_is_named_with_the_file_that_asks_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let said = |text: &str| ToolError::Failed {
            call: "cargo metadata".into(),
            code: Some(1),
            last_lines: text.into(),
        };
        let rustup = said("error: toolchain '1.66.0-x86_64-unknown-linux-gnu' is not installed\nhelp: run");
        let inner = dir.path().join("a");
        std::fs::create_dir(&inner).unwrap();
        assert_eq!(not_installed(&rustup, &inner).unwrap().file, None);
        std::fs::write(dir.path().join("rust-toolchain"), "1.66.0").unwrap();
        let found = not_installed(&rustup, &inner).unwrap();
        assert_eq!(found.file, Some(dir.path().join("rust-toolchain")));
        assert!(found.to_string().contains("asks for the toolchain `1.66.0-x86_64-unknown-linux-gnu`"));
        assert!(found.help().contains("rustup toolchain install 1.66.0-x86_64-unknown-linux-gnu"));
        assert_eq!(not_installed(&said("error: no such command"), &inner), None);
    }
}
