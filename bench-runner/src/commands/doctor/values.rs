//! The values of all axes, and which of them this machine can build.

use bench_runner_core::record::Refusal;
use bench_runner_measure::axes::{self, Available, Axis, Context, Settings};
use bench_runner_measure::workloads;

use crate::flows::Projects;

/// The toolchain with unstable features.
const NIGHTLY: &str = "nightly";

/// One value of an axis, or a form of values, and its availability on this machine.
pub(super) struct AxisValue {
    pub(super) axis: &'static str,
    pub(super) value: String,
    pub(super) state: Result<Available, Refusal>,
    /// True if `value` is a form, such as `any text`.
    pub(super) form: bool,
    /// The other setting that it needs, if it needs one.
    pub(super) beside: Option<&'static str>,
}

/// Every named value of every axis, and the forms of other values.
pub(super) fn values(projects: &Projects) -> Vec<AxisValue> {
    let Ok(plain) = projects.plain_context(None) else { return Vec::new() };
    let nightly = projects.plain_context(Some(NIGHTLY));
    let mut all: Vec<AxisValue> = Vec::new();
    for axis in axes::all() {
        for value in axis.values() {
            all.push(match axis.parse(axis.key(), value).is_ok() && !value.contains(' ') {
                true => probe_value(*axis, value, projects, &plain, &nightly),
                false => AxisValue {
                    state: state_of_form(*axis, value, projects, &plain, &nightly),
                    ..form(axis.key(), (*value).to_owned())
                },
            });
        }
    }
    let workloads: Vec<String> = workloads::ALL.iter().map(workloads::Workload::syntax).collect();
    all.push(form("workload", workloads.join(", ")));
    all.push(form("project", "a name of `corpus list`, tag:NAME, a directory, a manifest".to_owned()));
    all.push(form("rev", "a full commit of a project in a directory of yours".to_owned()));
    all
}

/// The state of `cold@redis://HOST:PORT` is that of `cold`; other forms are not probed.
fn state_of_form(
    axis: &'static dyn Axis,
    form: &'static str,
    projects: &Projects,
    plain: &Context,
    nightly: &Result<Context, Refusal>,
) -> Result<Available, Refusal> {
    match form.split_once('@') {
        Some((base, _)) if axis.parse(axis.key(), base).is_ok() => {
            probe_value(axis, base, projects, plain, nightly).state
        }
        _ => Ok(Available::without_tool("")),
    }
}

fn form(axis: &'static str, value: String) -> AxisValue {
    let state = Ok(Available::without_tool(""));
    AxisValue { axis, value, state, form: true, beside: None }
}

fn probe_value(
    axis: &'static dyn Axis,
    value: &'static str,
    projects: &Projects,
    plain: &Context,
    nightly: &Result<Context, Refusal>,
) -> AxisValue {
    let mut beside = Settings::from([(axis.key().to_owned(), value.to_owned())]);
    let probe = |beside: &Settings, context: &Context| {
        let settings = axes::parse_all(beside)?;
        settings.get(axis.key()).map_or(Ok(Available::without_tool("")), |setting| setting.probe(context))
    };
    let found =
        |state, beside| AxisValue { axis: axis.key(), value: value.to_owned(), state, form: false, beside };
    if let Some(name) = axes::toolchain_name(&beside) {
        let named = projects.plain_context(Some(name));
        return found(named.and_then(|named| probe(&beside, &named)), None);
    }
    let state = probe(&beside, plain);
    let wants_nightly = match &state {
        Ok(_) => return found(state, None),
        Err(refusal) => refusal.help.as_ref().is_some_and(|help| help.contains(NIGHTLY)),
    };
    beside.insert("toolchain".to_owned(), NIGHTLY.to_owned());
    match nightly {
        Ok(nightly) => match probe(&beside, nightly) {
            there @ Ok(_) => found(there, Some("toolchain=nightly")),
            // This refusal names what nightly lacks; that nightly is needed is said anyway.
            missing @ Err(_) => found(missing, None),
        },
        // Advice to use nightly does not help if there is none.
        Err(refusal) if wants_nightly => found(Err(refusal.clone()), None),
        Err(_) => found(state, None),
    }
}
