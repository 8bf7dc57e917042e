//! Markdown tables, figures with their standard errors, and targets.

use crate::study::{Mean, Share};

/// Target of a share.
#[derive(Clone, Copy)]
pub(super) enum Target {
    Within(f64, f64),
    AtLeast(f64),
    AtMost(f64),
    Nothing,
}

impl Target {
    /// Coverage of 95% intervals.
    pub(super) const COVERED: Self = Self::Within(0.93, 0.97);

    /// The target in words, and whether the share meets it.
    pub(super) fn judge(self, share: &Share) -> (String, &'static str) {
        let value = share.value();
        match self {
            Self::Within(low, high) => {
                let wanted = format!("{} – {}", in_percent(low), in_percent(high));
                (wanted, met((low..=high).contains(&value)))
            }
            Self::AtLeast(low) => (format!("≥ {}", in_percent(low)), met(value >= low)),
            Self::AtMost(high) => (format!("≤ {}", in_percent(high)), met(value <= high)),
            Self::Nothing => ("–".to_owned(), "–"),
        }
    }
}

/// The cell that says whether a target is met.
pub(super) fn met(is_met: bool) -> &'static str {
    if is_met { "yes" } else { "**no**" }
}

/// Per cent with at most one digit after the point.
fn in_percent(share: f64) -> String {
    ((1000.0 * share).round() / 10.0).to_string()
}

/// A Markdown table with the text above it.
pub(super) struct Table {
    pub(super) text: String,
}

impl Table {
    pub(super) fn new(title: &str, about: &str, columns: &[&str]) -> Self {
        let table = Self::untitled(about, columns);
        Self { text: format!("\n### {title}\n{}", table.text) }
    }

    pub(super) fn untitled(about: &str, columns: &[&str]) -> Self {
        let mut table = Self { text: format!("\n{}\n", wrapped(about)) };
        table.row(columns);
        table.text += &format!("|{}\n", "---|".repeat(columns.len()));
        table
    }

    pub(super) fn row(&mut self, cells: &[&str]) {
        self.text += &format!("| {} |\n", cells.join(" | "));
    }
}

/// Lines of up to 110 characters.
pub(super) fn wrapped(text: &str) -> String {
    let (mut lines, mut width) = (String::new(), 0);
    for word in text.split(' ') {
        let length = word.chars().count();
        if width > 0 && width + 1 + length > 110 {
            lines.push('\n');
            width = 0;
        } else if width > 0 {
            lines.push(' ');
            width += 1;
        }
        lines += word;
        width += length;
    }
    lines.push('\n');
    lines
}

/// `94.6 ± 0.3`, and the count if there were no hits: a standard error of 0 would look like certainty.
pub(super) fn percent(share: &Share) -> String {
    if share.hits() == 0 || share.hits() == share.trials() {
        return format!("{} of {}", share.hits(), share.trials());
    }
    format!("{:.1}{}", 100.0 * share.value(), plus_minus(share.se(), 1, 100.0))
}

pub(super) fn mean(mean: &Mean) -> String {
    format!("{:.1}{}", mean.value(), plus_minus(mean.se(), 1, 1.0))
}

/// The mean of a fraction, in percent.
pub(super) fn mean_percent(mean: &Mean) -> String {
    format!("{:.1}{}", 100.0 * mean.value(), plus_minus(mean.se(), 1, 100.0))
}

/// A mean error of ln ratio, in percent.
pub(super) fn bias(mean: &Mean) -> String {
    let hundredths = (10_000.0 * mean.value()).round();
    let sign = if hundredths < 0.0 { "−" } else { "+" };
    format!("{sign}{:.2}{}", hundredths.abs() / 100.0, plus_minus(mean.se(), 2, 100.0))
}

/// ` ± 0.3`, with one more digit if the standard error would be shown as 0.
fn plus_minus(se: Option<f64>, digits: usize, scale: f64) -> String {
    let Some(se) = se.map(|se| scale * se) else { return String::new() };
    let digits = if se < 0.5 * 0.1f64.powi(digits as i32) { digits + 1 } else { digits };
    format!(" ± {se:.digits$}")
}
