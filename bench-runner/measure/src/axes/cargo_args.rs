//! Arguments of cargo as written, for anything that has no axis.

use bench_runner_core::record::Refusal;

use super::axis::{Available, Axis, Context, ParsedSettings, ProofFinding, ProofInput, SettingValue};
use super::lines::{SettingLines, Situation, Unwritable};
use crate::build::{BuildRequest, Goal};

pub(super) struct CargoArgsAxis;

/// Options that are known to affect nothing but what is built: with a value, and without.
const WITH_VALUE: [&str; 7] =
    ["--features", "--bin", "--example", "--test", "--bench", "--package", "--exclude"];
const ALONE: [&str; 13] = [
    "--all-features",
    "--no-default-features",
    "--lib",
    "--bins",
    "--examples",
    "--tests",
    "--benches",
    "--all-targets",
    "--workspace",
    "--all",
    "--keep-going",
    "--ignore-rust-version",
    "--document-private-items",
];
/// The same as single letters, all with a value.
const LETTERS: [char; 3] = ['F', 'p', 'Z'];

/// Reasons to refuse others, with alternatives.
const REFUSED: [(&[&str], &str); 10] = [
    (&["--release", "--profile", "-r"], "the profile has an axis of its own: `--axis profile=release`"),
    (&["--jobs", "-j"], "jobs have an axis of their own: `--axis jobs=4`"),
    (
        &[
            "--verbose",
            "--quiet",
            "--message-format",
            "--color",
            "--timings",
            "--future-incompat-report",
            "-v",
            "-q",
        ],
        "it decides what cargo says, which the proof is read from, and not what it builds",
    ),
    (
        &[
            "--target-dir",
            "--build-dir",
            "--artifact-dir",
            "--out-dir",
            "--manifest-path",
            "--lockfile-path",
            "-C",
        ],
        "directories and files are those that the harness has laid out",
    ),
    (&["--locked", "--offline", "--frozen"], "every timed build is locked and offline already"),
    (&["--config"], "configuration has an axis of its own: `--axis 'config=KEY = VALUE'`"),
    (
        &["--target"],
        "the linkers and flags on offer follow the target: set `build.target` in .cargo/config.toml",
    ),
    (
        &["--help", "--version", "--list", "--explain", "--build-plan", "--unit-graph", "-h", "-V", "-Z"],
        "with it cargo builds nothing",
    ),
    (&["--"], "what comes behind it is not for cargo"),
    (&["--no-run", "--no-deps", "--open", "--doc"], "the workload decides that"),
];

/// The first argument that is not known to be safe, with the reason.
fn first_refused(value: &str) -> Option<(String, &'static str)> {
    let mut words = value.split_whitespace();
    while let Some(word) = words.next() {
        let name = word.split_once('=').map_or(word, |(name, _)| name);
        let known = if let Some(letters) = word.strip_prefix('-').filter(|rest| !rest.starts_with('-')) {
            short(letters, &mut words)
        } else if WITH_VALUE.contains(&name) {
            name != word || words.next().is_some()
        } else {
            ALONE.contains(&word)
        };
        if !known {
            return Some((word.to_owned(), reason(word, name)));
        }
    }
    None
}

/// True if combined single-letter options are known to be safe.
fn short<'w>(letters: &str, words: &mut impl Iterator<Item = &'w str>) -> bool {
    let mut letters = letters.chars();
    // All safe ones have a value, in the same argument or the next.
    let Some(letter) = letters.next().filter(|letter| LETTERS.contains(letter)) else { return false };
    let rest = letters.as_str();
    let value = if rest.is_empty() { words.next() } else { Some(rest.trim_start_matches('=')) };
    value.is_some_and(|value| !(value.is_empty() || letter == 'Z' && value == "help"))
}

fn reason(word: &str, name: &str) -> &'static str {
    let of = |name: &str| REFUSED.iter().find(|(names, _)| names.contains(&name)).map(|(_, reason)| *reason);
    if let Some(reason) = of(name) {
        return reason;
    }
    if WITH_VALUE.contains(&name) || ["-F", "-p"].contains(&word) {
        return "its value is missing";
    }
    if word.starts_with('+') {
        return "toolchains have an axis of their own: `--axis toolchain=nightly`";
    }
    // The first letter that is not safe.
    let letters = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
    let mut letters = letters.into_iter().flat_map(str::chars);
    if let Some(reason) = letters.find_map(|letter| of(&format!("-{letter}"))) {
        return reason;
    }
    if !word.starts_with('-') {
        return "it is not an option, and values of one option are joined by commas";
    }
    "it is not known to be safe for a measurement"
}

impl Axis for CargoArgsAxis {
    fn key(&self) -> &'static str {
        "cargo-args"
    }

    fn summary(&self) -> &'static str {
        "arguments of cargo, separated by spaces; an empty value adds none"
    }

    fn values(&self) -> &'static [&'static str] {
        &["features, targets, packages and -Z options"]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        match first_refused(text) {
            None => Ok(Box::new(CargoArgList(text.split_whitespace().map(str::to_owned).collect()))),
            Some((word, reason)) => {
                Err(Refusal::new(format!("`{word}` cannot be one of `cargo-args`: {reason}")))
            }
        }
    }
}

#[derive(Debug)]
struct CargoArgList(Vec<String>);

impl SettingValue for CargoArgList {
    fn is_default(&self) -> bool {
        self.0.is_empty()
    }

    fn is_proven_by_comparison(&self) -> bool {
        true
    }

    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        if context.toolchain.is_none() {
            return Err(Refusal::new("`cargo-args` is for projects that cargo builds")
                .with_help("`arg` adds an argument to the build of a command project"));
        }
        Ok(Available::without_tool(self.0.join(" ")))
    }

    fn applies_to(&self, _: Goal) -> bool {
        true
    }

    fn apply(&self, _: &ParsedSettings, _: &Context, request: &mut BuildRequest) {
        request.args.extend(self.0.iter().cloned());
    }

    fn advise(&self, _: &ParsedSettings, _: &Situation) -> Result<SettingLines, Unwritable> {
        if self.is_default() {
            return Ok(SettingLines::default());
        }
        Err(Unwritable(format!("arguments of cargo stand on the command line: `{}`", self.0.join(" "))))
    }

    fn prove(&self, _: &ParsedSettings, _: &Context, input: &ProofInput<'_>) -> ProofFinding {
        if self.is_default() {
            return ProofFinding::not_applicable();
        }
        input.finding_by_comparison()
    }
}

#[cfg(test)]
mod tests {
    use crate::axes::fixture;

    #[test]
    fn only_what_is_known_to_be_safe_is_taken() {
        let parse = |value: &str| fixture::parse("cargo-args", value);
        for taken in [
            "",
            "-Zbuild-std --features x",
            "-Z build-std=core,std --features=x,y -Fz -F w --all-targets",
            "-p app --bin app --exclude=other --workspace --keep-going",
        ] {
            assert!(parse(taken).is_ok(), "{taken}");
        }
        for (refused, why) in [
            ("-r", "`--axis profile=release`"),
            ("--release", "`--axis profile=release`"),
            ("--profile=dev", "`--axis profile=release`"),
            ("-rv", "`--axis profile=release`"),
            ("-vr", "what cargo says"),
            ("-q", "what cargo says"),
            ("-vv", "what cargo says"),
            ("--features x --verbose", "`--verbose`"),
            ("--message-format json", "what cargo says"),
            ("-j4", "`--axis jobs=4`"),
            ("-j 4", "`--axis jobs=4`"),
            ("--jobs=4", "`--axis jobs=4`"),
            ("--target-dir=/x", "laid out"),
            ("-C /x", "laid out"),
            ("--config a=1", "`--axis 'config"),
            ("--target x86_64-unknown-linux-gnu", "`build.target`"),
            ("--unit-graph", "builds nothing"),
            ("-Zhelp", "builds nothing"),
            ("-Z help", "builds nothing"),
            ("-p", "value is missing"),
            ("-- --nocapture", "not for cargo"),
            ("+nightly", "`--axis toolchain"),
            ("--features a b", "`b`"),
            ("--features", "value is missing"),
            ("--rel", "not known to be safe"),
        ] {
            let message = parse(refused).unwrap_err().what;
            assert!(message.contains(why), "{refused}: {message}");
        }
    }
}
