//! CPU frequency control: governors and turbo.

use super::system_files::SystemFiles;

/// The frequency governors in use, each once, sorted; empty if the system shows no frequency control.
pub(super) fn governors(files: &SystemFiles) -> Vec<String> {
    let mut governors: Vec<String> =
        policies(files).iter().filter_map(|policy| files.value(policy.join("scaling_governor"))).collect();
    governors.sort();
    governors.dedup();
    governors
}

/// True if the processors may run faster than their nominal clock; `None` if the system does not say.
pub(super) fn turbo(files: &SystemFiles) -> Option<bool> {
    let intel = files.number::<u8>("sys/devices/system/cpu/intel_pstate/no_turbo").map(|off| off == 0);
    let global = || files.number::<u8>("sys/devices/system/cpu/cpufreq/boost").map(|on| on != 0);
    // Some drivers have the switch per policy only; one policy with boost is enough to make the clock vary.
    let per_policy = || {
        policies(files)
            .iter()
            .filter_map(|policy| files.number::<u8>(policy.join("boost")))
            .map(|on| on != 0)
            .reduce(|a, b| a || b)
    };
    intel.or_else(global).or_else(per_policy)
}

fn policies(files: &SystemFiles) -> Vec<std::path::PathBuf> {
    files.entries("sys/devices/system/cpu/cpufreq", "policy")
}

#[cfg(test)]
mod tests {
    use super::super::system_files::Fixture;
    use super::*;

    #[test]
    fn governors_are_named_once() {
        let base = "sys/devices/system/cpu/cpufreq";
        let fixture = Fixture::new(&[]);
        for (policy, governor) in
            [("policy0", "powersave\n"), ("policy1", "performance\n"), ("policy2", "powersave\n")]
        {
            fixture.set(&format!("{base}/{policy}/scaling_governor"), governor);
        }
        assert_eq!(governors(&fixture.files()), ["performance", "powersave"]);
        assert!(governors(&Fixture::new(&[]).files()).is_empty());
    }

    #[test]
    fn turbo_is_read_from_whichever_driver_there_is() {
        let cpu = "sys/devices/system/cpu";
        let read = |file: &str, text| turbo(&Fixture::new(&[(&format!("{cpu}/{file}"), text)]).files());
        assert_eq!(read("intel_pstate/no_turbo", "0\n"), Some(true));
        assert_eq!(read("intel_pstate/no_turbo", "1\n"), Some(false));
        assert_eq!(read("cpufreq/boost", "1\n"), Some(true));
        assert_eq!(read("cpufreq/policy3/boost", "0\n"), Some(false));
        assert_eq!(read("online", "0-3\n"), None);
    }
}
