//! How quiet the machine was while the builds that count were made.

use std::time::Duration;

use maud::{Markup, html};

use super::Page;
use crate::figure::wording::{counted, share};
use crate::record::{Phase, Sample};

/// What went on besides, over the measured builds that ended well.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Besides {
    /// How many builds.
    builds: usize,
    /// Processor time that there was in them: wall time × threads, seconds.
    room: f64,
    /// Processor time of others, seconds; `None` where no build tells.
    foreign: Option<f64>,
    /// Processor time that a hypervisor gave away, seconds.
    steal: Option<f64>,
    /// Time in which something waited for the disk, seconds, and for memory.
    io: Option<f64>,
    memory: Option<f64>,
    /// Wall time, seconds.
    wall: f64,
    /// Events of thermal throttling.
    throttled: Option<u64>,
    /// The highest load average at the start of a build.
    load: Option<f64>,
}

impl Besides {
    fn of(samples: &[Sample], threads: f64) -> Self {
        let mut all = Self::default();
        let add = |sum: &mut Option<f64>, more: Option<Duration>| {
            if let Some(more) = more {
                *sum = Some(sum.unwrap_or_default() + more.as_secs_f64());
            }
        };
        for sample in samples.iter().filter(|sample| sample.phase == Phase::Measured) {
            let (Some(cost), seen) = (sample.outcome.cost(), &sample.disturbance) else { continue };
            all.builds += 1;
            all.wall += cost.wall.as_secs_f64();
            all.room += cost.wall.as_secs_f64() * threads;
            add(&mut all.foreign, seen.foreign_cpu);
            add(&mut all.steal, seen.steal);
            add(&mut all.io, seen.io_pressure);
            add(&mut all.memory, seen.memory_pressure);
            all.throttled =
                seen.throttled.map(|events| events + all.throttled.unwrap_or_default()).or(all.throttled);
            all.load = seen.load.into_iter().chain(all.load).reduce(f64::max);
        }
        all
    }
}

pub(super) fn part(page: &Page<'_>) -> Markup {
    let threads = page.manifest.machine.details["facts"]["threads"].as_f64().unwrap_or(1.0);
    let all = Besides::of(page.samples, threads);
    let part =
        |seconds: Option<f64>, of: f64| seconds.filter(|_| of > 0.0).map(|seconds| share(seconds / of));
    let rows = [
        ("processor time of other programs", part(all.foreign, all.room)),
        ("processor time given away by the hypervisor", part(all.steal, all.room)),
        ("time in which something waited for the disk", part(all.io, all.wall)),
        ("time in which something waited for memory", part(all.memory, all.wall)),
        ("events of thermal throttling", all.throttled.map(|events| events.to_string())),
        ("highest load average at the start of a build", all.load.map(|load| format!("{load:.2}"))),
    ];
    html! {
        @if all.builds == 0 { p { "No measured build ended well." } } @else {
            p { "During the " (counted(all.builds, "measured build")) ":" }
            dl { @for (name, value) in rows { dt { (name) } dd { (value.as_deref().unwrap_or("this machine does not tell")) } } }
        }
    }
}
