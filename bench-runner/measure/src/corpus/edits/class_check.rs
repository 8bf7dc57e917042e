//! Checks that an edit of a Rust file changes what its class says: by the tokens of the file, with those of
//! function bodies apart. The units that it rebuilds do not distinguish a comment from a new signature; the
//! text does.

use std::ops::Range;

use proc_macro2::TokenStream;
use syn::{Block, ImplItem, Item, TraitItem};

use crate::corpus::manifest::EditClass;

/// The reason why the change from `before` to `after` is not an edit of this class, if that is known: a text
/// that is not Rust before the edit is not judged.
pub(super) fn class_mismatch(class: EditClass, before: &str, after: &str) -> Option<&'static str> {
    let old = FileTokens::parse(before)?;
    let Some(new) = FileTokens::parse(after) else {
        return Some("what it makes of the file is no Rust any more");
    };
    let (same, same_outside) = (old.whole == new.whole, old.outside == new.outside);
    match class {
        EditClass::Comment if !same => Some("it changes more than a comment"),
        EditClass::Comment => None,
        EditClass::Manifest | EditClass::Patch => None,
        _ if same => Some("it changes nothing that the compiler sees"),
        EditClass::Body if !same_outside => Some("it changes more than the inside of functions"),
        EditClass::Signature | EditClass::NewItem | EditClass::MacroInput if same_outside => {
            Some("it changes nothing outside of functions")
        }
        _ => None,
    }
}

/// The tokens of a file.
struct FileTokens {
    /// All of its tokens.
    whole: String,
    /// Those outside of function bodies.
    outside: String,
}

impl FileTokens {
    fn parse(text: &str) -> Option<Self> {
        // The parser skips the text before the first token of such a file, so its positions would be wrong.
        if text.starts_with('\u{feff}') || text.starts_with("#!") && !text.starts_with("#![") {
            return None;
        }
        let mut bodies = Vec::new();
        collect_bodies(&syn::parse_file(text).ok()?.items, &mut bodies);
        let mut outside = text.to_owned();
        bodies.sort_by_key(|body| body.start);
        for body in bodies.into_iter().rev() {
            outside.replace_range(body, "");
        }
        Some(Self { whole: tokens(text)?, outside: tokens(&outside)? })
    }
}

fn tokens(text: &str) -> Option<String> {
    text.parse::<TokenStream>().ok().map(|tokens| tokens.to_string())
}

/// Adds the insides of all functions, in bytes; functions within functions are part of the outer one.
fn collect_bodies(items: &[Item], bodies: &mut Vec<Range<usize>>) {
    for item in items {
        match item {
            Item::Fn(function) => bodies.push(inside(&function.block)),
            Item::Impl(block) => bodies.extend(block.items.iter().filter_map(|item| match item {
                ImplItem::Fn(function) => Some(inside(&function.block)),
                _ => None,
            })),
            Item::Trait(item) => bodies.extend(item.items.iter().filter_map(|item| match item {
                TraitItem::Fn(function) => function.default.as_ref().map(inside),
                _ => None,
            })),
            Item::Mod(module) => {
                collect_bodies(module.content.as_ref().map_or(&[][..], |(_, items)| items), bodies);
            }
            _ => {}
        }
    }
}

fn inside(block: &Block) -> Range<usize> {
    let braces = block.brace_token.span;
    braces.open().byte_range().end..braces.close().byte_range().start
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "//! Ä.\npub fn f() { 1; }\nimpl S { fn m(&self) { 2; } }\nmod x { trait T { fn d() { 3; } } }\n";

    #[test]
    fn a_class_is_what_the_tokens_say() {
        let says =
            |class: EditClass, old: &str, new: &str| class_mismatch(class, TEXT, &TEXT.replace(old, new));
        let body = |old: &str, new: &str| says(EditClass::Body, old, new);
        for inside in ["1;", "2;", "3;"] {
            assert_eq!(body(inside, "4;"), None, "{inside}");
            let signature = says(EditClass::Signature, inside, "4;");
            assert_eq!(signature, Some("it changes nothing outside of functions"));
        }
        assert_eq!(body("f()", "g()"), Some("it changes more than the inside of functions"));
        assert_eq!(body("pub", "/* c */ pub"), Some("it changes nothing that the compiler sees"));
        assert_eq!(body("1;", "1; }"), Some("what it makes of the file is no Rust any more"));
        assert_eq!(says(EditClass::Comment, "pub", "// c\npub"), None);
        let documentation = says(EditClass::Comment, "pub", "/// c\npub");
        assert_eq!(documentation, Some("it changes more than a comment"));
        assert_eq!(says(EditClass::NewItem, "pub fn", "static X: u8 = 1;\npub fn"), None);
        assert_eq!(says(EditClass::Root, "1;", "4;"), None);
        assert_eq!(class_mismatch(EditClass::Body, "no rust {", "fn f() {}"), None);
    }
}
