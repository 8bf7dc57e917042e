//! Parses the files of a crate and finds the places where an edit can be made.
//!
//! Only code that is certainly part of the crate is used: modules are followed from the crate's root file,
//! and code under a `cfg`, in a macro, in a `const fn` or in a generated file is skipped.

use std::ops::Range;
use std::path::{Path, PathBuf};

use proc_macro2::Span;
use syn::{Attribute, ImplItem, Item, ItemFn, ItemMod, Signature, Visibility};

use super::super::text::occurrences;

/// Most files read of one crate.
const MOST_FILES: usize = 300;

pub(super) struct CrateFile {
    pub(super) path: PathBuf,
    pub(super) text: String,
    items: Vec<Item>,
}

/// A place in a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct EditPlace {
    /// A text that occurs there and nowhere else in the file.
    pub(super) anchor: String,
    /// Quality of the place; higher is better.
    pub(super) worth: usize,
}

/// The files of the crate with the root file `root`, that one first.
pub(super) fn files(root: &Path) -> Vec<CrateFile> {
    let mut found: Vec<CrateFile> = Vec::new();
    let directory = root.parent().unwrap_or(Path::new("")).to_owned();
    let mut left = vec![(root.to_owned(), directory)];
    while let Some((path, directory)) = left.pop() {
        if found.len() >= MOST_FILES || found.iter().any(|file| file.path == path) {
            continue;
        }
        let Some(file) = read(&path) else { continue };
        modules(&file.items, &path, &directory, &mut left);
        found.push(file);
    }
    found
}

fn read(path: &Path) -> Option<CrateFile> {
    let text = std::fs::read_to_string(path).ok()?;
    // The parser skips the text before the first token of such a file, so its positions would be wrong.
    let shifted = text.starts_with('\u{feff}') || text.starts_with("#!") && !text.starts_with("#![");
    let generated = text.lines().take(10).any(|line| line.contains("@generated"));
    if shifted || generated {
        return None;
    }
    let file = syn::parse_file(&text).ok()?;
    if under_cfg(&file.attrs) {
        return None;
    }
    Some(CrateFile { path: path.to_owned(), text, items: file.items })
}

/// Adds the files of the modules in `items` of the file `path`; ordinary ones are in `directory`.
fn modules(items: &[Item], path: &Path, directory: &Path, left: &mut Vec<(PathBuf, PathBuf)>) {
    for module in items.iter().filter_map(as_module) {
        let name = module.ident.to_string();
        let name = name.strip_prefix("r#").unwrap_or(&name);
        if let Some((_, items)) = &module.content {
            modules(items, path, &directory.join(name), left);
        } else if let Some(own) = own_path(&module.attrs) {
            let file = path.parent().unwrap_or(Path::new("")).join(own);
            let directory = file.parent().unwrap_or(Path::new("")).to_owned();
            left.push((file, directory));
        } else {
            let beside = directory.join(format!("{name}.rs"));
            let file = if beside.is_file() { beside } else { directory.join(name).join("mod.rs") };
            left.push((file, directory.join(name)));
        }
    }
}

fn as_module(item: &Item) -> Option<&ItemMod> {
    match item {
        Item::Mod(module) if !under_cfg(&module.attrs) => Some(module),
        _ => None,
    }
}

/// The file that `#[path = "…"]` names.
fn own_path(attributes: &[Attribute]) -> Option<String> {
    attributes.iter().find_map(|attribute| match &attribute.meta {
        syn::Meta::NameValue(pair) if pair.path.is_ident("path") => match &pair.value {
            syn::Expr::Lit(syn::ExprLit { lit: syn::Lit::Str(text), .. }) => Some(text.value()),
            _ => None,
        },
        _ => None,
    })
}

fn under_cfg(attributes: &[Attribute]) -> bool {
    attributes.iter().any(|attribute| attribute.path().is_ident("cfg"))
}

impl CrateFile {
    /// The places right after the opening brace of functions, `main` before all others.
    pub(super) fn bodies(&self) -> Vec<EditPlace> {
        let mut places = Vec::new();
        self.bodies_of(&self.items, &mut places);
        places
    }

    fn bodies_of(&self, items: &[Item], places: &mut Vec<EditPlace>) {
        for item in items {
            match item {
                Item::Fn(function) => places.extend(self.body(function)),
                Item::Mod(module) if !under_cfg(&module.attrs) => {
                    self.bodies_of(module.content.as_ref().map_or(&[][..], |(_, items)| items), places);
                }
                Item::Impl(block) if !under_cfg(&block.attrs) && block.generics.params.is_empty() => {
                    for method in &block.items {
                        if let ImplItem::Fn(method) = method {
                            let ordinary = is_ordinary(&method.attrs, &method.sig);
                            let public = matches!(method.vis, Visibility::Public(_));
                            let worth = ordinary.then(|| worth(method.block.stmts.len(), public));
                            places.extend(
                                worth.and_then(|worth| self.after_brace(&method.sig, &method.block, worth)),
                            );
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn body(&self, function: &ItemFn) -> Option<EditPlace> {
        let is_main = function.sig.ident == "main"
            && !under_cfg(&function.attrs)
            && function.sig.constness.is_none()
            && function.sig.generics.params.is_empty();
        if !is_main && !is_ordinary(&function.attrs, &function.sig) {
            return None;
        }
        let public = matches!(function.vis, Visibility::Public(_));
        let worth = if is_main { usize::MAX } else { worth(function.block.stmts.len(), public) };
        self.after_brace(&function.sig, &function.block, worth)
    }

    fn after_brace(&self, signature: &Signature, block: &syn::Block, worth: usize) -> Option<EditPlace> {
        let start = signature.fn_token.span.byte_range().start;
        let end = block.brace_token.span.open().byte_range().end;
        // A statement cannot precede an attribute of the whole block.
        if self.text.get(end..)?.trim_start().starts_with("#!") {
            return None;
        }
        self.place(start..end, worth)
    }

    /// The places of the file's top-level items: from their attributes to their name.
    pub(super) fn items(&self) -> Vec<EditPlace> {
        self.items.iter().filter_map(|item| self.place(head(item)?, 0)).collect()
    }

    /// The places of structs and enums that a derive macro expands. A macro from a crate is worth more than a
    /// standard one.
    pub(super) fn derived(&self) -> Vec<EditPlace> {
        const STANDARD_DERIVES: [&str; 9] =
            ["Debug", "Clone", "Copy", "PartialEq", "Eq", "PartialOrd", "Ord", "Hash", "Default"];
        let of = |item: &Item| {
            let (Item::Struct(syn::ItemStruct { attrs, .. }) | Item::Enum(syn::ItemEnum { attrs, .. })) =
                item
            else {
                return None;
            };
            let derives = attrs.iter().filter(|attribute| attribute.path().is_ident("derive"));
            let derived: Vec<String> = derives
                .filter_map(|attribute| Some(attribute.meta.require_list().ok()?.tokens.to_string()))
                .flat_map(|list| {
                    let last = |path: &str| path.rsplit("::").next().unwrap_or(path).trim().to_owned();
                    list.split(',').map(last).filter(|name| !name.is_empty()).collect::<Vec<_>>()
                })
                .collect();
            let foreign = derived.iter().filter(|name| !STANDARD_DERIVES.contains(&name.as_str())).count();
            self.place(head(item)?, foreign).filter(|_| !derived.is_empty())
        };
        self.items.iter().filter_map(of).collect()
    }

    /// A place, if its text occurs nowhere else and does not contain `{n}`.
    fn place(&self, range: Range<usize>, worth: usize) -> Option<EditPlace> {
        let anchor = self.text.get(range)?.to_owned();
        let clear = occurrences(&self.text, &anchor).0 == 1 && !anchor.contains("{n}");
        clear.then_some(EditPlace { anchor, worth })
    }
}

/// Public functions rank before others, and longer ones before shorter ones.
fn worth(statements: usize, public: bool) -> usize {
    statements.min(50) + if public { 100 } else { 0 }
}

/// True if a statement can be put into a function and becomes code of its own crate: only harmless
/// attributes, not `const`, not generic, not inlined elsewhere.
fn is_ordinary(attributes: &[Attribute], signature: &Signature) -> bool {
    const HARMLESS: [&str; 7] = ["doc", "must_use", "allow", "expect", "warn", "cold", "track_caller"];
    let harmless = |attribute: &Attribute| HARMLESS.iter().any(|name| attribute.path().is_ident(name));
    let generic =
        signature.generics.params.iter().any(|param| !matches!(param, syn::GenericParam::Lifetime(_)));
    let takes_impl = signature.inputs.iter().any(|input| match input {
        syn::FnArg::Typed(typed) => matches!(*typed.ty, syn::Type::ImplTrait(_)),
        syn::FnArg::Receiver(_) => false,
    });
    attributes.iter().all(harmless) && signature.constness.is_none() && !generic && !takes_impl
}

/// The range from the first attribute of an item to its name, or to its end if it has no name.
fn head(item: &Item) -> Option<Range<usize>> {
    let (attributes, vis, keyword, end): (&[Attribute], Option<&Visibility>, Span, Span) = match item {
        Item::Fn(item) => {
            let signature = &item.sig;
            // Items with qualifiers between the visibility and `fn` are left out.
            let plain = signature.constness.is_none()
                && signature.asyncness.is_none()
                && signature.unsafety.is_none()
                && signature.abi.is_none();
            if !plain {
                return None;
            }
            (&item.attrs, Some(&item.vis), signature.fn_token.span, signature.ident.span())
        }
        Item::Struct(item) => (&item.attrs, Some(&item.vis), item.struct_token.span, item.ident.span()),
        Item::Enum(item) => (&item.attrs, Some(&item.vis), item.enum_token.span, item.ident.span()),
        Item::Const(item) => (&item.attrs, Some(&item.vis), item.const_token.span, item.ident.span()),
        Item::Type(item) => (&item.attrs, Some(&item.vis), item.type_token.span, item.ident.span()),
        Item::Mod(item) if item.unsafety.is_none() => {
            (&item.attrs, Some(&item.vis), item.mod_token.span, item.ident.span())
        }
        Item::Use(item) => (&item.attrs, Some(&item.vis), item.use_token.span, item.semi_token.span),
        _ => return None,
    };
    if under_cfg(attributes) {
        return None;
    }
    let outer = attributes.iter().filter(|attribute| matches!(attribute.style, syn::AttrStyle::Outer));
    let starts =
        outer.map(|attribute| attribute.pound_token.span).chain(vis.and_then(start_of)).chain([keyword]);
    let start = starts.map(|span| span.byte_range().start).min()?;
    Some(start..end.byte_range().end)
}

fn start_of(vis: &Visibility) -> Option<Span> {
    match vis {
        Visibility::Public(public) => Some(public.span),
        Visibility::Restricted(restricted) => Some(restricted.pub_token.span),
        Visibility::Inherited => None,
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    fn crate_of(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<CrateFile>) {
        let dir = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let read = super::files(&dir.path().join(files[0].0));
        (dir, read)
    }

    #[test]
    fn modules_are_followed_as_rustc_does() {
        let (dir, files) = crate_of(&[
            (
                "src/lib.rs",
                "mod a;\nmod b { mod c; }\n#[cfg(test)]\nmod tests;\n#[path = \"odd/x.rs\"]\nmod d;\n",
            ),
            ("src/a.rs", "mod e;\n"),
            ("src/a/e.rs", ""),
            ("src/b/c/mod.rs", "mod f;\n"),
            ("src/b/c/f.rs", ""),
            ("src/odd/x.rs", ""),
            ("src/tests.rs", ""),
            ("src/unused.rs", ""),
        ]);
        let mut names: Vec<_> = files
            .iter()
            .map(|file| file.path.strip_prefix(dir.path()).unwrap().display().to_string())
            .collect();
        names.sort();
        let expected =
            ["src/a.rs", "src/a/e.rs", "src/b/c/f.rs", "src/b/c/mod.rs", "src/lib.rs", "src/odd/x.rs"];
        assert_eq!(names, expected);
    }

    #[test]
    fn only_what_becomes_code_of_the_crate_is_a_body() {
        let (_dir, files) = crate_of(&[(
            "lib.rs",
            "const fn c() {}\n#[cfg(windows)]\nfn w() {}\nfn g<T>(t: T) {}\nfn i(x: impl Clone) {}\n#[inline]\nfn n() {}\n\
             macro_rules! m { () => { fn in_macro() {} } }\n/// Äh: fn p() {}\npub fn p() {\n    q(); q()\n}\nfn q() { #![allow(x)] }\n\
             struct S;\nimpl S {\n    pub fn me(&self) -> u8 {\n        1\n    }\n}\nfn twice() {}\nmod x { fn twice() {} }\n",
        )]);
        let anchors: Vec<_> = files[0].bodies().into_iter().map(|place| place.anchor).collect();
        assert_eq!(anchors, ["fn me(&self) -> u8 {"], "`fn p() {{` stands in a comment too");
    }

    #[test]
    fn items_begin_with_their_attributes() {
        let (_dir, files) = crate_of(&[(
            "lib.rs",
            "//! Ä.\n#![allow(x)]\nuse std::fmt;\n/// Dö.\n#[derive(Debug, serde::Serialize)]\npub(crate) struct S {\n}\n#[derive(Clone)]\nenum E {}\n",
        )]);
        let anchors: Vec<_> = files[0].items().into_iter().map(|place| place.anchor).collect();
        let of_struct = "/// Dö.\n#[derive(Debug, serde::Serialize)]\npub(crate) struct S";
        assert_eq!(anchors, ["use std::fmt;", of_struct, "#[derive(Clone)]\nenum E"]);
        let worth: Vec<_> = files[0].derived().into_iter().map(|place| place.worth).collect();
        assert_eq!(worth, [1, 0]);
    }

    #[test]
    fn files_that_nobody_wrote_are_passed_over() {
        for text in [
            "// @generated by x\nfn f() {}",
            "#!/usr/bin/env run\nfn f() {}",
            "fn {",
            "#![cfg(windows)]\nfn f() {}",
        ] {
            assert!(crate_of(&[("lib.rs", text)]).1.is_empty(), "{text}");
        }
    }
}
