//! Proposes edits for a project without any, from its packages and its syntax: a function of the root crate,
//! one of the crate that most others need, and one place for each of the other classes, if there is one.

mod features;
mod graph;
mod syntax;

use std::path::{Path, PathBuf};

use crate::corpus::BuildSettings;
use crate::corpus::manifest::{Edit, EditChange, EditClass, EditPlacement, TextChange};
use crate::toml_reader::toml_string;

use super::apply::check;
use super::metadata::{self, MetadataError, WorkspacePackage};
use graph::PackageGraph;
use syntax::{CrateFile, EditPlace};

/// Edits that fit the cargo project in `tree`, built with `build`: each class at most once except `body`, of
/// which the first is in the root crate and the second in the crate that most others need. The packages are
/// read from `cargo`.
///
/// # Errors
/// If cargo cannot read the packages.
pub fn propose(tree: &Path, cargo: &Path, build: &BuildSettings) -> Result<Vec<Edit>, MetadataError> {
    propose_for_all(tree, &[], cargo, build)
}

/// Same as [`propose`], with edits that fit the trees `others` too, such as other commits of the project.
///
/// # Errors
/// If cargo cannot read the packages of `tree`.
pub fn propose_for_all(
    tree: &Path,
    others: &[PathBuf],
    cargo: &Path,
    build: &BuildSettings,
) -> Result<Vec<Edit>, MetadataError> {
    // cargo returns the real paths of files.
    let root = tree.canonicalize().unwrap_or_else(|_| tree.to_owned());
    let packages = metadata::packages(&root, cargo)?;
    let graph = PackageGraph::new(&packages);
    let Some(top) = graph.root(&build.packages) else { return Ok(Vec::new()) };
    let known = packages.iter().filter_map(|package| package.rust_version).min();
    let oldest = known.or_else(|| metadata::release(&root, cargo));
    let black_box = oldest.is_none_or(|oldest| oldest >= BLACK_BOX);
    let mut proposals = Proposals { tree: &root, others, edits: Vec::new(), black_box };
    proposals.add_code_edits(&graph, top, &build.bins);
    let scripts = graph.with_needs(top).filter_map(|package| {
        let files: Vec<CrateFile> = package.files_of_kind("custom-build").flat_map(syntax::files).collect();
        Some((package, files)).filter(|(_, files)| !files.is_empty())
    });
    if let Some((package, files)) = scripts.take(1).next() {
        proposals.body("build-script", EditClass::BuildScript, package, &files);
    }
    if !build.no_default_features
        && let Some(text) = std::fs::read_to_string(&top.manifest).ok()
        && let Some((anchor, put)) = features::add_default_feature(&text)
    {
        proposals.add("manifest", EditClass::Manifest, &top.manifest, anchor, EditPlacement::InPlace(put));
    }
    Ok(proposals.edits)
}

/// An edit as a TOML table, after a line feed.
pub fn as_toml(edit: &Edit) -> String {
    let mut text = format!(
        "\n[[edit]]\nname = {}\nclass = {}\n",
        toml_string(&edit.name),
        toml_string(edit.class.as_str())
    );
    let mut line = |key: &str, value: &str| text.push_str(&format!("{key} = {}\n", toml_string(value)));
    match &edit.change {
        EditChange::Patch { diff } => line("patch", diff),
        EditChange::Text(change) => {
            line("file", &change.file.to_string_lossy());
            line("anchor", &change.anchor);
            match &change.put {
                EditPlacement::After(put) => line("insert", put),
                EditPlacement::InPlace(put) => line("replace", put),
            }
        }
    }
    text
}

/// The Rust release that added `black_box`.
const BLACK_BOX: u32 = 66;

/// The edits found so far.
struct Proposals<'a> {
    /// The tree, by its real path.
    tree: &'a Path,
    /// Other trees that every edit must fit.
    others: &'a [PathBuf],
    edits: Vec<Edit>,
    /// True if every Rust version that builds it has `black_box`.
    black_box: bool,
}

impl Proposals<'_> {
    /// The edits of Rust sources except build scripts.
    fn add_code_edits<'p>(&mut self, graph: &PackageGraph<'p>, top: &'p WorkspacePackage, bins: &[String]) {
        let programs: Vec<CrateFile> = top.programs(bins).flat_map(syntax::files).collect();
        let library = |package: &WorkspacePackage| -> Vec<CrateFile> {
            package.library().map(syntax::files).unwrap_or_default()
        };
        let (of_top, core) = (library(top), graph.most_needed(top));
        let top_files = if programs.is_empty() { &of_top } else { &programs };
        if !self.body("body", EditClass::Body, top, top_files) && !programs.is_empty() {
            self.body("body", EditClass::Body, top, &of_top);
        }
        let of_core = core.map(library).unwrap_or_default();
        if let Some(core) = core {
            self.body("core", EditClass::Body, core, &of_core);
        }
        // In a single package, the program next to the library is what needs it.
        let alone = !of_top.is_empty() && !top.is_proc_macro();
        let inner = core.map(|core| (core, &of_core)).or(alone.then_some((top, &of_top)));
        if let Some((_, files)) = inner {
            let hidden = "#[doc(hidden)]\npub fn bench_runner_{n}() -> u64 {\n    {n}\n}\n";
            self.before_first_item("signature", EditClass::Signature, files.first().into_iter(), hidden);
        }
        let (_, files) = inner.unwrap_or((top, top_files));
        let used = "#[used]\nstatic BENCH_RUNNER_{n}: u64 = {n};\n";
        self.before_first_item("new-item", EditClass::NewItem, files.iter(), used);
        self.before_first_item("comment", EditClass::Comment, files.iter(), "// bench-runner {n}\n");
        self.macro_input(graph, top, top_files);
        let leaf = graph.leaf(top).map(|leaf| (leaf, library(leaf)));
        match (&leaf, programs.is_empty()) {
            (Some((leaf, files)), _) => {
                self.body("leaf", EditClass::Leaf, leaf, files);
            }
            // In a single package, the library is what its program needs.
            (None, false) if core.is_none() => {
                self.body("leaf", EditClass::Leaf, top, &of_top);
            }
            (None, _) => {}
        }
        self.body("root", EditClass::Root, top, top_files);
    }

    /// A statement in a function; false if there is none that fits.
    fn body(
        &mut self,
        name: &str,
        class: EditClass,
        package: &WorkspacePackage,
        files: &[CrateFile],
    ) -> bool {
        let places = files.iter().flat_map(|file| file.bodies().into_iter().map(move |place| (file, place)));
        let library = if package.oldest_edition { "std" } else { "core" };
        let put = match self.black_box {
            true => format!(" ::{library}::hint::black_box({{n}}u64);"),
            // No compiler removes an atomic access to memory either.
            false => format!(
                " ::{library}::sync::atomic::AtomicUsize::new({{n}}).fetch_add(1, ::{library}::sync::atomic::Ordering::SeqCst);"
            ),
        };
        for (file, place) in best_first(places).into_iter().take(MOST_TRIED) {
            if self.add(name, class, &file.path, place.anchor, EditPlacement::After(put.clone())) {
                return true;
            }
        }
        false
    }

    /// Text before the first item.
    fn before_first_item<'f>(
        &mut self,
        name: &str,
        class: EditClass,
        files: impl Iterator<Item = &'f CrateFile>,
        what: &str,
    ) {
        let firsts = files.filter_map(|file| Some((file, file.items().into_iter().next()?)));
        for (file, place) in firsts.take(MOST_TRIED) {
            let put = format!("{what}{}", place.anchor);
            if self.add(name, class, &file.path, place.anchor, EditPlacement::InPlace(put)) {
                return;
            }
        }
    }

    /// An attribute of a type that a derive macro sees, preferably a macro from a crate, in the package that
    /// is built or in one that it needs.
    fn macro_input<'p>(
        &mut self,
        graph: &PackageGraph<'p>,
        top: &'p WorkspacePackage,
        top_files: &[CrateFile],
    ) {
        let derived = |files: &[CrateFile]| {
            let places =
                files.iter().flat_map(|file| file.derived().into_iter().map(move |place| (file, place)));
            best(places).map(|(file, place)| (file.path.clone(), place))
        };
        let of_libraries = graph
            .with_needs(top)
            .filter_map(|package| derived(&package.library().map(syntax::files).unwrap_or_default()));
        let mut found: Option<(PathBuf, EditPlace)> = None;
        for (path, place) in derived(top_files).into_iter().chain(of_libraries) {
            let foreign = place.worth > 0;
            if foreign || found.is_none() {
                found = Some((path, place));
            }
            if foreign {
                break;
            }
        }
        let Some((path, place)) = found else { return };
        let put = format!("#[doc = \"bench-runner {{n}}\"]\n{}", place.anchor);
        self.add("macro-input", EditClass::MacroInput, &path, place.anchor, EditPlacement::InPlace(put));
    }

    /// Adds an edit, if it can be made in all trees and its file is in the tree under a path that is text. Returns
    /// false if it is not added.
    fn add(&mut self, name: &str, class: EditClass, file: &Path, anchor: String, put: EditPlacement) -> bool {
        let Ok(file) = file.strip_prefix(self.tree) else { return false };
        let below =
            |path: &Path| path.components().all(|part| matches!(part, std::path::Component::Normal(_)));
        if file.to_str().is_none() || !below(file) {
            return false;
        }
        let change = EditChange::Text(TextChange { file: PathBuf::from(file), anchor, put });
        let edit = Edit { name: name.to_owned(), class, change };
        let fits =
            check(self.tree, &edit).is_ok() && self.others.iter().all(|other| check(other, &edit).is_ok());
        if fits {
            self.edits.push(edit);
        }
        fits
    }
}

/// Places that are tried until one fits all trees.
const MOST_TRIED: usize = 40;

/// The places, the best ones first, otherwise in their order.
fn best_first<'f>(
    places: impl Iterator<Item = (&'f CrateFile, EditPlace)>,
) -> Vec<(&'f CrateFile, EditPlace)> {
    let mut places: Vec<(&CrateFile, EditPlace)> = places.collect();
    places.sort_by_key(|(_, place)| std::cmp::Reverse(place.worth));
    places
}

/// The first of the best places.
fn best<'f>(places: impl Iterator<Item = (&'f CrateFile, EditPlace)>) -> Option<(&'f CrateFile, EditPlace)> {
    places.reduce(|best, other| if other.1.worth > best.1.worth { other } else { best })
}

#[cfg(test)]
mod tests;
