//! Identity of the machine: two keys that samples are filed under, and its provenance.
//!
//! The *class* is made from facts that do not drift, so that identical machines share it and a new kernel
//! does not fork a history. The *instance* distinguishes two machines of a class. Provenance is recorded and
//! is part of neither key.

mod class;
mod cpu;
mod instance;
mod label;
mod provenance;

use std::path::Path;

use serde::{Deserialize, Deserializer, Serialize};

use super::PathError;
use super::system_files::SystemFiles;
pub use class::Facts;
pub use label::{InvalidLabel, LABEL_VARIABLE, MachineLabel};
pub use provenance::Provenance;

/// The machine that samples were taken on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HostMachine {
    /// Key that identical machines share: readable, with the recipe's version and a short hash of the facts.
    #[serde(deserialize_with = "file_name")]
    pub class: String,
    /// Key that distinguishes it from others of its class: the label, or a random id if there is no label.
    #[serde(deserialize_with = "file_name")]
    pub instance: String,
    /// The name given by its owner.
    pub label: Option<MachineLabel>,
    /// The facts that determine the class.
    pub facts: Facts,
    /// Properties that are part of neither key.
    pub provenance: Provenance,
}

/// The machine's id could not be determined.
#[derive(Debug, thiserror::Error)]
pub enum MachineError {
    /// The file with the random id could not be read or created.
    #[error("{0}; a machine that is named with {LABEL_VARIABLE} needs no file")]
    Path(#[from] PathError),
    /// The file with the random id has other contents.
    #[error("`{path}` does not hold 32 hex digits; remove it to have a new id made", path = path.display())]
    InvalidId { path: std::path::PathBuf },
}

impl HostMachine {
    /// Reads the identity of this machine. Without a `label`, its id is stored in `state_dir`, and created
    /// there on first use.
    pub fn read(label: Option<MachineLabel>, state_dir: &Path) -> Result<Self, MachineError> {
        Self::read_from(&SystemFiles::system(), label, state_dir)
    }

    fn read_from(
        files: &SystemFiles,
        label: Option<MachineLabel>,
        state_dir: &Path,
    ) -> Result<Self, MachineError> {
        let cpu = cpu::CpuInfo::read(files);
        let facts = Facts::read(files, &cpu);
        let instance = match &label {
            Some(label) => label.as_str().to_owned(),
            None => instance::read_or_make(files, state_dir)?,
        };
        Ok(Self { class: facts.class(), instance, label, provenance: Provenance::read(files, &cpu), facts })
    }

    /// Name of its directory among the results: the label, or the class with the start of the id.
    pub fn directory_name(&self) -> String {
        match &self.label {
            Some(label) => label.as_str().to_owned(),
            None => {
                let id: String = self.instance.chars().take(8).collect();
                format!("{}-{id}", self.class)
            }
        }
    }
}

/// True if `text` can be one component of a path on every system, and is not hidden there.
fn is_file_name(text: &str) -> bool {
    let safe = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
    !text.is_empty() && text.chars().all(safe) && !text.starts_with(['.', '-'])
}

/// Keys become names of directories, so the keys in a foreign file are checked.
fn file_name<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if is_file_name(&text) {
        Ok(text)
    } else {
        Err(serde::de::Error::custom(format!("`{text}` is no machine's name: not safe as a file name")))
    }
}

#[cfg(test)]
mod tests {
    use super::super::system_files::Fixture;
    use super::*;

    fn read(fixture: &Fixture, label: Option<&str>) -> HostMachine {
        let state = tempfile::tempdir().unwrap();
        let label = label.map(|label| label.parse().unwrap());
        HostMachine::read_from(&fixture.files(), label, state.path()).unwrap()
    }

    #[test]
    fn the_class_outlives_a_new_kernel_microcode_and_a_little_memory() {
        let laptop = || {
            Fixture::new(&[
                ("proc/cpuinfo", cpu::samples::LAPTOP),
                ("proc/meminfo", "MemTotal: 16108832 kB\n"),
            ])
        };
        let before = read(&laptop(), None);
        let updated = laptop();
        updated
            .set("proc/cpuinfo", &cpu::samples::LAPTOP.replace("0xea", "0xf4").replace("800.012", "1992.3"));
        updated.set("proc/meminfo", "MemTotal: 15900100 kB\n");
        updated.set("etc/os-release", "PRETTY_NAME=\"Debian GNU/Linux 13 (trixie)\"\n");
        let after = read(&updated, None);
        assert_eq!(before.class, after.class);
        assert_ne!(before.provenance, after.provenance);
        assert_ne!(before.instance, after.instance, "each had a state directory of its own");
    }

    #[test]
    fn the_directory_is_the_label_or_the_class_with_the_start_of_the_id() {
        let fixture = Fixture::new(&[("proc/cpuinfo", cpu::samples::EPYC)]);
        assert_eq!(read(&fixture, Some("rack-3.left")).directory_name(), "rack-3.left");
        assert_eq!(read(&fixture, Some("rack-3.left")).instance, "rack-3.left");
        let machine = read(&fixture, None);
        assert_eq!(machine.directory_name(), format!("{}-{}", machine.class, &machine.instance[..8]));
        assert!(is_file_name(&machine.directory_name()));
    }

    #[test]
    fn a_labelled_machine_writes_nothing() {
        let state = tempfile::tempdir().unwrap();
        let label = Some("ci".parse().unwrap());
        HostMachine::read_from(&Fixture::new(&[]).files(), label, state.path()).unwrap();
        assert_eq!(std::fs::read_dir(state.path()).unwrap().count(), 0);
    }

    #[test]
    fn it_survives_its_file_form() {
        let machine = read(&Fixture::new(&[("proc/cpuinfo", cpu::samples::ARM_SERVER)]), None);
        let text = serde_json::to_string(&machine).unwrap();
        assert_eq!(serde_json::from_str::<HostMachine>(&text).unwrap(), machine);
    }

    #[test]
    fn keys_of_a_foreign_file_cannot_leave_the_results() {
        let machine = read(&Fixture::new(&[]), Some("ci"));
        for (key, bad) in [("class", "../../etc"), ("instance", "a/b"), ("instance", ""), ("label", "..")] {
            let mut value = serde_json::to_value(&machine).unwrap();
            value[key] = bad.into();
            assert!(serde_json::from_value::<HostMachine>(value).is_err(), "{key} = {bad} was taken");
        }
    }

    #[test]
    fn this_machine_can_be_read() {
        let state = tempfile::tempdir().unwrap();
        let first = HostMachine::read(None, state.path()).unwrap();
        let second = HostMachine::read(None, state.path()).unwrap();
        assert_eq!((&first.class, &first.instance), (&second.class, &second.instance));
        assert!(first.facts.threads >= 1);
        assert!(first.class.contains(std::env::consts::OS), "{}", first.class);
    }
}
