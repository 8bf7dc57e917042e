//! What every verb that measures says and looks at beforehand.

use anyhow::Context as _;

use super::announce;
use super::progress::Progress;
use crate::flows::{FlowError, Laboratory, MeasureOptions, Measured, Places, Workplace};
use crate::host::{self, Health, Severity};
use crate::plan::estimate;
use crate::process;
use crate::record::Plan;

/// Says what is about to be done.
pub(super) fn progress(plan: &Plan, workplace: &Workplace) -> Progress {
    let estimate = estimate(plan, &workplace.typical(plan));
    eprint!("{}", announce::announcement(plan, &estimate));
    Progress::new(plan, &estimate)
}

/// Carries out a plan that has something to measure; `None` where an interrupt came before the first build.
pub(super) fn carried_out(
    laboratory: Laboratory<'_>,
    plan: &Plan,
    workplace: &Workplace,
) -> Result<Option<Measured>, FlowError> {
    announce::something_to_measure(plan)?;
    let workshops = workplace.workshops(plan)?;
    // An interrupt cuts short what is asked of tools, so a plan that was made meanwhile is not to be trusted.
    if process::interrupted() {
        return Ok(None);
    }
    let mut progress = progress(plan, workplace);
    let measured = laboratory.measure(plan, &workshops, &mut progress);
    progress.end();
    measured.map(Some)
}

/// What measuring has to know beside the plan.
pub(super) fn options() -> Result<MeasureOptions, FlowError> {
    Ok(MeasureOptions {
        exe: std::env::current_exe().context("failed to find this program's own file")?,
        machine: super::machine()?,
        lock_dir: super::lock_dir(),
    })
}

/// Whether the machine is fit; says what stands against it.
pub(super) fn fit(places: &Places) -> bool {
    let findings = host::findings(&Health::read(&places.cache));
    let unfit: Vec<_> = findings.iter().filter(|finding| finding.severity == Severity::Unfit).collect();
    for finding in &unfit {
        eprintln!("not fit: {}\nhelp: {}", finding.what, finding.help);
    }
    unfit.is_empty()
}
