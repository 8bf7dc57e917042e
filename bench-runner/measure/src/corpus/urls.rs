//! Valid addresses of repositories, and the resolution of relative ones.
//!
//! Git reads some texts as options (`-u…`) or as programs to run (`ext::…`), and a text without a scheme as
//! the name of a remote. Only a text that identifies a repository by itself is a valid address here.

use crate::toml_reader::mask_credentials;

/// Schemes that git supports without a helper.
const SCHEMES: [&str; 5] = ["https", "http", "ssh", "git", "file"];

/// Checks that `url` can be passed to git as the address of a repository. The error is a reason and a hint.
pub(crate) fn check(url: &str) -> Result<(), (String, &'static str)> {
    const FORMS: &str = "addresses look like `https://host/owner/name`, `ssh://git@host/name`, `git@host:owner/name` or \
                         `file:///path`";
    let refuse =
        |reason: &str, help| Err((format!("{reason}: `{}`", mask_credentials(url).escape_debug()), help));
    // Not shown in the message: they are secrets.
    if holds_credentials(url) {
        let reason = "the address holds credentials, and manifests are published with results".to_owned();
        return Err((reason, WITHOUT_CREDENTIALS));
    }
    if url.chars().any(|c| c.is_control() || c.is_whitespace()) || url.is_empty() {
        return refuse("the address of a repository has no blanks in it", FORMS);
    }
    if url.starts_with('-') {
        return refuse("git would take this for an option", FORMS);
    }
    if url.split_once("::").is_some_and(|(helper, _)| is_word(helper)) {
        return refuse("git would start a program for this", FORMS);
    }
    let host = match url.split_once("://") {
        Some((scheme, _)) if !SCHEMES.contains(&scheme) => {
            return refuse("git does not know this scheme", FORMS);
        }
        Some(("file", path)) if path.starts_with('/') => return Ok(()),
        Some(("file", _)) => return refuse("a `file` address has three slashes", FORMS),
        Some((scheme, rest)) => {
            let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
            let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
            if scheme.starts_with("http") && rest.contains(['?', '#']) {
                return refuse("the address of a repository has no query", FORMS);
            }
            if path.is_empty() {
                return refuse("the address names no repository", FORMS);
            }
            host
        }
        None => match url.split_once(':') {
            Some((host, path)) if !host.contains('/') && !path.is_empty() => {
                host.rsplit_once('@').map_or(host, |(_, host)| host)
            }
            _ => {
                return refuse(
                    "this is no address",
                    "a directory is `file:///path` for a pinned commit of it, or `kind = \"path\"` for its present state",
                );
            }
        },
    };
    if host.is_empty() || host.starts_with('-') {
        return refuse("the address has no host", FORMS);
    }
    Ok(())
}

/// Hint for an address with credentials.
const WITHOUT_CREDENTIALS: &str = "leave them out; git asks its credential helper (`git config --global credential.helper`), \
                                   ssh its agent, and `url.<with them>.insteadOf` in your own git configuration puts them \
                                   in as well";

/// True if an address contains a user with a password, or a query, which may contain tokens.
fn holds_credentials(url: &str) -> bool {
    let query = url.split_once("://").is_some_and(|(scheme, rest)| {
        scheme.starts_with("http") && rest.split_once('?').is_some_and(|(_, query)| query.contains('='))
    });
    query || mask_credentials(url) != url
}

/// The address of a submodule of the repository at `parent`, to which `own` may be relative. `None` if it
/// leaves the host.
pub(super) fn resolve(parent: &str, own: &str) -> Option<String> {
    if !own.starts_with("./") && !own.starts_with("../") {
        return Some(own.to_owned());
    }
    let path_at = match parent.split_once("://") {
        Some((scheme, rest)) => scheme.len() + 3 + rest.find('/')? + 1,
        None => parent.find(':')? + 1,
    };
    let (host, path) = parent.split_at(path_at);
    let mut parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty()).collect();
    let rooted = if path.starts_with('/') { "/" } else { "" };
    for part in own.split('/').filter(|part| !part.is_empty()) {
        match part {
            "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(format!("{host}{rooted}{}", parts.join("/")))
}

/// True if the repository at `url` is on this machine.
pub(super) fn is_local(url: &str) -> bool {
    url.starts_with("file://")
}

/// `text` as one word for a POSIX shell, in quotes if it needs them.
pub fn shell_word(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "@%+=:,./-_".contains(c);
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

fn is_word(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_git_speaks_is_taken() {
        for url in [
            "https://github.com/BurntSushi/ripgrep",
            "http://localhost:8080/x.git",
            "ssh://git@host:2222/x",
            "git@github.com:owner/name.git",
            "host:name",
            "[::1]:name",
            "git://127.0.0.1:9418/x",
            "file:///srv/git/x.git",
        ] {
            assert_eq!(check(url), Ok(()), "{url}");
        }
    }

    #[test]
    fn what_git_would_run_or_misread_is_refused() {
        for (url, reason) in [
            ("", "no blanks"),
            ("https://host/a b", "no blanks"),
            ("https://host/a\nb", "no blanks"),
            ("--upload-pack=touch", "an option"),
            ("ext::sh -c touch", "no blanks"),
            ("ext::sh", "start a program"),
            ("fd::7", "start a program"),
            ("ext::https://host/x", "start a program"),
            ("ftp://host/x", "scheme"),
            ("file://host/x", "three slashes"),
            ("ssh://-oProxyCommand=touch/x", "no host"),
            ("ssh://git@-oProxyCommand=touch/x", "no host"),
            ("git@-oProxyCommand=touch:x", "no host"),
            ("https://host", "names no repository"),
            ("https://host/x#y", "no query"),
            ("origin", "no address"),
            ("../other", "no address"),
            ("/srv/git/x", "no address"),
        ] {
            let (said, _) = check(url).unwrap_err();
            assert!(said.contains(reason), "{url}: {said}");
        }
    }

    #[test]
    fn credentials_are_refused_and_not_repeated() {
        for url in [
            "https://user:hunter2@host/x",
            "https://hunter2@host/x",
            "ssh://git:hunter2@host/x",
            "ftps://git:hunter2@host/x",
            "https://user:hun/hunter2@host/x",
            "https://user:hun hunter2@host/x",
            "me:hunter2@host:x",
            "https://host/x?private_token=hunter2",
            "https://host/x.git?access_token=hunter2",
            "https://host/x?hunter2",
        ] {
            let (said, help) = check(url).unwrap_err();
            assert!(said.contains("credentials") && !said.contains("hunter2") && !help.is_empty(), "{said}");
        }
    }

    #[test]
    fn relative_addresses_start_at_that_of_the_parent() {
        let resolved = |parent, own| resolve(parent, own).unwrap();
        assert_eq!(resolved("https://h/a/b.git", "../c"), "https://h/a/c");
        assert_eq!(resolved("https://h/a/b/", "../../x/c.git"), "https://h/x/c.git");
        assert_eq!(resolved("https://h/a/b", "./c"), "https://h/a/b/c");
        assert_eq!(resolved("git@h:a/b", "../c"), "git@h:a/c");
        assert_eq!(resolved("file:///a/b", "../c"), "file:///a/c");
        assert_eq!(resolved("https://h/a", "https://other/x"), "https://other/x");
        assert_eq!(resolve("https://h/a", "../../c"), None);
        assert_eq!(resolve("git@h:a", "../../c"), None);
    }

    proptest::proptest! {
        #[test]
        fn no_relative_address_leaves_the_host(
            parent in proptest::sample::select(vec!["https://h/", "ssh://g@h:22/", "git@h:", "file:///"]),
            path in "[a-c]{1,2}(/[a-c]{1,2}){0,3}/?",
            own in "\\.\\.?(/(\\.\\.|\\.|[a-c]{1,2})){1,5}",
        ) {
            let base = format!("{parent}{path}");
            if let Some(url) = resolve(&base, &own) {
                proptest::prop_assert!(url.starts_with(parent), "{} and {} make {}", base, own, url);
                proptest::prop_assert!(!url[parent.len()..].split('/').any(|part| part == ".."), "{}", url);
            }
        }
    }

    #[test]
    fn a_shell_takes_a_word_for_what_it_is() {
        assert_eq!(shell_word("refs/heads/main"), "refs/heads/main");
        assert_eq!(shell_word("a;b"), "'a;b'");
        assert_eq!(shell_word(""), "''");
        assert_eq!(shell_word("it's"), "'it'\\''s'");
    }
}
