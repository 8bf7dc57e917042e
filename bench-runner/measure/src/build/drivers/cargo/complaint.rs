//! The line of a failed build that says why: the linker's own words, the panic of a build script, rustc's first error
//! with its place; not the command line that failed, and not that it failed.

/// Longer lines are cut.
const LONGEST: usize = 400;

/// Why a build failed, in a line, as far as its output says.
pub(super) fn complaint(stderr: &str) -> Option<String> {
    let lines: Vec<&str> = stderr.lines().collect();
    let at = lines.iter().position(|line| is_error(line))?;
    let end = lines[at + 1..].iter().position(|line| begins_another(line));
    let block = &lines[at..end.map_or(lines.len(), |end| at + 1 + end)];
    let said = linking(block)
        .or_else(|| build_script(block, &lines[..at]))
        .or_else(|| macro_panic(block))
        .or_else(|| crash(block, &lines[..at]))
        .or_else(|| process(block))
        .unwrap_or_else(|| plain(block));
    let short: String = said.chars().take(LONGEST).collect();
    Some(if short.len() < said.len() { format!("{short}…") } else { short })
}

fn is_error(line: &str) -> bool {
    line.starts_with("error") || line.starts_with("sccache: error")
}

/// Whether a line belongs to another message than the one before it.
fn begins_another(line: &str) -> bool {
    line.starts_with("error") || line.starts_with("warning")
}

fn without_prefix(line: &str) -> &str {
    line.strip_prefix("error: ").unwrap_or(line)
}

/// What a linker or its driver says, where linking failed.
fn linking(block: &[&str]) -> Option<String> {
    let error = without_prefix(block[0]);
    if error.starts_with("linker `") {
        return Some(error.to_owned());
    }
    if !error.starts_with("linking with `") {
        return None;
    }
    // rustc's own notes: the command, and hints.
    let own = |said: &str| {
        let is_command = said.starts_with('"') || said.starts_with("LC_ALL=") || said.starts_with("env ");
        let hints = ["some arguments are omitted", "some `extern` functions", "use the `"];
        is_command || hints.iter().any(|hint| said.starts_with(hint))
    };
    let mut words: Vec<&str> = Vec::new();
    let mut of_linker = false;
    for line in &block[1..] {
        let line = line.trim();
        match line.strip_prefix("= note:").map(str::trim) {
            Some(said) => {
                of_linker = !own(said);
                words.extend(Some(said).filter(|_| of_linker));
            }
            None if of_linker && !line.starts_with('|') => words.push(line),
            None => {}
        }
    }
    words.retain(|said| !said.is_empty());
    let only_that = |said: &&str| said.contains("ld returned ") || said.contains("linker command failed");
    let why = words.iter().find(|said| !only_that(said) && sounds_like_reason(said));
    let why = why.or_else(|| words.iter().find(|said| !only_that(said))).or(words.first());
    Some(why.map_or_else(|| format!("{error}, without a word of the linker"), |why| (*why).to_owned()))
}

/// Whether a line sounds like the reason, and not like where or how.
fn sounds_like_reason(line: &str) -> bool {
    const WORDS: [&str; 12] = [
        "error",
        "fatal",
        "undefined",
        "unrecognized",
        "unknown",
        "cannot",
        "can't",
        "not found",
        "no such",
        "failed",
        "invalid",
        "multiple definition",
    ];
    let line = line.to_lowercase();
    WORDS.iter().any(|word| line.contains(word))
}

/// The panic of a build script, or what it said last; `before` may have what a C compiler said through it.
fn build_script(block: &[&str], before: &[&str]) -> Option<String> {
    let package = without_prefix(block[0]).strip_prefix("failed to run custom build command for `")?;
    let package = package.split([' ', '`']).next()?;
    let who = format!("the build script of {package}");
    let said = lines_after(block, "--- stderr");
    if let Some(panic) = panic(&said) {
        return Some(format!("{who} panicked{panic}"));
    }
    let compiler = || {
        let warnings = before.iter().filter_map(|line| line.strip_prefix("warning: "));
        let mut errors = warnings.filter(|line| line.contains("error: "));
        errors.next().map(|line| line.split_once(": ").map_or(line, |(_, said)| said).to_owned())
    };
    let mut lines = said.iter().copied().filter(|line| !line.is_empty());
    let last = said.iter().rfind(|line| !line.is_empty()).copied();
    match lines.find(|line| sounds_like_reason(line)).or(last) {
        // The crate `cc` shows its command, and passes on what the compiler said.
        Some(line)
            if line.contains("error occurred in cc-rs") || line.contains("did not execute successfully") =>
        {
            Some(format!("{who}: {}", compiler().unwrap_or_else(|| line.to_owned())))
        }
        Some(line) => Some(format!("{who}: {line}")),
        None => Some(format!("{who} failed ({})", status(block).unwrap_or_else(|| "without a word".into()))),
    }
}

/// The lines after a heading, up to the next one.
fn lines_after<'a>(block: &[&'a str], heading: &str) -> Vec<&'a str> {
    let lines = block.iter().map(|line| line.trim()).skip_while(|line| *line != heading).skip(1);
    lines.take_while(|line| !line.starts_with("--- ")).collect()
}

/// Where and why a thread panicked, as Rust says it since 1.73 or before.
fn panic(lines: &[&str]) -> Option<String> {
    let at = lines.iter().position(|line| line.starts_with("thread '") && line.contains(" panicked at "))?;
    let (_, rest) = lines[at].split_once(" panicked at ")?;
    Some(match rest.strip_suffix(':') {
        Some(place) => match lines.get(at + 1) {
            Some(message) => format!(" at {place}: {message}"),
            None => format!(" at {place}"),
        },
        None => match rest.strip_prefix('\'').and_then(|rest| rest.rsplit_once("', ")) {
            Some((message, place)) => format!(" at {place}: {message}"),
            None => format!(": {rest}"),
        },
    })
}

/// The panic of a proc macro, with the place that it was called from.
fn macro_panic(block: &[&str]) -> Option<String> {
    let error = without_prefix(block[0]);
    if !error.contains("panicked") {
        return None;
    }
    let message = block.iter().find_map(|line| line.trim().strip_prefix("= help: message: "));
    let message = message.map(|message| format!(": {message}")).unwrap_or_default();
    Some(format!("{error}{}{message}", place(block)))
}

/// The last words of a compiler that crashed, of which cargo only says that it failed.
fn crash(block: &[&str], before: &[&str]) -> Option<String> {
    if !without_prefix(block[0]).starts_with("could not compile") {
        return None;
    }
    let words = before.iter().map(|line| line.trim());
    let mut fatal =
        words.filter(|line| line.contains("LLVM ERROR: ") || line.contains("error: rustc interrupted"));
    fatal
        .next()
        .map(|line| line.rsplit("LLVM ERROR: ").next().unwrap_or(line))
        .map(|line| format!("LLVM: {line}"))
}

/// What a program said that cargo could not run, or that failed, without its command line.
fn process(block: &[&str]) -> Option<String> {
    let error = without_prefix(block[0]);
    if let Some(command) = error.strip_prefix("could not execute process `") {
        let program = command.split([' ', '`']).next()?;
        let cause = causes(block).pop().map(|cause| format!(": {cause}")).unwrap_or_default();
        return Some(format!("could not execute `{program}`{cause}"));
    }
    let failed = block.iter().find(|line| line.contains("process didn't exit successfully: `"))?;
    let words: Vec<&str> =
        lines_after(block, "--- stderr").into_iter().filter(|line| !line.is_empty()).collect();
    let said = words.iter().find(|line| sounds_like_reason(line)).or(words.first());
    let what = if error.contains("process didn't exit successfully") { "a program failed" } else { error };
    Some(match said {
        Some(said) => format!("{what}: {}", without_prefix(said)),
        None => match status(&[failed]) {
            Some(status) => format!("{what} ({status})"),
            None => what.to_owned(),
        },
    })
}

/// How a process ended, as cargo puts it after the command line.
fn status(block: &[&str]) -> Option<String> {
    let line = block.iter().find(|line| line.contains("process didn't exit successfully: `"))?;
    let (_, status) = line.rsplit_once("` (")?;
    status.strip_suffix(')').map(str::to_owned)
}

/// The causes that cargo gives, the deepest one last.
fn causes(block: &[&str]) -> Vec<String> {
    let mut lines = block.iter().map(|line| line.trim());
    let mut causes = Vec::new();
    while lines.by_ref().any(|line| line == "Caused by:") {
        causes.extend(lines.next().map(|cause| cause.trim_end_matches('.').to_owned()));
    }
    causes
}

/// The place of an error in a source file.
fn place(block: &[&str]) -> String {
    let place = block.iter().find_map(|line| line.trim().strip_prefix("--> "));
    place.map(|place| format!(" at {place}")).unwrap_or_default()
}

/// An error of rustc with its place, or one of cargo with what it comes from.
fn plain(block: &[&str]) -> String {
    let causes = causes(block);
    let more = match causes.as_slice() {
        [] => {
            // Some errors of cargo have a second line.
            let next = block.get(1).map(|line| line.trim()).filter(|line| {
                let marks = ["-->", "|", "=", "help:", "note:"];
                !line.is_empty() && !marks.iter().any(|mark| line.starts_with(mark))
            });
            let sccache = next.map(|line| line.strip_prefix("sccache: caused by: ").unwrap_or(line));
            sccache.map(|next| format!(": {next}")).unwrap_or_default()
        }
        [one] => format!(": {one}"),
        [first, .., last] => format!(": {first}: {last}"),
    };
    format!("{}{}{more}", block[0].trim(), place(block))
}

#[cfg(test)]
#[path = "complaint_tests.rs"]
mod tests;
