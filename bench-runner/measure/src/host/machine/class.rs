//! The recipe that computes a machine's class.

use std::thread;

use bench_runner_core::record::hex;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::procfs;
use super::super::system_files::SystemFiles;
use super::cpu::CpuInfo;

/// Version of the recipe. A change that gives any machine another class raises it, so that an old history
/// ends instead of being continued by different data.
pub(crate) const CLASS_RECIPE: u32 = 1;

const GIB: u64 = 1 << 30;
const LONGEST_MODEL: usize = 32;

/// The facts that determine a machine's class. None of them changes with a kernel, a firmware or the weather.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Version of the recipe: [`CLASS_RECIPE`] of the program that computed the class.
    pub recipe: u32,
    /// The processor's name; the codes of implementer and part if the system has no name (ARM).
    pub cpu_model: Option<String>,
    /// Vendor, family and model number (x86): hypervisors give processors of several generations the same
    /// name.
    pub cpu_signature: Option<String>,
    /// Number of cores in all sockets.
    pub cores: Option<u32>,
    /// Number of hardware threads that are switched on.
    pub threads: u32,
    /// Memory as reported by the kernel. Not part of the key: it changes with the kernel.
    pub memory_bytes: Option<u64>,
    /// Memory in coarse steps, GiB.
    pub memory_gib: Option<u64>,
    /// The machine's architecture, such as `x86_64`.
    pub arch: String,
    /// The family of its operating system, such as `linux`.
    pub os: String,
}

impl Facts {
    pub(super) fn read(files: &SystemFiles, cpu: &CpuInfo) -> Self {
        let memory_bytes = files.text("proc/meminfo").and_then(|text| procfs::meminfo(&text, "MemTotal"));
        let usable = || thread::available_parallelism().map_or(1, |threads| threads.get() as u32);
        Self {
            recipe: CLASS_RECIPE,
            cpu_model: cpu.model.clone(),
            cpu_signature: cpu.signature.clone(),
            cores: cpu.cores,
            threads: cpu.threads.unwrap_or_else(usable),
            memory_bytes,
            memory_gib: memory_bytes.map(memory_step),
            arch: architecture(&rustix::system::uname().machine().to_string_lossy()),
            os: std::env::consts::OS.to_owned(),
        }
    }

    /// The class: the facts in short, the version of the recipe, and a hash of the full facts.
    pub(super) fn class(&self) -> String {
        let model = short_model(self.cpu_model.as_deref().unwrap_or_default());
        let cores = self.cores.map(|cores| format!("{cores}c")).unwrap_or_default();
        let memory = self.memory_gib.map(|gib| format!("-{gib}g")).unwrap_or_default();
        let Self { recipe, threads, arch, os, .. } = self;
        format!("{model}-{cores}{threads}t{memory}-{arch}-{os}-v{recipe}-{}", self.hash())
    }

    fn hash(&self) -> String {
        // Spelled out field by field, so that a new field cannot change every class unnoticed.
        let number = |number: Option<u64>| number.map(|n| n.to_string()).unwrap_or_default();
        let text = [
            ("recipe", self.recipe.to_string()),
            ("cpu", self.cpu_model.clone().unwrap_or_default()),
            ("signature", self.cpu_signature.clone().unwrap_or_default()),
            ("cores", number(self.cores.map(u64::from))),
            ("threads", self.threads.to_string()),
            ("memory", number(self.memory_gib)),
            ("arch", self.arch.clone()),
            ("os", self.os.clone()),
        ]
        .map(|(name, value)| format!("{name}={value}\n"))
        .concat();
        hex(&Sha256::digest(text.as_bytes())[..2])
    }
}

/// The next of 1, 2, 3, 4, 6, 8, 12, 16, 24, … GiB. The kernel reports a little less than is built in, by an
/// amount that changes with kernel and firmware; neighboring steps differ by a quarter or more.
fn memory_step(bytes: u64) -> u64 {
    let mut step = 1u64;
    while step.saturating_mul(GIB) < bytes {
        // 2, 3, 4, 6, 8, 12: a power of two, then one and a half times it.
        step = match step {
            1 => 2,
            _ if step.is_power_of_two() => step / 2 * 3,
            _ => step / 3 * 4,
        };
    }
    step
}

/// One name for an architecture that kernels name differently.
fn architecture(machine: &str) -> String {
    match machine {
        "amd64" => "x86_64".to_owned(),
        "arm64" => "aarch64".to_owned(),
        other => {
            let safe = |c: char| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' };
            let name: String = other.chars().map(safe).collect();
            if name.is_empty() { std::env::consts::ARCH.to_owned() } else { name }
        }
    }
}

/// A processor's name without the parts that all names have: trademarks, clock, number of cores, graphics.
fn short_model(model: &str) -> String {
    let lower = model.to_lowercase();
    let name = lower.split(['@', '/']).next().unwrap_or_default();
    let name = name.split(" with ").next().unwrap_or_default();
    let name = ["(r)", "(tm)", "(c)"].iter().fold(name.to_owned(), |name, mark| name.replace(mark, " "));
    let name = name.replace(|c: char| !(c.is_ascii_alphanumeric() || c == '-' || c == '.'), " ");
    let mut short = String::new();
    for word in
        name.split_whitespace().map(|word| word.trim_matches(['-', '.'])).filter(|w| is_distinctive(w))
    {
        if short.len() + 1 + word.len() > LONGEST_MODEL {
            break;
        }
        if !short.is_empty() {
            short.push('-');
        }
        short.push_str(word);
    }
    if short.is_empty() { "unknown-cpu".to_owned() } else { short }
}

/// True if the word distinguishes a processor from others.
fn is_distinctive(word: &str) -> bool {
    let generation = word.strip_suffix("th").or_else(|| word.strip_suffix("rd"));
    let ordinal = generation.is_some_and(|number| number.parse::<u32>().is_ok());
    let filler = matches!(word, "" | "cpu" | "processor" | "gen" | "w" | "version");
    !(filler || ordinal || word.ends_with("-core"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn facts() -> Facts {
        Facts {
            recipe: 1,
            cpu_model: Some("Intel(R) Xeon(R) Processor".into()),
            cpu_signature: Some("GenuineIntel-6-167".into()),
            cores: Some(2),
            threads: 2,
            memory_bytes: Some(24_684_084 * 1024),
            memory_gib: Some(24),
            arch: "x86_64".into(),
            os: "linux".into(),
        }
    }

    /// A change of this expectation forks every history: raise [`CLASS_RECIPE`].
    #[test]
    fn the_recipe_is_fixed() {
        assert_eq!(CLASS_RECIPE, 1);
        assert_eq!(facts().class(), "intel-xeon-2c2t-24g-x86_64-linux-v1-78b8");
    }

    #[test]
    fn what_is_not_known_is_left_out() {
        let facts = Facts {
            cpu_model: None,
            cpu_signature: None,
            cores: None,
            memory_bytes: None,
            memory_gib: None,
            os: "macos".into(),
            arch: "aarch64".into(),
            ..facts()
        };
        assert!(facts.class().starts_with("unknown-cpu-2t-aarch64-macos-v1-"), "{}", facts.class());
    }

    #[test]
    fn every_fact_of_the_key_changes_the_hash_and_counted_memory_does_not() {
        let base = facts();
        assert_eq!(Facts { memory_bytes: Some(1), ..facts() }.hash(), base.hash());
        let others = [
            Facts { recipe: 2, ..facts() },
            Facts { cpu_model: Some("Intel(R) Xeon(R) CPU".into()), ..facts() },
            Facts { cpu_signature: Some("GenuineIntel-6-85".into()), ..facts() },
            Facts { cores: Some(1), ..facts() },
            Facts { threads: 4, ..facts() },
            Facts { memory_gib: Some(32), ..facts() },
            Facts { arch: "aarch64".into(), ..facts() },
            Facts { os: "macos".into(), ..facts() },
        ];
        for other in others {
            assert_ne!(other.hash(), base.hash(), "{other:?}");
        }
    }

    #[test]
    fn memory_comes_in_steps_that_kernels_do_not_cross() {
        let steps = [
            (512 << 20, 1),
            (GIB, 1),
            (1_990_000_000, 2),
            (3 * GIB - 1, 3),
            (8_123_456_789, 8),
            (16_108_832 * 1024, 16),
            (24_684_084 * 1024, 24),
            (32 * GIB, 32),
            (33 * GIB, 48),
            (131_000_000_000, 128),
            (800 * GIB, 1024),
        ];
        for (bytes, step) in steps {
            assert_eq!(memory_step(bytes), step, "{bytes} bytes");
        }
        assert!(memory_step(u64::MAX).saturating_mul(GIB) >= u64::MAX / 2, "it ends");
    }

    #[test]
    fn names_of_processors_in_short() {
        let names = [
            ("Intel(R) Core(TM) i7-8650U CPU @ 1.90GHz", "intel-core-i7-8650u"),
            ("12th Gen Intel(R) Core(TM) i7-1260P", "intel-core-i7-1260p"),
            ("Intel(R) Core(TM)2 Duo CPU     P8600  @ 2.40GHz", "intel-core-2-duo-p8600"),
            ("AMD EPYC 7763 64-Core Processor", "amd-epyc-7763"),
            ("AMD Ryzen 7 PRO 5850U with Radeon Graphics", "amd-ryzen-7-pro-5850u"),
            ("AMD Ryzen 7 7840U w/ Radeon 780M Graphics", "amd-ryzen-7-7840u"),
            ("Intel Xeon Processor (Skylake, IBRS)", "intel-xeon-skylake-ibrs"),
            ("QEMU Virtual CPU version 2.5+", "qemu-virtual-2.5"),
            ("arm 0x41:0xd0c", "arm-0x41-0xd0c"),
            ("POWER9 (architected), altivec supported", "power9-architected-altivec"),
            ("", "unknown-cpu"),
            ("…/…", "unknown-cpu"),
        ];
        for (name, short) in names {
            assert_eq!(short_model(name), short, "{name}");
        }
    }

    #[test]
    fn one_name_for_an_architecture() {
        assert_eq!(architecture("arm64"), "aarch64");
        assert_eq!(architecture("x86_64"), "x86_64");
        assert_eq!(architecture("a/b"), "a_b");
        assert_eq!(architecture(""), std::env::consts::ARCH);
    }
}
