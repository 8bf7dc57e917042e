//! Interference from other processes while the builds were measured.

use bench_runner_core::compare::RunInterference;
use maud::{Markup, html};

use crate::figure::wording::{pluralize, share};

pub(super) fn section(interference: &RunInterference) -> Markup {
    let rows = [
        ("CPU time of other programs", interference.foreign.map(share)),
        ("CPU time taken by other VMs (steal)", interference.steal.map(share)),
        ("time in which a task waited for the disk", interference.io.map(share)),
        ("time in which a task waited for memory", interference.memory.map(share)),
        ("thermal throttling events", interference.throttled.map(|events| events.to_string())),
        ("highest load average at the start of a build", interference.load.map(|load| format!("{load:.2}"))),
    ];
    html! {
        @if interference.builds == 0 { p { "No measured build succeeded." } } @else {
            p { "During the " (pluralize(interference.builds, "measured build")) ":" }
            dl { @for (name, value) in rows { dt { (name) } dd { (value.as_deref().unwrap_or("not reported")) } } }
        }
    }
}
