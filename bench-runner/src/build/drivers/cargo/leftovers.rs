//! What rustc leaves in cargo's directories besides results: split debug info, incremental state.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::build::{Artifact, Leftovers};

/// What lies beside the results of the project itself.
pub(super) fn leftovers(artifacts: &[Artifact]) -> Leftovers {
    let own = artifacts.iter().filter(|artifact| artifact.own);
    let files = own.flat_map(|artifact| &artifact.files);
    let profiles: BTreeSet<PathBuf> =
        files.filter_map(|file| Some(profile_directory(file.parent()?))).collect();
    let executables = artifacts.iter().filter(|artifact| artifact.own).filter_map(|a| a.executable.as_ref());
    let packed = executables.filter(|file| beside(file).is_file()).count();
    let count = |name: &str, which: &dyn Fn(&Path) -> bool| {
        profiles.iter().flat_map(|dir| entries(&dir.join(name))).filter(|path| which(path)).count()
    };
    Leftovers {
        packed,
        unpacked: count("deps", &|path| path.extension().is_some_and(|extension| extension == "dwo")),
        incremental: count("incremental", &Path::is_dir),
    }
}

/// The directory of the profile, which holds `deps` and `incremental`.
fn profile_directory(dir: &Path) -> PathBuf {
    let inner = dir.file_name().is_some_and(|name| name == "deps" || name == "examples");
    if inner { dir.parent().unwrap_or(dir).to_owned() } else { dir.to_owned() }
}

/// Where the packed debug info of an executable lies.
fn beside(executable: &Path) -> PathBuf {
    let mut name = executable.as_os_str().to_owned();
    name.push(".dwp");
    name.into()
}

fn entries(dir: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    std::fs::read_dir(dir).into_iter().flatten().flatten().map(|entry| entry.path())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_counted_beside_results_only() {
        let target = tempfile::tempdir().unwrap();
        let debug = target.path().join("debug");
        let write = |name: &str| {
            let path = debug.join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, "").unwrap();
        };
        let artifact = |file: &str, executable: bool| Artifact {
            unit: "p".into(),
            package: None,
            own: true,
            fresh: false,
            opt_level: "0".into(),
            files: vec![debug.join(file)],
            executable: executable.then(|| debug.join(file)),
        };
        let artifacts = [artifact("my.tool", true), artifact("deps/libp-1.rlib", false)];
        write("deps/my_tool-1");
        assert_eq!(leftovers(&artifacts), Leftovers::default());
        write("my.tool.dwp");
        write("deps/my_tool-1.dwp");
        write("deps/my_tool-1.abc.dwo");
        write("deps/p-1.abc.dwo");
        write("incremental/p-1/s-x/abc.dwo");
        assert_eq!(leftovers(&artifacts), Leftovers { packed: 1, unpacked: 2, incremental: 1 });
    }
}
