//! The command that measures a comparison again, without its number of rounds.

use bench_runner_core::compare::Nomination;
use bench_runner_core::record::{AS_CONFIGURED, Arm, Block, Plan, Role, SNIPPET};
use bench_runner_measure::corpus::shell_word;
use bench_runner_measure::scenario::SamplingSpec;

use super::PlannedProjects;

/// The command line, such as `bench-runner run --project ripgrep --axis linker=bfd,mold --workload clean`.
/// `None` if options cannot express the variants: a whole variant needs its file, and a scenario may leave
/// combinations out.
pub(super) fn command(plan: &Plan, block: &Block, projects: &PlannedProjects<'_>) -> Option<String> {
    let arms: Vec<&Arm> = block.arms.iter().filter(|arm| arm.role != Role::Twin).collect();
    let baseline = *arms.iter().find(|arm| arm.role == Role::Baseline)?;
    let mut words = vec!["bench-runner run".to_owned()];
    if !has_value(block, "project") {
        words.push(format!("--project {}", shell_word(&project_word(&baseline.variant.project, projects)?)));
    }
    if !has_value(block, "workload") {
        words.push(format!("--workload {}", shell_word(&baseline.variant.workload)));
    }
    words.extend(variants(block, &arms, baseline, projects)?);
    if block.twin().is_none() {
        words.push("--no-control".to_owned());
    }
    if plan.sessions > 1 {
        words.push(format!("--fresh-dirs {}", plan.sessions));
    }
    let usual = SamplingSpec::default();
    if (block.sampling.margin - usual.margin).abs() > 1e-9 {
        words.push(format!("--margin {}%", short_number(100.0 * block.sampling.margin)));
    }
    if block.sampling.timeout != usual.timeout {
        let timeout = humantime::format_duration(block.sampling.timeout).to_string();
        words.push(format!("--timeout {}", shell_word(&timeout)));
    }
    Some(words.join(" "))
}

/// Number of rounds of a head-to-head comparison.
const HEAD_TO_HEAD_ROUNDS: u32 = 12;

/// The command line that compares a nominated combination with the configuration that it would replace: the user's own
/// if the fraction was built with it, else the project as it is. `None` if options cannot express it.
pub(super) fn head_to_head_command(
    block: &Block,
    nomination: &Nomination,
    projects: &PlannedProjects<'_>,
) -> Option<String> {
    let baseline = &block.arms.iter().find(|arm| arm.role == Role::Baseline)?.variant;
    let mut words = vec!["bench-runner run".to_owned()];
    words.push(format!("--project {}", shell_word(&project_word(&baseline.project, projects)?)));
    words.push(format!("--workload {}", shell_word(&baseline.workload)));
    let is_configured = |arm: &Arm| {
        let settings = &arm.variant.settings;
        settings.contains_key(AS_CONFIGURED)
            && nomination.settings.iter().all(|(key, _)| settings.contains_key(key))
    };
    words.push(if block.arms.iter().any(is_configured) {
        "--baseline as-configured --on as-configured".to_owned()
    } else {
        "--baseline as-it-is".to_owned()
    });
    for (key, value) in &nomination.settings {
        words.push(format!("--axis {}", shell_word(&format!("{key}={}", joined(&[value])?))));
    }
    words.push(format!("--rounds {HEAD_TO_HEAD_ROUNDS}"));
    Some(words.join(" "))
}

fn short_number(value: f64) -> String {
    let text = format!("{value:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

fn has_value(block: &Block, axis: &str) -> bool {
    block.axes.iter().any(|key| key == axis)
}

/// Options for the variants, the baseline's value first.
fn variants(
    block: &Block,
    arms: &[&Arm],
    baseline: &Arm,
    projects: &PlannedProjects<'_>,
) -> Option<Vec<String>> {
    if arms.iter().any(|arm| arm.variant.settings.contains_key(SNIPPET)) {
        return None;
    }
    let is_configured = |arm: &Arm| arm.variant.settings.contains_key(AS_CONFIGURED);
    let values = |arm: &Arm| -> Option<Vec<String>> {
        block.axes.iter().map(|axis| value(arm, axis, projects)).collect()
    };
    let mut options = Vec::new();
    let configured = arms.iter().filter(|arm| is_configured(arm)).count();
    let mut combinations: Vec<Vec<String>> = Vec::new();
    match (configured, values(baseline)) {
        (0, Some(first)) => combinations.push(first),
        (count, Some(first)) if count == arms.len() => {
            options.push("--on as-configured".to_owned());
            combinations.push(first);
        }
        // The baseline is the whole configuration, without a value of any axis.
        (_, None) if is_configured(baseline) => options.push("--baseline as-configured".to_owned()),
        _ => return None,
    }
    let others = arms.iter().filter(|arm| arm.role == Role::Variant);
    for arm in others.clone() {
        combinations.push(values(arm)?);
    }
    if combinations.len() < arms.len() {
        match others.clone().filter(|arm| is_configured(arm)).count() {
            0 => {}
            count if count == arms.len() - 1 => options.push("--on as-configured".to_owned()),
            _ => return None,
        }
    }
    // Of several axes, a request makes all combinations.
    let mut product = 1;
    for (at, axis) in block.axes.iter().enumerate() {
        let mut distinct: Vec<&str> = Vec::new();
        for value in combinations.iter().map(|values| values[at].as_str()) {
            if !distinct.contains(&value) {
                distinct.push(value);
            }
        }
        product *= distinct.len();
        options.push(format!("--axis {}", shell_word(&format!("{axis}={}", joined(&distinct)?))));
    }
    (product == combinations.len() && !block.axes.is_empty()).then_some(options)
}

/// Values of an axis as one word; `None` if one of them needs quotes of its own.
fn joined(values: &[&str]) -> Option<String> {
    let is_plain = |value: &&str| !value.contains([',', '{', '[', '"', '\'']);
    let as_table = |value: &&str| value.starts_with('{') && value.ends_with('}');
    values.iter().all(|value| is_plain(value) || as_table(value)).then(|| values.join(","))
}

/// The value of an arm on an axis.
fn value(arm: &Arm, axis: &str, projects: &PlannedProjects<'_>) -> Option<String> {
    match axis {
        "project" => project_word(&arm.variant.project, projects),
        "workload" => Some(arm.variant.workload.clone()),
        "rev" => arm.variant.rev.clone(),
        _ => arm.variant.settings.get(axis).cloned(),
    }
}

/// The word for a project: its directory if it is local, else its name.
fn project_word(name: &str, projects: &PlannedProjects<'_>) -> Option<String> {
    let project = projects.get(name)?;
    match project.own_directory() {
        None => Some(name.to_owned()),
        // A relative directory is below another one than the user's.
        Some(directory) => directory.is_absolute().then(|| directory.display().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use bench_runner_core::compare::fixture;
    use bench_runner_measure::corpus::Project;
    use bench_runner_measure::toml_reader::SourceText;

    use super::*;

    const MANIFEST: &str = "name = \"hexyl\"\nsummary = \"s\"\n[source]\nkind = \"crates-io\"\nname = \"hexyl\"\n\
                            version = \"0.17.0\"\n\
                            sha256 = \"0000000000000000000000000000000000000000000000000000000000000000\"\n";

    /// A block whose arms have these settings, the baseline first.
    fn block(axes: &[&str], arms: &[&[(&str, &str)]]) -> Block {
        let names = vec!["variant"; arms.len() - 1];
        let mut block = fixture::block("m", false, &names);
        block.axes = axes.iter().map(|axis| (*axis).to_owned()).collect();
        block.sampling.timeout = SamplingSpec::default().timeout;
        for (arm, settings) in block.arms.iter_mut().zip(arms) {
            arm.variant.settings =
                settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        }
        block
    }

    fn command_of(block: Block) -> Option<String> {
        let project = Project::parse(&SourceText::new("hexyl", MANIFEST), None).unwrap();
        let plan = fixture::plan(vec![block]);
        let words = command(&plan, &plan.blocks[0], &PlannedProjects::from([("hexyl", project)]))?;
        Some(words.replace("bench-runner run --project hexyl --workload clean ", ""))
    }

    #[test]
    fn axes_are_listed_with_the_baseline_first() {
        let one = block(&["linker"], &[&[("linker", "bfd")], &[("linker", "mold")]]);
        assert_eq!(command_of(one).unwrap(), "--axis linker=bfd,mold --no-control");
        let flags = block(&["rustflags"], &[&[("rustflags", "")], &[("rustflags", "-C opt-level=1")]]);
        assert_eq!(command_of(flags).unwrap(), "--axis 'rustflags=,-C opt-level=1' --no-control");
    }

    #[test]
    fn what_a_request_changes_is_repeated() {
        let mut one = block(&["workload"], &[&[], &[]]);
        one.arms[1].variant.workload = "check".to_owned();
        one.sampling.margin = 0.015;
        one.sampling.timeout = std::time::Duration::from_secs(90);
        assert_eq!(
            command_of(one).unwrap(),
            "bench-runner run --project hexyl --axis workload=clean,check --no-control --margin 1.5% --timeout '1m 30s'"
        );
    }

    #[test]
    fn your_own_configuration_stays_the_baseline() {
        let own = (AS_CONFIGURED, "text");
        let beneath = block(&["linker"], &[&[own], &[own, ("linker", "mold")]]);
        assert_eq!(
            command_of(beneath).unwrap(),
            "--baseline as-configured --on as-configured --axis linker=mold --no-control"
        );
        let both = block(&["linker"], &[&[own, ("linker", "bfd")], &[own, ("linker", "mold")]]);
        assert_eq!(command_of(both).unwrap(), "--on as-configured --axis linker=bfd,mold --no-control");
        let against = block(&["linker"], &[&[own], &[("linker", "mold")]]);
        assert_eq!(command_of(against).unwrap(), "--baseline as-configured --axis linker=mold --no-control");
    }

    #[test]
    fn there_is_no_command_for_what_options_cannot_express() {
        let snippet = block(&["linker"], &[&[("linker", "bfd")], &[(SNIPPET, "text")]]);
        assert_eq!(command_of(snippet), None);
        let combinations: [&[(&str, &str)]; 3] = [
            &[("lto", "off"), ("debug", "none")],
            &[("lto", "fat"), ("debug", "none")],
            &[("lto", "off"), ("debug", "full")],
        ];
        assert_eq!(command_of(block(&["lto", "debug"], &combinations)), None);
    }
}
