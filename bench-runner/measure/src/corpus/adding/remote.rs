//! Finds a commit of a repository with `git ls-remote`.

use bench_runner_core::record::is_hex;

use super::error::AddError;
use crate::corpus::sources::{self, FetchContext};
use crate::corpus::urls;
use crate::toml_reader::toml_string;

/// The lines of `[source]` for the repository at `url` at `rev`: a full commit, a branch or a tag; without
/// one its HEAD.
pub(super) fn source(url: &str, rev: Option<&str>, with: &FetchContext) -> Result<String, AddError> {
    urls::check(url).map_err(|(reason, help)| AddError::request(reason, help))?;
    let commit = match rev {
        Some(rev) if is_hex(rev, 40) => rev.to_owned(),
        _ => {
            let patterns = patterns(rev)?;
            parse_commit(&sources::references(url, &patterns, with)?, url, rev)?
        }
    };
    Ok(format!("kind = \"git\"\nurl = {}\nrev = {}\n", toml_string(url), toml_string(&commit)))
}

/// The references to ask git for; for an annotated tag, also the commit that it points to.
fn patterns(rev: Option<&str>) -> Result<Vec<String>, AddError> {
    let Some(rev) = rev else { return Ok(vec!["HEAD".to_owned()]) };
    let odd = |c: char| c.is_control() || c.is_whitespace() || "*?[\\^~:".contains(c);
    if rev.is_empty() || rev.starts_with('-') || rev.contains(odd) {
        let message = format!("`{}` is no commit, branch or tag", rev.escape_debug());
        return Err(AddError::request(message, "a commit is written with all of its 40 digits"));
    }
    Ok(vec![format!("refs/heads/{rev}"), format!("refs/tags/{rev}"), format!("refs/tags/{rev}^{{}}")])
}

/// The commit in lines of `<commit> TAB <reference>`.
fn parse_commit(said: &str, url: &str, rev: Option<&str>) -> Result<String, AddError> {
    let lines = said.lines().filter_map(|line| line.split_once('\t'));
    let lines: Vec<(&str, &str)> = lines.filter(|(commit, _)| is_hex(commit, 40)).collect();
    let named =
        |name: &str| lines.iter().find(|(_, own)| *own == name).map(|(commit, _)| (*commit).to_owned());
    let Some(rev) = rev else {
        let message = format!("the repository at {url} has no HEAD");
        return named("HEAD")
            .ok_or_else(|| AddError::request(message, "name a branch or a tag with `--rev`"));
    };
    let branch = named(&format!("refs/heads/{rev}"));
    let tag = named(&format!("refs/tags/{rev}^{{}}")).or_else(|| named(&format!("refs/tags/{rev}")));
    match (branch, tag) {
        (Some(branch), Some(tag)) if branch != tag => Err(AddError::request(
            format!("`{rev}` is a branch (at {branch}) and a tag (at {tag}) of {url}"),
            "give the commit itself: `--rev <40 digits>`",
        )),
        (_, Some(commit)) | (Some(commit), None) => Ok(commit),
        (None, None) => {
            let short = rev.len() < 40 && rev.len() >= 4 && rev.bytes().all(|b| b.is_ascii_hexdigit());
            let help = if short {
                "a commit is written with all of its 40 digits: `git rev-parse` in a clone gives them"
            } else {
                "`git ls-remote` shows its branches and tags"
            };
            Err(AddError::request(format!("{url} has no branch and no tag `{rev}`"), help))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::printed_error::PrintedError as _;

    fn said(lines: &[(&str, &str)]) -> String {
        lines.iter().map(|(digit, name)| format!("{}\t{name}\n", digit.repeat(40))).collect()
    }

    fn found(lines: &[(&str, &str)], rev: Option<&str>) -> String {
        parse_commit(&said(lines), "url", rev)
            .map_or_else(|error| error.printed(), |commit| commit[..1].to_owned())
    }

    #[test]
    fn a_tag_stands_for_the_commit_below_it() {
        let tag = [("a", "refs/tags/v1"), ("b", "refs/tags/v1^{}")];
        assert_eq!(found(&tag, Some("v1")), "b");
        assert_eq!(found(&tag[..1], Some("v1")), "a");
        assert_eq!(found(&[("c", "HEAD"), ("d", "refs/remotes/origin/HEAD")], None), "c");
        assert_eq!(found(&[("c", "refs/heads/main")], Some("main")), "c");
        // `ls-remote` matches the end of names too.
        assert!(found(&[("c", "refs/heads/x/main")], Some("main")).contains("no branch and no tag `main`"));
    }

    #[test]
    fn what_is_not_clear_is_refused_with_a_way_out() {
        let both = [("a", "refs/heads/v1"), ("b", "refs/tags/v1")];
        assert!(found(&both, Some("v1")).contains("is a branch (at aaaa"));
        assert_eq!(found(&[("a", "refs/heads/v1"), ("a", "refs/tags/v1")], Some("v1")), "a");
        assert!(found(&[], Some("0123abc")).contains("all of its 40 digits"));
        assert!(found(&[], None).contains("has no HEAD"));
        for rev in ["", "-x", "a b", "v*", "HEAD~1", "a:b", "a\nb"] {
            assert!(patterns(Some(rev)).is_err(), "{rev:?}");
        }
    }
}
