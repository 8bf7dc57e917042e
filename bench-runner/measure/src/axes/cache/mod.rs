//! A compiler cache (sccache): off, empty, or filled with everything; stored in a directory, in Redis or in
//! S3.
//!
//! It is set by cargo configuration and never by a variable `CARGO_…`, because sccache includes those in its
//! keys. The server is a [`Service`] of the build.

mod probe;
mod value;

use bench_runner_core::record::{CacheUse, ProofResult, Refusal};

use super::axis::{
    Available, Axis, Context, NeededProgram, ParsedSettings, ProofFinding, ProofInput, SettingValue,
};
use super::lines::{SettingLines, Situation, Unwritable};
use crate::build::{BuildEvidence, BuildRequest, CompilerCall, Goal, Service, Store};
use value::{CacheStart, CacheValue};

pub(super) struct CacheAxis;

const WRAPPER: &str = "build.rustc-wrapper";

impl Axis for CacheAxis {
    fn key(&self) -> &'static str {
        "cache"
    }

    fn summary(&self) -> &'static str {
        "a compiler cache, sccache: none, empty before each build, or filled by a build before; where it keeps results"
    }

    fn values(&self) -> &'static [&'static str] {
        &[
            "off",
            "cold",
            "warm",
            "cold@redis://HOST:PORT[/DB]",
            "warm@redis://HOST:PORT[/DB]",
            "cold@s3",
            "warm@s3",
        ]
    }

    fn parse(&self, _: &str, text: &str) -> Result<Box<dyn SettingValue>, Refusal> {
        Ok(Box::new(CacheValue::parse(text)?))
    }
}

impl SettingValue for CacheValue {
    fn probe(&self, _: &ParsedSettings, context: &Context) -> Result<Available, Refusal> {
        probe::probe(self, context)
    }

    fn needed_program(&self) -> Option<NeededProgram> {
        matches!(self, Self::On(..)).then_some(probe::SCCACHE)
    }

    /// The build that fills a cache comes in addition; those that use it are shorter.
    fn expected_slowness(&self, _: &ParsedSettings) -> f64 {
        if matches!(self, Self::On(..)) { 1.25 } else { 1.0 }
    }

    fn applies_to(&self, goal: Goal) -> bool {
        goal.compiles()
    }

    fn apply(&self, _: &ParsedSettings, context: &Context, request: &mut BuildRequest) {
        let wrapper = |path: &str| (WRAPPER.to_owned(), toml::Value::from(path).to_string());
        match (self, probe::sccache(context)) {
            (Self::On(start, store), Some(program)) => {
                request.config.push(wrapper(&program.display().to_string()));
                request.service =
                    Some(Service { program, store: store.clone(), kept: *start == CacheStart::Warm });
            }
            // Overrides the configuration of the project.
            _ if probe::configures_wrapper(context)
                || request.env.get("RUSTC_WRAPPER").is_some_and(|w| !w.is_empty()) =>
            {
                request.config.push(wrapper(""));
            }
            _ => {}
        }
    }

    fn advise(&self, _: &ParsedSettings, _: &Situation) -> Result<SettingLines, Unwritable> {
        let Self::On(start, store) = self else {
            return Ok(
                SettingLines::config(WRAPPER, "").with_remark("A variable `RUSTC_WRAPPER` goes before this.")
            );
        };
        let mut lines =
            SettingLines::config(WRAPPER, "sccache").with_program("sccache").with_remark(match start {
                CacheStart::Cold => "It was measured with an empty cache.",
                CacheStart::Warm => {
                    "It was measured with a cache that a build of the same sources had filled."
                }
            });
        let (environment, remark): (Vec<(&str, String)>, _) = match store {
            Store::Local => (Vec::new(), None),
            Store::Redis { endpoint, database } => (
                vec![
                    ("SCCACHE_REDIS_ENDPOINT", endpoint.clone()),
                    ("SCCACHE_REDIS_DB", database.to_string()),
                ],
                Some(
                    "Variables `SCCACHE_REDIS_USERNAME` and `SCCACHE_REDIS_PASSWORD` let you in where the server wants that.",
                ),
            ),
            Store::S3 => (
                Vec::new(),
                Some("Variables say which bucket: `SCCACHE_BUCKET`, `SCCACHE_REGION`, and your credentials."),
            ),
        };
        for (name, value) in environment {
            lines.environment.insert(name.to_owned(), value);
        }
        Ok(match remark {
            Some(remark) => lines.with_remark(remark),
            None => lines,
        })
    }

    fn prove(&self, _: &ParsedSettings, _: &Context, input: &ProofInput<'_>) -> ProofFinding {
        let build = input.build;
        let wrapped = build.compiler_calls.iter().filter(|call| goes_through_sccache(call)).count();
        let (calls, used) = (build.compiler_calls.len(), describe_use(build.cache));
        let found = format!("{wrapped} of {calls} compiler calls through sccache, {used}");
        let (expected, holds) = match self {
            Self::On(start, _) => {
                (describe_expectation(*start), wrapped == calls && self.check_sample(input).is_none())
            }
            Self::Off => ("no compiler call through sccache", wrapped == 0 && build.cache.is_none()),
        };
        let idle = build.cache.is_some_and(|cache| cache.hits + cache.misses == 0);
        let result = match (holds && calls > 0, idle) {
            (true, false) => ProofResult::Holds,
            // Crates that are compiled incrementally are not cached.
            (true, true) => ProofResult::NotProvable,
            (false, _) => ProofResult::Fails,
        };
        ProofFinding { expected: expected.to_owned(), found, result }
    }

    fn conflict(&self, settings: &ParsedSettings) -> Option<String> {
        let mut keys = settings.iter().map(|setting| setting.key);
        let variable = keys.find(|key| key.starts_with("env.SCCACHE_")).filter(|_| *self != Self::Off)?;
        Some(format!("the server of `cache` has settings of its own, so `{variable}` would be lost"))
    }

    fn needs_priming(&self) -> bool {
        matches!(self, Self::On(CacheStart::Warm, _))
    }

    fn check_sample(&self, input: &ProofInput<'_>) -> Option<String> {
        let Self::On(start, _) = self else { return None };
        let start = *start;
        let Some(cache) = input.build.cache else {
            return Some("the cache has no statistics of it".to_owned());
        };
        let compiled = compiled_units(input.build);
        // Results that an edit changed are in no cache; it changes nothing but the project's own crates.
        let own =
            input.build.artifacts.iter().filter(|artifact| artifact.package.is_some() && !artifact.fresh);
        let new = if input.edited { own.count() as u64 } else { 0 };
        let answered = cache.hits + cache.misses + cache.not_cacheable;
        let short = answered < compiled;
        let rust = input.build.rust_cache_use.unwrap_or(cache);
        // Files that build scripts compile in other languages. Equal files of one build share a result, and
        // the number of files that an edit changes depends on the project.
        let (hits, misses) = (cache.hits.saturating_sub(rust.hits), cache.misses.saturating_sub(rust.misses));
        let unexpected = match start {
            CacheStart::Cold => rust.hits > 0 || hits > 0 && misses == 0,
            CacheStart::Warm => rust.misses > new || misses > 0 && new == 0,
        };
        (short || unexpected).then(|| {
            format!(
                "{} for {compiled} units compiled, expected {}",
                describe_use(Some(cache)),
                describe_expectation(start)
            )
        })
    }

    fn costs(&self) -> &'static [&'static str] {
        match self {
            Self::Off => &[],
            Self::On(_, Store::Local) => &[
                "the directory of the cache grows up to a limit, 10 GiB unless `SCCACHE_CACHE_SIZE` sets another one",
            ],
            Self::On(_, Store::Redis { .. } | Store::S3) => {
                &["the shared store grows, and builds wait for it if it is slow"]
            }
        }
    }

    fn co_changes(&self, _: &ParsedSettings) -> &'static [&'static str] {
        match self {
            Self::Off => &[],
            Self::On(..) => &[
                "the server hands out a jobserver of its own, so --jobs does not bound code generation",
                "each build pays for the first steps of a server that has just been started",
                "crates that are compiled incrementally, which one's own are by default, pass through uncached",
                "C code that build scripts compile through the crate cc is cached too",
            ],
        }
    }
}

fn describe_expectation(start: CacheStart) -> &'static str {
    match start {
        CacheStart::Cold => {
            "no hits but for equal C files of one build, and every compiler call through sccache"
        }
        CacheStart::Warm => "no misses but for what an edit changed, and every compiler call through sccache",
    }
}

fn describe_use(cache: Option<CacheUse>) -> String {
    let Some(CacheUse { hits, misses, not_cacheable }) = cache else {
        return "no statistics".to_owned();
    };
    let hits = if hits == 1 { "1 hit".to_owned() } else { format!("{hits} hits") };
    let misses = if misses == 1 { "1 miss".to_owned() } else { format!("{misses} misses") };
    format!("{hits}, {misses}, {not_cacheable} not cacheable")
}

fn compiled_units(build: &BuildEvidence) -> u64 {
    build.rebuilt.as_ref().map_or(0, |(rebuilt, _)| u64::from(rebuilt.count))
}

/// True if a compiler call runs sccache with the compiler as its argument.
fn goes_through_sccache(call: &CompilerCall) -> bool {
    let program = call.args.first().and_then(|program| std::path::Path::new(program).file_name());
    program.is_some_and(|name| name.to_string_lossy().starts_with("sccache"))
}

#[cfg(test)]
mod tests;
