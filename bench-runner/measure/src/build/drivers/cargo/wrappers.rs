//! Compiler wrappers, predicted from variables, the command line and the configuration. The compiler calls of
//! a build are the final evidence.

use std::path::{Path, PathBuf};

use super::CargoDriver;
use crate::build::{BuildRequest, Service, Store};
use crate::process::find_in_path;

/// A configuration key that names a wrapper, with the variable that overrides everything else and the
/// variable that overrides files only.
struct WrapperKey {
    key: &'static str,
    first: &'static str,
    before_files: &'static str,
}

const WRAPPER_KEYS: [WrapperKey; 2] = [
    WrapperKey { key: "rustc-wrapper", first: "RUSTC_WRAPPER", before_files: "CARGO_BUILD_RUSTC_WRAPPER" },
    WrapperKey {
        key: "rustc-workspace-wrapper",
        first: "RUSTC_WORKSPACE_WRAPPER",
        before_files: "CARGO_BUILD_RUSTC_WORKSPACE_WRAPPER",
    },
];

impl CargoDriver {
    /// The service of the first wrapper that is sccache.
    pub(super) fn sccache(&self, request: &BuildRequest) -> Option<Service> {
        self.wrappers(request)
            .iter()
            .find_map(|wrapper| sccache(wrapper, &self.path, &self.pre_build_queries.tree))
    }

    /// The wrappers in force, the outer one first.
    fn wrappers(&self, request: &BuildRequest) -> Vec<String> {
        WRAPPER_KEYS.iter().filter_map(|wrapper_key| self.wrapper(wrapper_key, request)).collect()
    }

    fn wrapper(&self, wrapper_key: &WrapperKey, request: &BuildRequest) -> Option<String> {
        let variable = |name: &str| {
            let passed =
                || std::env::var(name).ok().filter(|_| self.build.pass_env.iter().any(|n| n == name));
            request.env.get(name).or_else(|| self.build.env.get(name)).cloned().or_else(passed)
        };
        let in_config =
            |config: &toml::Table| Some(config.get("build")?.get(wrapper_key.key)?.as_str()?.to_owned());
        let given =
            request.config.iter().rev().find(|(key, _)| key.strip_prefix("build.") == Some(wrapper_key.key));
        let given = given.and_then(|(key, value)| in_config(&format!("{key}={value}").parse().ok()?));
        let home = || in_config(&request.home_config.as_deref()?.parse().ok()?);
        variable(wrapper_key.first)
            .or(given)
            .or_else(|| variable(wrapper_key.before_files))
            .or_else(|| self.config.as_ref().and_then(in_config))
            .or_else(home)
            .filter(|wrapper| !wrapper.is_empty())
    }
}

/// The service that a wrapper needs, if it is sccache or a link to it. A relative path starts in `tree`, the
/// directory of the project.
fn sccache(wrapper: &str, path: &str, tree: &Path) -> Option<Service> {
    let program: PathBuf =
        if wrapper.contains('/') { tree.join(wrapper) } else { find_in_path(wrapper, path.as_ref())? };
    let is_sccache = |path: &Path| path.file_name().is_some_and(|name| name == "sccache");
    let found = is_sccache(&program) || program.canonicalize().is_ok_and(|real| is_sccache(&real));
    found.then_some(Service { program, store: Store::Local, kept: true })
}

#[cfg(test)]
mod tests {
    use super::super::tests::driver;
    use super::*;

    fn finds_sccache(config: &str, request: &BuildRequest) -> bool {
        driver(config).sccache(request).is_some()
    }

    #[test]
    fn sccache_is_found_wherever_cargo_takes_a_wrapper_from() {
        let plain = BuildRequest::default();
        for wrapper_key in &WRAPPER_KEYS {
            assert!(
                finds_sccache(&format!("build.{} = '/x/sccache'", wrapper_key.key), &plain),
                "{}",
                wrapper_key.key
            );
            for name in [wrapper_key.first, wrapper_key.before_files] {
                let env = [(name.to_owned(), "/x/sccache".to_owned())].into();
                assert!(finds_sccache("", &BuildRequest { env, ..BuildRequest::default() }), "{name}");
                let mut with_manifest_env = driver("");
                with_manifest_env.build.env.insert(name.to_owned(), "/x/sccache".to_owned());
                assert!(with_manifest_env.sccache(&plain).is_some(), "{name}");
            }
            let config = vec![(format!("build.{}", wrapper_key.key), "\"/x/sccache\"".to_owned())];
            assert!(finds_sccache("", &BuildRequest { config, ..BuildRequest::default() }));
            let home_config = Some(format!("build.{} = '/x/sccache'", wrapper_key.key));
            assert!(finds_sccache("", &BuildRequest { home_config, ..BuildRequest::default() }));
        }
        assert!(!finds_sccache("build.rustc-wrapper = '/x/kache'", &plain));
    }

    #[test]
    fn the_place_that_cargo_prefers_decides() {
        let own = "build.rustc-wrapper = '/x/sccache'";
        let off = |name: &str| BuildRequest {
            env: [(name.to_owned(), String::new())].into(),
            ..BuildRequest::default()
        };
        assert!(!finds_sccache(own, &off("RUSTC_WRAPPER")));
        assert!(!finds_sccache(own, &off("CARGO_BUILD_RUSTC_WRAPPER")));
        let config = vec![("build.rustc-wrapper".to_owned(), "\"\"".to_owned())];
        assert!(!finds_sccache(own, &BuildRequest { config: config.clone(), ..BuildRequest::default() }));
        let env = [("CARGO_BUILD_RUSTC_WRAPPER".to_owned(), "/x/sccache".to_owned())].into();
        assert!(
            !finds_sccache("", &BuildRequest { config, env, ..BuildRequest::default() }),
            "the command line comes first"
        );
    }

    #[test]
    fn a_link_to_sccache_is_sccache() {
        let dir = tempfile::tempdir().unwrap();
        let program = dir.path().join("sccache");
        std::fs::write(&program, "").unwrap();
        let link = dir.path().join("rustc-cache");
        std::os::unix::fs::symlink(&program, &link).unwrap();
        assert!(sccache(link.to_str().unwrap(), "", dir.path()).is_some());
    }
}
