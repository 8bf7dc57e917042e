//! Names of linkers on the axis, and families of linkers.

use std::path::Path;

use bench_runner_core::record::Refusal;

/// A value of the axis `linker`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum LinkerName {
    /// The default of project and toolchain.
    Default,
    Bfd,
    Gold,
    /// The system's lld.
    Lld,
    /// rustc's own lld.
    RustLld,
    Mold,
    Wild,
    /// The program at an absolute path.
    At(String),
}

const NAMES: [(&str, LinkerName); 7] = [
    ("default", LinkerName::Default),
    ("bfd", LinkerName::Bfd),
    ("gold", LinkerName::Gold),
    ("lld", LinkerName::Lld),
    ("rust-lld", LinkerName::RustLld),
    ("mold", LinkerName::Mold),
    ("wild", LinkerName::Wild),
];

impl LinkerName {
    pub(super) fn parse(text: &str) -> Result<Self, Refusal> {
        if let Some((_, known)) = NAMES.iter().find(|(name, _)| *name == text) {
            return Ok(known.clone());
        }
        if Path::new(text).is_absolute() {
            return Ok(Self::At(text.to_owned()));
        }
        let names = NAMES.iter().map(|(name, _)| *name);
        let what = if text.contains('/') {
            format!("the path of a linker must be absolute, and `{text}` is not")
        } else {
            let known = names.clone().collect::<Vec<_>>().join(", ");
            format!("`{text}` is not a linker (known: {known}, or an absolute path)")
        };
        Err(Refusal::new(what).did_you_mean(text, names))
    }

    /// Text of the value.
    pub(super) fn text(&self) -> &str {
        match self {
            Self::At(path) => path,
            named => NAMES.iter().find(|(_, name)| name == named).map_or("", |(text, _)| text),
        }
    }
}

/// Family of a linker, as its output shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum LinkerFamily {
    Bfd,
    Gold,
    Lld,
    Mold,
    Wild,
}

impl LinkerFamily {
    /// Family of a linker with this version output.
    pub(super) fn from_version(text: &str) -> Option<Self> {
        let first = text.lines().next().unwrap_or_default();
        let has = |word: &str| first.to_ascii_lowercase().contains(word);
        match () {
            () if has("mold") => Some(Self::Mold),
            () if has("wild") => Some(Self::Wild),
            () if has("lld") => Some(Self::Lld),
            () if has("gold") => Some(Self::Gold),
            () if has("gnu ld") => Some(Self::Bfd),
            () => None,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bfd => "GNU ld",
            Self::Gold => "gold",
            Self::Lld => "LLD",
            Self::Mold => "mold",
            Self::Wild => "Wild",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_names_and_absolute_paths() {
        assert_eq!(LinkerName::parse("mold"), Ok(LinkerName::Mold));
        assert_eq!(LinkerName::parse("/opt/wild/wild").unwrap().text(), "/opt/wild/wild");
        for (text, name) in NAMES {
            assert_eq!(name.text(), text);
        }
        let refused = |text: &str| LinkerName::parse(text).unwrap_err();
        assert!(refused("./wild").what.contains("absolute"));
        assert_eq!(refused("moldd").help.as_deref(), Some("did you mean `mold`?"));
    }

    #[test]
    fn tells_linkers_by_what_they_say_of_themselves() {
        for (text, family) in [
            ("GNU ld (GNU Binutils for Debian) 2.40", Some(LinkerFamily::Bfd)),
            ("GNU gold (GNU Binutils for Debian 2.40) 1.16", Some(LinkerFamily::Gold)),
            ("Debian LLD 14.0.6 (compatible with GNU linkers)", Some(LinkerFamily::Lld)),
            ("mold 1.10.1 (compatible with GNU ld)", Some(LinkerFamily::Mold)),
            ("Wild version 0.10.0 (compatible with GNU linkers)", Some(LinkerFamily::Wild)),
            ("hello", None),
        ] {
            assert_eq!(LinkerFamily::from_version(text), family, "{text}");
        }
    }
}
