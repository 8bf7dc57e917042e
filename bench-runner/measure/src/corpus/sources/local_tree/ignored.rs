//! Files that git ignores and that are copied all the same: a build script may look for them, and cargo and
//! rustup do.
//!
//! Of every ignored file or directory the small files are copied, the smallest first, up to a limit. Outputs
//! of builds are never copied, and left out files are named in a note with the key that includes them.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use bench_runner_core::record::IgnoredFiles;
use rayon::prelude::*;

use crate::corpus::sources::error::SourceError;
use crate::corpus::sources::git::worktree::IgnoredPath;
use crate::corpus::sources::ignored_files::{hash_files, plan_name};
use crate::corpus::sources::local_tree::by_products::ByProducts;
use crate::corpus::sources::tree::{self, TreeFile};

/// Most bytes of one ignored file.
pub(crate) const LARGEST: u64 = 1 << 20;
/// Most bytes of all ignored files.
const MOST_BYTES: u64 = 64 << 20;
/// Most ignored files: copying more for every session takes longer than building most projects.
const MOST_FILES: usize = 20_000;
/// Most files looked at. Nothing is copied of a directory that exceeds it, unless it is requested.
const MOST_LOOKED_AT: usize = 500_000;
/// Most names of left out files in a plan.
const MOST_LEFT_OUT: usize = 200;
/// Most names in one note.
const MOST_NAMES: usize = 8;

/// Rules for choosing among the ignored files.
pub(crate) struct IgnoredFileRules<'a> {
    /// The directory of the project.
    pub(crate) root: &'a Path,
    /// The files and directories that are copied whatever their size; absolute paths.
    pub(crate) include: &'a [PathBuf],
    /// Files that cargo and rustup read, which are copied whatever their size.
    pub(crate) fixed: &'a [PathBuf],
    /// True if small files are copied without a request.
    pub(crate) small: bool,
    /// The paths that are part of the source anyway.
    pub(crate) taken: &'a BTreeSet<PathBuf>,
    /// Start of the paths in the copy.
    pub(crate) base: &'a Path,
}

/// An ignored file or directory, with the files in it.
struct IgnoredEntry {
    /// Relative to the base of the copy.
    path: PathBuf,
    is_dir: bool,
    /// Relative to the base of the copy, with their sizes.
    files: Vec<(PathBuf, u64)>,
    /// True if the limit of files was reached in it.
    endless: bool,
}

/// The ignored files to copy, and notes about them.
#[derive(Debug, Default)]
pub(crate) struct ChosenFiles {
    /// Paths are relative to the base of the copy; sorted.
    pub(crate) files: Vec<TreeFile>,
    /// For the plan; see [`IgnoredFiles`].
    names: Vec<String>,
    left_out: Vec<String>,
    pub(crate) notes: Vec<String>,
}

impl ChosenFiles {
    /// The record in a plan; `None` if there is nothing to record.
    pub(crate) fn record(&self) -> Option<IgnoredFiles> {
        let Self { files, names, left_out, .. } = self;
        let some = !files.is_empty() || !left_out.is_empty();
        some.then(|| IgnoredFiles {
            hash: hash_files(files),
            files: names.clone(),
            left_out: left_out.clone(),
        })
    }
}

/// Chooses among the ignored files; the paths in `ignored` are absolute.
pub(crate) fn choose(
    ignored: Vec<IgnoredPath>,
    wanted: &IgnoredFileRules<'_>,
    made: &mut ByProducts<'_>,
) -> Result<ChosenFiles, SourceError> {
    for path in wanted.include {
        check_included(path, wanted.root, made)?;
    }
    let mut units = Vec::new();
    let mut looked_at = 0;
    for entry in ignored {
        units.extend(list_entry(&entry, wanted, made, &mut looked_at));
    }
    let is_asked_for =
        |path: &Path| wanted.include.iter().any(|asked| wanted.base.join(path).starts_with(asked));
    let is_fixed = |path: &Path| wanted.fixed.contains(&wanted.base.join(path));
    let fits = |path: &Path, size: u64| size <= LARGEST && !is_asked_for(path) && !is_fixed(path);
    // The smallest first: one large directory must not keep out all others.
    units.sort_by_cached_key(|unit| {
        let small = unit.files.iter().filter(|(path, size)| fits(path, *size));
        (small.map(|(_, size)| size).sum::<u64>(), unit.path.clone())
    });
    let (mut room, mut count) = if wanted.small { (MOST_BYTES, MOST_FILES) } else { (0, 0) };
    let mut paths = Vec::new();
    let mut left_out = Vec::new();
    for unit in &mut units {
        unit.files.sort();
        let mut over: Vec<(PathBuf, u64)> = Vec::new();
        for (path, size) in &unit.files {
            if is_asked_for(path) || is_fixed(path) {
                paths.push(path.clone());
            } else if fits(path, *size) && *size <= room && count > 0 && !unit.endless {
                room -= size;
                count -= 1;
                paths.push(path.clone());
            } else {
                over.push((path.clone(), *size));
            }
        }
        if !over.is_empty() {
            left_out.push(LeftOutFiles::new(unit, &over));
        }
    }
    let (files, unreadable) = read(wanted.base, paths)?;
    left_out.sort_by_key(|left: &LeftOutFiles| std::cmp::Reverse(left.bytes));
    let mut chosen = ChosenFiles {
        names: names(&units, &files, wanted),
        files,
        left_out: left_out.iter().take(MOST_LEFT_OUT).map(|left| left.name.clone()).collect(),
        notes: Vec::new(),
    };
    chosen.notes.extend(left_out_note(
        &left_out,
        wanted.small,
        wanted.root.strip_prefix(wanted.base).unwrap_or(Path::new("")),
    ));
    chosen.notes.extend(unreadable.map(|(path, count, reason)| {
        format!(
            "left out, ignored by git and not readable: {count} files such as {} ({reason})",
            path.display()
        )
    }));
    Ok(chosen)
}

/// Checks that a requested path exists and is not made by builds.
fn check_included(path: &Path, root: &Path, made: &mut ByProducts<'_>) -> Result<(), SourceError> {
    let shown = path.strip_prefix(root).unwrap_or(path).display();
    let unfit = |reason: String, help: &str| SourceError::Unfit {
        path: root.to_owned(),
        reason: format!("`include` in the manifest's `source` names `{shown}`, {reason}"),
        help: help.to_owned(),
    };
    if path.symlink_metadata().is_err() {
        return Err(unfit("which is not there".to_owned(), "make it, or take it out of `include`"));
    }
    if made.has(path) {
        let help =
            "take it out of `include`: target and build directories, caches and results are never copied";
        return Err(unfit("which is made by builds or by this program".to_owned(), help));
    }
    Ok(())
}

/// The files of an ignored path; `None` if it is a by-product or part of the source.
fn list_entry(
    entry: &IgnoredPath,
    wanted: &IgnoredFileRules<'_>,
    made: &mut ByProducts<'_>,
    looked_at: &mut usize,
) -> Option<IgnoredEntry> {
    let below = |path: &Path| path.strip_prefix(wanted.base).ok().map(Path::to_owned);
    let mut unit =
        IgnoredEntry { path: below(&entry.path)?, is_dir: entry.is_dir, files: Vec::new(), endless: false };
    if made.has(&entry.path) {
        return None;
    }
    let mut left = vec![entry.path.clone()];
    while let Some(path) = left.pop() {
        // A path that disappears meanwhile is skipped.
        let Ok(metadata) = path.symlink_metadata() else { continue };
        if metadata.is_dir() {
            let inner = fs::read_dir(&path).into_iter().flatten().flatten().map(|inner| inner.path());
            left.extend(inner.filter(|inner| !made.has(inner)));
            continue;
        }
        if *looked_at >= MOST_LOOKED_AT {
            unit.endless = true;
            break;
        }
        *looked_at += 1;
        let is_file = metadata.is_file() || metadata.is_symlink();
        if let Some(path) = below(&path).filter(|path| is_file && !wanted.taken.contains(path)) {
            unit.files.push((path, metadata.len()));
        }
    }
    (!unit.files.is_empty()).then_some(unit)
}

/// Reads the files. Unreadable ones are left out: the second value is one of them, their number, and the
/// reason.
#[expect(clippy::type_complexity, reason = "said once")]
fn read(
    base: &Path,
    paths: Vec<PathBuf>,
) -> Result<(Vec<TreeFile>, Option<(PathBuf, usize, io::Error)>), SourceError> {
    let read: Vec<_> = paths.into_par_iter().map(|path| (path.clone(), tree::read_one(base, path))).collect();
    let (mut files, mut first, mut count) = (Vec::new(), None, 0);
    for (path, result) in read {
        match result {
            Ok(file) => files.push(file),
            // It has disappeared meanwhile.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => {
                count += 1;
                first.get_or_insert((path, error));
            }
        }
    }
    tree::sort(&mut files);
    Ok((files, first.map(|(path, error)| (path, count, error))))
}

/// The names in a plan: an ignored directory with nothing else in it is named as a whole.
fn names(units: &[IgnoredEntry], files: &[TreeFile], wanted: &IgnoredFileRules<'_>) -> Vec<String> {
    let chosen: HashSet<&Path> = files.iter().map(|file| file.path.as_path()).collect();
    let mut names = Vec::new();
    for unit in units {
        let mut own = unit.files.iter().map(|(path, _)| path.as_path()).filter(|path| chosen.contains(path));
        let alone = unit.is_dir && !wanted.taken.iter().any(|path| path.starts_with(&unit.path));
        if alone && own.clone().next().is_some() {
            names.push(format!("{}/", plan_name(&unit.path)));
        } else {
            names.extend(own.by_ref().map(plan_name));
        }
    }
    names.sort();
    names
}

/// The files of one ignored path that were left out.
struct LeftOutFiles {
    name: String,
    files: usize,
    bytes: u64,
    endless: bool,
}

impl LeftOutFiles {
    fn new(unit: &IgnoredEntry, files: &[(PathBuf, u64)]) -> Self {
        let path = match files {
            [(only, _)] => only,
            _ => &unit.path,
        };
        let slash = if unit.is_dir && files.len() > 1 { "/" } else { "" };
        let bytes = files.iter().map(|(_, size)| size).sum();
        let name = format!("{}{slash}", plan_name(path));
        Self { name, files: files.len(), bytes, endless: unit.endless }
    }

    fn describe(&self) -> String {
        let Self { name, files, bytes, endless } = self;
        let (size, name) = (format_size(*bytes), name.escape_debug());
        match (files, endless) {
            (_, true) => format!("`{name}` (more than {MOST_LOOKED_AT} files)"),
            (1, _) => format!("`{name}` ({size})"),
            _ => format!("{files} files in `{name}` ({size})"),
        }
    }
}

/// The note about left out files; the largest come first in `left_out`.
fn left_out_note(left_out: &[LeftOutFiles], small: bool, place_in: &Path) -> Option<String> {
    if left_out.is_empty() {
        return None;
    }
    let (first, others) = left_out.split_at(left_out.len().min(MOST_NAMES));
    let within = |left: &LeftOutFiles| Some(Path::new(&left.name).strip_prefix(place_in).ok()?.to_owned());
    let shown: Vec<String> = first.iter().map(LeftOutFiles::describe).collect();
    let more = match others {
        [] => String::new(),
        others => {
            let files: usize = others.iter().map(|left| left.files).sum();
            let bytes = others.iter().map(|left| left.bytes).sum();
            format!(", and {files} files elsewhere ({})", format_size(bytes))
        }
    };
    // `include` cannot name paths outside of the project's own directory.
    let key = left_out.iter().find_map(within).map_or(String::new(), |path| {
        let path = path.to_string_lossy();
        format!(
            "; `include = [\"{}\"]` in the `source` of a manifest (`corpus add` writes one) takes it along",
            path.trim_end_matches('/')
        )
    });
    let reason = if small { " and too large" } else { "" };
    Some(format!("left out, ignored by git{reason}: {}{more}{key}", shown.join(", ")))
}

/// Formats a number of bytes in a readable unit.
pub(crate) fn format_size(bytes: u64) -> String {
    #[expect(clippy::cast_precision_loss, reason = "shown with one digit")]
    let of = |unit: u64| bytes as f64 / unit as f64;
    match bytes {
        0..1_000 => format!("{bytes} B"),
        1_000..1_000_000 => format!("{:.1} kB", of(1_000)),
        1_000_000..1_000_000_000 => format!("{:.1} MB", of(1_000_000)),
        _ => format!("{:.1} GB", of(1_000_000_000)),
    }
}

/// The note about copied ignored files; commits are built with the same files.
pub(crate) fn brought_along_note(ignored: &IgnoredFiles, count: usize) -> String {
    let shown: Vec<String> =
        ignored.files.iter().take(MOST_NAMES).map(|name| format!("`{}`", name.escape_debug())).collect();
    let more = if ignored.files.len() > MOST_NAMES { ", …" } else { "" };
    let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
    format!(
        "brought along though git ignores it: {files} ({}{more}); commits (`rev`, `replay`) are built with today's",
        shown.join(", ")
    )
}
