//! Flattens cargo configuration into one key and value per setting, as cargo's `--config` accepts them.

use bench_runner_core::record::Refusal;

use crate::toml_reader::toml_string;

/// Keys that must not be set because they would conflict with the harness, with the reason.
const NOT_TO_BE_SET: [(&str, &str); 3] = [
    ("build.target-dir", "each variant has a directory of its own"),
    ("build.build-dir", "each variant has a directory of its own"),
    ("include", "a plan is complete in itself, so it cannot refer to other files"),
];
/// Last parts of keys whose values are private; plans are published.
const SECRETS: [&str; 2] = ["token", "secret-key"];

/// Settings in `text`: dotted keys with values in TOML; arrays are kept whole, empty tables left out.
pub(super) fn flatten(text: &str) -> Result<Vec<(String, String)>, Refusal> {
    let table: toml::Table = text.parse().map_err(|error: toml::de::Error| {
        Refusal::new(format!("`{}` is not TOML: {}", first_line(text), error.message().replace('\n', ", ")))
    })?;
    let leaves = flatten_table(&table);
    for (key, _) in &leaves {
        let refused = NOT_TO_BE_SET.iter().find(|(name, _)| key == name).map(|(_, why)| *why);
        let secret = SECRETS.contains(&key.rsplit('.').next().unwrap_or(key));
        if let Some(why) = refused.or(secret.then_some("it is a secret, and plans are published")) {
            return Err(Refusal::new(format!("`{key}` cannot be set here: {why}")));
        }
    }
    Ok(leaves)
}

/// Settings in a table.
pub(super) fn flatten_table(table: &toml::Table) -> Vec<(String, String)> {
    let mut leaves = Vec::new();
    collect("", table, &mut leaves);
    leaves
}

fn collect(path: &str, table: &toml::Table, leaves: &mut Vec<(String, String)>) {
    for (key, value) in table {
        let bare =
            !key.is_empty() && key.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let key = if bare { key.clone() } else { toml_string(key) };
        let path = if path.is_empty() { key } else { format!("{path}.{key}") };
        match value {
            toml::Value::Table(table) => collect(&path, table, leaves),
            value => leaves.push((path, inline(value))),
        }
    }
}

/// A value on one line.
fn inline(value: &toml::Value) -> String {
    match value {
        toml::Value::String(text) => toml_string(text),
        toml::Value::Array(items) => {
            format!("[{}]", items.iter().map(inline).collect::<Vec<_>>().join(", "))
        }
        toml::Value::Table(table) => {
            let fields: Vec<String> = table
                .iter()
                .map(|(key, value)| format!("{} = {}", toml_string(key), inline(value)))
                .collect();
            format!("{{ {} }}", fields.join(", "))
        }
        other => other.to_string(),
    }
}

fn first_line(text: &str) -> &str {
    text.lines().find(|line| !line.trim().is_empty()).unwrap_or("").trim()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_set_is_one_argument() {
        let text = concat!(
            "[build]\nrustflags = [\"-Ca\", \"-Clink-arg=\\\"x\\\"\"]\n[profile.dev.package.\"*\"]\nopt-level = 1\n",
            "[target.'cfg(unix)']\nlinker = 'clang'\n[env]\nX = { value = \"1\", force = true }\n[unstable]\n",
        );
        let shown: Vec<String> = flatten(text).unwrap().iter().map(|(k, v)| format!("{k}={v}")).collect();
        expect_test::expect![[r#"
            build.rustflags=["-Ca", "-Clink-arg=\"x\""]
            env.X.force=true
            env.X.value="1"
            profile.dev.package."*".opt-level=1
            target."cfg(unix)".linker="clang""#]]
        .assert_eq(&shown.join("\n"));
    }

    #[test]
    fn what_would_leave_the_harness_or_tell_a_secret_is_refused() {
        let refused = |text: &str| flatten(text).unwrap_err().what;
        assert!(refused("build.target-dir = \"/x\"").starts_with("`build.target-dir` cannot be set here"));
        assert!(refused("[registries.mine]\ntoken = \"x\"").contains("is a secret"));
        assert!(refused("[build\n").starts_with("`[build` is not TOML: "));
    }

    proptest::proptest! {
        #[test]
        fn an_argument_says_what_the_text_said(key in "[a-z*.\" ]{1,8}", value in "\\PC{0,12}\n?\\PC{0,3}") {
            let table = toml::Table::from_iter([(key, toml::Value::String(value))]);
            let table = toml::Table::from_iter([("a".to_owned(), toml::Value::Table(table))]);
            let [(key, value)] = flatten_table(&table).try_into().unwrap();
            let argument = format!("{key}={value}");
            proptest::prop_assert!(!argument.contains('\n'));
            proptest::prop_assert_eq!(argument.parse::<toml::Table>().unwrap(), table);
        }
    }
}
