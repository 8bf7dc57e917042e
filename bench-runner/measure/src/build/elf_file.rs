//! Traces that a linker leaves in the ELF files that it writes.

use std::collections::BTreeMap;
use std::path::Path;

use elf::ElfStream;
use elf::endian::AnyEndian;

/// Traces of tools in an ELF file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ElfFacts {
    /// The strings of `.comment`.
    pub comments: Vec<String>,
    /// True if the file has a `.note.gnu.gold-version` section.
    pub gold_note: bool,
    /// Size of each section in the file, by name, in bytes.
    pub sections: BTreeMap<String, u64>,
}

/// Reads `path`. The error is a reason, such as a file of another format. It names the file without its
/// directories, because it is published.
pub(crate) fn read(path: &Path) -> Result<ElfFacts, String> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let say = |error: &dyn std::fmt::Display| format!("cannot read {name} as ELF: {error}");
    let file = std::fs::File::open(path).map_err(|error| say(&error))?;
    let mut elf = ElfStream::<AnyEndian, _>::open_stream(file).map_err(|error| say(&error))?;
    let mut sections = BTreeMap::new();
    let (headers, names) = elf.section_headers_with_strtab().map_err(|error| say(&error))?;
    for header in headers {
        let name = names.map_or(Ok(""), |names| names.get(header.sh_name as usize));
        *sections.entry(name.map_err(|error| say(&error))?.to_owned()).or_default() += header.sh_size;
    }
    let gold_note = sections.contains_key(".note.gnu.gold-version");
    let Some(header) = elf.section_header_by_name(".comment").map_err(|e| say(&e))?.copied() else {
        return Ok(ElfFacts { comments: Vec::new(), gold_note, sections });
    };
    let (bytes, _) = elf.section_data(&header).map_err(|error| say(&error))?;
    let comments = bytes
        .split(|byte| *byte == 0)
        .filter(|part| !part.is_empty())
        .map(|part| String::from_utf8_lossy(part).into_owned())
        .collect();
    Ok(ElfFacts { comments, gold_note, sections })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_another_format_is_named_without_the_directories_of_the_machine() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(
            dir.path().join("tool"),
            "#!/bin/sh\nexit 0 # long enough for the header of an ELF file\n",
        )
        .unwrap();
        let error = read(&dir.path().join("tool")).unwrap_err();
        assert!(error.starts_with("cannot read tool as ELF: "), "{error}");
    }
}
