//! Programs that a request needs and this machine lacks: named before anything else, with the command that installs each.
//! An interactive run asks before it spends time without them.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::IsTerminal;

use bench_runner_measure::axes::{self, MissingProgram};

use super::question::ask;
use super::request::PlanRequest;
use super::{EarlyEnd, Exit};
use crate::flows::{self, PackagedVersion};

/// The missing programs of a request, as lines; empty if it has all that it needs.
pub(super) fn notice(request: &PlanRequest) -> String {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let missing = axes::missing_programs(request.settings(), &path);
    missing.iter().map(|missing| lines(missing, packaged(missing, &path).as_ref())).collect()
}

fn packaged(missing: &MissingProgram, path: &OsStr) -> Option<PackagedVersion> {
    flows::packaged_version(missing.needed.install, path)
}

fn lines(missing: &MissingProgram, packaged: Option<&PackagedVersion>) -> String {
    let MissingProgram { needed, wanted_by } = missing;
    let mut text =
        format!("{} is not installed: {} cannot be measured\n", needed.program, wanted_by.join(" and "));
    let _ = write!(text, "  install it: {}", needed.install);
    if let Some(PackagedVersion { version, released }) = packaged {
        let of = released.as_ref().map(|month| format!(" of {month}")).unwrap_or_default();
        let _ = write!(text, " (installs {version}{of})");
    }
    text.push('\n');
    text
}

/// Prints the missing programs of a request. If both standard input and standard error are a terminal, asks whether to go
/// on without them, unless `yes` says so.
pub(super) fn confirm(request: &PlanRequest, yes: bool) -> Result<(), EarlyEnd> {
    let notice = notice(request);
    err!("{notice}");
    let is_interactive = std::io::stdin().is_terminal() && std::io::stderr().is_terminal();
    if notice.is_empty() || yes || !is_interactive || ask("measure without it?")? {
        return Ok(());
    }
    errln!("nothing was measured; `--yes` measures without asking");
    Err(EarlyEnd::Early(Exit::Unfit))
}

#[cfg(test)]
mod tests {
    use bench_runner_measure::axes::NeededProgram;

    use super::*;

    #[test]
    fn a_missing_program_is_named_with_what_installs_it() {
        let missing = MissingProgram {
            needed: NeededProgram { program: "mold", install: "apt-get install mold" },
            wanted_by: vec!["linker=mold".to_owned()],
        };
        let packaged = |released: Option<&str>| PackagedVersion {
            version: "1.10.1".to_owned(),
            released: released.map(str::to_owned),
        };
        let first =
            "mold is not installed: linker=mold cannot be measured\n  install it: apt-get install mold";
        assert_eq!(lines(&missing, None), format!("{first}\n"));
        assert_eq!(lines(&missing, Some(&packaged(None))), format!("{first} (installs 1.10.1)\n"));
        assert_eq!(
            lines(&missing, Some(&packaged(Some("January 2023")))),
            format!("{first} (installs 1.10.1 of January 2023)\n")
        );
    }
}
