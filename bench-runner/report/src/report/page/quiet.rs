//! How quiet the machine was while the builds were measured.

use bench_runner_core::compare::RunInterference;
use maud::{Markup, html};

use crate::figure::wording::{pluralize, share};

pub(super) fn part(interference: &RunInterference) -> Markup {
    let rows = [
        ("processor time of other programs", interference.foreign.map(share)),
        ("processor time given away by the hypervisor", interference.steal.map(share)),
        ("time in which something waited for the disk", interference.io.map(share)),
        ("time in which something waited for memory", interference.memory.map(share)),
        ("events of thermal throttling", interference.throttled.map(|events| events.to_string())),
        ("highest load average at the start of a build", interference.load.map(|load| format!("{load:.2}"))),
    ];
    html! {
        @if interference.builds == 0 { p { "No measured build ended well." } } @else {
            p { "During the " (pluralize(interference.builds, "measured build")) ":" }
            dl { @for (name, value) in rows { dt { (name) } dd { (value.as_deref().unwrap_or("this machine does not tell")) } } }
        }
    }
}
