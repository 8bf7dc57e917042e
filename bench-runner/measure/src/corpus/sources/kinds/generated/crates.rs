//! The code of the crates: functions in their style, joined by `run`, which calls those of the crates below.

use super::parameters::{BODY_ANCHOR, GeneratedSource, ITEM_ANCHOR, InGraph};

use super::cargo_files::MACROS;
use super::draw;
use super::files::Files;
use super::styles::StyledFunctions;

/// The sources of all crates.
pub(super) fn files(source: &GeneratedSource) -> Files {
    let mut files = Files::new();
    for at in 0..source.crates {
        files.insert(GeneratedSource::file(at).into(), code(source, at));
    }
    match source.in_graph {
        InGraph::None => {}
        InGraph::BuildScript => {
            let package = GeneratedSource::package(source.deepest());
            files.insert(format!("crates/{package}/build.rs").into(), BUILD_SCRIPT.to_owned());
        }
        InGraph::ProcMacro => {
            files.insert(format!("crates/{MACROS}/src/lib.rs").into(), PROC_MACRO.to_owned());
        }
    }
    files
}

const BUILD_SCRIPT: &str = r#"//! Writes a table that the crate includes.

use std::fmt::Write as _;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let mut table = String::from("const TABLE: [u64; 256] = [\n");
    let mut a: u64 = 1;
    for _ in 0..256 {
        a = a.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        writeln!(table, "    {a},").unwrap();
    }
    table.push_str("];\n");
    let dir = std::env::var_os("OUT_DIR").unwrap();
    std::fs::write(std::path::Path::new(&dir).join("table.rs"), table).unwrap();
}
"#;

const PROC_MACRO: &str = r#"//! A derive macro that needs no other crate.

use proc_macro::{TokenStream, TokenTree};

/// Gives a structure a function `mixed`.
#[proc_macro_derive(Mixed)]
pub fn mixed(item: TokenStream) -> TokenStream {
    let mut words = item.into_iter().filter_map(|token| match token {
        TokenTree::Ident(word) => Some(word.to_string()),
        _ => None,
    });
    words.find(|word| word == "struct");
    let name = words.next().expect("a structure has a name");
    let lines: String = (0..64u64).map(|at| format!("a = (a ^ {at}).rotate_left(5);")).collect();
    format!("impl {name} {{ pub fn mixed(mut a: u64) -> u64 {{ {lines} a }} }}").parse().unwrap()
}
"#;

fn code(source: &GeneratedSource, at: u32) -> String {
    let functions = draw::functions(source.seed, at, source.lines);
    let wrapped = StyledFunctions::new(source.style, &functions);
    let in_graph = if at == source.deepest() { source.in_graph } else { InGraph::None };
    let calls = source.calls.as_deref().filter(|_| at == 0);
    let (called, calling) = calls.map_or_else(Default::default, |calls| (uncalled_function(calls), CALLING));
    let (items, mixing) = match in_graph {
        InGraph::None => ("", ""),
        InGraph::BuildScript => (TABLE_ITEMS, "    x ^= TABLE[(x % 256) as usize];\n"),
        InGraph::ProcMacro => (MACRO_ITEMS, "    x = Table::mixed(x);\n"),
    };
    let below: String = source
        .needed_by(at)
        .into_iter()
        .map(|below| {
            format!("    x = {};\n", wrapped.call(&format!("{}::run", GeneratedSource::package(below))))
        })
        .collect();
    let body = format!("    let mut x = edited(x);\n{calling}{mixing}{below}{}", wrapped.calls());
    let edited = format!("{BODY_ANCHOR}\n    x\n}}\n");
    let run = wrapped.run(&body);
    if at == 0 {
        let used = use_declarations(source);
        let main = wrapped.main();
        return format!(
            "//! A generated binary.\n\n{used}{called}{items}{main}\n{edited}\n{run}\n{}",
            wrapped.items()
        );
    }
    format!("//! A generated library.\n\n{items}{edited}\n{run}\n{ITEM_ANCHOR}\n\n{}", wrapped.items())
}

const CALLING: &str = "    x = called(x);\n";

/// A function with the statements that call the binary's dependencies. No actual value of `x` runs them, and
/// the compiler cannot know that.
fn uncalled_function(calls: &str) -> String {
    let lines: String = calls.lines().map(|line| format!("        {line}\n")).collect();
    let never = "if std::hint::black_box(x) == u64::MAX && std::env::args().len() > 1000";
    format!("fn called(x: u64) -> u64 {{\n    {never} {{\n{lines}    }}\n    x\n}}\n\n")
}

const TABLE_ITEMS: &str = "include!(concat!(env!(\"OUT_DIR\"), \"/table.rs\"));\n\n";
const MACRO_ITEMS: &str = "#[derive(macros::Mixed)]\npub struct Table;\n\n";

/// `use` declarations that link the binary's dependencies into it.
fn use_declarations(source: &GeneratedSource) -> String {
    let mut text: String =
        source.dependencies.keys().map(|name| format!("use {} as _;\n", name.replace('-', "_"))).collect();
    if !text.is_empty() {
        text.push('\n');
    }
    text
}
