//! Masks credentials in addresses.

use std::ops::Range;

/// Characters that end an address in a line of text.
const ADDRESS_ENDS: [char; 5] = ['"', '\'', '`', '<', '>'];

/// `text` with a star for each character of a credential in an address: everything before the host of an
/// `http` or `https` address, a password before the host of any other, and the values of a query. The number
/// of characters stays the same.
pub(crate) fn mask_credentials(text: &str) -> String {
    text.split_inclusive('\n').map(line).collect()
}

fn line(text: &str) -> String {
    let mut secret: Vec<Range<usize>> = Vec::new();
    for (at, _) in text.match_indices("://") {
        let scheme = text[..at].rsplit(|c: char| !c.is_ascii_alphanumeric() && c != '+').next().unwrap_or("");
        let start = at + "://".len();
        let rest = &text[start..];
        let whole = &rest[..rest.find(ADDRESS_ENDS).unwrap_or(rest.len())];
        let word = whole.split(char::is_whitespace).next().unwrap_or("");
        secret.extend(user(scheme, word, whole).map(|user| start + user.start..start + user.end));
        secret.extend(query(word).into_iter().map(|value| start + value.start..start + value.end));
    }
    let short = words(text).filter_map(|word| {
        let password = password(&text[word.clone()])?;
        Some(word.start + password.start..word.start + password.end)
    });
    secret.extend(short);
    let is_secret = |at: usize| secret.iter().any(|range| range.contains(&at));
    text.char_indices().map(|(at, c)| if is_secret(at) { '*' } else { c }).collect()
}

/// The secret part of `user:password@` in an address without its scheme: in `word`, which ends at the first
/// blank, or in `whole`, if the password contains a blank.
fn user(scheme: &str, word: &str, whole: &str) -> Option<Range<usize>> {
    let authority = word.split(['/', '?', '#']).next().unwrap_or("");
    let end = match authority.rfind('@') {
        Some(end) => end,
        // The text after the colon is not a port, so it may be a password with characters that should have
        // been escaped.
        None => {
            let (_, port) = authority.split_once(':').filter(|_| !authority.starts_with('['))?;
            let odd = port.bytes().any(|byte| !byte.is_ascii_digit());
            whole.rfind('@').filter(|_| odd)?
        }
    };
    let start = match whole[..end].find(':') {
        _ if scheme.starts_with("http") => 0,
        Some(colon) => colon + 1,
        None => end,
    };
    Some(start..end)
}

/// The values of a query.
fn query(word: &str) -> Vec<Range<usize>> {
    let Some(start) = word.find('?').map(|mark| mark + 1) else { return Vec::new() };
    let mut at = start;
    let mut found = Vec::new();
    for part in word[start..].split('&') {
        let name = part.find('=').map_or(0, |equals| equals + 1);
        found.push(at + name..at + part.len());
        at += part.len() + 1;
    }
    found
}

/// The words of a text that are not part of an address with a scheme.
fn words(text: &str) -> impl Iterator<Item = Range<usize>> {
    let mut at = 0;
    let parts = text.split(|c: char| ADDRESS_ENDS.contains(&c) || c.is_whitespace());
    parts
        .map(move |part| {
            let start = at;
            at += part.len();
            // The separator between words may be longer than one byte.
            at += text[at..].chars().next().map_or(0, char::len_utf8);
            start..start + part.len()
        })
        .filter(|word| !text[word.clone()].contains("://"))
}

/// The password in `user:password@host:path`.
fn password(word: &str) -> Option<Range<usize>> {
    let start = word.find(':')? + 1;
    let end = word.rfind('@').filter(|end| *end > start)?;
    let fitting = word[end..].contains(':') && !word[..start].contains('/');
    fitting.then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_become_stars_and_all_else_stays() {
        for (text, shown) in [
            ("url = \"https://me:hunter2@host/x\" # a", "url = \"https://**********@host/x\" # a"),
            ("https://hunter2@host/x", "https://*******@host/x"),
            ("https://me:hun/ter2@host/x", "https://***********@host/x"),
            ("\"https://me:hun ter2@host/x\"", "\"https://***********@host/x\""),
            ("ssh://git:hunter2@host/x", "ssh://git:*******@host/x"),
            ("me:hunter2@host:x", "me:*******@host:x"),
            ("https://h/x?private_token=hunter2&a=hunter2", "https://h/x?private_token=*******&a=*******"),
            ("https://h/x?hunter2", "https://h/x?*******"),
            ("at 'https://hünter2@h/x': 404", "at 'https://*******@h/x': 404"),
        ] {
            assert_eq!(mask_credentials(text), shown);
        }
        for text in [
            "url = \"https://host:8080/a/b\"",
            "ssh://git@host:22/x",
            "git@host:owner/name",
            "https://host/@scope/name",
            "see crate@1.0: `a:b`",
            "file:///srv/a@b",
            "[::1]:x",
            "ä: ö@ü\nnext: line",
        ] {
            assert_eq!(mask_credentials(text), text);
        }
    }

    proptest::proptest! {
        #[test]
        fn as_many_characters_remain(text in "(https://|ssh://|[a-c:@/?=& ä\n\"]){0,12}") {
            proptest::prop_assert_eq!(mask_credentials(&text).chars().count(), text.chars().count());
        }
    }
}
