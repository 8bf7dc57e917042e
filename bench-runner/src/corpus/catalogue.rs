//! All projects there are: those compiled in, and those of the checkout, which win by name.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use crate::nearest::nearest;
use crate::spanned::{DocError, SourceText};

use super::manifest::{Project, Source};

/// The manifests that every build of this program carries, with the names that errors show.
const BUILT_IN: [(&str, &str); 23] = [
    ("built-in corpus/actix-graphql.toml", include_str!("../../../corpus/actix-graphql.toml")),
    ("built-in corpus/axum-oauth.toml", include_str!("../../../corpus/axum-oauth.toml")),
    ("built-in corpus/diffr.toml", include_str!("../../../corpus/diffr.toml")),
    ("built-in corpus/fd-find.toml", include_str!("../../../corpus/fd-find.toml")),
    ("built-in corpus/generated-chain.toml", include_str!("../../../corpus/generated-chain.toml")),
    ("built-in corpus/generated-generics.toml", include_str!("../../../corpus/generated-generics.toml")),
    ("built-in corpus/generated-reqwest.toml", include_str!("../../../corpus/generated-reqwest.toml")),
    ("built-in corpus/generated-star.toml", include_str!("../../../corpus/generated-star.toml")),
    ("built-in corpus/generated-tokio-full.toml", include_str!("../../../corpus/generated-tokio-full.toml")),
    ("built-in corpus/generated-tokio-rt.toml", include_str!("../../../corpus/generated-tokio-rt.toml")),
    (
        "built-in corpus/generated-trait-objects.toml",
        include_str!("../../../corpus/generated-trait-objects.toml"),
    ),
    ("built-in corpus/generated-ureq.toml", include_str!("../../../corpus/generated-ureq.toml")),
    ("built-in corpus/hexyl.toml", include_str!("../../../corpus/hexyl.toml")),
    ("built-in corpus/hyperfine.toml", include_str!("../../../corpus/hyperfine.toml")),
    ("built-in corpus/just.toml", include_str!("../../../corpus/just.toml")),
    ("built-in corpus/miniserve.toml", include_str!("../../../corpus/miniserve.toml")),
    ("built-in corpus/nushell.toml", include_str!("../../../corpus/nushell.toml")),
    ("built-in corpus/ripgrep.toml", include_str!("../../../corpus/ripgrep.toml")),
    ("built-in corpus/ripgrep-workspace.toml", include_str!("../../../corpus/ripgrep-workspace.toml")),
    ("built-in corpus/rust-analyzer.toml", include_str!("../../../corpus/rust-analyzer.toml")),
    ("built-in corpus/sd.toml", include_str!("../../../corpus/sd.toml")),
    ("built-in corpus/titlecase.toml", include_str!("../../../corpus/titlecase.toml")),
    ("built-in corpus/tokei.toml", include_str!("../../../corpus/tokei.toml")),
];

/// What starts a selection by tag.
const TAG: &str = "tag:";

/// The projects by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Catalogue {
    projects: BTreeMap<String, Project>,
}

/// One line of a list of projects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name.
    pub name: String,
    /// What it is.
    pub summary: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The kind of its source.
    pub kind: &'static str,
    /// What its source is, such as `ripgrep 15.1.0` or a directory.
    pub source: String,
    /// Where its manifest was found.
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
        /// Why.
        error: io::Error,
    },
    /// No project has this name.
    #[error("there is no project `{name}`\nhelp: {help}")]
    NoProject {
        /// What was asked for.
        name: String,
        /// The nearest name, or all of them.
        help: String,
    },
    /// No project has this tag.
    #[error("no project has the tag `{tag}`\nhelp: {help}")]
    NoTag {
        /// What was asked for.
        tag: String,
        /// The nearest tag, or all of them.
        help: String,
    },
}

impl Catalogue {
    /// The projects compiled in, and those in `corpus/*.toml` of a checkout.
    ///
    /// # Errors
    /// Where a manifest of the checkout cannot be read, at its place; a bad one is never passed over.
    pub fn load(checkout: Option<&Path>) -> Result<Self, CatalogueError> {
        let mut projects = BTreeMap::new();
        for (origin, text) in BUILT_IN {
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
    /// Where there is none, with the nearest name.
    pub fn get(&self, name: &str) -> Result<&Project, CatalogueError> {
        self.projects.get(name).ok_or_else(|| {
            let names: Vec<&str> = self.projects.keys().map(String::as_str).collect();
            CatalogueError::NoProject { name: name.to_owned(), help: suggestion(name, &names, "projects") }
        })
    }

    /// The project of a name, or all projects of `tag:NAME`, by name.
    ///
    /// # Errors
    /// Where there is none, with the nearest name or tag.
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

    /// The projects as a list shows them, by name.
    pub fn entries(&self) -> Vec<Entry> {
        self.projects().map(entry).collect()
    }
}

/// Reads one manifest file; its relative paths start at its directory.
///
/// # Errors
/// Where it cannot be read, or is wrong.
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
        return Err(error.help(format!("name the file `{}.toml`", project.name)).into());
    }
    Ok(project)
}

/// The manifests in a directory, by name; none where it does not exist.
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

fn entry(project: &Project) -> Entry {
    let source = match &project.source {
        Source::CratesIo(source) => format!("{} {}", source.name, source.version),
        Source::Git(source) => format!("{} {}", source.url, source.rev),
        Source::Path(source) => source.path.display().to_string(),
        Source::Command(source) => source.path.display().to_string(),
        Source::Generated(source) => format!("{} crates from seed {}", source.crates, source.seed),
    };
    Entry {
        name: project.name.clone(),
        summary: project.summary.clone(),
        tags: project.tags.clone(),
        kind: project.source.kind(),
        source,
        origin: project.origin.clone(),
    }
}

fn suggestion(word: &str, valid: &[&str], what: &str) -> String {
    match nearest(word, valid.iter().copied()) {
        Some(name) => format!("did you mean `{name}`?"),
        None => format!("there are the {what} {}", valid.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

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
    fn what_is_built_in_is_valid_and_can_be_edited() {
        let catalogue = Catalogue::load(None).unwrap();
        let names: Vec<&str> = catalogue.projects().map(|project| &project.name[..]).collect();
        assert_eq!(
            names,
            [
                "actix-graphql",
                "axum-oauth",
                "diffr",
                "fd-find",
                "generated-chain",
                "generated-generics",
                "generated-reqwest",
                "generated-star",
                "generated-tokio-full",
                "generated-tokio-rt",
                "generated-trait-objects",
                "generated-ureq",
                "hexyl",
                "hyperfine",
                "just",
                "miniserve",
                "nushell",
                "ripgrep",
                "ripgrep-workspace",
                "rust-analyzer",
                "sd",
                "titlecase",
                "tokei"
            ]
        );
        for project in catalogue.projects() {
            assert!(project.edit(crate::corpus::EditClass::Body).is_some(), "{}", project.name);
            assert!(project.base.is_none());
            assert!(project.source.tree().is_some(), "{} states no hash of its tree", project.name);
            let sizes = ["quick", "standard", "large", "generated"];
            let sized = sizes.iter().filter(|size| has_tag(project, size)).count();
            assert_eq!(sized, 1, "{} has one size", project.name);
        }
        let ripgrep = catalogue.entries().into_iter().find(|entry| entry.name == "ripgrep").unwrap();
        assert_eq!(ripgrep.source, "ripgrep 15.1.0");
    }

    #[test]
    fn projects_are_selected_by_name_and_by_tag() {
        let catalogue = Catalogue::load(None).unwrap();
        let names = |selector| -> Vec<String> {
            catalogue.select(selector).unwrap().into_iter().map(|project| project.name.clone()).collect()
        };
        assert_eq!(names("ripgrep"), ["ripgrep"]);
        assert_eq!(names("tag:quick"), ["diffr", "hexyl", "sd", "titlecase"]);
        assert_eq!(names("tag:generated").len(), 8);
        let error = catalogue.select("ripgrpe").unwrap_err().to_string();
        assert!(error.contains("did you mean `ripgrep`?"), "{error}");
        let error = catalogue.select("tag:quik").unwrap_err().to_string();
        assert!(error.contains("did you mean `quick`?"), "{error}");
        let error = catalogue.select("linux").unwrap_err().to_string();
        assert!(error.contains("hexyl, hyperfine, just, miniserve, nushell"), "{error}");
    }

    #[test]
    fn the_checkout_wins_by_name() {
        let (mine, hexyl) = (OWN.replace("NAME", "mine"), OWN.replace("NAME", "hexyl"));
        let dir = checkout(&[("mine.toml", &mine), ("hexyl.toml", &hexyl), ("README.md", "no manifest")]);
        let catalogue = Catalogue::load(Some(dir.path())).unwrap();
        assert_eq!(catalogue.projects().count(), BUILT_IN.len() + 1);
        let project = catalogue.get("hexyl").unwrap();
        assert_eq!(project.source.kind(), "path");
        assert_eq!(project.base.as_deref(), Some(dir.path().join("corpus").as_path()));
        assert_eq!(catalogue.select("tag:mine").unwrap().len(), 2);
        assert_eq!(
            Catalogue::load(Some(&dir.path().join("corpus"))).unwrap().projects().count(),
            BUILT_IN.len()
        );
    }

    #[test]
    fn a_bad_file_in_the_checkout_is_an_error_at_its_place() {
        let dir = checkout(&[("mine.toml", "name = \"mine\"\n[sauce]\n")]);
        let error = Catalogue::load(Some(dir.path())).unwrap_err().to_string();
        assert!(error.contains("corpus/mine.toml:1:1: the file lacks the key `source`"), "{error}");
        let dir = checkout(&[("other.toml", &OWN.replace("NAME", "mine"))]);
        let error = Catalogue::load(Some(dir.path())).unwrap_err().to_string();
        assert!(error.contains("other.toml:1:8") && error.contains("name the file `mine.toml`"), "{error}");
    }
}
