//! Parses `.gitmodules`, the list of a commit's submodules.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Component, Path, PathBuf};

/// A submodule as listed in `.gitmodules`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct SubmoduleEntry {
    /// Its name, which is that of its repository below `.git/modules`.
    pub(crate) name: String,
    /// The address that it is fetched from, if stated.
    pub(crate) url: Option<String>,
}

impl SubmoduleEntry {
    /// Its name as a relative path that cannot leave its directory.
    pub(crate) fn below(&self) -> Option<&Path> {
        let path = Path::new(&self.name);
        let down = path.components().all(|part| matches!(part, Component::Normal(_)));
        (down && !self.name.is_empty()).then_some(path)
    }
}

/// The submodules in the text of a `.gitmodules`, by their paths. The error is a reason.
pub(crate) fn read(text: &[u8]) -> Result<BTreeMap<PathBuf, SubmoduleEntry>, String> {
    let unreadable = |why: &str| format!("its .gitmodules cannot be read: {why}");
    // libgit2 would read the included files.
    if String::from_utf8_lossy(text).to_lowercase().contains("[include") {
        return Err(unreadable("it includes other files"));
    }
    let failed = |error: std::io::Error| unreadable(&error.to_string());
    let mut file = tempfile::NamedTempFile::new().map_err(failed)?;
    file.write_all(text).map_err(failed)?;
    let failed = |error: git2::Error| unreadable(error.message());
    let config = git2::Config::open(file.path()).map_err(failed)?;
    let mut found: BTreeMap<String, [Option<String>; 2]> = BTreeMap::new();
    let entries = config.entries(Some("^submodule\\..*\\.(path|url)$")).map_err(failed)?;
    entries
        .for_each(|entry| {
            if !entry.has_value() {
                return;
            }
            let (Ok(key), Ok(value)) = (entry.name(), entry.value()) else { return };
            if let Some((name, key)) = key.strip_prefix("submodule.").and_then(|rest| rest.rsplit_once('.')) {
                found.entry(name.to_owned()).or_default()[usize::from(key == "url")] = Some(value.to_owned());
            }
        })
        .map_err(failed)?;
    let of = |(name, [path, url]): (String, [Option<String>; 2])| {
        Some((PathBuf::from(path?.trim_end_matches('/')), SubmoduleEntry { name, url }))
    };
    Ok(found.into_iter().filter_map(of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submodules_are_read_by_their_paths() {
        let text = b"[submodule \"a name with. dots\"]\n\tpath = deps/one\n\turl = ../one\n[submodule \"x\"]\n\tpath = \"two\"\n\turl\n";
        let named =
            |name: &str, url: Option<&str>| SubmoduleEntry { name: name.into(), url: url.map(str::to_owned) };
        let expected = [
            ("deps/one".into(), named("a name with. dots", Some("../one"))),
            ("two".into(), named("x", None)),
        ];
        assert_eq!(read(text).unwrap().into_iter().collect::<Vec<_>>(), expected);
        assert!(read(b"[include]\n\tpath = /etc/passwd\n").unwrap_err().contains("includes"));
        assert!(read(b"[submodule \"x\n").is_err());
    }

    #[test]
    fn a_name_that_leads_elsewhere_is_no_place() {
        let below = |name: &str| SubmoduleEntry { name: name.into(), url: None }.below().is_some();
        assert!(below("deps/one") && below("a b"));
        assert!(!below("../../x") && !below("/x") && !below(""));
    }
}
