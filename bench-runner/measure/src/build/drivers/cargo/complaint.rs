//! Extracts the line of a failed build that explains it: the error of the linker, the panic of a build
//! script, the first error of rustc with its location; not the command line, and not the mere fact of the
//! failure.

/// Maximum length; longer lines are cut.
const LONGEST: usize = 400;

/// Reason why a build failed, in one line, if its output has one.
pub(super) fn complaint(stderr: &str) -> Option<String> {
    let lines: Vec<&str> = stderr.lines().collect();
    let at = lines.iter().position(|line| is_error(line))?;
    let end = lines[at + 1..].iter().position(|line| begins_another(line));
    let block = &lines[at..end.map_or(lines.len(), |end| at + 1 + end)];
    let message_text = linking(block)
        .or_else(|| build_script(block, &lines[..at]))
        .or_else(|| macro_panic(block))
        .or_else(|| crash(block, &lines[..at]))
        .or_else(|| process(block))
        .unwrap_or_else(|| plain(block));
    let short: String = message_text.chars().take(LONGEST).collect();
    Some(if short.len() < message_text.len() { format!("{short}…") } else { short })
}

fn is_error(line: &str) -> bool {
    line.starts_with("error") || line.starts_with("sccache: error")
}

/// True if a line starts a new message.
fn begins_another(line: &str) -> bool {
    line.starts_with("error") || line.starts_with("warning")
}

fn without_prefix(line: &str) -> &str {
    line.strip_prefix("error: ").unwrap_or(line)
}

/// Error of the linker or its driver.
fn linking(block: &[&str]) -> Option<String> {
    let error = without_prefix(block[0]);
    if error.starts_with("linker `") {
        return Some(error.to_owned());
    }
    if !error.starts_with("linking with `") {
        return None;
    }
    // Notes of rustc itself: the command, and hints.
    let own = |message_text: &str| {
        let is_command = message_text.starts_with('"')
            || message_text.starts_with("LC_ALL=")
            || message_text.starts_with("env ");
        let hints = ["some arguments are omitted", "some `extern` functions", "use the `"];
        is_command || hints.iter().any(|hint| message_text.starts_with(hint))
    };
    let mut words: Vec<&str> = Vec::new();
    let mut from_linker = false;
    for line in &block[1..] {
        let line = line.trim();
        match line.strip_prefix("= note:").map(str::trim) {
            Some(message_text) => {
                from_linker = !own(message_text);
                words.extend(Some(message_text).filter(|_| from_linker));
            }
            None if from_linker && !line.starts_with('|') => words.push(line),
            None => {}
        }
    }
    words.retain(|message_text| !message_text.is_empty());
    let only_that = |message_text: &&str| {
        message_text.contains("ld returned ") || message_text.contains("linker command failed")
    };
    let why = words.iter().find(|message_text| !only_that(message_text) && sounds_like_reason(message_text));
    let why = why.or_else(|| words.iter().find(|message_text| !only_that(message_text))).or(words.first());
    Some(why.map_or_else(|| format!("{error}, without a word of the linker"), |why| (*why).to_owned()))
}

/// True if a line is likely the reason, rather than a location or a detail.
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

/// The panic of a build script, or its last line; `before` may contain the errors of a C compiler that it
/// called.
fn build_script(block: &[&str], before: &[&str]) -> Option<String> {
    let package = without_prefix(block[0]).strip_prefix("failed to run custom build command for `")?;
    let package = package.split([' ', '`']).next()?;
    let who = format!("the build script of {package}");
    let stderr = lines_after(block, "--- stderr");
    if let Some(panic) = panic(&stderr) {
        return Some(format!("{who} panicked{panic}"));
    }
    let compiler = || {
        let warnings = before.iter().filter_map(|line| line.strip_prefix("warning: "));
        let mut errors = warnings.filter(|line| line.contains("error: "));
        errors.next().map(|line| line.split_once(": ").map_or(line, |(_, message)| message).to_owned())
    };
    let mut lines = stderr.iter().copied().filter(|line| !line.is_empty());
    let last = stderr.iter().rfind(|line| !line.is_empty()).copied();
    match lines.find(|line| sounds_like_reason(line)).or(last) {
        // The crate `cc` shows its command, and passes on the output of the compiler.
        Some(line)
            if line.contains("error occurred in cc-rs") || line.contains("did not execute successfully") =>
        {
            Some(format!("{who}: {}", compiler().unwrap_or_else(|| line.to_owned())))
        }
        Some(line) => Some(format!("{who}: {line}")),
        None => Some(format!("{who} failed ({})", status(block).unwrap_or_else(|| "without a word".into()))),
    }
}

/// Lines after a heading, up to the next heading.
fn lines_after<'a>(block: &[&'a str], heading: &str) -> Vec<&'a str> {
    let lines = block.iter().map(|line| line.trim()).skip_while(|line| *line != heading).skip(1);
    lines.take_while(|line| !line.starts_with("--- ")).collect()
}

/// Location and message of a panic, in the format of Rust 1.73 and newer or the older one.
fn panic(lines: &[&str]) -> Option<String> {
    let at = lines.iter().position(|line| line.starts_with("thread '") && line.contains(" panicked at "))?;
    let (_, rest) = lines[at].split_once(" panicked at ")?;
    Some(match rest.strip_suffix(':') {
        Some(location) => match lines.get(at + 1) {
            Some(message) => format!(" at {location}: {message}"),
            None => format!(" at {location}"),
        },
        None => match rest.strip_prefix('\'').and_then(|rest| rest.rsplit_once("', ")) {
            Some((message, location)) => format!(" at {location}: {message}"),
            None => format!(": {rest}"),
        },
    })
}

/// The panic of a proc macro, with the location of its call.
fn macro_panic(block: &[&str]) -> Option<String> {
    let error = without_prefix(block[0]);
    if !error.contains("panicked") {
        return None;
    }
    let message = block.iter().find_map(|line| line.trim().strip_prefix("= help: message: "));
    let message = message.map(|message| format!(": {message}")).unwrap_or_default();
    Some(format!("{error}{}{message}", location(block)))
}

/// Last output of a crashed compiler; cargo only reports that it failed.
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

/// Error of a program that cargo could not run, or that failed, without its command line.
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
    let message_text = words.iter().find(|line| sounds_like_reason(line)).or(words.first());
    let what = if error.contains("process didn't exit successfully") { "a program failed" } else { error };
    Some(match message_text {
        Some(message_text) => format!("{what}: {}", without_prefix(message_text)),
        None => match status(&[failed]) {
            Some(status) => format!("{what} ({status})"),
            None => what.to_owned(),
        },
    })
}

/// Exit status of a process, which cargo prints after the command line.
fn status(block: &[&str]) -> Option<String> {
    let line = block.iter().find(|line| line.contains("process didn't exit successfully: `"))?;
    let (_, status) = line.rsplit_once("` (")?;
    status.strip_suffix(')').map(str::to_owned)
}

/// Causes listed by cargo, the root cause last.
fn causes(block: &[&str]) -> Vec<String> {
    let mut lines = block.iter().map(|line| line.trim());
    let mut causes = Vec::new();
    while lines.by_ref().any(|line| line == "Caused by:") {
        causes.extend(lines.next().map(|cause| cause.trim_end_matches('.').to_owned()));
    }
    causes
}

/// Location of an error in a source file.
fn location(block: &[&str]) -> String {
    let location = block.iter().find_map(|line| line.trim().strip_prefix("--> "));
    location.map(|location| format!(" at {location}")).unwrap_or_default()
}

/// An error of rustc with its location, or one of cargo with its causes.
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
    format!("{}{}{more}", block[0].trim(), location(block))
}

#[cfg(test)]
#[path = "complaint_tests.rs"]
mod tests;
