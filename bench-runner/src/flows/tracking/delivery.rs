//! Hands alarms to the command of the tracking file.

use bench_runner_measure::process::{ToolCall, check_tool};
use bench_runner_measure::tracking::AlarmCommand;

/// Calls the command with `document` on its standard input. The error is a clause.
pub(crate) fn deliver(command: &AlarmCommand, document: &serde_json::Value) -> Result<(), String> {
    let Some((program, args)) = command.argv.split_first() else { return Ok(()) };
    let input = format!("{document:#}\n").into_bytes();
    let call = ToolCall { input, timeout: command.timeout, ..ToolCall::new(program, args) };
    check_tool(&call).map(drop).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn command(script: &str, timeout: u64) -> AlarmCommand {
        let argv = ["sh", "-c", script].map(str::to_owned).to_vec();
        AlarmCommand { argv, timeout: Duration::from_millis(timeout) }
    }

    #[test]
    fn a_command_gets_the_document_and_may_fail_or_hang() {
        let document = serde_json::json!({ "alarm": 1 });
        assert_eq!(deliver(&command("grep -q '\"alarm\": 1'", 60_000), &document), Ok(()));
        let failed = deliver(&command("echo no mail >&2; exit 3", 60_000), &document).unwrap_err();
        assert!(failed.contains("exit code 3") && failed.contains("no mail"), "{failed}");
        let hangs = deliver(&command("sleep 600", 200), &document).unwrap_err();
        assert!(hangs.contains("took longer than 200ms"), "{hangs}");
        let none = AlarmCommand { argv: Vec::new(), timeout: Duration::ZERO };
        assert_eq!(deliver(&none, &document), Ok(()));
    }
}
