//! Writes TOML strings.

/// `text` as a basic TOML string, with its quotation marks.
pub fn toml_string(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::toml_reader::SourceText;

    #[test]
    fn what_was_quoted_is_read_back() {
        for text in ["", "plain", "\"quotes\" and \\ and \u{7f}", "tab\tline\nä\u{85}\0"] {
            let source = SourceText::new("t.toml", format!("v = {}", toml_string(text)));
            let document = source.parse().unwrap();
            assert_eq!(document.reader().read("v", |v| v.string()).unwrap(), text);
        }
    }
}
