//! Installed toolchains, the oldest compiler first.

use bench_runner_core::history::{Compiler, TOOLCHAINS, built_source};
use bench_runner_core::record::Refusal;
use bench_runner_measure::corpus::sources::revisions;
use bench_runner_measure::plan::World as _;
use bench_runner_measure::scenario::{self, RequestError, RequestWord};

use super::super::{EarlyEnd, short_commit};
use super::Args;
use super::candidates::{Candidate, Candidates, Varied, WantedSeries, measured_before};
use crate::flows::{Places, Projects};

/// The word for every toolchain that rustup has installed.
const ALL: &str = "all";

/// A toolchain with the name that it has for rustup, or its directory.
#[derive(Debug, Clone, PartialEq, Eq)]
struct NamedCompiler {
    name: String,
    compiler: Compiler,
}

/// The toolchains that `--toolchains` names.
pub(super) fn candidates(args: &Args, workloads: &[String], places: &Places) -> Result<Candidates, EarlyEnd> {
    // Nothing is fetched before the right to measure is taken.
    let projects = Projects::open(places, true, false)?;
    let mut named = named_compilers(&args.toolchains, &projects)?;
    let anchor = match &args.anchor {
        Some(name) => compiler(name, &projects).map_err(RequestError::from)?,
        None => oldest(&named),
    };
    named.insert(0, anchor.clone());
    let mut others = distinct(named);
    others.retain(|one| one != &anchor);
    others.sort_by_key(|one| one.compiler.age());
    if others.is_empty() {
        let message = format!("{} is the only toolchain to measure", anchor.compiler);
        let help = "install others, such as `rustup toolchain install 1.90`, or name more of them".to_owned();
        return Err(RequestError::usage(message, Some(help)).into());
    }
    let project = Projects::name_of(&args.project, places)?;
    let rev = commit(args, places)?;
    let source = source(&args.project, rev.as_deref(), &projects)?;
    let baseline = anchor.compiler.to_string();
    let wanted = WantedSeries { project: &project, variant: TOOLCHAINS, baseline: &baseline, fixed: &source };
    let measured = measured_before(places, workloads, &wanted, |point| {
        point.compiler.clone().filter(|one| anchor.compiler.is_identified() && one.is_identified())
    })?;
    let candidate = |one: NamedCompiler| Candidate {
        shown: one.compiler.short(),
        measured: measured.get(&one.compiler).copied(),
        value: one.name,
    };
    let built = rev.as_deref().map_or("the project as it is", short_commit);
    errln!("backfill: {built} with each toolchain against {}", anchor.compiler);
    note_unidentified(&anchor, &others);
    Ok(Candidates {
        request: format!("toolchains, {source}"),
        varied: Varied::Toolchains { rev },
        all: others.into_iter().map(&candidate).collect(),
        anchor: candidate(anchor),
        next: "bench-runner history --by-toolchains".to_owned(),
    })
}

/// The compilers of the toolchains with these names. One of `all` whose compiler does not answer is left out.
fn named_compilers(names: &[String], projects: &Projects) -> Result<Vec<NamedCompiler>, EarlyEnd> {
    let mut found = Vec::new();
    for name in names {
        if name != ALL {
            found.push(compiler(name, projects).map_err(RequestError::from)?);
            continue;
        }
        let installed = projects.installed_toolchains();
        if installed.is_empty() {
            let help = "name their directories: `--toolchains /opt/rust-1.80,/opt/rust-1.90`".to_owned();
            return Err(RequestError::usage("rustup has no toolchains, or is not on PATH", Some(help)).into());
        }
        for line in &installed {
            // Behind the name stands which one is the default.
            let name = line.split(' ').next().unwrap_or(line);
            match compiler(name, projects) {
                Ok(one) => found.push(one),
                Err(refusal) => errln!("note: {name} is left out: {}", refusal.what),
            }
        }
    }
    if found.is_empty() {
        let help = "`rustup toolchain list` shows the installed ones".to_owned();
        return Err(RequestError::usage("none of the installed toolchains can be used", Some(help)).into());
    }
    Ok(found)
}

fn compiler(name: &str, projects: &Projects) -> Result<NamedCompiler, Refusal> {
    scenario::check_value("toolchain", name)?;
    let said = projects.named_toolchain(name)?.rustc_version;
    let compiler = Compiler::parse(&said).ok_or_else(|| {
        Refusal::new(format!("the toolchain `{name}` says `{said}`, which is not a release of rustc"))
    })?;
    Ok(NamedCompiler { name: name.to_owned(), compiler })
}

/// The first of the oldest; there is at least one.
fn oldest(named: &[NamedCompiler]) -> NamedCompiler {
    let oldest = named.iter().min_by_key(|one| one.compiler.age());
    oldest.unwrap_or(&named[0]).clone()
}

/// Each compiler once, by the first of its names.
fn distinct(named: Vec<NamedCompiler>) -> Vec<NamedCompiler> {
    let mut found: Vec<NamedCompiler> = Vec::new();
    for one in named {
        let same = |other: &&NamedCompiler| {
            other.name == one.name || other.compiler == one.compiler && one.compiler.is_identified()
        };
        match found.iter().find(same) {
            Some(same) if same.name != one.name => {
                errln!("note: {} is the same compiler as {}, and is built once", one.name, same.name);
            }
            Some(_) => {}
            None => found.push(one),
        }
    }
    found
}

/// The commit to build; `None` for the project as it is.
fn commit(args: &Args, places: &Places) -> Result<Option<String>, EarlyEnd> {
    let dir = match (&args.commit, Projects::repository_of(&args.project, places)) {
        (_, Ok(dir)) => dir,
        // A project of the corpus has its own pin.
        (None, Err(_)) => return Ok(None),
        (Some(_), Err(error)) => return Err(error.into()),
    };
    match &args.commit {
        Some(name) => Ok(Some(revisions::resolve(&dir, name)?)),
        None if revisions::has_commits(&dir) => Ok(Some(revisions::resolve(&dir, "HEAD")?)),
        None => Ok(None),
    }
}

/// The source that is built, as series name it.
fn source(project: &str, rev: Option<&str>, projects: &Projects) -> Result<String, EarlyEnd> {
    let pin = match rev {
        Some(_) => None,
        None => projects
            .projects(&RequestWord::from_command_line(project))?
            .into_iter()
            .next()
            .map(|view| view.planned.pin),
    };
    built_source(rev, pin.as_ref())
        .ok_or_else(|| RequestError::usage(format!("`{project}` is not a project"), None).into())
}

/// Says which compilers are measured again in each call.
fn note_unidentified(anchor: &NamedCompiler, others: &[NamedCompiler]) {
    let all: Vec<&NamedCompiler> = std::iter::once(anchor).chain(others).collect();
    let unknown: Vec<&str> =
        all.iter().filter(|one| !one.compiler.is_identified()).map(|one| one.name.as_str()).collect();
    if !unknown.is_empty() {
        errln!(
            "note: {} does not say which commit it was built from, so earlier measurements with it are not used",
            unknown.join(", ")
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str, line: &str) -> NamedCompiler {
        NamedCompiler { name: name.to_owned(), compiler: Compiler::parse(line).unwrap() }
    }

    #[test]
    fn a_compiler_with_two_names_is_one() {
        let stable = named("stable", "rustc 1.95.0 (59807616e 2026-04-14)");
        let again = NamedCompiler { name: "1.95.0".to_owned(), ..stable.clone() };
        let own = named("/opt/stage1", "rustc 1.97.0-dev");
        let other = NamedCompiler { name: "/opt/stage2".to_owned(), ..own.clone() };
        assert_eq!(distinct(vec![stable.clone(), again]), std::slice::from_ref(&stable));
        let all = vec![own.clone(), stable.clone(), other.clone()];
        assert_eq!(distinct(all.clone()), all, "nothing says that they are the same");
        assert_eq!(oldest(&all), stable);
    }
}
