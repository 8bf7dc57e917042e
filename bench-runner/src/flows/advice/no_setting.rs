//! Differences between an arm and its baseline that no file can hold: what to do instead.

use bench_runner_core::bundle::Manifest;
use bench_runner_core::record::Arm;
use bench_runner_measure::build::Goal;
use bench_runner_measure::workloads::{self, Workload};

use crate::flows::comparison_conditions::planned_projects;

/// Difference between an arm and its baseline that is not a setting of a project, if there is one.
pub(super) fn why_no_setting(baseline: &Arm, best: &Arm) -> Option<NoSetting> {
    let (one, other) = (&baseline.variant, &best.variant);
    match () {
        () if one.project != other.project => Some(NoSetting::Project),
        () if one.rev != other.rev => Some(NoSetting::Commit),
        () if one.workload != other.workload => Some(NoSetting::Workload),
        () => None,
    }
}

/// A difference between two arms that no file can hold.
pub(super) enum NoSetting {
    Project,
    Commit,
    Workload,
}

/// The sentence for a difference that no file can hold.
pub(super) fn no_setting_sentence(
    manifest: &Manifest,
    difference: &NoSetting,
    baseline: &Arm,
    best: &Arm,
) -> String {
    let is_cargo = || {
        let projects = planned_projects(&manifest.plan);
        projects.get(best.variant.project.as_str()).is_some_and(|project| project.build.tool.is_cargo())
    };
    match difference {
        NoSetting::Project => "There is nothing to configure: it is another project.".to_owned(),
        NoSetting::Commit => "There is nothing to configure: it is another commit of the project.".to_owned(),
        NoSetting::Workload => {
            let other_command = || other_command(&baseline.variant.workload, &best.variant.workload);
            is_cargo().then(other_command).flatten().unwrap_or_else(|| {
                "There is nothing to configure: it is another workload, not another setting.".to_owned()
            })
        }
    }
}

/// The command to run instead, if two workloads build the same sources from the same state with different commands.
fn other_command(baseline: &str, best: &str) -> Option<String> {
    let [baseline, best]: [Workload; 2] = [workloads::find(baseline).ok()?, workloads::find(best).ok()?];
    if (baseline.start, baseline.sources) != (best.start, best.sources) || baseline.goal == best.goal {
        return None;
    }
    let when = product(baseline.goal).map(|product| format!(" when you need no {product}"));
    Some(format!(
        "Run `{}` instead of `{}`{}. There is nothing to configure.",
        cargo_command(best.goal),
        cargo_command(baseline.goal),
        when.unwrap_or_default()
    ))
}

fn cargo_command(goal: Goal) -> &'static str {
    match goal {
        Goal::Build => "cargo build",
        Goal::Check => "cargo check",
        Goal::Clippy => "cargo clippy",
        Goal::Test => "cargo test --no-run",
        Goal::Doc => "cargo doc --no-deps",
    }
}

/// The result of a command that no other command has.
fn product(goal: Goal) -> Option<&'static str> {
    match goal {
        Goal::Build => Some("program"),
        Goal::Check => None,
        Goal::Clippy => Some("lints"),
        Goal::Test => Some("tests"),
        Goal::Doc => Some("documentation"),
    }
}

#[cfg(test)]
mod tests {
    use super::other_command;

    #[test]
    fn another_command_is_named_and_what_it_does_not_make() {
        let check = |baseline: &str, best: &str, expected: Option<&str>| {
            assert_eq!(other_command(baseline, best).as_deref(), expected, "{baseline} {best}");
        };
        let no_program = "Run `cargo check` instead of `cargo build` when you need no program. There is nothing to \
                          configure.";
        check("clean", "check", Some(no_program));
        check("incremental", "check-incremental", Some(no_program));
        let no_lints = "Run `cargo check` instead of `cargo clippy` when you need no lints. There is nothing to configure.";
        check("clippy", "check", Some(no_lints));
        // The states that they start from differ, so the command is not all.
        check("clean", "check-incremental", None);
        check("clean", "incremental", None);
        check("clean", "no-such-workload", None);
    }
}
