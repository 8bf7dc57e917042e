//! `--plan`: reading the output of `plan --json`.

use std::path::Path;

use bench_runner_core::record::{FORMAT_VERSION, Plan};
use bench_runner_measure::plan::check;
use bench_runner_measure::scenario::RequestError;

/// Reads a plan, and checks it as far as possible without the machine.
pub(super) fn read(file: &Path) -> Result<Plan, RequestError> {
    let unreadable = |reason: String| {
        let help = Some("`bench-runner plan --json` writes one".to_owned());
        RequestError::usage(format!("cannot read the plan {}: {reason}", file.display()), help)
    };
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
    // The version comes first: a plan of a newer program must not fail on an unknown key.
    let raw: serde_json::Value =
        serde_json::from_str(&text).map_err(|error| unreadable(error.to_string()))?;
    if let Some(format) = raw["format"].as_u64().filter(|format| *format > u64::from(FORMAT_VERSION)) {
        return Err(unreadable(format!("its format {format} is newer than this program's {FORMAT_VERSION}")));
    }
    let plan = Plan::from_json(&text).map_err(|error| unreadable(error.to_string()))?;
    check(&plan)?;
    Ok(plan)
}
