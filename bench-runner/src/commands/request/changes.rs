//! Changes to scenarios on the command line.

use bench_runner_measure::scenario::{
    self, Baseline, Matrix, MatrixDesign, RequestError, RequestWord, SamplingSpec, Scenario, VariantBase,
};

use super::RequestArgs;

/// A scenario for axes given on the command line alone.
pub(super) fn custom_scenario(axes: &[(String, Vec<RequestWord>)]) -> Scenario {
    let has = |key: &str| axes.iter().any(|(axis, _)| axis == key);
    let matrix = Matrix {
        name: "custom".into(),
        projects: if has("project") { Vec::new() } else { vec![RequestWord::from_command_line("titlecase")] },
        workloads: if has("workload") { Vec::new() } else { vec![RequestWord::from_command_line("clean")] },
        baseline: Default::default(),
        axes: axes.to_vec(),
        variants: Vec::new(),
        on: VariantBase::Auto,
        exclude: Vec::new(),
        twin: true,
        alone: false,
        design: MatrixDesign::Product,
        mixed: false,
    };
    Scenario {
        name: "custom".into(),
        summary: "from the command line".into(),
        matrices: vec![matrix],
        sampling: SamplingSpec::default(),
        origin: "the command line".into(),
    }
}

pub(super) fn change_matrices(
    scenario: &mut Scenario,
    args: &RequestArgs,
    axes: &[(String, Vec<RequestWord>)],
) -> Result<(), RequestError> {
    let words = |texts: &[String]| texts.iter().map(RequestWord::from_command_line).collect::<Vec<_>>();
    for (key, given) in [("workload", &args.workload), ("project", &args.project)] {
        if !given.is_empty() && axes.iter().any(|(axis, _)| axis == key) {
            let message = format!("`--{key}` and `--axis {key}=…` exclude each other");
            return Err(RequestError::usage(message, Some("give all of them to `--axis`".to_owned())));
        }
    }
    args.workload.iter().try_for_each(|name| scenario::check_value("workload", name))?;
    if !args.workload.is_empty() {
        // A block that compares workloads cannot also be restricted to one.
        scenario.matrices.retain(|matrix| matrix.axes.iter().all(|(key, _)| key != "workload"));
    }
    for (key, values) in axes {
        let somewhere =
            scenario.matrices.iter().any(|matrix| matrix.axes.iter().any(|(axis, _)| axis == key));
        for matrix in &mut scenario.matrices {
            match matrix.axes.iter_mut().find(|(axis, _)| axis == key) {
                Some((_, old)) => {
                    old.clone_from(values);
                    if let Baseline::Values(baseline) = &mut matrix.baseline {
                        baseline.retain(|named, word| {
                            named != key || values.iter().any(|value| value.text == word.text)
                        });
                    }
                }
                None if !somewhere => matrix.axes.push((key.clone(), values.clone())),
                None => {}
            }
        }
    }
    for matrix in &mut scenario.matrices {
        if !args.project.is_empty() {
            match matrix.axes.iter_mut().find(|(key, _)| key == "project") {
                Some((_, values)) => {
                    *values = words(&args.project);
                    if let Baseline::Values(baseline) = &mut matrix.baseline {
                        baseline.remove("project");
                    }
                }
                None => matrix.projects = words(&args.project),
            }
        }
        if !args.workload.is_empty() {
            matrix.workloads = words(&args.workload);
        }
        matrix.twin &= !args.no_control;
        matrix.on = args.on.unwrap_or(matrix.on);
        matrix.design = args.design.unwrap_or(matrix.design);
    }
    if scenario.matrices.is_empty() {
        let message = format!("`--workload` leaves nothing of `{}`, which compares workloads", scenario.name);
        let help = format!("compare others by `--axis workload={}`", args.workload.join(","));
        return Err(RequestError::usage(message, Some(help)));
    }
    Ok(())
}

/// Checks that the axes of each matrix allow its design, after all changes.
pub(super) fn check_designs(scenario: &Scenario) -> Result<(), RequestError> {
    for matrix in &scenario.matrices {
        matrix.check_design().map_err(|refusal| {
            let what = format!("`{}` cannot be a fraction: {}", matrix.name, refusal.what);
            RequestError::usage(what, refusal.help)
        })?;
    }
    Ok(())
}

pub(super) fn change_sampling(spec: &mut SamplingSpec, args: &RequestArgs) -> Result<(), RequestError> {
    if let Some(rounds) = args.rounds {
        (spec.min_rounds, spec.max_rounds, spec.precision) = (rounds, rounds, None);
    }
    if let Some(min) = args.min_rounds {
        (spec.min_rounds, spec.max_rounds) = (min, spec.max_rounds.max(min));
    }
    if let Some(max) = args.max_rounds {
        spec.max_rounds = max;
        if args.min_rounds.is_none() {
            spec.min_rounds = spec.min_rounds.min(max);
        }
    }
    spec.precision = args.precision.or(spec.precision);
    spec.margin = args.margin.unwrap_or(spec.margin);
    spec.timeout = args.timeout.unwrap_or(spec.timeout);
    spec.sessions = args.fresh_dirs.unwrap_or(spec.sessions);
    match spec.contradiction() {
        Some(contradiction) => Err(RequestError::usage(contradiction, None)),
        None => Ok(()),
    }
}
