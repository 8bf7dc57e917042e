//! How quiet the machine was while the builds were measured.

use bench_runner_core::compare::Besides;
use maud::{Markup, html};

use crate::figure::wording::{counted, share};

pub(super) fn part(besides: &Besides) -> Markup {
    let rows = [
        ("processor time of other programs", besides.foreign.map(share)),
        ("processor time given away by the hypervisor", besides.steal.map(share)),
        ("time in which something waited for the disk", besides.io.map(share)),
        ("time in which something waited for memory", besides.memory.map(share)),
        ("events of thermal throttling", besides.throttled.map(|events| events.to_string())),
        ("highest load average at the start of a build", besides.load.map(|load| format!("{load:.2}"))),
    ];
    html! {
        @if besides.builds == 0 { p { "No measured build ended well." } } @else {
            p { "During the " (counted(besides.builds, "measured build")) ":" }
            dl { @for (name, value) in rows { dt { (name) } dd { (value.as_deref().unwrap_or("this machine does not tell")) } } }
        }
    }
}
