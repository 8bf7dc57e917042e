//! Processor information from `/proc/cpuinfo` and the topology in `/sys`.

use std::collections::{BTreeSet, HashSet};

use super::super::procfs;
use super::super::system_files::SystemFiles;

/// The processors of a machine.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct CpuInfo {
    /// Name, or codes if it has no name.
    pub(super) model: Option<String>,
    /// Vendor, family and model number (x86).
    pub(super) signature: Option<String>,
    /// Number of cores in all sockets.
    pub(super) cores: Option<u32>,
    /// Number of hardware threads that are switched on.
    pub(super) threads: Option<u32>,
    /// Revision of the silicon (x86).
    pub(super) stepping: Option<String>,
    /// Version of the microcode (x86).
    pub(super) microcode: Option<String>,
    /// Names of ARM designs with known codes.
    pub(super) designs: Vec<String>,
    /// True if the processor reports that a hypervisor runs it (x86).
    pub(super) hypervisor: bool,
}

impl CpuInfo {
    pub(super) fn read(files: &SystemFiles) -> Self {
        let mut cpu = parse(&files.text("proc/cpuinfo").unwrap_or_default());
        let online = files.value("sys/devices/system/cpu/online");
        if let Some(threads) = online.and_then(|list| procfs::cpu_list_len(&list)) {
            cpu.threads = Some(threads);
        }
        // ARM's cpuinfo has no cores, so the topology takes precedence.
        let siblings: BTreeSet<String> = files
            .cpus()
            .iter()
            .filter_map(|cpu| files.value(cpu.join("topology/thread_siblings_list")))
            .collect();
        if !siblings.is_empty() {
            cpu.cores = u32::try_from(siblings.len()).ok();
        }
        cpu
    }
}

/// Parses the `/proc/cpuinfo` of any architecture. The pairs of all processors are read alike: names come
/// from the first processor, counts from all.
fn parse(cpuinfo: &str) -> CpuInfo {
    let mut threads = 0;
    let mut cores = HashSet::new();
    let mut package = "";
    let mut parts = BTreeSet::new();
    let mut implementer = None;
    for (key, value) in pairs(cpuinfo) {
        match key {
            "processor" => threads += 1,
            "physical id" => package = value,
            "core id" => drop(cores.insert((package, value))),
            "CPU implementer" => implementer = parse_hex(value),
            "CPU part" => parts.extend(implementer.zip(parse_hex(value))),
            _ => {}
        }
    }
    let first = |name: &str| {
        let named = pairs(cpuinfo).find(|(key, value)| *key == name && !value.is_empty());
        named.map(|(_, value)| value.split_whitespace().collect::<Vec<_>>().join(" "))
    };
    // By architecture: x86, LoongArch, MIPS, RISC-V, POWER.
    let name = || ["model name", "Model Name", "cpu model", "uarch", "cpu"].iter().find_map(|key| first(key));
    let signature = first("vendor_id")
        .zip(first("cpu family"))
        .zip(first("model"))
        .map(|((vendor, family), model)| format!("{vendor}-{family}-{model}"));
    CpuInfo {
        // A 32-bit view of an ARM machine has a `model name` that is the same for all of them.
        model: arm_model(&parts).or_else(name),
        signature,
        cores: u32::try_from(cores.len()).ok().filter(|&cores| cores > 0),
        threads: Some(threads).filter(|&threads| threads > 0),
        stepping: first("stepping"),
        microcode: first("microcode"),
        designs: parts.iter().filter_map(|&part| arm_design(part)).map(str::to_owned).collect(),
        hypervisor: first("flags").is_some_and(|flags| flags.split(' ').any(|flag| flag == "hypervisor")),
    }
}

/// The lines `key : value` of a text.
fn pairs(text: &str) -> impl Iterator<Item = (&str, &str)> {
    text.lines().filter_map(|line| line.split_once(':')).map(|(key, value)| (key.trim(), value.trim()))
}

fn parse_hex(text: &str) -> Option<u32> {
    u32::from_str_radix(text.strip_prefix("0x")?, 16).ok()
}

/// Codes rather than names: they stay the same when a design is added to [`arm_design`].
fn arm_model(parts: &BTreeSet<(u32, u32)>) -> Option<String> {
    let codes: Vec<String> =
        parts.iter().map(|(implementer, part)| format!("{implementer:#04x}:{part:#05x}")).collect();
    (!codes.is_empty()).then(|| format!("arm {}", codes.join(" ")))
}

/// Names of designs that builds run on, for display only; not part of any key.
fn arm_design(codes: (u32, u32)) -> Option<&'static str> {
    Some(match codes {
        (0x41, 0xd03) => "Cortex-A53",
        (0x41, 0xd05) => "Cortex-A55",
        (0x41, 0xd08) => "Cortex-A72",
        (0x41, 0xd0b) => "Cortex-A76",
        (0x41, 0xd0c) => "Neoverse-N1",
        (0x41, 0xd40) => "Neoverse-V1",
        (0x41, 0xd49) => "Neoverse-N2",
        (0x41, 0xd4f) => "Neoverse-V2",
        (0x41, 0xd83) => "Neoverse-V3AE",
        (0x41, 0xd84) => "Neoverse-V3",
        (0x41, 0xd8e) => "Neoverse-N3",
        (0x61, 0x022) => "Apple M1 Icestorm",
        (0x61, 0x023) => "Apple M1 Firestorm",
        (0xc0, 0xac3) => "Ampere-1",
        (0xc0, 0xac4) => "Ampere-1a",
        _ => return None,
    })
}

/// `/proc/cpuinfo` of several machines, shortened to the lines that matter and some that must not matter.
#[cfg(test)]
pub(super) mod samples {
    pub(crate) const LAPTOP: &str = "\
processor\t: 0
vendor_id\t: GenuineIntel
cpu family\t: 6
model\t\t: 142
model name\t: Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz
stepping\t: 10
microcode\t: 0xea
cpu MHz\t\t: 800.012
physical id\t: 0
core id\t\t: 0
cpu cores\t: 2
flags\t\t: fpu vme de pse tsc aperfmperf

processor\t: 1
physical id\t: 0
core id\t\t: 1
flags\t\t: fpu

processor\t: 2
physical id\t: 0
core id\t\t: 0

processor\t: 3
physical id\t: 0
core id\t\t: 1
";

    pub(crate) const EPYC: &str = "\
processor\t: 0
vendor_id\t: AuthenticAMD
cpu family\t: 25
model\t\t: 1
model name\t: AMD EPYC 7763 64-Core Processor
stepping\t: 1
microcode\t: 0xffffffff
cpu MHz\t\t: 2445.432
physical id\t: 0
core id\t\t: 0
flags\t\t: fpu vme hypervisor lahf_lm

processor\t: 1
model name\t: AMD EPYC 7763 64-Core Processor
physical id\t: 1
core id\t\t: 0
flags\t\t: fpu vme hypervisor lahf_lm
";

    pub(crate) const ARM_SERVER: &str = "\
processor\t: 0
BogoMIPS\t: 243.75
Features\t: fp asimd evtstrm aes pmull sha1 sha2 crc32 atomics
CPU implementer\t: 0x41
CPU architecture: 8
CPU variant\t: 0x3
CPU part\t: 0xd0c
CPU revision\t: 1

processor\t: 1
BogoMIPS\t: 243.75
CPU implementer\t: 0x41
CPU part\t: 0xd0c
CPU revision\t: 1
";

    pub(crate) const BIG_LITTLE: &str = "\
processor\t: 0
model name\t: ARMv8 Processor rev 4 (v8l)
CPU implementer\t: 0x41
CPU part\t: 0xd05

processor\t: 1
model name\t: ARMv8 Processor rev 0 (v8l)
CPU implementer\t: 0x41
CPU part\t: 0xd0b
";

    pub(crate) const RISCV: &str = "\
processor\t: 0
hart\t\t: 1
isa\t\t: rv64imafdc
mmu\t\t: sv39
uarch\t\t: sifive,u74-mc
";
}

#[cfg(test)]
mod tests {
    use super::super::super::system_files::Fixture;
    use super::samples::*;
    use super::*;

    #[test]
    fn a_laptop() {
        let cpu = parse(LAPTOP);
        assert_eq!(cpu.model.as_deref(), Some("Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz"));
        assert_eq!(cpu.signature.as_deref(), Some("GenuineIntel-6-142"));
        assert_eq!((cpu.cores, cpu.threads), (Some(2), Some(4)));
        assert_eq!(cpu.microcode.as_deref(), Some("0xea"));
        assert_eq!(cpu.stepping.as_deref(), Some("10"));
        assert!(!cpu.hypervisor);
    }

    #[test]
    fn a_virtual_machine_with_a_socket_per_core() {
        let cpu = parse(EPYC);
        assert_eq!(cpu.model.as_deref(), Some("AMD EPYC 7763 64-Core Processor"));
        assert_eq!((cpu.cores, cpu.threads), (Some(2), Some(2)));
        assert!(cpu.hypervisor);
    }

    #[test]
    fn an_arm_server_is_known_by_its_codes() {
        let cpu = parse(ARM_SERVER);
        assert_eq!(cpu.model.as_deref(), Some("arm 0x41:0xd0c"));
        assert_eq!(cpu.designs, ["Neoverse-N1"]);
        assert_eq!((cpu.cores, cpu.threads), (None, Some(2)));
        assert_eq!(cpu.signature, None);
    }

    #[test]
    fn two_designs_on_one_chip_go_before_the_name_that_all_have() {
        let cpu = parse(BIG_LITTLE);
        assert_eq!(cpu.model.as_deref(), Some("arm 0x41:0xd05 0x41:0xd0b"));
        assert_eq!(cpu.designs, ["Cortex-A55", "Cortex-A76"]);
    }

    #[test]
    fn other_architectures_and_nothing() {
        assert_eq!(parse(RISCV).model.as_deref(), Some("sifive,u74-mc"));
        assert_eq!(parse(""), CpuInfo::default());
        assert_eq!(parse("no pairs here"), CpuInfo::default());
    }

    #[test]
    fn the_topology_knows_more_than_cpuinfo() {
        let fixture =
            Fixture::new(&[("proc/cpuinfo", ARM_SERVER), ("sys/devices/system/cpu/online", "0-3\n")]);
        for (cpu, siblings) in [("cpu0", "0-1\n"), ("cpu1", "0-1\n"), ("cpu2", "2-3\n"), ("cpu3", "2-3\n")] {
            fixture.set(&format!("sys/devices/system/cpu/{cpu}/topology/thread_siblings_list"), siblings);
        }
        let cpu = CpuInfo::read(&fixture.files());
        assert_eq!((cpu.cores, cpu.threads), (Some(2), Some(4)));
    }
}
