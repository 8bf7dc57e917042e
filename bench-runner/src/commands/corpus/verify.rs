//! `corpus verify`: a line for each project, and a line for each of its faults.

use super::super::{Exit, format_duration, open_projects, pluralize};
use super::{measuring_lock, select, verify_options};
use crate::flows::{Fault, FlowError, Places, VerifiedProject, Verifier, fetch_all, verify_sources};

/// Check projects: fetch them, compare with every pin, build once, and try every edit
#[derive(Debug, Clone, clap::Args)]
#[command(after_help = "Example:\n  bench-runner corpus verify tag:quick")]
pub(super) struct Args {
    /// Names, `tag:NAME`, or manifests (`*.toml`) [default: all]
    #[arg(value_name = "PROJECT")]
    projects: Vec<String>,
    /// Never access the network
    #[arg(long)]
    offline: bool,
    /// Build nothing: compare with the pins, and check that every edit applies
    #[arg(long)]
    no_build: bool,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

pub(super) fn run(args: &Args, places: &Places) -> Result<Exit, FlowError> {
    let projects = open_projects(places, args.offline, true)?;
    let selected = select(&projects, &args.projects)?;
    // The lock is taken before anything is built or fetched, because that would disturb a measurement.
    let _lock = args.no_build.then(measuring_lock).transpose()?;
    let mut verifier = match args.no_build {
        true => None,
        false => Some(Verifier::open(&projects, places, &verify_options()?)?),
    };
    fetch_all(&projects, &selected);
    let mut all = Vec::new();
    for project in &selected {
        let verified = match &mut verifier {
            Some(verifier) => verifier.verify(project)?,
            None => verify_sources(&projects, project),
        };
        if !args.json {
            out!("{}", text(&verified));
        }
        all.push(verified);
    }
    if args.json {
        outln!("{:#}", serde_json::Value::Array(all.iter().map(json).collect()));
    }
    let flawed = all.iter().any(|verified| !verified.faults.is_empty());
    Ok(if flawed { Exit::PartialFailure } else { Exit::Done })
}

fn text(verified: &VerifiedProject) -> String {
    let name = &verified.project;
    let mut parts: Vec<String> = verified.pin.iter().map(ToString::to_string).collect();
    if let Some(built) = &verified.built {
        let units = built.units.map(|units| pluralize(units as usize, "unit") + " ").unwrap_or_default();
        parts.push(format!("{units}built in {}", format_duration(built.took)));
        if built.checked {
            parts.push("the result works".to_owned());
        }
    }
    if verified.pin.is_some() {
        let count = verified.edits.len();
        let verb = if count == 1 { "applies" } else { "apply" };
        parts.push(format!("{} {verb}", pluralize(count, "edit")));
    }
    let mut text = if parts.is_empty() { String::new() } else { format!("{name}: {}\n", parts.join(", ")) };
    for edit in verified.edits.iter().filter(|edit| !edit.rebuilt.is_empty()) {
        text.push_str(&format!("  {} ({}) rebuilds {}\n", edit.name, edit.class, edit.rebuilt.join(", ")));
    }
    for fault in &verified.faults {
        text.push_str(&format!("{name}: FAULT: {}\n", fault.text()));
    }
    text
}

fn json(verified: &VerifiedProject) -> serde_json::Value {
    let built = verified.built.as_ref().map(|built| {
        serde_json::json!({
            "wall_ns": built.took.as_nanos() as u64,
            "units": built.units,
            "checked": built.checked,
        })
    });
    let edit = |edit: &crate::flows::ProvenEdit| serde_json::json!({ "name": edit.name, "class": edit.class, "rebuilt": edit.rebuilt });
    serde_json::json!({
        "project": verified.project,
        "pin": verified.pin.as_ref().map(ToString::to_string),
        "tree": verified.tree,
        "built": built,
        "edits": verified.edits.iter().map(edit).collect::<Vec<_>>(),
        "faults": verified.faults.iter().map(Fault::text).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use bench_runner_core::record::Refusal;

    use crate::flows::{ProvenEdit, VerifiedBuild};

    #[test]
    fn faults_stand_below_what_holds() {
        let rebuilt = vec!["demo@1.0.0 bin:demo".to_owned()];
        let verified = VerifiedProject {
            project: "demo".into(),
            pin: Some(bench_runner_core::record::Pin::Git { rev: "ab".repeat(20) }),
            tree: Some("cd".repeat(32)),
            built: Some(VerifiedBuild { took: Duration::from_millis(4321), units: Some(12), checked: true }),
            edits: vec![ProvenEdit { name: "body".into(), class: "body", rebuilt }],
            faults: vec![Fault::Edit {
                name: "other".into(),
                reason: Refusal::new("nothing was compiled again"),
            }],
        };
        expect_test::expect![[r#"
            demo: git:abababababababababababababababababababab, 12 units built in 4.3 s, the result works, 1 edit applies
              body (body) rebuilds demo@1.0.0 bin:demo
            demo: FAULT: edit `other`: nothing was compiled again
        "#]]
        .assert_eq(&text(&verified));
        let lost = VerifiedProject {
            project: "lost".into(),
            faults: vec![Fault::Source(Refusal::new("it is not in the cache").with_help("fetch it"))],
            ..VerifiedProject::default()
        };
        assert_eq!(text(&lost), "lost: FAULT: it is not in the cache\nhelp: fetch it\n");
        assert_eq!(json(&lost)["faults"][0], "it is not in the cache\nhelp: fetch it");
    }
}
