//! Findings about the builds of a block for the readers of its verdict. Each is a predicate to the subject
//! "builds"; findings that several variants have in common are reported once.

use std::collections::BTreeSet;

/// Subject of a finding. A variant has at most one finding of each kind, the first.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NoteKind {
    WorkTree,
    Home,
    TemporaryFiles,
    CargoHome,
    Dependencies,
    Wrapper,
    Cache,
    NeedlessRebuild,
    Variables,
    Files,
}

#[derive(Debug, Default)]
pub(super) struct Notes {
    found: Vec<(NoteKind, String, String)>,
    reported: BTreeSet<String>,
}

impl Notes {
    /// Notes that builds of `variant` do `what`, unless the variant has a finding of this kind.
    pub(super) fn add(&mut self, about: NoteKind, variant: &str, what: String) {
        if !self.has(about, variant) {
            self.found.push((about, variant.to_owned(), what));
        }
    }

    pub(super) fn has(&self, about: NoteKind, variant: &str) -> bool {
        self.found.iter().any(|(kind, of, _)| *kind == about && of == variant)
    }

    pub(super) fn has_kind(&self, about: NoteKind) -> bool {
        self.found.iter().any(|(kind, ..)| *kind == about)
    }

    /// All findings as sentences; `variants` are all variants of the block.
    pub(super) fn sentences(&self, variants: &BTreeSet<&str>) -> Vec<String> {
        let mut grouped: Vec<(&str, BTreeSet<&str>)> = Vec::new();
        for (_, variant, what) in &self.found {
            match grouped.iter_mut().find(|(known, _)| *known == what.as_str()) {
                Some((_, of)) => drop(of.insert(variant)),
                None => grouped.push((what, BTreeSet::from([variant.as_str()]))),
            }
        }
        let sentence = |(what, of): (&str, BTreeSet<&str>)| {
            if of.is_superset(variants) {
                return format!("Builds {what}.");
            }
            let names: Vec<String> = of.into_iter().map(|name| format!("`{name}`")).collect();
            format!("Builds of {} {what}.", names.join(", "))
        };
        grouped.into_iter().map(sentence).collect()
    }

    /// The sentences that were not returned before.
    pub(super) fn take_new(&mut self, variants: &BTreeSet<&str>) -> Vec<String> {
        let all = self.sentences(variants);
        all.into_iter().filter(|sentence| self.reported.insert(sentence.clone())).collect()
    }
}

/// A few of `count` names, in words.
pub(super) fn list_some(names: &[String], count: usize) -> String {
    const SHOWN: usize = 3;
    let listed: Vec<String> = names.iter().take(SHOWN).map(|name| format!("`{name}`")).collect();
    match count - listed.len().min(count) {
        0 => listed.join(", "),
        more => format!("{} and {more} more", listed.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_variants_have_in_common_is_said_once() {
        let mut notes = Notes::default();
        let variants = BTreeSet::from(["bfd", "lld", "mold"]);
        for variant in ["bfd", "mold", "lld", "mold"] {
            notes.add(NoteKind::Home, variant, "write into their home".to_owned());
        }
        notes.add(NoteKind::WorkTree, "lld", "write `a`".to_owned());
        notes.add(NoteKind::WorkTree, "lld", "write `b`".to_owned());
        let expected = ["Builds write into their home.", "Builds of `lld` write `a`."];
        assert_eq!(notes.take_new(&variants), expected);
        notes.add(NoteKind::WorkTree, "bfd", "write `c`".to_owned());
        assert_eq!(notes.take_new(&variants), ["Builds of `bfd` write `c`."]);
        assert_eq!(notes.sentences(&variants).len(), 3);
    }

    #[test]
    fn of_many_names_a_few_are_shown() {
        let names = ["a", "b", "c", "d"].map(str::to_owned);
        assert_eq!(list_some(&names[..1], 1), "`a`");
        assert_eq!(list_some(&names, 4), "`a`, `b`, `c` and 1 more");
    }
}
