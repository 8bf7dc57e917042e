//! Changes of single keys in a TOML file of the user's. Comments, order and formatting stay.

use toml::{Table, Value};
use toml_edit::{Array, DocumentMut, Item, TableLike};

use crate::build::dotted_key;

/// A change of one key.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct KeyEdit {
    /// Parts of the key.
    pub(super) key: Vec<String>,
    pub(super) change: KeyChange,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum KeyChange {
    Set(Value),
    /// Further items of a list, behind those that it has.
    Append(Vec<String>),
}

const BOM: char = '\u{feff}';

/// `text` with these changes. What has its value already stays as it is.
///
/// # Errors
/// If the text is not TOML, or cannot be changed without a change of something else. The error is a sentence about the file,
/// without its name.
pub(super) fn edited(text: &str, edits: &[KeyEdit]) -> Result<String, String> {
    let (bom, body) = match text.strip_prefix(BOM) {
        Some(body) => (BOM.to_string(), body),
        None => (String::new(), text),
    };
    let breaks = body.matches('\n').count();
    let with_return = body.matches("\r\n").count();
    if with_return != 0 && with_return != breaks {
        return Err("has lines that end with CR LF and others that end with LF".to_owned());
    }
    let plain = body.replace("\r\n", "\n");
    let before: Table = plain.parse().map_err(|error| format!("is not TOML: {}", message(&error)))?;
    let mut document: DocumentMut = plain.parse().map_err(|error| format!("is not TOML: {error}"))?;
    let mut expected = before;
    for edit in edits {
        apply(&mut document, edit)?;
        expect(&mut expected, &edit.key, &edit.change);
    }
    let after = document.to_string();
    let read: Option<Table> = after.parse().ok();
    if read.as_ref() != Some(&expected) {
        let keys: Vec<String> = edits.iter().map(|edit| format!("`{}`", dotted_key(&edit.key))).collect();
        return Err(format!("has a form in which {} cannot be set automatically", keys.join(", ")));
    }
    let after = if with_return == 0 { after } else { after.replace('\n', "\r\n") };
    Ok(format!("{bom}{after}"))
}

fn message(error: &toml::de::Error) -> String {
    error.message().lines().collect::<Vec<_>>().join(", ")
}

fn apply(document: &mut DocumentMut, edit: &KeyEdit) -> Result<(), String> {
    let Some((last, above)) = edit.key.split_last() else { return Ok(()) };
    let mut table: &mut dyn TableLike = document.as_table_mut();
    for (depth, part) in above.iter().enumerate() {
        if !table.contains_key(part) {
            table.insert(part, new_table(table.is_dotted(), depth + 1 < above.len()));
        }
        let name = || dotted_key(&edit.key[..=depth]);
        let inner = table.get_mut(part).and_then(Item::as_table_like_mut);
        table = inner.ok_or_else(|| format!("has `{}`, which is not a table", name()))?;
    }
    match (&edit.change, table.get_mut(last)) {
        (KeyChange::Set(value), None) => drop(table.insert(last, Item::Value(in_document(value)?))),
        (KeyChange::Set(value), Some(Item::Value(present))) => {
            if !is_same(present, value) {
                let decor = present.decor().clone();
                *present = in_document(value)?;
                *present.decor_mut() = decor;
            }
        }
        (KeyChange::Append(items), None) => {
            table.insert(last, Item::Value(items.iter().collect::<Array>().into()));
        }
        (KeyChange::Append(items), Some(Item::Value(present))) => append(present, items)
            .map_err(|reason| format!("has `{}`, which {reason}", dotted_key(&edit.key)))?,
        (_, Some(_)) => return Err(format!("has `{}` as a table", dotted_key(&edit.key))),
    }
    Ok(())
}

/// A table that is written as `[a.b]`, or as dotted keys below a table that is. One with tables only has no header.
fn new_table(dotted: bool, tables_only: bool) -> Item {
    let mut table = toml_edit::Table::new();
    table.set_dotted(dotted);
    table.set_implicit(tables_only);
    Item::Table(table)
}

fn in_document(value: &Value) -> Result<toml_edit::Value, String> {
    value.to_string().parse().map_err(|error| format!("cannot have {value}: {error}"))
}

fn is_same(present: &toml_edit::Value, value: &Value) -> bool {
    let read = format!("v = {}", present.to_string().trim()).parse::<Table>();
    read.is_ok_and(|table| table.get("v") == Some(value))
}

/// Appends items to a list, or to a string of words.
fn append(present: &mut toml_edit::Value, items: &[String]) -> Result<(), &'static str> {
    if let Some(words) = present.as_str() {
        if items.iter().any(|item| item.contains(char::is_whitespace)) {
            return Err("is a string, in which a flag cannot have a space");
        }
        let joined = words.split_whitespace().chain(items.iter().map(String::as_str)).collect::<Vec<_>>();
        let decor = present.decor().clone();
        *present = joined.join(" ").into();
        *present.decor_mut() = decor;
        return Ok(());
    }
    let list = present.as_array_mut().ok_or("is not a list")?;
    // A comment behind the last item stays behind it.
    let trailing = list.trailing().as_str().unwrap_or_default().to_owned();
    let prefix = list.iter().last().and_then(|item| item.decor().prefix()?.as_str()).unwrap_or_default();
    let indent = prefix.rsplit('\n').next().filter(|_| prefix.contains('\n')).map(str::to_owned);
    let mut first = match (trailing.rfind('#'), &indent) {
        (Some(_), Some(indent)) => {
            list.set_trailing("\n");
            Some(format!("{}\n{indent}", trailing.trim_end()))
        }
        _ => None,
    };
    for item in items {
        let mut value = toml_edit::Value::from(item.as_str());
        let usual = match &indent {
            Some(indent) => format!("\n{indent}"),
            None if list.is_empty() => String::new(),
            None => " ".to_owned(),
        };
        value.decor_mut().set_prefix(first.take().unwrap_or(usual));
        list.push_formatted(value);
    }
    Ok(())
}

/// The same change in a plain table, to compare with.
fn expect(table: &mut Table, key: &[String], change: &KeyChange) {
    let Some((last, above)) = key.split_last() else { return };
    let mut inner = table;
    for part in above {
        let next = inner.entry(part.clone()).or_insert_with(|| Value::Table(Table::new()));
        let Value::Table(next) = next else { return };
        inner = next;
    }
    let strings = |items: &[String]| items.iter().cloned().map(Value::String).collect::<Vec<_>>();
    let value = match (change, inner.get(last)) {
        (KeyChange::Set(value), _) => value.clone(),
        (KeyChange::Append(items), Some(Value::String(words))) => {
            let all = words.split_whitespace().chain(items.iter().map(String::as_str));
            Value::String(all.collect::<Vec<_>>().join(" "))
        }
        (KeyChange::Append(items), Some(Value::Array(present))) => {
            Value::Array(present.iter().cloned().chain(strings(items)).collect())
        }
        (KeyChange::Append(items), _) => Value::Array(strings(items)),
    };
    inner.insert(last.clone(), value);
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};
    use proptest::prelude::*;

    use super::*;

    fn set(key: &[&str], value: impl Into<Value>) -> KeyEdit {
        let key = key.iter().map(|&part| part.to_owned()).collect();
        KeyEdit { key, change: KeyChange::Set(value.into()) }
    }

    fn append(key: &[&str], items: &[&str]) -> KeyEdit {
        let items = items.iter().map(|&item| item.to_owned()).collect();
        KeyEdit { change: KeyChange::Append(items), ..set(key, 0) }
    }

    const FLAGS: [&str; 3] = ["target", "x86_64-unknown-linux-gnu", "rustflags"];

    fn check(text: &str, edits: &[KeyEdit], expected: Expect) {
        let after = edited(text, edits).unwrap();
        expected.assert_eq(&after);
        // What has its value stays.
        let set: Vec<KeyEdit> =
            edits.iter().filter(|edit| matches!(edit.change, KeyChange::Set(_))).cloned().collect();
        assert_eq!(edited(&after, &set).unwrap(), after);
    }

    #[test]
    fn an_empty_file_gets_tables() {
        let all = [
            set(&["build", "incremental"], false),
            set(&["build", "rustc-wrapper"], "sccache"),
            append(&FLAGS, &["-Clink-arg=-fuse-ld=mold"]),
            set(&["profile", "dev", "package", "*", "opt-level"], 1),
        ];
        check(
            "",
            &all,
            expect![[r#"
            [build]
            incremental = false
            rustc-wrapper = "sccache"

            [target.x86_64-unknown-linux-gnu]
            rustflags = ["-Clink-arg=-fuse-ld=mold"]

            [profile.dev.package."*"]
            opt-level = 1
        "#]],
        );
    }

    #[test]
    fn comments_order_and_spaces_stay() {
        let text = concat!(
            "# mine\n[package]\nname = \"p\"   # the name\n\n[profile.dev]  # fast\n  debug  =  1  # less\n",
            "\n[dependencies]\na = { version = \"1\" , features = [ \"x\" ] }\n\n# the end\n",
        );
        check(
            text,
            &[
                set(&["profile", "dev", "debug"], "line-tables-only"),
                set(&["profile", "dev", "split-debuginfo"], "unpacked"),
                set(&["profile", "dev", "package", "*", "opt-level"], 1),
            ],
            expect![[r##"
                # mine
                [package]
                name = "p"   # the name

                [profile.dev]  # fast
                  debug  =  "line-tables-only"  # less
                split-debuginfo = "unpacked"

                [profile.dev.package."*"]
                opt-level = 1

                [dependencies]
                a = { version = "1" , features = [ "x" ] }

                # the end
            "##]],
        );
    }

    #[test]
    fn lists_grow_in_their_own_form() {
        let one_line =
            "[target.x86_64-unknown-linux-gnu]\nrustflags = [\"-Ca\", \"-Cb\"] # both\nlinker = \"clang\"\n";
        check(
            one_line,
            &[append(&FLAGS, &["-Cc", "-Cd"])],
            expect![[r#"
            [target.x86_64-unknown-linux-gnu]
            rustflags = ["-Ca", "-Cb", "-Cc", "-Cd"] # both
            linker = "clang"
        "#]],
        );
        let lines = "[target.x86_64-unknown-linux-gnu]\nrustflags = [\n    \"-Ca\", # first\n    # before the second\n    \"-Cb\", # second\n]\n";
        check(
            lines,
            &[append(&FLAGS, &["-Cc", "-Cd"])],
            expect![[r#"
            [target.x86_64-unknown-linux-gnu]
            rustflags = [
                "-Ca", # first
                # before the second
                "-Cb", # second
                "-Cc",
                "-Cd",
            ]
        "#]],
        );
        let words = "[build]\nrustflags = \"-Ca  -Cb\" # words\n";
        check(
            words,
            &[append(&["build", "rustflags"], &["-Cc"])],
            expect![[r#"
            [build]
            rustflags = "-Ca -Cb -Cc" # words
        "#]],
        );
        let empty = "[build]\nrustflags = []\n";
        check(
            empty,
            &[append(&["build", "rustflags"], &["-Cc"])],
            expect![[r#"
            [build]
            rustflags = ["-Cc"]
        "#]],
        );
    }

    #[test]
    fn dotted_and_inline_tables_are_kept_to() {
        let dotted = "build.jobs = 2\nprofile.dev.debug = 1\n";
        check(
            dotted,
            &[set(&["build", "incremental"], true), set(&["profile", "dev", "package", "*", "opt-level"], 1)],
            expect![[r#"
                build.jobs = 2
                build.incremental = true
                profile.dev.debug = 1
                profile.dev.package."*".opt-level = 1
            "#]],
        );
        let inline = "build = { jobs = 2 }\nprofile = { dev = { debug = 1 } }\n";
        check(
            inline,
            &[set(&["build", "incremental"], true), set(&["profile", "dev", "package", "*", "opt-level"], 1)],
            expect![[r#"
                build = { jobs = 2 , incremental = true }
                profile = { dev = { debug = 1 , package = { "*" = { opt-level = 1 } } } }
            "#]],
        );
        let below = "[profile.dev.package.x]\nopt-level = 3\n";
        check(
            below,
            &[set(&["profile", "dev", "debug"], "none")],
            expect![[r#"
            [profile.dev]
            debug = "none"
            [profile.dev.package.x]
            opt-level = 3
        "#]],
        );
    }

    #[test]
    fn line_ends_and_a_byte_order_mark_stay() {
        let text = "\u{feff}[build]\r\njobs = 2\r\n";
        let after = edited(text, &[set(&["build", "incremental"], true)]).unwrap();
        assert_eq!(after, "\u{feff}[build]\r\njobs = 2\r\nincremental = true\r\n");
        let mixed = edited("[build]\r\njobs = 2\n", &[]).unwrap_err();
        assert_eq!(mixed, "has lines that end with CR LF and others that end with LF");
        assert_eq!(edited("jobs = 2", &[set(&["a"], 1)]).unwrap(), "jobs = 2\na = 1\n");
    }

    #[test]
    fn what_cannot_be_changed_is_an_error() {
        let refused = |text: &str, edit: KeyEdit| edited(text, &[edit]).unwrap_err();
        assert!(refused("[build\n", set(&["a"], 1)).starts_with("is not TOML: "));
        assert_eq!(refused("build = 1\n", set(&["build", "jobs"], 1)), "has `build`, which is not a table");
        assert_eq!(refused("[env.X]\nvalue = \"a\"\n", set(&["env", "X"], "b")), "has `env.X` as a table");
        let words = refused("[build]\nrustflags = \"-Ca\"\n", append(&["build", "rustflags"], &["-Cb c"]));
        assert_eq!(words, "has `build.rustflags`, which is a string, in which a flag cannot have a space");
        assert_eq!(
            refused("[build]\nrustflags = 1\n", append(&["build", "rustflags"], &["-Cb"])),
            "has `build.rustflags`, which is not a list"
        );
    }

    proptest! {
        #[test]
        fn every_other_line_of_a_file_stays(
            keys in proptest::collection::vec(("[a-c]", "[a-c]", 0i64..3), 0..6),
            edit in ("[a-c]", "[a-c]", 0i64..3),
            comment in "[ a-z]{0,8}",
        ) {
            let mut tables: std::collections::BTreeMap<String, std::collections::BTreeMap<String, i64>> = Default::default();
            for (table, key, value) in keys {
                tables.entry(table).or_default().insert(key, value);
            }
            let mut text = String::new();
            for (table, keys) in &tables {
                text.push_str(&format!("# {comment}\n[{table}]\n"));
                keys.iter().for_each(|(key, value)| text.push_str(&format!("{key}={value} #{comment}\n\n")));
            }
            let (table, key, value) = edit;
            let after = edited(&text, &[set(&[&table, &key], value)]).unwrap();
            let line = format!("{key}=");
            let removed = text.lines().filter(|line| !after.lines().any(|other| other == *line));
            prop_assert!(removed.clone().all(|removed| removed.starts_with(&line)), "{text}\n->\n{after}");
            prop_assert!(removed.count() <= 1);
        }
    }
}
