//! Values whose meaning their names do not give, as a table.

use bench_runner_core::record::{Proof, ProofResult};

/// Meaning of a value.
enum Meaning {
    /// Words to follow the value and a colon.
    Words(&'static str),
    /// The tool that the proof found in the result, and words behind it.
    FoundTool(&'static str),
}

/// Said of a value that is another tool on another machine.
const HERE: &str = " here";

/// Keys, values and their meanings.
const MEANINGS: [(&str, &str, Meaning); 16] = [
    ("linker", "default", Meaning::FoundTool(HERE)),
    ("linker", "lld", Meaning::FoundTool(HERE)),
    ("linker", "rust-lld", Meaning::FoundTool(HERE)),
    ("linker", "bfd", Meaning::FoundTool("")),
    ("linker", "gold", Meaning::FoundTool("")),
    ("linker", "mold", Meaning::FoundTool("")),
    ("linker", "wild", Meaning::FoundTool("")),
    (
        "lto",
        "false",
        Meaning::Words("cargo's default, LTO within each crate (thin-local) in builds that are optimized"),
    ),
    ("lto", "off", Meaning::Words("no LTO, not even within a crate")),
    ("lto", "thin", Meaning::Words("thin LTO across all crates")),
    ("lto", "fat", Meaning::Words("full LTO across all crates")),
    ("debug", "limited", Meaning::Words("line tables, functions and their files (`debug = 1`)")),
    ("debug", "full", Meaning::Words("types and variables too (`debug = 2`)")),
    ("cache", "off", Meaning::Words("no compiler cache")),
    ("cache", "cold", Meaning::Words("a compiler cache that is empty before each build")),
    ("cache", "warm", Meaning::Words("a compiler cache that an earlier build of the variant has filled")),
];

/// The meaning of a value, such as `linker=default is LLD 22.1.2 here`; `proofs` are those of its variant. `None` if its
/// name says it, or nothing was found.
pub fn meaning(key: &str, value: &str, proofs: &[&Proof]) -> Option<String> {
    let (_, _, meaning) =
        MEANINGS.iter().find(|(of_key, of_value, _)| (*of_key, *of_value) == (key, value))?;
    match meaning {
        Meaning::Words(words) => Some(format!("{key}={value}: {words}")),
        Meaning::FoundTool(behind) => {
            let mut holding =
                proofs.iter().filter(|proof| proof.axis == key && proof.result == ProofResult::Holds);
            let tool = tool(&holding.next()?.found)?;
            // A tool without its version is the value again.
            let is_news = !behind.is_empty() || tool.contains(|c: char| c.is_ascii_digit());
            is_news.then(|| format!("{key}={value} is {tool}{behind}"))
        }
    }
}

/// The tool in the text of a proof, such as `LLD 22.1.2` in `LLD 22.1.2; linked with …`, without a remark such as `(GNU
/// Binutils for Debian)`. Without a mark in the result it is the one behind the link line; earlier versions wrote that GNU
/// ld leaves none.
fn tool(found: &str) -> Option<String> {
    let first = found.split(';').next()?.trim();
    let tool = match first.strip_prefix("no linker's mark, as ") {
        Some(rest) => rest.strip_suffix(" leaves it")?,
        None => first.strip_suffix(" behind the link line").unwrap_or(first),
    };
    let tool = match (tool.split_once(" ("), tool.rsplit_once(") ")) {
        (Some((name, _)), Some((_, version))) => format!("{name} {version}"),
        _ => tool.to_owned(),
    };
    (!tool.starts_with("no ") && !tool.contains(':')).then_some(tool)
}

#[cfg(test)]
mod tests {
    use bench_runner_core::record::{BlockId, Role};

    use super::*;

    fn of(value: &str, found: &str, result: ProofResult) -> Option<String> {
        let proof = Proof {
            block: BlockId::new("m", "p", "clean"),
            role: Role::Variant,
            variant: format!("linker={value}"),
            axis: "linker".to_owned(),
            expected: String::new(),
            found: found.to_owned(),
            result,
        };
        meaning("linker", value, &[&proof])
    }

    #[test]
    fn a_linker_is_the_one_that_the_proof_found() {
        let holds = ProofResult::Holds;
        let lld = "LLD 22.1.2; linked with -B…/gcc-ld -fuse-ld=lld";
        assert_eq!(of("default", lld, holds).unwrap(), "linker=default is LLD 22.1.2 here");
        let bfd = "no linker's mark, as GNU ld leaves it; linked with nothing";
        assert_eq!(of("default", bfd, holds).unwrap(), "linker=default is GNU ld here");
        let line = "GNU ld 2.40 behind the link line; linked with nothing";
        assert_eq!(of("default", line, holds).unwrap(), "linker=default is GNU ld 2.40 here");
        assert_eq!(of("mold", "mold 1.10.1; linked", holds).unwrap(), "linker=mold is mold 1.10.1");
        let debian = "GNU ld (GNU Binutils for Debian) 2.40 behind the link line; linked with nothing";
        for line in [line, debian] {
            assert_eq!(of("bfd", line, holds).unwrap(), "linker=bfd is GNU ld 2.40");
        }
        for (value, found, result) in [
            ("default", lld, ProofResult::NotProvable),
            ("default", "no linker's mark; nothing", holds),
            ("default", "a: LLD 22.1.2; b: mold 2", holds),
            ("bfd", bfd, holds),
        ] {
            assert_eq!(of(value, found, result), None, "{found}");
        }
    }

    #[test]
    fn every_value_of_the_table_is_one_of_its_axis() {
        for (key, value, _) in &MEANINGS {
            assert!(crate::axes::parse(key, value).is_ok(), "{key}={value}");
        }
        assert!(meaning("lto", "false", &[]).unwrap().starts_with("lto=false: cargo's default"));
    }
}
