//! The version of a package that the system's package manager would install, and how old it is. Asked without network; a
//! system that cannot say is no error.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::time::Duration;

use bench_runner_measure::process::{ToolCall, ToolEnv, check_tool, find_in_path};

/// Longest time to wait for the package manager.
const LIMIT: Duration = Duration::from_secs(10);

/// A version in the package lists of this system.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackagedVersion {
    /// Version of the program, without those of the package.
    pub version: String,
    /// Month in which it came out, such as `January 2023`; `None` if unknown.
    pub released: Option<String>,
}

/// The version of the package that `install` names, if that is a command of apt and apt knows the package.
pub fn packaged_version(install: &str, path: &OsStr) -> Option<PackagedVersion> {
    let package = install.strip_prefix("apt-get install ")?.split_whitespace().next()?;
    let apt_cache = find_in_path("apt-cache", path)?;
    let set = BTreeMap::from([("LC_ALL".into(), "C".into())]);
    let call = ToolCall {
        env: ToolEnv::Inherit { set, remove: Vec::new() },
        timeout: LIMIT,
        ..ToolCall::new(apt_cache, ["policy", package])
    };
    let version = candidate(&check_tool(&call).ok()?.stdout)?;
    let released = release_month(package, &version);
    Some(PackagedVersion { version, released })
}

/// The candidate in the output of `apt-cache policy`, without epoch and without revisions of the package.
fn candidate(policy: &str) -> Option<String> {
    let full = policy.lines().find_map(|line| line.trim().strip_prefix("Candidate:"))?.trim();
    let without_epoch = full.split_once(':').map_or(full, |(_, version)| version);
    let upstream = without_epoch.split(['-', '+', '~']).next().unwrap_or(without_epoch);
    upstream.starts_with(|c: char| c.is_ascii_digit()).then(|| upstream.to_owned())
}

/// Months in which versions of linkers came out, by the beginnings of their numbers. Of mold, those of Debian and Ubuntu
/// and the first of each minor version; of lld, the first release of each major version of LLVM.
const RELEASES: [(&str, &[(&str, &str)]); 2] = [
    (
        "mold",
        &[
            ("1.0.", "January 2022"),
            ("1.1.", "February 2022"),
            ("1.2.", "April 2022"),
            ("1.3.", "June 2022"),
            ("1.4.", "August 2022"),
            ("1.5.", "September 2022"),
            ("1.6.", "October 2022"),
            ("1.7.", "November 2022"),
            ("1.8.", "December 2022"),
            ("1.9.", "January 2023"),
            ("1.10.", "January 2023"),
            ("1.11.", "March 2023"),
            ("2.0.", "July 2023"),
            ("2.1.", "August 2023"),
            ("2.2.", "September 2023"),
            ("2.3.", "October 2023"),
            ("2.4.", "November 2023"),
            ("2.30.", "March 2024"),
            ("2.31.", "May 2024"),
            ("2.32.", "June 2024"),
            ("2.33.", "August 2024"),
            ("2.34.", "September 2024"),
            ("2.35.", "December 2024"),
            ("2.36.", "January 2025"),
            ("2.37.", "March 2025"),
            ("2.38.", "April 2025"),
            ("2.39.", "May 2025"),
            ("2.40.", "May 2025"),
            ("2.41.", "April 2026"),
            ("2.42.", "August 2026"),
        ],
    ),
    (
        "lld",
        &[
            ("14.", "March 2022"),
            ("15.", "September 2022"),
            ("16.", "March 2023"),
            ("17.", "September 2023"),
            ("18.", "March 2024"),
            ("19.", "September 2024"),
            ("20.", "March 2025"),
            ("21.", "August 2025"),
        ],
    ),
];

fn release_month(package: &str, version: &str) -> Option<String> {
    let (_, releases) = RELEASES.iter().find(|(program, _)| *program == package)?;
    let dotted = format!("{version}.");
    let (_, month) = releases.iter().find(|(start, _)| dotted.starts_with(start))?;
    Some((*month).to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_candidate_is_read_without_what_belongs_to_the_package() {
        let policy = |candidate: &str| {
            format!(
                "mold:\n  Installed: (none)\n  Candidate: {candidate}\n  Version table:\n     1.10.1+dfsg-1 500\n"
            )
        };
        for (full, version) in [
            ("1.10.1+dfsg-1", Some("1.10.1")),
            ("1:14.0-55.7~deb12u1", Some("14.0")),
            ("2.40", Some("2.40")),
            ("(none)", None),
        ] {
            assert_eq!(candidate(&policy(full)).as_deref(), version, "{full}");
        }
        assert_eq!(candidate(""), None, "apt does not know the package");
    }

    #[test]
    fn a_version_has_the_month_of_its_own_number_only() {
        for (package, version, month) in [
            ("mold", "1.10.1", Some("January 2023")),
            ("mold", "1.1", Some("February 2022")),
            ("mold", "2.30.0", Some("March 2024")),
            ("mold", "2.3.1", Some("October 2023")),
            ("mold", "9.9.9", None),
            ("lld", "14.0", Some("March 2022")),
            ("binutils", "2.40", None),
        ] {
            assert_eq!(release_month(package, version).as_deref(), month, "{package} {version}");
        }
    }

    #[test]
    fn only_commands_of_apt_name_a_package() {
        let path = std::env::var_os("PATH").unwrap_or_default();
        assert_eq!(packaged_version("cargo install wild-linker", &path), None);
        assert_eq!(packaged_version("apt-get install mold", OsStr::new("")), None, "there is no apt-cache");
    }
}
