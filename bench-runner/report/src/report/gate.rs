//! The answer of a gate: as text for a terminal, as Markdown for a pull request, and as JSON.

use bench_runner_core::compare::{GateOutcome, GatedVariant, Verdict};
use serde_json::{Value, json as object};

use super::markdown::{escape_markdown, table};
use super::table::TextStyle;
use crate::figure::wording::{self, pluralize};

/// Comparisons of a gate, with names for readers.
#[derive(Debug, Clone)]
pub struct GateReport<'c> {
    /// Names for readers, such as `HEAD (1a2b3c4d5e)`.
    pub candidate: String,
    /// Same for the base.
    pub base: String,
    /// The tolerance of comparisons without one of their own, as a fraction.
    pub tolerance: f64,
    /// The variants, in the order of the run.
    pub gated: Vec<GatedVariant<'c>>,
    /// Requested comparisons that were not made, as clauses; if there are any, the gate does not pass.
    pub left_out: Vec<String>,
}

impl GateReport<'_> {
    /// The worst outcome; at best unsure if something was not compared.
    pub fn outcome(&self) -> GateOutcome {
        let least = if self.left_out.is_empty() { None } else { Some(GateOutcome::Unsure) };
        let all = self.gated.iter().map(|one| one.outcome).chain(least);
        all.max().unwrap_or(GateOutcome::Unsure)
    }

    /// Name of a comparison: the build, with project and variant if there are several.
    fn name(&self, one: &GatedVariant<'_>) -> String {
        let projects = self.gated.iter().any(|other| other.block.setup.project != one.block.setup.project);
        let build = if projects { &one.block.title } else { &one.block.setup.task };
        let same_block = self.gated.iter().filter(|other| other.block.id == one.block.id).count();
        if same_block > 1 { format!("{build}: {}", one.arm.variant) } else { build.clone() }
    }

    /// `3%`, or `its tolerance` if comparisons have several.
    fn tolerance_phrase(&self) -> String {
        if self.gated.iter().all(|one| one.tolerance == self.tolerance) {
            return wording::share(self.tolerance);
        }
        "its tolerance".to_owned()
    }

    /// The tolerance of a comparison, if it is not the usual one, as the end of a sentence.
    fn own_tolerance(&self, one: &GatedVariant<'_>) -> String {
        if one.tolerance == self.tolerance {
            return String::new();
        }
        format!(", tolerance {}", wording::share(one.tolerance))
    }

    /// The outcome as a sentence.
    fn sentence(&self) -> String {
        let tolerance = self.tolerance_phrase();
        let count = |outcome| self.gated.iter().filter(|one| one.outcome == outcome).count();
        let of = pluralize(self.gated.len(), "comparison");
        match self.outcome() {
            _ if self.gated.is_empty() => "unsure: nothing was compared".to_owned(),
            GateOutcome::Passed => format!("passed: no comparison is slower by more than {tolerance}"),
            GateOutcome::Regressed => {
                let regressed = count(GateOutcome::Regressed);
                format!("regression: {regressed} of {of} slower by more than {tolerance}")
            }
            GateOutcome::Unsure if count(GateOutcome::Unsure) == 0 => {
                "unsure: not everything was compared".to_owned()
            }
            GateOutcome::Unsure => {
                let unsure = count(GateOutcome::Unsure);
                format!(
                    "unsure: for {unsure} of {of}, the builds do not show whether the candidate is slower by more than {tolerance}"
                )
            }
        }
    }
}

/// Evidence for an outcome: the ratio, or why there is none.
fn evidence(one: &GatedVariant<'_>) -> String {
    let Some(ratio) = one.arm.ratio else { return wording::why_no_ratio(one.arm) };
    let mut text = wording::ratio_phrase(&ratio);
    if ratio.verdict == Verdict::Invalid {
        let reasons = one.block.why_invalid().join("; ");
        return format!("invalid: {reasons}; {text}");
    }
    if let (Verdict::Slower | Verdict::Faster, Some(saved)) =
        (ratio.verdict, wording::time_saved(one.block, one.arm))
    {
        text.push_str(&format!(", {saved}"));
    }
    let rounds = ratio.few_rounds().unwrap_or_else(|| pluralize(ratio.rounds, "round"));
    text.push_str(&format!(", {rounds}"));
    if one.arm.failures > 0 {
        text.push_str(&format!("; {}", wording::failures(one.arm.failures)));
    }
    text
}

/// The result for a terminal; lines end with a line feed.
pub fn gate_text(report: &GateReport<'_>, style: TextStyle) -> String {
    let mut lines = style.hanging(
        "gate: ",
        &format!(
            "{} against {}, tolerance {}",
            report.candidate,
            report.base,
            wording::share(report.tolerance)
        ),
    );
    for one in &report.gated {
        let name = report.name(one);
        let text =
            format!("{name}: {}: {}{}", one.outcome.as_str(), evidence(one), report.own_tolerance(one));
        lines.extend(style.paragraph("", &text));
    }
    lines.extend(report.left_out.iter().flat_map(|one| style.paragraph("not compared: ", one)));
    lines.extend(style.hanging("result: ", &report.sentence()));
    style.text(&lines)
}

/// The result as a comment for a pull request.
pub fn gate_markdown(report: &GateReport<'_>) -> String {
    let headings = [
        ("comparison", false),
        ("result", false),
        ("ratio", true),
        ("95% interval", true),
        ("change", true),
        ("rounds", true),
    ];
    let rows: Vec<Vec<String>> = report
        .gated
        .iter()
        .map(|one| {
            let (ratio, interval, change, rounds) = match &one.arm.ratio {
                Some(ratio) => {
                    let (shown, change) = (wording::ratio(ratio), wording::change(ratio));
                    let rounds = match ratio.few_rounds() {
                        Some(few) => few,
                        None => ratio.rounds.to_string(),
                    };
                    (
                        format!("{}×", shown.estimate),
                        format!("{}–{}×", shown.low, shown.high),
                        format!("{}%", change.estimate),
                        rounds,
                    )
                }
                None => (String::new(), String::new(), String::new(), wording::why_no_ratio(one.arm)),
            };
            let result = match one.outcome {
                GateOutcome::Regressed => "regression".to_owned(),
                outcome if !one.block.invalid.is_empty() => format!("{} (invalid)", outcome.as_str()),
                outcome => outcome.as_str().to_owned(),
            };
            vec![
                format!("{}{}", report.name(one), report.own_tolerance(one)),
                result,
                ratio,
                interval,
                change,
                rounds,
            ]
        })
        .collect();
    let left_out: String =
        report.left_out.iter().map(|one| format!("\n- not compared: {}", escape_markdown(one))).collect();
    format!(
        "### Build time: {}\n\n{} against {}, tolerance {}.\n\n{}{left_out}\n",
        escape_markdown(&report.sentence()),
        escape_markdown(&report.candidate),
        escape_markdown(&report.base),
        wording::share(report.tolerance),
        table(&headings, &rows)
    )
}

/// The result as a document.
pub fn gate_json(report: &GateReport<'_>) -> Value {
    let one = |one: &GatedVariant<'_>| {
        object!({
            "block": one.block.id, "title": one.block.title, "workload": one.block.workload,
            "variant": one.arm.variant, "outcome": one.outcome.as_str(), "tolerance": one.tolerance, "p_slower_than_tolerance": one.p,
            "ratio": one.arm.ratio.map(|ratio| ratio.ratio),
            "ratio_low": one.arm.ratio.map(|ratio| ratio.low),
            "ratio_high": one.arm.ratio.map(|ratio| ratio.high),
            "rounds": one.arm.ratio.map(|ratio| ratio.rounds),
            "evidence": evidence(one),
        })
    };
    object!({
        "candidate": report.candidate, "base": report.base, "tolerance": report.tolerance,
        "outcome": report.outcome().as_str(), "sentence": report.sentence(),
        "left_out": report.left_out,
        "comparisons": report.gated.iter().map(one).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use bench_runner_core::compare::fixture::*;
    use bench_runner_core::compare::{Comparison, Policy, gate};
    use expect_test::expect;

    use super::*;

    fn report(comparison: &Comparison, tolerance: f64) -> GateReport<'_> {
        GateReport {
            candidate: "HEAD (1a2b3c4d5e)".into(),
            base: "main (5e4d3c2b1a)".into(),
            tolerance,
            gated: gate(comparison, |_, _| tolerance, &Policy::default()),
            left_out: Vec::new(),
        }
    }

    fn compared(ratio: f64) -> Comparison {
        let plan = plan(vec![block("gate", true, &["candidate"])]);
        let mut samples = Samples::of(&plan);
        samples.noisy(0, 12, 1, |arm| if arm == 2 { ratio } else { 1.0 });
        compare_samples(&plan, &samples.all)
    }

    #[test]
    fn a_regression_is_said_with_its_evidence() {
        let comparison = compared(1.1);
        let report = report(&comparison, 0.03);
        assert_eq!(report.outcome(), GateOutcome::Regressed);
        expect![[r#"
            gate: HEAD (1a2b3c4d5e) against main (5e4d3c2b1a), tolerance 3%
              full build: regression: 1.104× as long (1.096–1.112×; +10.4%), costs 1.0 s per build, 12 rounds
            result: regression: 1 of 1 comparison slower by more than 3%
        "#]]
        .assert_eq(&gate_text(&report, TextStyle { width: 100, ..TextStyle::default() }));
        expect![[r#"
            ### Build time: regression: 1 of 1 comparison slower by more than 3%

            HEAD (1a2b3c4d5e) against main (5e4d3c2b1a), tolerance 3%.

            | comparison | result | ratio | 95% interval | change | rounds |
            | --- | --- | ---: | ---: | ---: | ---: |
            | full build | regression | 1.104× | 1.096–1.112× | \+10.4% | 12 |

        "#]]
        .assert_eq(&gate_markdown(&report));
    }

    #[test]
    fn what_passes_or_stays_open_says_so() {
        let style = TextStyle { width: 100, ..TextStyle::default() };
        let (same, near) = (compared(1.0), compared(1.03));
        let last = |comparison: &Comparison| {
            let text = gate_text(&report(comparison, 0.03), style);
            text[text.find("result: ").unwrap()..].to_owned()
        };
        expect![[r#"
            result: passed: no comparison is slower by more than 3%

            result: unsure: for 1 of 1 comparison, the builds do not show whether the candidate is slower by
              more than 3%
        "#]]
        .assert_eq(&format!("{}\n{}", last(&same), last(&near)));
        let mut partly = report(&same, 0.03);
        partly.left_out.push("rev=x in gate: no such commit".into());
        assert_eq!(partly.outcome(), GateOutcome::Unsure);
        let text = gate_text(&partly, style);
        assert!(
            text.contains("not compared: rev=x in gate")
                && text.ends_with("unsure: not everything was compared\n"),
            "{text}"
        );
        let nothing = Comparison::default();
        assert_eq!(report(&nothing, 0.03).outcome(), GateOutcome::Unsure);
    }

    #[test]
    fn the_document_has_plain_numbers() {
        let comparison = compared(1.1);
        let document = gate_json(&report(&comparison, 0.03));
        assert_eq!(document["outcome"], "regression");
        assert!(document["comparisons"][0]["ratio_low"].as_f64().unwrap() > 1.03);
    }
}
