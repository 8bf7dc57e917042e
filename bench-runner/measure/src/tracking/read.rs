//! Parses tracking files.

use std::path::Path;
use std::time::Duration;

use bench_runner_core::record::{METRICS, Refusal, Treatment, is_hex};

use super::{
    AlarmCommand, AnchorSpec, NightSpec, SeriesTolerance, Tolerances, TrackedLinkers, TrackedProject,
    TrackedSource, TrackingFile,
};
use crate::corpus::check_url;
use crate::scenario::{self, RequestWord, SamplingSpec};
use crate::toml_reader::{DocError, Reader, SourceText, TomlValue};

/// Workloads of a file that names neither workloads nor a scenario.
const WORKLOADS: [&str; 2] = ["clean", "incremental"];
const BUDGET: Duration = Duration::from_secs(2 * 60 * 60);
const NULL_EVERY: Duration = Duration::from_secs(7 * 24 * 60 * 60);
/// The metric that raises alarms if the file names none.
const METRIC: &str = "wall";
const TOLERANCE: f64 = 0.02;
const ALARM_TIMEOUT: Duration = Duration::from_secs(60);
/// A night needs time for the warm-up and some rounds.
const LEAST_BUDGET: Duration = Duration::from_secs(10);

/// Reads one file; `base` is its directory.
pub(super) fn tracking_file(source: &SourceText, base: &Path) -> Result<TrackingFile, DocError> {
    let document = source.parse()?;
    let mut reader = document.reader();
    let name = reader.read("name", name)?;
    let scenario = reader.read_optional("scenario", |value| scenario_word(value, base))?;
    let workloads = reader.optional("workloads");
    if let (Some(_), Some(workloads)) = (&scenario, &workloads) {
        return Err(workloads.error("the scenario has workloads already: give one of them"));
    }
    let workloads = match workloads {
        Some(value) => self::workloads(&value)?,
        None => WORKLOADS.map(RequestWord::from_command_line).to_vec(),
    };
    let sampling = reader.optional("sampling");
    if let (Some(_), Some(sampling)) = (&scenario, &sampling) {
        return Err(sampling.error("the scenario has rules of sampling already: give one of them"));
    }
    let sampling = match sampling {
        Some(table) => scenario::read_sampling(&table)?,
        None => SamplingSpec::default(),
    };
    let path = |value: &TomlValue<'_>| Ok(base.join(value.string()?));
    let (results, plots) = (reader.read_optional("results", path)?, reader.read_optional("plots", path)?);
    let metrics = reader.read_optional("metrics", metrics)?.unwrap_or_else(|| vec![METRIC.to_owned()]);
    let night = reader.read_optional("night", night)?.unwrap_or_else(standard_night);
    let tolerances = reader.read_optional("tolerance", tolerances)?;
    let tolerances = tolerances.unwrap_or(Tolerances { default: TOLERANCE, series: Vec::new() });
    let alarm = reader.read_optional("on-alarm", alarm)?;
    let alarm = alarm.unwrap_or(AlarmCommand { argv: Vec::new(), timeout: ALARM_TIMEOUT });
    let tables = reader.required("project")?;
    let projects = tables.with_tables(|table| project(table, base))?;
    // After all keys were read, so that a misspelled one is named first.
    if let Some((table, _)) =
        tables.items()?.iter().zip(&projects).find(|(_, project)| project.follows_nothing())
    {
        return Err(
            table.error("nothing of this project is tracked: give `branches`, `toolchains` or `linkers`")
        );
    }
    if projects.is_empty() {
        return Err(reader.error_at_key("project", "the file tracks nothing"));
    }
    reader.finish()?;
    Ok(TrackingFile {
        name,
        workloads,
        scenario,
        sampling,
        metrics,
        night,
        tolerances,
        alarm,
        results,
        plots,
        projects,
    })
}

/// A word with its place.
fn word(value: &TomlValue<'_>) -> Result<RequestWord, DocError> {
    Ok(RequestWord::from_file(value.string()?, value))
}

/// Words that `check` accepts, each once.
fn words(
    value: &TomlValue<'_>,
    check: impl Fn(&str) -> Result<(), Refusal>,
) -> Result<Vec<RequestWord>, DocError> {
    let mut words: Vec<RequestWord> = Vec::new();
    for item in value.items()? {
        let word = checked_word(&item, &check)?;
        if words.iter().any(|other| other.text == word.text) {
            return Err(item.error(format!("duplicate value `{}`", word.text)));
        }
        words.push(word);
    }
    Ok(words)
}

fn checked_word(
    value: &TomlValue<'_>,
    check: impl Fn(&str) -> Result<(), Refusal>,
) -> Result<RequestWord, DocError> {
    let word = word(value)?;
    check(&word.text).map_err(|refusal| value.error("").with_refusal(refusal))?;
    Ok(word)
}

fn is_toolchain(text: &str) -> Result<(), Refusal> {
    scenario::check_value("toolchain", text)
}

fn is_branch(text: &str) -> Result<(), Refusal> {
    let odd = |c: char| c.is_control() || c.is_whitespace() || "*?[\\^~:".contains(c);
    if text.is_empty() || text.starts_with('-') || text.contains(odd) {
        return Err(Refusal::new(format!("`{}` is not the name of a branch", text.escape_debug())));
    }
    Ok(())
}

fn name(value: &TomlValue<'_>) -> Result<String, DocError> {
    let text = value.string()?;
    if scenario::is_name(&text) {
        return Ok(text);
    }
    Err(value.error(format!("`{text}` is not a name: letters, digits, `-`, `_` and `.` are allowed")))
}

/// A scenario by name, or a file from the directory of the tracking file.
fn scenario_word(value: &TomlValue<'_>, base: &Path) -> Result<RequestWord, DocError> {
    let text = value.string()?;
    let text = if text.ends_with(".toml") { base.join(&text).display().to_string() } else { text };
    Ok(RequestWord::from_file(text, value))
}

fn workloads(value: &TomlValue<'_>) -> Result<Vec<RequestWord>, DocError> {
    let words = words(value, |text| scenario::check_value("workload", text))?;
    if words.is_empty() {
        return Err(value.error("`workloads` is empty"));
    }
    Ok(words)
}

fn standard_night() -> NightSpec {
    NightSpec { budget: BUDGET, null_every: NULL_EVERY }
}

fn night(value: &TomlValue<'_>) -> Result<NightSpec, DocError> {
    value.with_table(|table| {
        let standard = standard_night();
        let budget = table.read_optional("budget", |value| {
            let budget = value.duration()?;
            if budget >= LEAST_BUDGET {
                return Ok(budget);
            }
            let least = humantime::format_duration(LEAST_BUDGET);
            Err(value.error(format!("a night needs at least {least}")))
        })?;
        let null_every = table.read_optional("null-every", TomlValue::duration)?;
        Ok(NightSpec {
            budget: budget.unwrap_or(standard.budget),
            null_every: null_every.unwrap_or(standard.null_every),
        })
    })
}

fn tolerances(value: &TomlValue<'_>) -> Result<Tolerances, DocError> {
    value.with_table(|table| {
        let default = table.read_optional("default", TomlValue::percent)?.unwrap_or(TOLERANCE);
        let series = table.read_optional("series", |value| value.with_tables(series_tolerance))?;
        Ok(Tolerances { default, series: series.unwrap_or_default() })
    })
}

fn series_tolerance(table: &mut Reader<'_>) -> Result<SeriesTolerance, DocError> {
    let project = table.read_optional("project", TomlValue::string)?;
    let workload = table.read_optional("workload", |value| {
        let text = value.string()?;
        scenario::check_value("workload", &text).map_err(|refusal| value.error("").with_refusal(refusal))?;
        Ok(text)
    })?;
    let variant = table.read_optional("variant", TomlValue::string)?;
    let metric = table.read_optional("metric", metric)?;
    if [&project, &workload, &variant, &metric].iter().all(|one| one.is_none()) {
        return Err(table.error("this fits every series: write `default` instead"));
    }
    let limit = table.read("limit", TomlValue::percent)?;
    Ok(SeriesTolerance { project, workload, variant, metric, limit })
}

fn metrics(value: &TomlValue<'_>) -> Result<Vec<String>, DocError> {
    let names: Vec<String> = value.items()?.iter().map(metric).collect::<Result<_, _>>()?;
    if names.is_empty() { Err(value.error("`metrics` is empty")) } else { Ok(names) }
}

fn metric(value: &TomlValue<'_>) -> Result<String, DocError> {
    let text = value.string()?;
    let known =
        || METRICS.iter().filter(|metric| metric.treatment != Treatment::Drawn).map(|metric| metric.name);
    if known().any(|name| name == text) {
        return Ok(text);
    }
    Err(value.error(format!("there is no metric `{text}`")).suggest(&text, known()))
}

fn alarm(value: &TomlValue<'_>) -> Result<AlarmCommand, DocError> {
    value.with_table(|table| {
        let argv = table.read("command", TomlValue::argv)?;
        let timeout = table.read_optional("timeout", TomlValue::duration)?.unwrap_or(ALARM_TIMEOUT);
        Ok(AlarmCommand { argv, timeout })
    })
}

fn project(table: &mut Reader<'_>, base: &Path) -> Result<TrackedProject, DocError> {
    let source = source(table, base)?;
    let branches = table.read_optional("branches", |value| words(value, is_branch))?.unwrap_or_default();
    let toolchains =
        table.read_optional("toolchains", |value| words(value, is_toolchain))?.unwrap_or_default();
    let linkers = table.read_optional("linkers", linkers)?;
    let linkers = linkers.unwrap_or(TrackedLinkers::Named(Vec::new()));
    let anchor = table.read("anchor", anchor)?;
    let next_anchor = table.read_optional("next-anchor", self::anchor)?;
    let is_same = |next: &AnchorSpec| {
        next.commit.text == anchor.commit.text && next.toolchain.text == anchor.toolchain.text
    };
    if next_anchor.as_ref().is_some_and(is_same) {
        return Err(table.error_at_key("next-anchor", "`next-anchor` is the same as `anchor`"));
    }
    Ok(TrackedProject { source, branches, toolchains, linkers, anchor, next_anchor })
}

fn source(table: &mut Reader<'_>, base: &Path) -> Result<TrackedSource, DocError> {
    let repository = table.read_optional("repository", |value| {
        let url = word(value)?;
        check_url(&url.text)
            .map_err(|(reason, help)| value.error("").with_refusal(Refusal::new(reason).with_help(help)))?;
        Ok(url)
    })?;
    let named = table.read_optional("name", name)?;
    let project = table.read_optional("project", |value| {
        let text = value.string()?;
        // As on the command line, a `/` or `.toml` makes it a path.
        let is_path = text.contains('/') || text.ends_with(".toml");
        let text = if is_path { base.join(&text).display().to_string() } else { text };
        Ok(RequestWord::from_file(text, value))
    })?;
    match (repository, project, named) {
        (Some(url), None, Some(name)) => Ok(TrackedSource::Repository { url, name }),
        (Some(_), None, None) => Err(table.error("a `repository` needs a `name`, which its series have")),
        (None, Some(word), None) => Ok(TrackedSource::Project(word)),
        (None, Some(_), Some(_)) => {
            Err(table.error_at_key("name", "a `project` has a name already; `name` is for a `repository`"))
        }
        (Some(_), Some(_), _) => {
            Err(table.error_at_key("repository", "give either `project` or `repository`"))
        }
        (None, None, _) => Err(table.error(
            "give `repository` with an address and a `name`, or `project` with a name of the corpus, a manifest or a directory",
        )),
    }
}

fn linkers(value: &TomlValue<'_>) -> Result<TrackedLinkers, DocError> {
    if value.string().is_ok_and(|text| text == "installed") {
        return Ok(TrackedLinkers::Installed);
    }
    if value.string().is_ok() {
        return Err(
            value.error("`linkers` is a list of linkers, or \"installed\" for all that this machine has")
        );
    }
    Ok(TrackedLinkers::Named(words(value, |text| scenario::check_value("linker", text))?))
}

fn anchor(value: &TomlValue<'_>) -> Result<AnchorSpec, DocError> {
    value.with_table(|table| {
        let commit = table.read("commit", |value| {
            let word = word(value)?;
            if is_hex(&word.text, 40) {
                return Ok(word);
            }
            let refusal = Refusal::new(format!("`{}` is not a full commit of 40 hex digits", word.text))
                .with_help("an anchor never moves: `git rev-parse` or `git ls-remote` gives the full id");
            Err(value.error("").with_refusal(refusal))
        })?;
        Ok(AnchorSpec {
            commit,
            toolchain: table.read("toolchain", |value| checked_word(value, is_toolchain))?,
        })
    })
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use super::*;
    use crate::printed_error::PrintedError as _;

    const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";

    fn read(text: &str) -> Result<TrackingFile, DocError> {
        tracking_file(&SourceText::new("t.toml", text), Path::new("/tracks"))
    }

    fn with(head: &str, project: &str) -> String {
        format!(
            "name = \"t\"\n{head}[[project]]\nrepository = \"https://example.org/p\"\nname = \"p\"\nbranches = [\"main\"]\n{project}anchor = {{ commit = \"{COMMIT}\", toolchain = \"1.95.0\" }}\n"
        )
    }

    fn refused(text: &str, expected: expect_test::Expect) {
        expected.assert_eq(&read(text).unwrap_err().printed());
    }

    #[test]
    fn a_short_file_is_enough() {
        let file = read(&with("", "")).unwrap();
        let names: Vec<&str> = file.workloads.iter().map(|word| word.text.as_str()).collect();
        assert_eq!((names, file.tolerances.default), (vec!["clean", "incremental"], 0.02));
        assert_eq!(file.night.budget, BUDGET);
        assert_eq!(file.night.first_part() + file.night.reserve(), BUDGET);
        assert_eq!(file.projects[0].anchor.toolchain.text, "1.95.0");
    }

    #[test]
    fn everything_can_be_said() {
        let head = "workloads = [\"check\"]\nresults = \"../r\"\n[night]\nbudget = \"3h\"\nnull-every = \"2d\"\n\
             [tolerance]\ndefault = \"1%\"\n[[tolerance.series]]\nworkload = \"check\"\nvariant = \"branch=main\"\nlimit = \"5%\"\n\
             [on-alarm]\ncommand = [\"mail\", \"-s\", \"slower\"]\ntimeout = \"5s\"\n";
        let project = "toolchains = [\"stable\", \"nightly\"]\nlinkers = \"installed\"\n";
        let file = read(&with(head, project)).unwrap();
        assert_eq!(file.results.as_deref(), Some(Path::new("/tracks/../r")));
        assert_eq!((file.alarm.argv.len(), file.alarm.timeout), (3, Duration::from_secs(5)));
        assert_eq!(file.projects[0].linkers, TrackedLinkers::Installed);
        let tolerance = |variant: &str| file.tolerances.of("p", "check", variant, "wall");
        assert_eq!((tolerance("branch=main"), tolerance("linker=mold")), (0.05, 0.01));
    }

    #[test]
    fn errors_have_their_place() {
        refused(
            &with("", "").replace(COMMIT, "main"),
            expect![[r#"
                t.toml:6:21: `main` is not a full commit of 40 hex digits
                  anchor = { commit = "main", toolchain = "1.95.0" }
                                      ^^^^^^
                help: an anchor never moves: `git rev-parse` or `git ls-remote` gives the full id"#]],
        );
        refused(
            &with("", "linkers = [\"modl\"]\n"),
            expect![[r#"
                t.toml:6:12: `modl` is not a linker (known: default, bfd, gold, lld, rust-lld, mold, wild, or an absolute path)
                  linkers = ["modl"]
                             ^^^^^^
                help: did you mean `mold`?"#]],
        );
        refused(
            &with("[tolerance]\n[[tolerance.series]]\nlimit = \"3%\"\n", ""),
            expect![[r#"
                t.toml:3:1: this fits every series: write `default` instead
                  [[tolerance.series]]
                  ^^^^^^^^^^^^^^^^^^^^"#]],
        );
        refused(
            &with("", "").replace("branches = [\"main\"]\n", ""),
            expect![[r#"
                t.toml:2:1: nothing of this project is tracked: give `branches`, `toolchains` or `linkers`
                  [[project]]
                  ^^^^^^^^^^^"#]],
        );
        let misspelled = read(&with("", "branchs = [\"x\"]\n").replace("branches = [\"main\"]\n", ""));
        let misspelled = misspelled.unwrap_err().printed();
        assert!(
            misspelled.contains("has no key `branchs`") && misspelled.contains("did you mean `branches`?"),
            "{misspelled}"
        );
        let missing = read(&with("", "").replace("name = \"p\"\n", "")).unwrap_err().to_string();
        assert!(missing.contains("a `repository` needs a `name`"), "{missing}");
        let short = read(&with("[night]\nbudget = \"1s\"\n", "")).unwrap_err().to_string();
        assert!(short.contains("a night needs at least 10s"), "{short}");
        let nothing = read("name = \"t\"\n").unwrap_err().to_string();
        assert!(nothing.contains("`project`"), "{nothing}");
    }
}
