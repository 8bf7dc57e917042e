//! What every verb that measures says and looks at beforehand.

use anyhow::Context as _;
use bench_runner_core::record::Plan;
use bench_runner_measure::host::{self, Health, Severity};
use bench_runner_measure::plan::estimate;
use bench_runner_measure::process;

use super::announce;
use super::progress::Progress;
use crate::flows::{FlowError, Laboratory, MeasureOptions, Measured, Places, Workplace, Workshops};

/// Says what is about to be done.
pub(super) fn progress(plan: &Plan, workplace: &Workplace) -> Progress {
    let estimate = estimate(plan, &workplace.typical(plan));
    eprint!("{}", announce::announcement(plan, &estimate));
    Progress::new(plan, &estimate)
}

/// Brings in everything that a plan needs, and compares what it builds with what the user builds; `None` where an
/// interrupt came meanwhile.
pub(super) fn prepared(plan: &mut Plan, workplace: &Workplace) -> Result<Option<Workshops>, FlowError> {
    announce::something_to_measure(plan)?;
    let workshops = workplace.workshops(plan)?;
    workplace.compare_with_home(plan);
    // An interrupt cuts short what is asked of tools, so a plan that was made meanwhile is not to be trusted.
    Ok((!process::interrupted()).then_some(workshops))
}

/// Carries out a plan that was prepared.
pub(super) fn carried_out(
    laboratory: Laboratory<'_>,
    plan: &Plan,
    workshops: &Workshops,
    workplace: &Workplace,
) -> Result<Measured, FlowError> {
    let mut progress = progress(plan, workplace);
    let measured = laboratory.measure(plan, workshops, &mut progress);
    progress.end();
    measured
}

/// Whether the plan builds what the user builds, as far as that was compared; says where it does not.
pub(super) fn is_faithful(plan: &Plan) -> bool {
    let differing = announce::fidelity(plan, true);
    eprint!("{differing}");
    if !differing.is_empty() {
        eprintln!("not started: `--strict` wants the build to be yours in everything that is compared");
    }
    differing.is_empty()
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
