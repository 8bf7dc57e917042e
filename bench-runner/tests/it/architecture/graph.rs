//! A crate's modules and their imports from each other, parsed from the sources with syn. Tests are left out.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use syn::Item;
use syn::visit::Visit as _;

use super::reader::{Reader, attributes, is_test};

/// A path of modules below the root of a crate; empty for the root.
type ModulePath = Vec<String>;

pub(crate) struct Crate {
    pub(crate) name: String,
    /// The modules that `lib.rs` declares, in its order.
    pub(crate) declared: Vec<String>,
    pub(crate) modules: BTreeMap<ModulePath, Module>,
    /// Imports between modules of the same crate.
    pub(crate) uses: Vec<Use>,
    /// Imports from other crates of the workspace; `to` begins with the name of the crate.
    pub(crate) foreign: Vec<Use>,
}

pub(crate) struct Module {
    file: PathBuf,
    items: BTreeSet<String>,
    /// The types, traits and aliases that it defines outside of functions, with the line.
    types: Vec<(String, usize)>,
    /// The imported names, and the paths that they stand for.
    imported: BTreeMap<String, Vec<String>>,
    /// All paths in the code, with their lines.
    mentioned: Vec<(Vec<String>, usize)>,
}

/// One import.
#[derive(Debug, Clone)]
pub(crate) struct Use {
    pub(crate) from: ModulePath,
    pub(crate) to: Vec<String>,
    file: PathBuf,
    line: usize,
}

impl Use {
    pub(crate) fn starts(&self, first: &str, second: &str) -> bool {
        self.to.first().is_some_and(|name| name == first) && self.to.get(1).is_some_and(|name| name == second)
    }
}

impl fmt::Display for Use {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (from, to) = (self.from.join("::"), self.to.join("::"));
        write!(f, "{}:{}: `{from}` imports `{to}`", self.file.display(), self.line)
    }
}

impl Crate {
    pub(crate) fn read(name: &str, src: &Path) -> Self {
        let mut modules = BTreeMap::new();
        let text = fs::read_to_string(src.join("lib.rs")).expect("lib.rs");
        let declared = read_module(&text, &src.join("lib.rs"), src, Vec::new(), &mut modules);
        let mut found =
            Self { name: name.to_owned(), declared, modules, uses: Vec::new(), foreign: Vec::new() };
        found.resolve_all();
        found
    }

    /// The direct submodules of a module.
    pub(crate) fn children<'a>(&'a self, of: &'a [&str]) -> impl Iterator<Item = &'a str> {
        let below =
            move |path: &&ModulePath| path.len() == of.len() + 1 && path.iter().zip(of).all(|(a, b)| a == b);
        self.modules.keys().filter(below).map(|path| path[path.len() - 1].as_str())
    }

    /// True if the module has an item with this name.
    pub(crate) fn defines(&self, path: &[&str], item: &str) -> bool {
        let path: ModulePath = path.iter().map(|&part| part.to_owned()).collect();
        self.modules.get(&path).is_some_and(|module| module.items.contains(item))
    }

    /// The types that the crate defines: name, then file and line.
    pub(crate) fn types(&self) -> impl Iterator<Item = (&str, String)> {
        self.modules.values().flat_map(|module| {
            module.types.iter().map(|(name, line)| (&**name, format!("{}:{line}", module.file.display())))
        })
    }

    /// The imports from modules that `lib.rs` declares later.
    pub(crate) fn upward(&self) -> Vec<String> {
        let rank = |path: &[String]| self.declared.iter().position(|name| Some(name) == path.first());
        let upward =
            |one: &&Use| matches!((rank(&one.from), rank(&one.to)), (Some(from), Some(to)) if to > from);
        self.uses.iter().filter(upward).map(|one| format!("{one}, which stands below it")).collect()
    }

    fn resolve_all(&mut self) {
        let (mut uses, mut foreign) = (Vec::new(), Vec::new());
        for (from, module) in &self.modules {
            for (path, line) in &module.mentioned {
                let to_use = |to| Use { from: from.clone(), to, file: module.file.clone(), line: *line };
                match path[0].as_str() {
                    "crate" | "super" | "self" => {
                        let to = self.resolve(from, path, 0);
                        uses.extend((to != *from).then(|| to_use(to)));
                    }
                    name if name.starts_with("bench_runner") && name != self.name => {
                        foreign.push(to_use(path.clone()));
                    }
                    _ => {}
                }
            }
        }
        (self.uses, self.foreign) = (uses, foreign);
    }

    /// The module that defines `path`, as seen from the module `from`; follows re-exports.
    fn resolve(&self, from: &[String], path: &[String], depth: usize) -> ModulePath {
        let mut at = from.to_vec();
        for (index, part) in path.iter().enumerate() {
            match part.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => {
                    at.pop();
                }
                name => {
                    let mut below = at.clone();
                    below.push(name.to_owned());
                    if self.modules.contains_key(&below) {
                        at = below;
                        continue;
                    }
                    let again = self.modules.get(&at).and_then(|module| module.imported.get(name));
                    return match again {
                        Some(target) if depth < 8 && !target[0].starts_with("bench_runner") => {
                            let rest = [target, &path[index + 1..]].concat();
                            self.resolve(&at, &rest, depth + 1)
                        }
                        _ => at,
                    };
                }
            }
        }
        at
    }
}

/// All cycles between the parts of one module, each with the imports that form it. A module and everything
/// below it are one part; a module and its own parts are not a cycle.
pub(crate) fn circles(of: &Crate) -> Vec<String> {
    let mut parts: BTreeMap<ModulePath, BTreeMap<String, BTreeMap<String, &Use>>> = BTreeMap::new();
    for one in &of.uses {
        let shared = one.from.iter().zip(&one.to).take_while(|(a, b)| a == b).count();
        if let (Some(from), Some(to)) = (one.from.get(shared), one.to.get(shared)) {
            let module = parts.entry(one.from[..shared].to_vec()).or_default();
            module.entry(from.clone()).or_default().entry(to.clone()).or_insert(one);
        }
    }
    let mut found = Vec::new();
    for (module, edges) in &parts {
        let within: Vec<&String> =
            edges.keys().filter(|part| reached(edges, part).contains(part.as_str())).collect();
        if within.is_empty() {
            continue;
        }
        let imports =
            within.iter().flat_map(|from| edges[*from].iter().filter(|(to, _)| within.contains(to)));
        let imports: Vec<String> = imports.map(|(_, one)| one.to_string()).collect();
        found.push(format!("a circle in {}::{}:\n  {}", of.name, module.join("::"), imports.join("\n  ")));
    }
    found
}

fn reached<'a>(edges: &'a BTreeMap<String, BTreeMap<String, &Use>>, from: &str) -> BTreeSet<&'a str> {
    let mut seen = BTreeSet::new();
    let mut open: Vec<&str> = vec![from];
    while let Some(part) = open.pop() {
        for to in edges.get(part).into_iter().flat_map(BTreeMap::keys) {
            if seen.insert(to.as_str()) {
                open.push(to);
            }
        }
    }
    seen
}

/// Reads a module and those below it. Returns the modules that it declares, in order.
fn read_module(
    text: &str,
    file: &Path,
    folder: &Path,
    path: ModulePath,
    modules: &mut BTreeMap<ModulePath, Module>,
) -> Vec<String> {
    let parsed = syn::parse_file(text).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let mut reader = Reader::default();
    let mut declared = Vec::new();
    for item in &parsed.items {
        if is_test(attributes(item)) {
            continue;
        }
        reader.visit_item(item);
        if let Item::Mod(module) = item
            && module.content.is_none()
        {
            let name = module.ident.to_string();
            let candidates = [folder.join(format!("{name}.rs")), folder.join(&name).join("mod.rs")];
            let below = candidates.iter().find(|path| path.is_file());
            let below = below.unwrap_or_else(|| panic!("{}: no file for `mod {name}`", file.display()));
            let mut inner = path.clone();
            inner.push(name.clone());
            let text = fs::read_to_string(below).expect("a source file");
            read_module(&text, below, &folder.join(&name), inner, modules);
            declared.push(name);
        }
    }
    let Reader { items, types, imported, mentioned, .. } = reader;
    modules.insert(path, Module { file: file.to_path_buf(), items, types, imported, mentioned });
    declared
}

/// The reader works: it finds a cycle in a crate made for this test, past a test module and in a group of
/// several lines.
pub(crate) fn a_circle_of_files_is_found() {
    let dir = tempfile::tempdir().expect("a temporary directory");
    let write = |name: &str, text: &str| {
        let path = dir.path().join(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("a file");
    };
    write("lib.rs", "pub mod low;\npub mod high;\n");
    write("low.rs", "#[cfg(test)]\nmod tests { use crate::high::B; }\nuse crate::{\n    high::a,\n};\n");
    write("high/mod.rs", "mod a;\nmod b;\npub use a::A;\n#[cfg(test)]\nmod tests;\n");
    write("high/a.rs", "pub struct A;\nfn f() { struct C; println!(\"{}\", super::b::B); }\n");
    write(
        "high/b.rs",
        "#[cfg(test)]\nmod tests { struct A; use super::super::a; }\nuse super::A;\npub struct B;\n",
    );
    let found = Crate::read("made", dir.path());
    let upward = found.upward();
    assert!(upward.len() == 1 && upward[0].contains("low.rs:4: `low` imports `high::a`"), "{upward:?}");
    let circles = circles(&found);
    assert_eq!(circles.len(), 1, "{circles:?}");
    for place in ["high/a.rs:2: `high::a` imports `high::b`", "high/b.rs:3: `high::b` imports `high::a`"] {
        assert!(circles[0].contains(place), "{circles:?}");
    }
    let types: Vec<&str> = found.types().map(|(name, _)| name).collect();
    assert_eq!(types, ["A", "B"], "neither of tests nor of functions");
    write("high/b.rs", "#[cfg(test)]\nmod tests { use super::super::a; }\npub struct B;\n");
    assert!(self::circles(&Crate::read("made", dir.path())).is_empty());
}
