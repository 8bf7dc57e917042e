//! Number of threads of a linker. Each linker has a different option; GNU ld has none.

use bench_runner_core::record::{ProofResult, Refusal};

use super::super::axis::{Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue};
use super::super::lines::{SettingLines, Situation, Unwritable};
use super::name::{LinkerFamily, LinkerName};
use super::{advise, probe, prove};
use crate::build::{BuildRequest, Goal};

pub(in super::super) struct LinkerThreadsAxis;

const KEY: &str = "linker-threads";

/// Option of the linker. `None` if it has none.
fn threads_argument(family: LinkerFamily, threads: u16) -> Option<String> {
    match (family, threads) {
        (LinkerFamily::Bfd, _) => None,
        (LinkerFamily::Gold, 1) => Some("--no-threads".to_owned()),
        (LinkerFamily::Gold, _) => Some(format!("--threads,--thread-count={threads}")),
        (LinkerFamily::Lld | LinkerFamily::Mold | LinkerFamily::Wild, _) => {
            Some(format!("--threads={threads}"))
        }
    }
}

impl Axis for LinkerThreadsAxis {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "threads of the linker: gold, lld, mold and wild take a number, GNU ld has one thread"
    }

    fn values(&self) -> &'static [&'static str] {
        &["a number"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        match text.parse::<u16>() {
            // Each number has one spelling, so that two texts are two values.
            Ok(number) if number > 0 && number.to_string() == text => Ok(Box::new(LinkerThreads(number))),
            _ => Err(Refusal::new(format!("`{text}` is not a number of threads (a whole number from 1 on)"))),
        }
    }
}

#[derive(Debug)]
struct LinkerThreads(u16);

/// The linker in `settings`, or the default.
fn linker(settings: &ParsedSettings) -> &LinkerName {
    settings.value().unwrap_or(&LinkerName::Default)
}

impl LinkerThreads {
    /// Argument of the link line, if there is one.
    fn link_argument(&self, settings: &ParsedSettings, context: &Context) -> Option<String> {
        let family = probe::family(linker(settings), context)?;
        threads_argument(family, self.0).map(|argument| format!("-Wl,{argument}"))
    }
}

impl SettingValue for LinkerThreads {
    fn depends_on(&self) -> &'static [&'static str] {
        &["linker"]
    }

    fn probe(&self, settings: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        let linker = linker(settings);
        probe::probe(linker, context)?;
        match probe::family(linker, context) {
            None => {
                let what = format!("nobody knows how linker={} takes threads", linker.text());
                Err(Refusal::new(what).with_help("name a linker beside it, such as `linker=mold`"))
            }
            Some(LinkerFamily::Bfd) if self.0 != 1 => Err(Refusal::new("GNU ld links in one thread")),
            Some(_) => Ok(Available::without_tool(self.0.to_string())),
        }
    }

    fn applies_to(&self, goal: Goal) -> bool {
        goal.links()
    }

    fn is_for_linking(&self) -> bool {
        true
    }

    fn apply(&self, settings: &ParsedSettings, context: &Context, request: &mut BuildRequest) {
        if let Some(argument) = self.link_argument(settings, context) {
            request.rustflags.push(format!("-Clink-arg={argument}"));
            request.rustflags_from.push(format!("{KEY}={}", self.0));
        }
    }

    fn advise(&self, settings: &ParsedSettings, situation: &Situation) -> Result<SettingLines, Unwritable> {
        let linker = linker(settings);
        let Some(family) = advise::family(linker, situation) else {
            return Err(Unwritable(format!(
                "how linker={} takes threads depends on the machine",
                linker.text()
            )));
        };
        Ok(match threads_argument(family, self.0) {
            Some(argument) => SettingLines::flags([format!("-Clink-arg=-Wl,{argument}")]),
            None => SettingLines::remark_only("GNU ld links in one thread by itself."),
        })
    }

    fn prove(&self, settings: &ParsedSettings, context: &Context, input: &ProofInput<'_>) -> ProofFinding {
        let Some(argument) = self.link_argument(settings, context) else {
            return ProofFinding {
                expected: "one thread".to_owned(),
                found: "GNU ld has no other way".to_owned(),
                result: ProofResult::NotApplicable,
            };
        };
        let check_line = |args: &[String]| {
            let threads = |arg: &&String| arg.contains("threads") || arg.contains("thread-count");
            // If there are several, the linker uses the last.
            match args.iter().rfind(threads) {
                Some(last) => (format!("linked with {last}"), *last == argument),
                None => ("linked without a word of threads".to_owned(), false),
            }
        };
        let flags = [format!("-Clink-arg={argument}")];
        prove::on_link_lines(format!("linked with {argument}"), &flags, context, input.build, check_line)
    }

    fn costs(&self) -> &'static [&'static str] {
        &["the number fits this machine only; on a larger one it leaves threads idle"]
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        &["build scripts and proc macros are linked so too"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes::fixture;

    #[test]
    fn every_linker_is_told_in_its_own_way() {
        assert_eq!(threads_argument(LinkerFamily::Mold, 4).as_deref(), Some("--threads=4"));
        assert_eq!(threads_argument(LinkerFamily::Gold, 4).as_deref(), Some("--threads,--thread-count=4"));
        assert_eq!(threads_argument(LinkerFamily::Gold, 1).as_deref(), Some("--no-threads"));
        assert_eq!(threads_argument(LinkerFamily::Bfd, 1), None);
    }

    #[test]
    fn a_number_has_one_text() {
        assert!(fixture::parse(KEY, "8").is_ok());
        for wrong in ["0", "08", "+8", "x", "", "1.5"] {
            assert!(fixture::parse(KEY, wrong).is_err(), "{wrong}");
        }
    }
}
