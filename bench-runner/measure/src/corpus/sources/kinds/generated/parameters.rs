//! `kind = "generated"`: the parameters of a small family of crates, and their form in TOML.
//!
//! The same parameters always give the same bytes, so a manifest contains only the parameters. Knows nothing
//! of the code that is written from them, except the places of edits.

use std::collections::BTreeMap;

use crate::toml_reader::{DocError, Reader, TomlValue};

use crate::corpus::names;

/// Most crates of one project: futures nest once per crate of a chain, and rustc has a limit for that.
const MOST_CRATES: u32 = 64;
/// Fewest and most lines of one crate.
const LINES: std::ops::RangeInclusive<u32> = 20..=100_000;

/// The line after which an edit inside a function goes; it occurs once in each crate.
pub(super) const BODY_ANCHOR: &str = "fn edited(x: u64) -> u64 {";
/// The line after which a new public item goes; it occurs once in each library.
pub(super) const ITEM_ANCHOR: &str = "// New items go below this line.";

/// Crates made from parameters, so that one property can vary and nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::corpus) struct GeneratedSource {
    /// Seed of the random statements.
    pub seed: u64,
    /// Number of crates: one binary, the others libraries. A proc macro is not counted.
    pub crates: u32,
    /// Dependencies between the crates.
    pub shape: GraphShape,
    /// Approximate lines of each crate in [`Style::Plain`]; other styles wrap the same statements.
    pub lines: u32,
    /// Style in which the statements are wrapped.
    pub style: Style,
    /// Build-time dependency of the deepest crate.
    pub in_graph: InGraph,
    /// External dependencies of the binary, by name of the package.
    pub dependencies: BTreeMap<String, PinnedDependency>,
    /// Rust statements that call them. They are compiled and linked into the binary, and never run.
    pub calls: Option<String>,
    /// The text of Cargo.lock, if there are such dependencies.
    pub lock: Option<String>,
    /// The hash that the tree must have, 64 hex digits.
    pub tree: Option<String>,
}

/// Dependencies between the crates.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::corpus) enum GraphShape {
    /// A single binary.
    One,
    /// Each crate depends on the next one.
    Chain,
    /// The binary depends on all others.
    Star,
    /// The binary depends on all others but the last, and those on the last.
    Diamond,
}

/// Style in which the same statements are wrapped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::corpus) enum Style {
    /// Plain functions.
    Plain,
    /// Nested generic types, instantiated for the binary's closure: all is compiled where it is used.
    Generics,
    /// The same, with trait objects in place of type parameters.
    TraitObjects,
    /// Async functions that await each other.
    AsyncNested,
    /// The same, with each future in a box.
    AsyncBoxed,
    /// A structure with seven derived traits for each function.
    Derive,
}

/// Build-time dependency of the deepest crate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::corpus) enum InGraph {
    /// Nothing.
    None,
    /// A build script that writes code.
    BuildScript,
    /// A proc macro, in a separate crate.
    ProcMacro,
}

/// One version of a package from crates.io.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::corpus) struct PinnedDependency {
    /// Its full version, without the `=` before it.
    pub version: String,
    /// Features to turn on.
    pub features: Vec<String>,
    /// True if its default features stay on.
    pub default_features: bool,
}

/// A parameter with a few valid words.
trait WordParameter: Copy + 'static {
    const ALL: &'static [(&'static str, Self)];

    fn read(value: &TomlValue<'_>) -> Result<Self, DocError> {
        let word = value.string()?;
        Self::ALL.iter().find(|(name, _)| *name == word).map(|(_, own)| *own).ok_or_else(|| {
            let error = value.error(format!("`{}` cannot be `{}`", value.name(), word.escape_debug()));
            let names: Vec<&str> = Self::ALL.iter().map(|(name, _)| *name).collect();
            match bench_runner_core::suggest::suggest(&word, names.iter().copied()) {
                Some(name) => {
                    error.with_help(format!("did you mean `{name}`? valid are {}", names.join(", ")))
                }
                None => error.with_help(format!("valid are {}", names.join(", "))),
            }
        })
    }
}

impl WordParameter for GraphShape {
    const ALL: &'static [(&'static str, Self)] =
        &[("one", Self::One), ("chain", Self::Chain), ("star", Self::Star), ("diamond", Self::Diamond)];
}

impl WordParameter for Style {
    const ALL: &'static [(&'static str, Self)] = &[
        ("plain", Self::Plain),
        ("generics", Self::Generics),
        ("trait-objects", Self::TraitObjects),
        ("async-nested", Self::AsyncNested),
        ("async-boxed", Self::AsyncBoxed),
        ("derive", Self::Derive),
    ];
}

impl WordParameter for InGraph {
    const ALL: &'static [(&'static str, Self)] =
        &[("none", Self::None), ("build-script", Self::BuildScript), ("proc-macro", Self::ProcMacro)];
}

impl GeneratedSource {
    /// The number of the crate that depends on no other crate of the project: the last one. 0 is the binary.
    pub(super) fn deepest(&self) -> u32 {
        self.crates.saturating_sub(1)
    }

    /// The crates that crate number `at` depends on.
    pub(super) fn needed_by(&self, at: u32) -> Vec<u32> {
        let last = self.deepest();
        match self.shape {
            GraphShape::One => Vec::new(),
            GraphShape::Chain => (at + 1..=last).take(1).collect(),
            GraphShape::Star if at == 0 => (1..=last).collect(),
            GraphShape::Diamond if at == 0 => (1..last).collect(),
            GraphShape::Diamond if at < last => vec![last],
            GraphShape::Star | GraphShape::Diamond => Vec::new(),
        }
    }

    /// The source file of crate number `at`.
    pub(super) fn file(at: u32) -> String {
        let name = if at == 0 { "main" } else { "lib" };
        format!("crates/{}/src/{name}.rs", Self::package(at))
    }

    /// The name of crate number `at`; all have the same length.
    pub(super) fn package(at: u32) -> String {
        format!("c{at:03}")
    }

    /// The edits that come with it, as `[[edit]]` tables.
    pub(super) fn edit_tables(&self) -> String {
        let body = |name: &str, at: u32| {
            format!(
                "[[edit]]\nname = \"{name}\"\nclass = \"body\"\nfile = \"{}\"\nanchor = \"{BODY_ANCHOR}\"\n\
                 insert = \"\\n    std::hint::black_box({{n}}u64);\"\n",
                Self::file(at)
            )
        };
        let last = self.deepest();
        if last == 0 {
            return body("root", 0);
        }
        let item = format!(
            "[[edit]]\nname = \"deepest-signature\"\nclass = \"signature\"\nfile = \"{}\"\nanchor = \"{ITEM_ANCHOR}\"\n\
             insert = \"\\npub fn added_{{n}}() -> u64 {{\\n    {{n}}\\n}}\"\n",
            Self::file(last)
        );
        [body("root", 0), body("deepest", last), item].concat()
    }
}

/// Reads the keys of the table, except `kind`.
pub(super) fn read(table: &mut Reader<'_>) -> Result<GeneratedSource, DocError> {
    let source = GeneratedSource {
        seed: table.read("seed", seed)?,
        crates: table.read("crates", |v| within(v, 1..=MOST_CRATES))?,
        shape: table.read("shape", GraphShape::read)?,
        lines: table.read("lines", |v| within(v, LINES))?,
        style: table.read("style", Style::read)?,
        in_graph: table.read_optional("in-graph", InGraph::read)?.unwrap_or(InGraph::None),
        dependencies: table.read_optional("dependencies", |v| v.map_of(dependency))?.unwrap_or_default(),
        calls: table.read_optional("calls", |v| v.string())?,
        lock: table.read_optional("lock", |v| v.string())?,
        tree: table.read_optional("tree", names::tree)?,
    };
    let (crates, fits, help) = match (source.shape, source.crates) {
        (GraphShape::One, crates) => (crates, crates == 1, "`one` has one crate: `crates = 1`"),
        (GraphShape::Chain, crates) => (crates, crates >= 2, "a chain has at least 2 crates"),
        (GraphShape::Star, crates) => (crates, crates >= 2, "a star has at least 2 crates"),
        (GraphShape::Diamond, crates) => (crates, crates >= 4, "a diamond has at least 4 crates"),
    };
    if !fits {
        let error = table.error_at_key("crates", format!("{crates} crates do not make that shape"));
        return Err(error.with_help(help));
    }
    if let Some(name) = source.dependencies.keys().find(|name| !is_package(name)) {
        let message = format!("`{}` is not the name of a package", name.escape_debug());
        return Err(table.error_at_key("dependencies", message));
    }
    if source.calls.is_some() && source.dependencies.is_empty() {
        let message = "`calls` is for projects with `dependencies`";
        return Err(table.error_at_key("calls", message));
    }
    if source.lock.is_some() && source.dependencies.is_empty() {
        let message = "`lock` is for projects with `dependencies`; without them it is made with the sources";
        return Err(table.error_at_key("lock", message));
    }
    Ok(source)
}

fn seed(value: &TomlValue<'_>) -> Result<u64, DocError> {
    let number = value.integer()?;
    u64::try_from(number).map_err(|_| value.error(format!("`{}` is less than 0", value.name())))
}

fn within(value: &TomlValue<'_>, bounds: std::ops::RangeInclusive<u32>) -> Result<u32, DocError> {
    let number = value.count()?;
    if bounds.contains(&number) {
        return Ok(number);
    }
    let (low, high) = bounds.into_inner();
    Err(value.error(format!("`{}` must be between {low} and {high}", value.name())))
}

/// A valid package name on crates.io. It becomes a word in Rust code.
fn is_package(name: &str) -> bool {
    let rest = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
    name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.len() <= 64 && name.chars().all(rest)
}

fn dependency(value: &TomlValue<'_>) -> Result<PinnedDependency, DocError> {
    if !value.is_table() {
        return Ok(PinnedDependency { version: exact(value)?, features: Vec::new(), default_features: true });
    }
    value.with_table(|table| {
        Ok(PinnedDependency {
            version: table.read("version", exact)?,
            features: table.read_optional("features", names::words)?.unwrap_or_default(),
            default_features: table.read_optional("default-features", |v| v.bool())?.unwrap_or(true),
        })
    })
}

fn exact(value: &TomlValue<'_>) -> Result<String, DocError> {
    let text = value.string()?;
    match text.strip_prefix('=') {
        Some(version) => names::checked_version(value, version.trim_start()),
        None => Err(value
            .error(format!("`{}` does not pin a version: `{}`", value.name(), text.escape_debug()))
            .with_help("write it as `=1.2.3`")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::corpus::{EditClass, Project};
    use crate::printed_error::PrintedError as _;
    use crate::toml_reader::SourceText;

    const WHOLE: &str = r#"
name = "chain"
[source]
kind = "generated"
seed = 7
crates = 5
shape = "chain"
lines = 200
style = "trait-objects"
in-graph = "proc-macro"
dependencies = { serde = "=1.0.228", ureq = { version = "=3.1.2", features = ["json"], default-features = false } }
calls = "ureq::get(\"http://localhost\");"
lock = '''
version = 4
'''
"#;

    fn parse(text: &str) -> Result<Project, DocError> {
        Project::parse(&SourceText::new("chain.toml", text), None)
    }

    fn generated(text: &str) -> GeneratedSource {
        parse(text).unwrap().source.downcast::<GeneratedSource>().unwrap().clone()
    }

    fn refused(find: &str, replace: &str) -> String {
        assert!(WHOLE.contains(find), "{find}");
        parse(&WHOLE.replacen(find, replace, 1)).unwrap_err().printed()
    }

    #[test]
    fn every_key_arrives() {
        let source = generated(WHOLE);
        assert_eq!((source.seed, source.crates, source.lines), (7, 5, 200));
        assert_eq!(
            (source.shape, source.style, source.in_graph),
            (GraphShape::Chain, Style::TraitObjects, InGraph::ProcMacro)
        );
        assert_eq!(source.dependencies["serde"].version, "1.0.228");
        let ureq = &source.dependencies["ureq"];
        assert_eq!((&ureq.features[..], ureq.default_features), (&["json".to_owned()][..], false));
        assert_eq!(source.calls.as_deref(), Some("ureq::get(\"http://localhost\");"));
        assert_eq!(source.lock.as_deref(), Some("version = 4\n"));
    }

    #[test]
    fn each_shape_has_its_edges() {
        let edges = |shape: &str, crates: u32| {
            let text = WHOLE.replace("\"chain\"\nlines", &format!("\"{shape}\"\nlines"));
            let source = generated(&text.replace("crates = 5", &format!("crates = {crates}")));
            (0..crates).map(|at| source.needed_by(at)).collect::<Vec<_>>()
        };
        assert_eq!(edges("one", 1), [Vec::<u32>::new()]);
        assert_eq!(edges("chain", 3), [vec![1], vec![2], vec![]]);
        assert_eq!(edges("star", 4), [vec![1, 2, 3], vec![], vec![], vec![]]);
        assert_eq!(edges("diamond", 4), [vec![1, 2], vec![3], vec![3], vec![]]);
    }

    #[test]
    fn edits_come_along_unless_the_manifest_has_its_own() {
        let project = parse(WHOLE).unwrap();
        let names: Vec<&str> = project.edits.iter().map(|edit| edit.name.as_str()).collect();
        assert_eq!(names, ["root", "deepest", "deepest-signature"]);
        assert_eq!(project.ordinary_edit().unwrap().class, EditClass::Body);
        let own =
            "[[edit]]\nname = \"own\"\nclass = \"body\"\nfile = \"a\"\nanchor = \"b\"\ninsert = \"{n}\"\n";
        assert_eq!(parse(&format!("{WHOLE}{own}")).unwrap().edits.len(), 1);
    }

    #[test]
    fn parameters_that_make_nothing_are_refused() {
        assert!(refused("crates = 5", "crates = 1").contains("at least 2"));
        assert!(refused("\"chain\"\nlines", "\"one\"\nlines").contains("one crate"));
        assert!(refused("crates = 5", "crates = 65").contains("between 1 and 64"));
        assert!(refused("lines = 200", "lines = 3").contains("between 20 and 100000"));
        assert!(refused("seed = 7", "seed = -7").contains("less than 0"));
        assert!(refused("\"chain\"\nlines", "\"chian\"\nlines").contains("did you mean `chain`?"));
        assert!(refused("=1.0.228", "1.0").contains("write it as `=1.2.3`"));
        assert!(refused("=1.0.228", "=1.0").contains("full version"));
        assert!(refused("{ serde", "{ \"../x\"").contains("not the name of a package"));
        assert!(refused("serde = ", "\"a b\" = ").contains("not the name of a package"));
        let error = refused("dependencies = {", "# dependencies = {");
        assert!(error.contains("`calls` is for projects with `dependencies`"), "{error}");
        let without =
            WHOLE.replacen("dependencies = {", "# dependencies = {", 1).replacen("calls", "# calls", 1);
        let error = parse(&without).unwrap_err().printed();
        assert!(error.contains("`lock` is for projects with `dependencies`"), "{error}");
    }
}
