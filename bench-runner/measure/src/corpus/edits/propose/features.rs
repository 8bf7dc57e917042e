//! Adds a feature to a `Cargo.toml` that is on by default.

/// The text to replace in a manifest, and its replacement with a default feature `bench-runner-{n}`. `None`
/// if the manifest is not written in a form that is understood.
pub(super) fn add_default_feature(manifest: &str) -> Option<(String, String)> {
    const NAME: &str = "bench-runner-{n}";
    let table: toml::Table = manifest.parse().ok()?;
    let Some(features) = table.get("features") else {
        let anchor = "[package]";
        let put = format!("[features]\n{NAME} = []\ndefault = [\"{NAME}\"]\n\n{anchor}");
        return Some((anchor.to_owned(), put)).filter(|_| starts_a_line(manifest, anchor));
    };
    let head = "[features]";
    if !starts_a_line(manifest, head) {
        return None;
    }
    if features.get("default").is_none() {
        return Some((head.to_owned(), format!("{head}\n{NAME} = []\ndefault = [\"{NAME}\"]")));
    }
    let (_, rest) = manifest.split_once(head)?;
    let at = rest.match_indices("default").map(|(at, _)| at).find(|&at| rest[..at].ends_with('\n'))?;
    let open = at + rest[at..].find('[')?;
    let between = &rest[at + "default".len()..open];
    if between.trim() != "=" || rest[..at].contains("\n[") {
        return None;
    }
    let anchor = format!("{head}{}[", &rest[..open]);
    Some((anchor, format!("{head}\n{NAME} = []{}[\"{NAME}\", ", &rest[..open])))
}

/// True if `text` occurs exactly once in the manifest, at the start of a line.
fn starts_a_line(manifest: &str, text: &str) -> bool {
    let mut places = manifest.match_indices(text);
    let first = places.next();
    first.is_some_and(|(at, _)| at == 0 || manifest[..at].ends_with('\n')) && places.next().is_none()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_new_feature_is_on_by_default() {
        let package = "[package]\nname = \"p\"\n";
        for features in [
            "",
            "[features]\nx = []\n",
            "[features]\nx = []\ndefault = [\"x\"]\n",
            "[features]\ndefault = [\n    \"x\",\n]\nx = []\n",
            "[features]\ndefault = []\n[dependencies]\n",
        ] {
            let manifest = format!("{package}{features}");
            let (anchor, put) = add_default_feature(&manifest).unwrap_or_else(|| panic!("{manifest}"));
            assert_eq!(manifest.matches(&anchor).count(), 1, "{anchor}");
            let edited: toml::Table = manifest.replace(&anchor, &put).replace("{n}", "7").parse().unwrap();
            let features = edited["features"].as_table().unwrap();
            assert!(features["bench-runner-7"].as_array().unwrap().is_empty());
            let default = features["default"].as_array().unwrap();
            assert!(default.contains(&"bench-runner-7".into()), "{edited}");
            assert_eq!(edited["package"]["name"].as_str(), Some("p"));
        }
    }

    #[test]
    fn what_is_not_understood_is_left_alone() {
        for manifest in [
            "package.name = \"p\"\n",
            "features.default = []\n[package]\nname = \"p\"\n",
            "[package]\n# [features]\n[features]\ndefault = []\n",
            "not toml",
        ] {
            assert_eq!(add_default_feature(manifest), None, "{manifest}");
        }
    }
}
