//! Fidelity of a block's builds to the user's own `cargo build`, in words.

use bench_runner_core::record::{Fidelity, FidelityDifference};

/// Maximum length of a displayed value, in characters; the plan has the whole value.
const LONGEST: usize = 120;

/// A line about fidelity.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FidelityLine {
    /// True if something differs, or nothing could be compared.
    pub is_warning: bool,
    /// Text that follows "fidelity: ".
    pub text: String,
}

/// Lines about fidelity: one word if nothing differs and nothing was left out; no line if nothing was
/// compared.
pub fn lines(fidelity: &[Fidelity]) -> Vec<FidelityLine> {
    if fidelity.is_empty() {
        return Vec::new();
    }
    if fidelity.iter().all(|one| one.is_same() && one.left_out.is_empty()) {
        return vec![FidelityLine { is_warning: false, text: "same".to_owned() }];
    }
    fidelity.iter().flat_map(|one| comparison_lines(one, fidelity)).collect()
}

/// Overall result as a word for files; empty if nothing was compared.
pub(super) fn word(fidelity: &[Fidelity]) -> &'static str {
    if fidelity.is_empty() {
        ""
    } else if fidelity.iter().any(|one| !one.differences.is_empty()) {
        "differs"
    } else if fidelity.iter().any(|one| one.not_compared.is_some()) {
        "not-compared"
    } else {
        "same"
    }
}

fn comparison_lines(one: &Fidelity, all: &[Fidelity]) -> Vec<FidelityLine> {
    let subject = subject(one, all).map(|subject| format!("{subject}: ")).unwrap_or_default();
    let line = |is_warning: bool, text: String| FidelityLine { is_warning, text: format!("{subject}{text}") };
    if let Some(reason) = &one.not_compared {
        return vec![line(true, format!("not compared with your own build: {reason}"))];
    }
    let left_out = one.left_out.join(", ");
    let left_out = (!left_out.is_empty()).then(|| format!("left out on purpose: {left_out}"));
    if one.differences.is_empty() {
        let text = left_out.map_or_else(|| "same".to_owned(), |left_out| format!("same ({left_out})"));
        return vec![line(false, text)];
    }
    let differing = one.differences.iter().map(|difference| line(true, difference_text(difference)));
    differing.chain(left_out.map(|left_out| line(false, left_out))).collect()
}

fn difference_text(difference: &FidelityDifference) -> String {
    let FidelityDifference { what, yours, here } = difference;
    format!("differs from your own build in {what}: yours {}, here {}", value(yours), value(here))
}

/// A value in backticks, shortened if it is long.
fn value(text: &str) -> String {
    if text.is_empty() {
        return "nothing".to_owned();
    }
    let short: String = text.chars().take(LONGEST).collect();
    if short.len() < text.len() { format!("`{short}…`") } else { format!("`{text}`") }
}

/// Builds that a comparison is about; `None` if it is the only one.
fn subject(one: &Fidelity, all: &[Fidelity]) -> Option<String> {
    let projects = all.iter().any(|other| other.project != one.project);
    let of_project = || all.iter().filter(|other| other.project == one.project);
    let variant = (of_project().count() > 1)
        .then(|| one.variant.clone().unwrap_or_else(|| "without your configuration".to_owned()));
    match (variant, projects) {
        (Some(variant), true) => Some(format!("{}, {variant}", one.project)),
        (Some(variant), false) => Some(variant),
        (None, true) => Some(one.project.clone()),
        (None, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use expect_test::expect;

    fn same(variant: Option<&str>) -> Fidelity {
        Fidelity {
            project: "p".into(),
            variant: variant.map(str::to_owned),
            compared: vec!["flags".into(), "units".into()],
            left_out: Vec::new(),
            differences: Vec::new(),
            not_compared: None,
        }
    }

    fn difference(what: &str, yours: &str, here: &str) -> FidelityDifference {
        FidelityDifference { what: what.into(), yours: yours.into(), here: here.into() }
    }

    fn lines_text(fidelity: &[Fidelity]) -> String {
        let line =
            |line: &FidelityLine| format!("{} {}\n", if line.is_warning { '!' } else { '-' }, line.text);
        lines(fidelity).iter().map(line).collect()
    }

    #[test]
    fn no_difference_is_one_word_and_no_comparison_is_none() {
        assert_eq!(lines_text(&[]), "");
        assert_eq!(lines_text(&[same(None)]), "- same\n");
        assert_eq!(lines_text(&[same(Some("as-configured")), same(None)]), "- same\n");
        assert_eq!([word(&[]), word(&[same(None)])], ["", "same"]);
    }

    #[test]
    fn what_was_left_out_is_one_line_and_each_difference_is_a_warning() {
        let left_out =
            Fidelity { left_out: vec!["~/.cargo/config.toml".into(), "RUSTFLAGS".into()], ..same(None) };
        let differs = Fidelity {
            differences: vec![
                difference("flags", "-Ctarget-cpu=native", ""),
                difference("units", "", "serde 1.0.228"),
            ],
            ..same(Some("as-configured"))
        };
        expect![[r#"
            - same (left out on purpose: ~/.cargo/config.toml, RUSTFLAGS)
        "#]]
        .assert_eq(&lines_text(std::slice::from_ref(&left_out)));
        expect![[r#"
            ! as-configured: differs from your own build in flags: yours `-Ctarget-cpu=native`, here nothing
            ! as-configured: differs from your own build in units: yours nothing, here `serde 1.0.228`
            - without your configuration: same (left out on purpose: ~/.cargo/config.toml, RUSTFLAGS)
        "#]]
        .assert_eq(&lines_text(&[differs.clone(), left_out.clone()]));
        assert_eq!(word(&[left_out, differs]), "differs");
    }

    #[test]
    fn what_could_not_be_compared_is_never_called_the_same() {
        let not_compared = Fidelity { not_compared: Some("cargo 1.40 is too old".into()), ..same(None) };
        let other = Fidelity { project: "q".into(), ..same(None) };
        expect![[r#"
            ! p: not compared with your own build: cargo 1.40 is too old
            - q: same
        "#]]
        .assert_eq(&lines_text(&[not_compared.clone(), other.clone()]));
        assert_eq!(word(&[other, not_compared]), "not-compared");
    }

    #[test]
    fn a_long_value_is_shortened_between_characters() {
        let long = "ä".repeat(LONGEST + 1);
        let shown = value(&long);
        assert_eq!(shown, format!("`{}…`", "ä".repeat(LONGEST)));
        assert_eq!(value(&"ä".repeat(LONGEST)), format!("`{}`", "ä".repeat(LONGEST)));
    }
}
