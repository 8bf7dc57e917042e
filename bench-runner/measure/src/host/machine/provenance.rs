//! Properties of a machine that are not part of a key, because they may change or are private.

use serde::{Deserialize, Serialize};

use super::super::frequency;
use super::super::system_files::SystemFiles;
use super::cpu::CpuInfo;

/// Properties of the machine at the time it was read; not part of any key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Provenance {
    /// Name and release of the kernel.
    pub kernel: String,
    /// Name and version of the distribution.
    pub distribution: Option<String>,
    /// The host's name.
    pub hostname: String,
    /// Manufacturer and name of the whole machine, from its firmware.
    pub product: Option<String>,
    /// Names of the processor's designs, if only their codes are in the class (ARM).
    pub cpu_designs: Vec<String>,
    /// Revision of the processor's silicon.
    pub stepping: Option<String>,
    /// Version of the processor's microcode.
    pub microcode: Option<String>,
    /// Frequency governors in use.
    pub governors: Vec<String>,
    /// Driver that sets the clock.
    pub frequency_driver: Option<String>,
    /// True if the processors may run faster than their nominal clock.
    pub turbo: Option<bool>,
    /// Signs that the machine is virtual or a container; `None` does not prove the contrary.
    pub virtualisation: Option<String>,
}

impl Provenance {
    pub(super) fn read(files: &SystemFiles, cpu: &CpuInfo) -> Self {
        let uname = rustix::system::uname();
        let [system, release, host] = [uname.sysname(), uname.release(), uname.nodename()]
            .map(|text| text.to_string_lossy().into_owned());
        let product = product(files);
        Self {
            virtualisation: virtualisation(files, cpu.hypervisor, product.as_deref(), &release),
            kernel: format!("{system} {release}"),
            distribution: files
                .text("etc/os-release")
                .or_else(|| files.text("usr/lib/os-release"))
                .and_then(|text| distribution(&text)),
            hostname: host,
            product,
            cpu_designs: cpu.designs.clone(),
            stepping: cpu.stepping.clone(),
            microcode: cpu.microcode.clone(),
            governors: frequency::governors(files),
            frequency_driver: files.value("sys/devices/system/cpu/cpufreq/policy0/scaling_driver"),
            turbo: frequency::turbo(files),
        }
    }
}

/// The readable name in an `os-release` file.
fn distribution(os_release: &str) -> Option<String> {
    let field = |name: &str| {
        let value = os_release.lines().find_map(|line| line.trim().strip_prefix(name)?.strip_prefix('='))?;
        let value = value.trim_matches(['"', '\'']);
        (!value.is_empty()).then(|| value.to_owned())
    };
    field("PRETTY_NAME").or_else(|| match (field("NAME").or_else(|| field("ID"))?, field("VERSION_ID")) {
        (name, Some(version)) => Some(format!("{name} {version}")),
        (name, None) => Some(name),
    })
}

fn product(files: &SystemFiles) -> Option<String> {
    let dmi = |file: &str| files.value(format!("sys/class/dmi/id/{file}"));
    match (dmi("sys_vendor"), dmi("product_name")) {
        (Some(vendor), Some(product)) => Some(format!("{vendor} {product}")),
        (one, other) => one.or(other).or_else(|| files.value("proc/device-tree/model")),
    }
}

fn virtualisation(files: &SystemFiles, flag: bool, product: Option<&str>, release: &str) -> Option<String> {
    // Manufacturers whose machines are all virtual; others also build real ones.
    const VIRTUAL: [&str; 9] = [
        "QEMU",
        "VMware",
        "innotek GmbH",
        "Xen ",
        "Parallels",
        "BHYVE",
        "Bochs",
        "Google Compute Engine",
        "Virtual Machine",
    ];
    let maker = product.and_then(|product| VIRTUAL.iter().find(|name| product.contains(**name)));
    let tree = files.value("proc/device-tree/hypervisor/compatible");
    let machine = if release.to_lowercase().contains("microsoft") {
        Some("virtual machine (WSL)".to_owned())
    } else if let Some(maker) = maker {
        Some(format!("virtual machine ({})", maker.trim()))
    } else if let Some(kind) = tree.or_else(|| files.value("sys/hypervisor/type")) {
        Some(format!("virtual machine ({kind})"))
    } else {
        flag.then(|| "virtual machine".to_owned())
    };
    let marks = [(".dockerenv", "container (docker)"), ("run/.containerenv", "container (podman)")];
    let container =
        marks.iter().find(|(file, _)| files.path(file).exists()).map(|(_, name)| (*name).to_owned());
    match (container, machine) {
        (Some(container), Some(machine)) => Some(format!("{container} in {machine}")),
        (one, other) => one.or(other),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::system_files::Fixture;
    use super::super::cpu;
    use super::*;

    #[test]
    fn distributions_by_their_readable_name() {
        let debian =
            "PRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\nNAME=\"Debian GNU/Linux\"\nVERSION_ID=\"12\"\n";
        assert_eq!(distribution(debian).as_deref(), Some("Debian GNU/Linux 12 (bookworm)"));
        assert_eq!(distribution("ID=alpine\nVERSION_ID=3.20.1\n").as_deref(), Some("alpine 3.20.1"));
        assert_eq!(distribution("NAME='Arch Linux'\n").as_deref(), Some("Arch Linux"));
        assert_eq!(distribution("BUILD_ID=rolling\n"), None);
    }

    #[test]
    fn hints_of_being_virtual() {
        let hint = |files: &[(&str, &str)], flag, release: &str| {
            let fixture = Fixture::new(files);
            let files = fixture.files();
            virtualisation(&files, flag, product(&files).as_deref(), release)
        };
        let vendor = "sys/class/dmi/id/sys_vendor";
        let name = "sys/class/dmi/id/product_name";
        let laptop = [(vendor, "LENOVO\n"), (name, "20L5CTO1WW\n")];
        assert_eq!(hint(&laptop, false, "6.1.0"), None);
        let azure = [(vendor, "Microsoft Corporation\n"), (name, "Virtual Machine\n")];
        assert_eq!(hint(&azure, true, "6.1.0-azure").as_deref(), Some("virtual machine (Virtual Machine)"));
        assert_eq!(hint(&[(vendor, "QEMU\n")], true, "6.1.0").as_deref(), Some("virtual machine (QEMU)"));
        assert_eq!(hint(&[], true, "6.1.0").as_deref(), Some("virtual machine"));
        let wsl = "5.15.90.1-microsoft-standard-WSL2";
        assert_eq!(hint(&[], true, wsl).as_deref(), Some("virtual machine (WSL)"));
        let docker = [(".dockerenv", "")];
        assert_eq!(hint(&docker, false, "6.1.0").as_deref(), Some("container (docker)"));
        assert_eq!(hint(&docker, true, "6.1.0").as_deref(), Some("container (docker) in virtual machine"));
        let arm = [("proc/device-tree/hypervisor/compatible", "linux,kvm\0")];
        assert_eq!(hint(&arm, false, "6.1.0").as_deref(), Some("virtual machine (linux,kvm)"));
    }

    #[test]
    fn what_a_laptop_shows() {
        let fixture = Fixture::new(&[
            ("proc/cpuinfo", cpu::samples::LAPTOP),
            ("sys/devices/system/cpu/cpufreq/policy0/scaling_governor", "powersave\n"),
            ("sys/devices/system/cpu/cpufreq/policy0/scaling_driver", "intel_pstate\n"),
            ("sys/devices/system/cpu/intel_pstate/no_turbo", "0\n"),
        ]);
        let files = fixture.files();
        let seen = Provenance::read(&files, &CpuInfo::read(&files));
        assert_eq!(seen.governors, ["powersave"]);
        assert_eq!(seen.frequency_driver.as_deref(), Some("intel_pstate"));
        assert_eq!(seen.turbo, Some(true));
        assert_eq!(seen.microcode.as_deref(), Some("0xea"));
        assert_eq!(seen.virtualisation, None);
        assert!(!seen.kernel.trim().is_empty());
    }

    #[test]
    fn a_server_without_frequency_control_shows_none() {
        let fixture = Fixture::new(&[("proc/cpuinfo", cpu::samples::ARM_SERVER)]);
        let files = fixture.files();
        let seen = Provenance::read(&files, &CpuInfo::read(&files));
        assert_eq!((seen.governors, seen.turbo, seen.microcode), (vec![], None, None));
        assert_eq!(seen.cpu_designs, ["Neoverse-N1"]);
    }
}
