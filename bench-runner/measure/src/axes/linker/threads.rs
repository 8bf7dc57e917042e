//! How many threads a linker uses. Each takes the number in a way of its own, and GNU ld takes none.

use bench_runner_core::record::ProofResult;

use super::super::{
    Availability, Axis, Context, Finding, InvalidValue, Lines, Setting, Shown, Situation, Unwritable,
};
use super::{Family, probe, prove};
use crate::build::{Goal, Recipe};

pub(in super::super) struct Threads;

const KEY: &str = "linker-threads";

/// The linker that is named beside a setting, or whatever links by default.
fn linker<'a>(setting: &Setting<'a>) -> &'a str {
    setting.beside.get("linker").map_or("default", String::as_str)
}

/// What the linker is told. `None` where it takes no number.
fn argument(family: Family, threads: &str) -> Option<String> {
    match (family, threads) {
        (Family::Bfd, _) => None,
        (Family::Gold, "1") => Some("--no-threads".to_owned()),
        (Family::Gold, _) => Some(format!("--threads,--thread-count={threads}")),
        (Family::Lld | Family::Mold | Family::Wild, _) => Some(format!("--threads={threads}")),
    }
}

/// The argument of the link line, where there is one.
fn link_argument(setting: &Setting<'_>, context: &Context) -> Option<String> {
    let family = probe::family(linker(setting), context)?;
    argument(family, setting.value).map(|argument| format!("-Wl,{argument}"))
}

impl Axis for Threads {
    fn key(&self) -> &'static str {
        KEY
    }

    fn summary(&self) -> &'static str {
        "threads of the linker: gold, lld, mold and wild take a number, GNU ld has one thread"
    }

    fn values(&self) -> &'static [&'static str] {
        &["a number"]
    }

    fn parse(&self, _: &str, value: &str) -> Result<(), InvalidValue> {
        match value.parse::<u16>() {
            // One number has one text, so that two texts are two values.
            Ok(number) if number > 0 && number.to_string() == value => Ok(()),
            _ => Err(InvalidValue {
                message: format!("`{value}` is not a number of threads (a whole number from 1 on)"),
                nearest: None,
            }),
        }
    }

    fn looks_at(&self) -> &'static [&'static str] {
        &["linker"]
    }

    fn probe(&self, setting: &Setting<'_>, context: &Context) -> Availability {
        let linker = linker(setting);
        let missing = |reason: String, help: Option<&str>| Availability::Missing {
            reason,
            help: help.map(str::to_owned),
        };
        if let Availability::Missing { reason, help } = probe::probe(linker, context) {
            return Availability::Missing { reason, help };
        }
        let name_one = "name a linker beside it, such as `linker=mold`";
        match probe::family(linker, context) {
            None => missing(format!("nobody knows how linker={linker} takes threads"), Some(name_one)),
            Some(Family::Bfd) if setting.value != "1" => missing("GNU ld links in one thread".into(), None),
            Some(_) => Availability::Available { identity: setting.value.to_owned(), tool: None },
        }
    }

    fn matters(&self, goal: Goal) -> bool {
        goal.links()
    }

    fn apply(&self, setting: &Setting<'_>, context: &Context, recipe: &mut Recipe) -> std::io::Result<()> {
        if let Some(argument) = link_argument(setting, context) {
            recipe.rustflags.push(format!("-Clink-arg={argument}"));
            recipe.rustflags_from.push(format!("{KEY}={}", setting.value));
        }
        Ok(())
    }

    fn advise(&self, setting: &Setting<'_>, situation: &Situation) -> Result<Lines, Unwritable> {
        let linker = linker(setting);
        let Some(family) = super::advise::family(linker, situation) else {
            return Err(Unwritable(format!("how linker={linker} takes threads depends on the machine")));
        };
        Ok(match argument(family, setting.value) {
            Some(argument) => Lines::flags([format!("-Clink-arg=-Wl,{argument}")]),
            None => Lines::nothing("GNU ld links in one thread by itself."),
        })
    }

    fn prove(&self, setting: &Setting<'_>, context: &Context, shown: &Shown<'_>) -> Finding {
        let Some(argument) = link_argument(setting, context) else {
            return Finding {
                expected: "one thread".to_owned(),
                found: "GNU ld has no other way".to_owned(),
                result: ProofResult::NotApplicable,
            };
        };
        let told = |args: &[String]| {
            let threads = |arg: &&String| arg.contains("threads") || arg.contains("thread-count");
            // Of several the linker takes the last.
            match args.iter().rfind(threads) {
                Some(last) => (format!("linked with {last}"), *last == argument),
                None => ("linked without a word of threads".to_owned(), false),
            }
        };
        let flags = [format!("-Clink-arg={argument}")];
        prove::on_link_lines(format!("linked with {argument}"), &flags, context, shown.build, told)
    }

    fn is_for_linking(&self) -> bool {
        true
    }

    fn co_changes(&self, _: &Setting<'_>) -> &'static [&'static str] {
        &["build scripts and proc macros are linked so too"]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_linker_is_told_in_its_own_way() {
        assert_eq!(argument(Family::Mold, "4").as_deref(), Some("--threads=4"));
        assert_eq!(argument(Family::Gold, "4").as_deref(), Some("--threads,--thread-count=4"));
        assert_eq!(argument(Family::Gold, "1").as_deref(), Some("--no-threads"));
        assert_eq!(argument(Family::Bfd, "1"), None);
    }

    #[test]
    fn a_number_has_one_text() {
        assert!(Threads.parse(KEY, "8").is_ok());
        for wrong in ["0", "08", "+8", "x", "", "1.5"] {
            assert!(Threads.parse(KEY, wrong).is_err(), "{wrong}");
        }
    }
}
