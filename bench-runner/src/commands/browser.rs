//! Opening a page in the user's browser.

use std::path::{Path, PathBuf};

use bench_runner_measure::process::{find_in_path, launch};

use super::format_path;

/// The program that opens a file on this system, with the arguments before the path.
const OPENER: (&str, &[&str]) = if cfg!(target_os = "macos") {
    ("open", &[])
} else if cfg!(windows) {
    ("cmd", &["/c", "start", ""])
} else {
    ("xdg-open", &[])
};

/// Opens `page`. A failure to do so is not an error, but prints a note.
pub(super) fn open(page: &Path) {
    let (name, before) = OPENER;
    let page = std::path::absolute(page).unwrap_or_else(|_| page.to_owned());
    let Some(program) = find_in_path(name, &std::env::var_os("PATH").unwrap_or_default()) else {
        errln!("note: there is no `{name}` on PATH to open the page with; it is {}", format_path(&page));
        return;
    };
    let args = before.iter().map(PathBuf::from).chain([page.clone()]);
    if let Err(error) = launch(&program, args) {
        errln!("note: the page could not be opened ({error}); it is {}", format_path(&page));
    }
}
