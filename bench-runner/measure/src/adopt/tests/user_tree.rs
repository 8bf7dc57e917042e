//! A user's project with real files, git and cargo.

use std::collections::BTreeMap;
use std::fs;

use expect_test::Expect;

use super::super::*;
use crate::axes::fixture;
use crate::build::Toolchain;
use crate::process::{ToolCall, check_tool, find_in_path};

/// A project of a user in a git repository, with the user's cargo home beside it.
pub(super) struct UserTree {
    pub(super) dir: tempfile::TempDir,
    /// The directory in which cargo is called, below `own-tree`.
    pub(super) project: &'static str,
    pub(super) env: BTreeMap<String, String>,
}

pub(super) const PACKAGE: &str = "[package]\nname = \"own\"\nversion = \"0.1.0\"\nedition = \"2021\"\n";
pub(super) const TARGET: &str = "x86_64-unknown-linux-gnu";

impl UserTree {
    /// A package with these files, all of them committed.
    pub(super) fn package(files: &[(&str, &str)]) -> Self {
        let own = [
            ("own-tree/Cargo.toml", PACKAGE),
            ("own-tree/Cargo.lock", "version = 4\n\n[[package]]\nname = \"own\"\nversion = \"0.1.0\"\n"),
            ("own-tree/src/main.rs", "fn main() {}\n"),
        ];
        Self::with("", &[&own, files].concat())
    }

    pub(super) fn with(project: &'static str, files: &[(&str, &str)]) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let mut env = CargoInvocation::user_environment();
        env.retain(|name, _| !crate::build::is_build_variable(name) && !name.starts_with("RUSTUP_TOOLCHAIN"));
        env.insert("CARGO_HOME".to_owned(), dir.path().join("home").display().to_string());
        let tree = Self { dir, project, env };
        for place in ["home", "cargo-home", "own-tree"] {
            fs::create_dir(tree.path(place)).unwrap();
        }
        for (name, text) in files {
            tree.write(name, text);
            if let Some(name) = name.strip_prefix("home/") {
                tree.write(&format!("cargo-home/{name}"), text);
            }
        }
        tree.git(&["init", "--quiet"]);
        tree.commit();
        tree
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().unwrap().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    pub(super) fn git(&self, args: &[&str]) {
        let settings = ["-c", "user.name=x", "-c", "user.email=x@x", "-c", "commit.gpgsign=false"];
        let cwd = Some(self.path("own-tree"));
        let call = ToolCall { cwd, ..ToolCall::new("git", settings.iter().chain(args).copied()) };
        check_tool(&call).unwrap();
    }

    pub(super) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "-m", "x"]);
    }

    /// Calls `act` with a request for these settings.
    pub(super) fn request<T>(
        &self,
        settings: &[(&str, &str)],
        even_if_changed: bool,
        act: impl FnOnce(&AdoptRequest<'_>) -> T,
    ) -> T {
        let path = std::ffi::OsString::from(&self.env["PATH"]);
        let cargo = CargoInvocation {
            cargo: find_in_path("cargo", &path).unwrap(),
            dir: self.path("own-tree").join(self.project),
            env: self.env.clone(),
        };
        let situation = Situation {
            host: Some(TARGET.to_owned()),
            own_lld: false,
            by_cargo: true,
            profile: "dev".to_owned(),
            package: None,
        };
        let target = BuildTarget { triple: TARGET.to_owned(), ..Toolchain::sample().host_target() };
        let scratch = tempfile::tempdir().unwrap();
        act(&AdoptRequest {
            settings: &fixture::settings(settings),
            situation: &situation,
            cargo: &cargo,
            selection: &[],
            target: &target,
            cargo_home: &self.path("cargo-home"),
            scratch: scratch.path(),
            even_if_changed,
        })
    }

    pub(super) fn plan(&self, settings: &[(&str, &str)]) -> Result<PlannedChanges, Refusal> {
        self.request(settings, false, plan_changes)
    }

    pub(super) fn adopt(&self, settings: &[(&str, &str)]) -> Result<WrittenChanges, Refusal> {
        self.request(settings, false, |request| write_changes(&plan_changes(request)?, request))
    }

    /// Writes the settings, and checks that the units were compared and that there is nothing left to do.
    pub(super) fn adopted(&self, settings: &[(&str, &str)]) -> WrittenChanges {
        let written = self.adopt(settings).unwrap();
        assert_eq!(written.unchecked, None);
        for (_, backup) in &written.files {
            backup.iter().for_each(|backup| fs::remove_file(backup).unwrap());
        }
        self.commit();
        let again = self.plan(settings).unwrap();
        assert!(again.files.is_empty(), "{}", again.diff());
        written
    }

    pub(super) fn refused(&self, settings: &[(&str, &str)]) -> String {
        let refusal = self.adopt(settings).unwrap_err();
        let help = refusal.help.map(|help| format!("\nhelp: {help}")).unwrap_or_default();
        format!("{}{help}", refusal.what).replace(&self.path("").display().to_string(), "/")
    }

    pub(super) fn check_file(&self, name: &str, expected: Expect) {
        expected.assert_eq(&self.read(name));
    }
}

pub(super) const MOLD: (&str, &str) = ("linker", "mold");
