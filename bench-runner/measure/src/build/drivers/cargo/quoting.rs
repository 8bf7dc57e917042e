//! Splits commands that cargo and rustc print into arguments.

/// Arguments of a command as cargo prints it, with shell quoting if needed.
pub(super) fn shell_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    let mut chars = text.chars();
    while let Some(char) = chars.next() {
        match char {
            '\'' => {
                quoted = !quoted;
                word.get_or_insert_default();
            }
            ' ' if !quoted => words.extend(word.take()),
            '\\' if !quoted => word.get_or_insert_default().extend(chars.next()),
            other => word.get_or_insert_default().push(other),
        }
    }
    words.extend(word);
    words
}

/// Value of a variable before the program of a command in Rust's debug format.
pub(super) fn debug_variable(text: &str, name: &str) -> Option<String> {
    // The program is the first argument that is quoted as a whole.
    let before = text.split(" \"").next()?;
    let start = format!("{name}=\"");
    let at = before.find(&start).filter(|at| *at == 0 || before[..*at].ends_with(' '))?;
    before[at + start.len()..].split('"').next().map(str::to_owned)
}

/// Quoted arguments of a command in Rust's debug format. The variables before the program (`LC_ALL="C"`) are
/// not quoted as a whole and are left out.
pub(super) fn debug_words(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let whole = start == 0 || rest[..start].ends_with(' ');
        let mut word = String::new();
        let mut chars = rest[start + 1..].char_indices();
        let end = loop {
            match chars.next() {
                None => return words,
                Some((at, '"')) => break start + 1 + at + 1,
                // Other escapes do not occur in the relevant paths and flags.
                Some((_, '\\')) => word.extend(chars.next().map(|(_, char)| char)),
                Some((_, char)) => word.push(char),
            }
        };
        if whole {
            words.push(word);
        }
        rest = &rest[end..];
    }
    words
}
