//! All projects: those compiled in, and those of the checkout, which take precedence by name.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use bench_runner_core::suggest::suggest;

use super::manifest::Project;
use crate::toml_reader::{DocError, SourceText};

/// Prefix of a selection by tag.
const TAG: &str = "tag:";

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    projects: BTreeMap<String, Project>,
}

/// One line of a list of projects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CatalogueEntry {
    pub name: String,
    pub summary: String,
    pub tags: Vec<String>,
    /// The kind of its source.
    pub kind: &'static str,
    /// Short description of its source, such as `ripgrep 15.1.0` or a directory.
    pub source: String,
    /// The file that its manifest was read from.
    pub origin: String,
}

/// A catalogue that cannot be read, or has no such project.
#[derive(Debug, thiserror::Error)]
pub enum CatalogueError {
    /// A manifest is wrong.
    #[error(transparent)]
    Manifest(#[from] DocError),
    /// A manifest or its directory cannot be read.
    #[error("failed to read {}: {error}", file.display())]
    Read {
        /// The file or directory.
        file: PathBuf,
        error: io::Error,
    },
    /// No project has this name.
    #[error("there is no project `{name}`")]
    NoProject {
        /// The requested name.
        name: String,
        /// The nearest name, or all of them.
        help: String,
    },
    /// No project has this tag.
    #[error("no project has the tag `{tag}`")]
    NoTag {
        /// The requested tag.
        tag: String,
        /// The nearest tag, or all of them.
        help: String,
    },
}

impl CatalogueError {
    pub fn help(&self) -> Option<String> {
        match self {
            Self::Manifest(error) => error.help(),
            Self::Read { .. } => None,
            Self::NoProject { help, .. } | Self::NoTag { help, .. } => Some(help.clone()),
        }
    }
}

impl Catalogue {
    /// The projects that are compiled in, each as its origin (for errors) and its manifest, and those in
    /// `corpus/*.toml` of a checkout.
    ///
    /// # Errors
    /// If a manifest cannot be read, at its place; a bad one is never skipped.
    pub fn load(built_in: &[(&str, &str)], checkout: Option<&Path>) -> Result<Self, CatalogueError> {
        let mut projects = BTreeMap::new();
        for &(origin, text) in built_in {
            let project = Project::parse(&SourceText::new(origin, text), None)?;
            projects.insert(project.name.clone(), project);
        }
        for file in checkout.map(|root| manifests(&root.join("corpus"))).transpose()?.unwrap_or_default() {
            let project = read(&file)?;
            projects.insert(project.name.clone(), project);
        }
        Ok(Self { projects })
    }

    /// All projects, by name.
    pub fn projects(&self) -> impl Iterator<Item = &Project> {
        self.projects.values()
    }

    /// The project of this name.
    ///
    /// # Errors
    /// If there is none, with the nearest name.
    pub fn get(&self, name: &str) -> Result<&Project, CatalogueError> {
        self.projects.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.projects.keys().map(String::as_str).collect();
            CatalogueError::NoProject { name: name.to_owned(), help: suggestion(name, &names, "projects") }
        })
    }

    /// The project of a name, or all projects of `tag:NAME`, by name.
    ///
    /// # Errors
    /// If there is none, with the nearest name or tag.
    pub fn select(&self, selector: &str) -> Result<Vec<&Project>, CatalogueError> {
        let Some(tag) = selector.strip_prefix(TAG) else { return Ok(vec![self.get(selector)?]) };
        let found: Vec<&Project> = self.projects().filter(|project| has_tag(project, tag)).collect();
        if found.is_empty() {
            let mut tags: Vec<&str> = self.projects().flat_map(|p| &p.tags).map(String::as_str).collect();
            tags.sort_unstable();
            tags.dedup();
            return Err(CatalogueError::NoTag { tag: tag.to_owned(), help: suggestion(tag, &tags, "tags") });
        }
        Ok(found)
    }

    /// The projects as lines of a list, by name.
    pub fn entries(&self) -> Vec<CatalogueEntry> {
        self.projects().map(entry).collect()
    }
}

/// Reads one manifest file; its relative paths start at its directory.
///
/// # Errors
/// If it cannot be read, or is wrong.
pub fn read(file: &Path) -> Result<Project, CatalogueError> {
    let failed = |error| CatalogueError::Read { file: file.to_path_buf(), error };
    let text = SourceText::read(file).map_err(failed)?;
    let base = std::path::absolute(file).map_err(failed)?.parent().map(Path::to_path_buf);
    let project = Project::parse(&text, base)?;
    // Two files with one name would hide each other.
    if file.file_stem().is_none_or(|stem| stem != project.name.as_str()) {
        let document = text.parse()?;
        let message = format!("the project is named `{}`, unlike its file", project.name);
        let error = document.reader().required("name")?.error(message);
        return Err(error.with_help(format!("name the file `{}.toml`", project.name)).into());
    }
    Ok(project)
}

/// The manifests in a directory, by name; none if the directory does not exist.
fn manifests(dir: &Path) -> Result<Vec<PathBuf>, CatalogueError> {
    let failed = |error| CatalogueError::Read { file: dir.to_path_buf(), error };
    let entries = match std::fs::read_dir(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        entries => entries.map_err(failed)?,
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") && path.is_file() {
            files.push(path);
        }
    }
    files.sort();
    Ok(files)
}

fn has_tag(project: &Project, tag: &str) -> bool {
    project.tags.iter().any(|own| own == tag)
}

fn entry(project: &Project) -> CatalogueEntry {
    CatalogueEntry {
        name: project.name.clone(),
        summary: project.summary.clone(),
        tags: project.tags.clone(),
        kind: project.source.kind(),
        source: project.source.describe(),
        origin: project.origin.clone(),
    }
}

fn suggestion(word: &str, valid: &[&str], what: &str) -> String {
    match suggest(word, valid.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("there are the {what} {}", valid.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;
    use crate::printed_error::PrintedError as _;

    const OWN: &str = "name = \"NAME\"\ntags = [\"mine\"]\n[source]\nkind = \"path\"\npath = \"../tree\"\n";

    fn checkout(files: &[(&str, &str)]) -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("corpus")).unwrap();
        for (name, text) in files {
            fs::write(dir.path().join("corpus").join(name), text).unwrap();
        }
        dir
    }

    #[test]
    fn the_checkout_wins_by_name() {
        let (mine, hexyl) = (OWN.replace("NAME", "mine"), OWN.replace("NAME", "hexyl"));
        let dir = checkout(&[("mine.toml", &mine), ("hexyl.toml", &hexyl), ("README.md", "no manifest")]);
        let built_in = [("hexyl.toml", OWN.replace("NAME", "hexyl").replace("mine", "quick"))];
        let built_in = built_in.each_ref().map(|(origin, text)| (*origin, text.as_str()));
        let catalogue = Catalogue::load(&built_in, Some(dir.path())).unwrap();
        assert_eq!(catalogue.projects().count(), 2);
        let project = catalogue.get("hexyl").unwrap();
        assert_eq!(project.source.kind(), "path");
        assert_eq!(project.base.as_deref(), Some(dir.path().join("corpus").as_path()));
        assert_eq!(catalogue.select("tag:mine").unwrap().len(), 2);
        let elsewhere = Catalogue::load(&built_in, Some(&dir.path().join("corpus"))).unwrap();
        assert_eq!(elsewhere.select("tag:quick").unwrap().len(), 1);
    }

    #[test]
    fn a_bad_file_in_the_checkout_is_an_error_at_its_place() {
        let dir = checkout(&[("mine.toml", "name = \"mine\"\n[sauce]\n")]);
        let error = Catalogue::load(&[], Some(dir.path())).unwrap_err().printed();
        assert!(error.contains("corpus/mine.toml:1:1: the file lacks the key `source`"), "{error}");
        let dir = checkout(&[("other.toml", &OWN.replace("NAME", "mine"))]);
        let error = Catalogue::load(&[], Some(dir.path())).unwrap_err().printed();
        assert!(error.contains("other.toml:1:8") && error.contains("name the file `mine.toml`"), "{error}");
    }
}
