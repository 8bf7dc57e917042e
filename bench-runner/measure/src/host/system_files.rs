//! Reads the small files of `/proc`, `/sys` and `/etc`: below `/`, or below a directory of a test.

use std::fs;
use std::path::{Path, PathBuf};

/// A root directory with `proc`, `sys` and `etc` below it. Files that cannot be read are `None`.
#[derive(Debug, Clone)]
pub(super) struct SystemFiles {
    root: PathBuf,
}

impl SystemFiles {
    /// The running system.
    pub(super) fn system() -> Self {
        Self { root: PathBuf::from("/") }
    }

    /// A copy of those files below `root`.
    #[cfg(test)]
    pub(super) fn below(root: &Path) -> Self {
        Self { root: root.to_owned() }
    }

    /// Absolute path of `file`, a path without a leading slash.
    pub(super) fn path(&self, file: impl AsRef<Path>) -> PathBuf {
        self.root.join(file)
    }

    pub(super) fn text(&self, file: impl AsRef<Path>) -> Option<String> {
        // Firmware tables can contain any bytes.
        fs::read(self.path(file)).ok().map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
    }

    /// The single value in a file of `/sys`, without the line end; `None` if it is empty.
    pub(super) fn value(&self, file: impl AsRef<Path>) -> Option<String> {
        let text = self.text(file)?;
        let value = text.trim_matches(|c: char| c.is_whitespace() || c == '\0');
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// The number in a file of `/sys`.
    pub(super) fn number<N: std::str::FromStr>(&self, file: impl AsRef<Path>) -> Option<N> {
        self.value(file)?.parse().ok()
    }

    /// Entries of a directory whose names start with `prefix`, as paths for the other methods, sorted; empty
    /// if there is no such directory.
    pub(super) fn entries(&self, directory: &str, prefix: &str) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.path(directory)) else { return Vec::new() };
        let mut found: Vec<PathBuf> = entries
            .flatten()
            .filter(|entry| entry.file_name().to_string_lossy().starts_with(prefix))
            .map(|entry| Path::new(directory).join(entry.file_name()))
            .collect();
        found.sort();
        found
    }

    /// Directories `cpu0`, `cpu1`, … of the system's processors, sorted by name.
    pub(super) fn cpus(&self) -> Vec<PathBuf> {
        let mut cpus = self.entries("sys/devices/system/cpu", "cpu");
        // `cpufreq` and `cpuidle` are in the same directory.
        cpus.retain(|cpu| {
            let name = cpu.file_name().map(|name| name.to_string_lossy().into_owned());
            name.and_then(|name| name.strip_prefix("cpu")?.parse::<u32>().ok()).is_some()
        });
        cpus
    }
}

/// A directory of sample files for tests.
#[cfg(test)]
pub(super) struct Fixture {
    dir: tempfile::TempDir,
}

#[cfg(test)]
impl Fixture {
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let fixture = Self { dir: tempfile::tempdir().unwrap() };
        for (file, text) in files {
            fixture.set(file, text);
        }
        fixture
    }

    pub(super) fn set(&self, file: &str, text: &str) {
        let path = self.dir.path().join(file);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn files(&self) -> SystemFiles {
        SystemFiles::below(self.dir.path())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_come_without_their_line_end_and_empty_ones_not_at_all() {
        let fixture =
            Fixture::new(&[("sys/a", "powersave\n"), ("sys/b", "\n"), ("sys/c", "42\n"), ("sys/d", "kvm\0")]);
        let files = fixture.files();
        assert_eq!(files.value("sys/a").as_deref(), Some("powersave"));
        assert_eq!(files.value("sys/b"), None);
        assert_eq!(files.value("sys/missing"), None);
        assert_eq!(files.number::<u64>("sys/c"), Some(42));
        assert_eq!(files.number::<u64>("sys/a"), None);
        assert_eq!(files.value("sys/d").as_deref(), Some("kvm"));
    }

    #[test]
    fn only_numbered_entries_are_processors() {
        let base = "sys/devices/system/cpu";
        let fixture = Fixture::new(&[]);
        for name in ["cpu0", "cpu1", "cpufreq", "cpuidle", "power"] {
            fixture.set(&format!("{base}/{name}/x"), "");
        }
        let names: Vec<_> =
            fixture.files().cpus().iter().map(|cpu| cpu.file_name().unwrap().to_owned()).collect();
        assert_eq!(names, ["cpu0", "cpu1"]);
    }
}
