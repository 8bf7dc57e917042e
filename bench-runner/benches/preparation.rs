//! Time to prepare work trees, relative to their size: for each project of the corpus the source is prepared
//! (fetched, checked, unpacked) and a work tree checked out, and then both again without fetching.
//!
//! `cargo bench --bench preparation -- [--cache DIR] [PROJECT|tag:NAME …]`; without a directory the cache is
//! temporary. Without words it measures all projects whose source is fetched.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "the table is what it is for")]

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use bench_runner::built_in;
use bench_runner_measure::corpus::Project;
use bench_runner_measure::corpus::sources::{self, CacheDir, FetchContext, Pinned, SourceError};

/// Number of checkouts in each pass; the median counts.
const TIMES: usize = 5;

/// Times of one pass for one project.
struct Pass {
    ready: Duration,
    laid_out: Duration,
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    let given = words.iter().position(|word| word == "--cache").map(|at| words.split_off(at));
    let (cache, rest) = match given.as_deref() {
        Some([_, dir, rest @ ..]) => (Some(PathBuf::from(dir)), rest.to_vec()),
        Some(_) => return Err("--cache needs a directory".into()),
        None => (None, Vec::new()),
    };
    words.extend(rest);
    let scratch =
        tempfile::tempdir_in(cache.as_deref().and_then(Path::parent).unwrap_or(&std::env::temp_dir()))?;
    let cache = cache.unwrap_or_else(|| scratch.path().join("cache"));
    let with = |offline| -> Result<FetchContext, Box<dyn std::error::Error>> {
        let user_home = sources::user_cargo_home();
        let (cache, cargo) = (CacheDir::at(&cache)?, "cargo".into());
        Ok(FetchContext {
            cache,
            cargo,
            offline,
            user_home,
            exclude: Vec::new(),
            layouts: Default::default(),
        })
    };
    let (first, again) = (with(false)?, with(true)?);
    sources::prepare_homes(&first.cache, first.user_home.as_deref())?;
    println!(
        "| project | files | MB | source ready, first | again | tree laid out, first | again | MB/s, again |"
    );
    println!("|---|---|---|---|---|---|---|---|");
    let (mut all_bytes, mut all_time) = (0, Duration::ZERO);
    for project in selected(&words)? {
        let into = scratch.path().join("tree");
        match [&first, &again].map(|with| pass(&project, with, &into)) {
            [Ok((pinned, once)), Ok((_, twice))] => {
                let bytes = bytes(&pinned);
                println!("{}", row(&project.name, pinned.files.len(), bytes, [&once, &twice]));
                all_bytes += bytes;
                all_time += twice.laid_out;
            }
            [Err(error), _] | [_, Err(error)] => eprintln!("{}: {error}", project.name),
        }
    }
    println!(
        "\n{:.1} MB in all, laid out in {:.2} s: {:.0} MB/s",
        megabytes(all_bytes),
        all_time.as_secs_f64(),
        rate(all_bytes, all_time)
    );
    Ok(())
}

fn selected(words: &[String]) -> Result<Vec<Project>, Box<dyn std::error::Error>> {
    let catalogue = built_in::catalogue(None)?;
    let fetched = |project: &&Project| project.source.stated_pin().is_some();
    if words.is_empty() {
        return Ok(catalogue.projects().filter(fetched).cloned().collect());
    }
    let mut all = Vec::new();
    for word in words {
        all.extend(catalogue.select(word)?.into_iter().cloned());
    }
    Ok(all)
}

/// Prepares the source once and checks out the tree several times.
fn pass(project: &Project, with: &FetchContext, into: &Path) -> Result<(Pinned, Pass), SourceError> {
    let start = Instant::now();
    let pinned = sources::pin(&project.source_request(), with)?;
    let ready = start.elapsed();
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let start = Instant::now();
        sources::check_out(&pinned, into)?;
        times.push(start.elapsed());
        std::fs::remove_dir_all(into).map_err(|error| SourceError::Io {
            doing: "remove",
            path: into.to_path_buf(),
            error,
        })?;
    }
    times.sort();
    Ok((pinned, Pass { ready, laid_out: times[TIMES / 2] }))
}

fn bytes(pinned: &Pinned) -> u64 {
    let size =
        |path: &PathBuf| std::fs::symlink_metadata(pinned.tree.join(path)).map_or(0, |found| found.len());
    pinned.files.iter().map(|file| size(&file.path)).sum()
}

fn row(name: &str, files: usize, bytes: u64, [once, twice]: [&Pass; 2]) -> String {
    let ms = |time: Duration| format!("{:.0} ms", time.as_secs_f64() * 1e3);
    format!(
        "| `{name}` | {files} | {:.1} | {} | {} | {} | {} | {:.0} |",
        megabytes(bytes),
        ms(once.ready),
        ms(twice.ready),
        ms(once.laid_out),
        ms(twice.laid_out),
        rate(bytes, twice.laid_out)
    )
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

/// Megabytes per second; 0 if no time passed.
fn rate(bytes: u64, time: Duration) -> f64 {
    if time.is_zero() { 0.0 } else { megabytes(bytes) / time.as_secs_f64() }
}
