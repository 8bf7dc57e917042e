//! Ratios that several projects have in common.

use bench_runner_core::compare::PooledProjects;
use maud::{Markup, html};

use crate::figure::wording;

pub(super) fn section(pooled: &[PooledProjects]) -> Markup {
    let general = pooled.iter().any(|one| one.general.is_some());
    let interval = |ratio: f64, ends: (f64, f64)| {
        let shown = wording::interval(ratio, ends);
        format!("{}–{}×", shown.low, shown.high)
    };
    html! {
        @if !pooled.is_empty() {
            h3 { "Across projects" }
            div.scroll tabindex="0" role="region" aria-label="Across projects" { table {
                caption { "Geometric means of the ratios with plain 95% intervals, each project counted once. No \
                    verdicts: these were not planned and are not corrected for their number." }
                thead { tr {
                    th scope="col" { "Variant" } th scope="col" { "Baseline" } th scope="col" { "Workload" }
                    th scope="col" { "Projects" } th.n scope="col" { "Ratio" } th.n scope="col" { "These projects" }
                    @if general { th.n scope="col" { "In general" } th.n scope="col" { "A further one" } }
                } }
                tbody { @for one in pooled { tr {
                    th.name scope="row" { (one.variant) } td { (one.baseline) } td { (one.workload) }
                    td { (one.projects.join(", ")) @for left in &one.left_out { br; span.muted { "without " (left.project) ": " (left.reason) } } }
                    td.n { (wording::interval(one.ratio, one.these).estimate) "×" }
                    td.n { (interval(one.ratio, one.these)) }
                    @if general {
                        td.n { (one.general.map(|general| interval(one.ratio, general.mean)).unwrap_or_default()) }
                        td.n { (one.general.map(|general| interval(one.ratio, general.further)).unwrap_or_default()) }
                    }
                } } }
            } }
        }
    }
}
