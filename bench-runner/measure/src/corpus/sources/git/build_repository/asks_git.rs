//! Finds code of a project that asks git while it is built.
//!
//! Build scripts are read as the compiler reads them, token by token, so that comments do not count and code
//! in macros does. Libraries are recognized by their names.

use std::path::{Path, PathBuf};

use proc_macro2::{TokenStream, TokenTree};
use toml::{Table, Value};

use crate::corpus::sources::pinned::Pinned;

/// Libraries for build scripts, and macros, that ask git for a project's commit.
const LIBRARIES: [&str; 10] = [
    "vergen",
    "vergen-gitcl",
    "vergen-git2",
    "vergen-gix",
    "git-version",
    "git-version-macro",
    "shadow-rs",
    "git-testament",
    "git-const",
    "bugreport",
];
/// Most files read of one build script.
const MOST_FILES: usize = 100;

/// The first code found that asks git, by its name: a file, or a package of the lock file.
pub(crate) fn find(pinned: &Pinned) -> Option<String> {
    let manifests = pinned.files.iter().filter(|file| file.path.ends_with("Cargo.toml"));
    for manifest in manifests {
        let Some(table) = table(&pinned.tree.join(&manifest.path)) else { continue };
        let dir = manifest.path.parent().unwrap_or(Path::new(""));
        for script in scripts(&table) {
            if let Some(file) = file_that_asks(&pinned.tree, &dir.join(script)) {
                return Some(file.display().to_string());
            }
        }
    }
    table(&pinned.dir().join("Cargo.lock")).and_then(|lock| library(&lock))
}

/// The build scripts that a manifest names, or that cargo finds by default.
fn scripts(manifest: &Table) -> Vec<PathBuf> {
    match manifest.get("package").and_then(|package| package.get("build")) {
        Some(Value::Boolean(false)) => Vec::new(),
        Some(Value::String(path)) => vec![path.into()],
        Some(Value::Array(paths)) => paths.iter().filter_map(Value::as_str).map(PathBuf::from).collect(),
        _ => vec!["build.rs".into()],
    }
}

/// The first file of a build script that asks git; its modules are followed.
fn file_that_asks(tree: &Path, script: &Path) -> Option<PathBuf> {
    let mut left = vec![script.to_owned()];
    let mut seen = 0;
    while let Some(file) = left.pop().filter(|_| seen < MOST_FILES) {
        seen += 1;
        let Ok(text) = std::fs::read_to_string(tree.join(&file)) else { continue };
        let Ok(tokens) = text.parse::<TokenStream>() else { continue };
        let mut found = SourceScan::default();
        found.look(tokens);
        if found.asks {
            return Some(file);
        }
        let dir = file.parent().unwrap_or(Path::new(""));
        let own =
            if file == script || file.ends_with("mod.rs") { dir.to_owned() } else { file.with_extension("") };
        for name in found.modules {
            left.extend([own.join(format!("{name}.rs")), own.join(name).join("mod.rs")]);
        }
    }
    None
}

/// Result of scanning a file.
#[derive(Default)]
struct SourceScan {
    asks: bool,
    modules: Vec<String>,
}

impl SourceScan {
    fn look(&mut self, tokens: TokenStream) {
        let mut last = None;
        for token in tokens {
            match &token {
                TokenTree::Group(group) => self.look(group.stream()),
                TokenTree::Ident(name) => {
                    let name = name.to_string();
                    self.asks |= matches!(name.as_str(), "git2" | "gix" | "git_version" | "shadow_rs");
                    self.asks |= name.starts_with("vergen");
                    if last.as_deref() == Some("mod") {
                        self.modules.push(name.clone());
                    }
                    last = Some(name);
                    continue;
                }
                TokenTree::Literal(literal) => {
                    if let syn::Lit::Str(text) = syn::Lit::new(literal.clone()) {
                        self.asks |= names_git(&text.value());
                    }
                }
                TokenTree::Punct(_) => {}
            }
            last = None;
        }
    }
}

/// True if a text names git as a program, with or without arguments, or a part of a repository.
fn names_git(text: &str) -> bool {
    let program = text.split([' ', '\t']).next().unwrap_or("");
    let command = program == "git" && !text.contains("github") || program.ends_with("/git");
    command || text.split(['/', '=']).any(|part| part == ".git")
}

/// The first package of a lock file that asks git.
fn library(lock: &Table) -> Option<String> {
    let packages = lock.get("package")?.as_array()?;
    let name = |package: &'_ Value| Some(package.get("name")?.as_str()?.to_owned());
    let needs_git2 = |package: &Value| {
        let needed = package.get("dependencies").and_then(Value::as_array).into_iter().flatten();
        needed.filter_map(Value::as_str).any(|needed| needed.split(' ').next() == Some("git2"))
    };
    let asks = |package: &&Value| {
        name(package)
            .is_some_and(|name| LIBRARIES.contains(&name.as_str()) || name == "built" && needs_git2(package))
    };
    let found = name(packages.iter().find(asks)?)?;
    Some(format!("the dependency `{found}`"))
}

fn table(file: &Path) -> Option<Table> {
    std::fs::read_to_string(file).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use std::fs;

    use bench_runner_core::record::Pin;

    use super::*;
    use crate::corpus::sources::tree;

    fn asks(files: &[(&str, &str)]) -> Option<String> {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let paths = files.iter().map(|(path, _)| path.into()).collect();
        let files = tree::read(dir.path(), paths).unwrap();
        let (tree, pin) = (dir.path().to_owned(), Pin::Git { rev: "ab".repeat(20) });
        find(&Pinned { pin, tree, root: PathBuf::new(), files, notes: Vec::new(), ignored: None })
    }

    fn script(text: &str) -> bool {
        asks(&[("Cargo.toml", "[package]\nname = \"p\"\n"), ("build.rs", text)]).is_some()
    }

    #[test]
    fn a_build_script_that_asks_git_is_found() {
        for text in [
            "fn main() { std::process::Command::new(\"git\").arg(\"describe\"); }",
            "fn main() { run!(\"git rev-parse HEAD\"); }",
            "fn main() { Command::new(\"/usr/bin/git\"); }",
            "fn main() { println!(\"cargo:rerun-if-changed=.git/HEAD\"); }",
            "fn main() { println!(r#\"cargo::rerun-if-changed=../.git\"#); }",
            "use git2::Repository; fn main() {}",
            "fn main() { vergen_gitcl::Emitter::default(); }",
        ] {
            assert!(script(text), "{text}");
        }
        for text in [
            "// git\nfn main() { /* Command::new(\"git\") */ }",
            "/// git describe\nfn main() { println!(\"cargo:rustc-env=URL=https://github.com/x/y.git\"); }",
            "fn main() { println!(\"cargo:rerun-if-changed=.gitignore\"); }",
            "fn main() { digit(\"git-lfs\"); }",
            "fn main() { \"",
        ] {
            assert!(!script(text), "{text}");
        }
    }

    #[test]
    fn its_modules_and_libraries_are_looked_at() {
        let manifest = ("m/Cargo.toml", "[package]\nname = \"p\"\nbuild = \"build/main.rs\"\n");
        let found = asks(&[
            manifest,
            ("m/build/main.rs", "mod a; fn main() {}"),
            ("m/build/a.rs", "mod b;"),
            ("m/build/a/b.rs", "const GIT: &str = \"git\";"),
        ]);
        assert_eq!(found.as_deref(), Some("m/build/a/b.rs"));
        let none =
            asks(&[manifest, ("m/build/main.rs", "fn main() {}"), ("m/build.rs", "fn x() { \"git\" }")]);
        assert_eq!(none, None);
        let lock = |text: &str| asks(&[("Cargo.toml", ""), ("Cargo.lock", text)]);
        assert_eq!(
            lock("[[package]]\nname = \"vergen-gix\"\n").as_deref(),
            Some("the dependency `vergen-gix`")
        );
        assert!(lock("[[package]]\nname = \"built\"\ndependencies = [\"git2 0.1.0\"]\n").is_some());
        assert_eq!(lock("[[package]]\nname = \"built\"\n[[package]]\nname = \"git2\"\n"), None);
    }
}
