//! The context of a variant's settings, from a bundle alone.

use bench_runner_core::bundle::Manifest;
use bench_runner_measure::axes::{self, Settings, Situation};
use bench_runner_measure::corpus::Project;

/// The context of a variant's settings, as far as the bundle has it.
pub(in crate::flows) fn situation(manifest: &Manifest, project: &str, settings: &Settings) -> Situation {
    let host = host(&manifest.machine.details, axes::toolchain_name(settings));
    let planned = manifest.plan.projects.iter().find(|planned| planned.name == project);
    let project = planned.and_then(|planned| Project::from_plan(planned).ok());
    let package = project.as_ref().and_then(|project| project.source.published_crate().map(str::to_owned));
    let profile = project.as_ref().and_then(|project| project.build.profile.clone());
    Situation {
        own_lld: host.as_deref() == Some("x86_64-unknown-linux-gnu")
            && compilers_from(manifest, settings, (1, 90)),
        host,
        by_cargo: project.is_none_or(|project| project.build.tool.is_cargo()),
        profile: profile.unwrap_or_else(|| "dev".to_owned()),
        package,
    }
}

/// The target of a variant's builds: the one in the bundle, if it is the only one or the toolchain's name
/// ends with it. Older bundles do not have targets; then the machine's facts suggest one.
fn host(details: &serde_json::Value, toolchain: Option<&str>) -> Option<String> {
    let Some(hosts) = details["hosts"].as_array() else { return usual_host(&details["facts"]) };
    let mut hosts = hosts.iter().filter_map(serde_json::Value::as_str);
    let host = match (hosts.clone().count(), toolchain) {
        (1, _) => hosts.next(),
        (_, Some(name)) => hosts.find(|host| name.ends_with(*host)),
        (_, None) => None,
    };
    host.map(str::to_owned)
}

/// The usual target of compilers on such a machine.
fn usual_host(facts: &serde_json::Value) -> Option<String> {
    let (arch, os) = (facts["arch"].as_str()?, facts["os"].as_str()?);
    let system = match os {
        "linux" => "unknown-linux-gnu",
        "macos" => "apple-darwin",
        "windows" => "pc-windows-msvc",
        _ => return None,
    };
    Some(format!("{arch}-{system}"))
}

/// True if all compilers of the run that may have built a variant have this version or a later one.
fn compilers_from(manifest: &Manifest, settings: &Settings, least: (u32, u32)) -> bool {
    let version = |text: &str| {
        let mut numbers = text.strip_prefix("rustc ")?.split(['.', '-', ' ']);
        Some((numbers.next()?.parse::<u32>().ok()?, numbers.next()?.parse::<u32>().ok()?))
    };
    let wanted = axes::toolchain_name(settings).unwrap_or_default();
    let mut compilers = manifest.tools.iter().filter(|tool| tool.name == "rustc").peekable();
    // If the variant names a nightly, the other compilers do not matter.
    let nightly = |text: &str| !wanted.starts_with("nightly") || text.contains("nightly");
    compilers.peek().is_some()
        && compilers
            .filter(|tool| nightly(&tool.version))
            .all(|tool| version(&tool.version).is_some_and(|version| version >= least))
}

#[cfg(test)]
mod tests {
    use bench_runner_core::bundle::{ToolEntry, fixture};

    use super::*;

    #[test]
    fn a_target_is_what_the_compilers_said() {
        let of = |hosts: &[&str], toolchain: Option<&str>| {
            let facts = serde_json::json!({ "arch": "x86_64", "os": "linux" });
            host(&serde_json::json!({ "facts": facts, "hosts": hosts }), toolchain)
        };
        let (gnu, musl) = ("x86_64-unknown-linux-gnu", "x86_64-unknown-linux-musl");
        assert_eq!(of(&[musl], None).as_deref(), Some(musl));
        assert_eq!(of(&[musl], Some("nightly")).as_deref(), Some(musl));
        // With several, the name of the toolchain decides.
        assert_eq!(of(&[gnu, musl], Some("stable-x86_64-unknown-linux-musl")).as_deref(), Some(musl));
        assert_eq!(of(&[gnu, musl], Some("stable")), None);
        assert_eq!(of(&[gnu, musl], None), None);
        assert_eq!(of(&[], None), None);
    }

    #[test]
    fn without_that_a_target_is_told_by_the_facts_or_not_at_all() {
        let of = |facts: &str| {
            let facts: serde_json::Value = serde_json::from_str(facts).unwrap();
            host(&serde_json::json!({ "facts": facts }), None)
        };
        assert_eq!(of(r#"{"arch": "x86_64", "os": "linux"}"#).as_deref(), Some("x86_64-unknown-linux-gnu"));
        assert_eq!(of(r#"{"arch": "aarch64", "os": "macos"}"#).as_deref(), Some("aarch64-apple-darwin"));
        assert_eq!(of(r#"{"arch": "x86_64", "os": "plan9"}"#), None);
        assert_eq!(of("null"), None);
    }

    #[test]
    fn a_compiler_counts_where_the_variant_may_have_been_built_by_it() {
        let of = |versions: &[&str], toolchain: Option<&str>| {
            let tool = |version: &&str| ToolEntry {
                name: "rustc".into(),
                version: (*version).into(),
                sha256: String::new(),
            };
            let manifest = Manifest { tools: versions.iter().map(tool).collect(), ..fixture::manifest() };
            let settings = toolchain.map(|name| ("toolchain".to_owned(), name.to_owned()));
            compilers_from(&manifest, &settings.into_iter().collect(), (1, 90))
        };
        let (old, new, nightly) = (
            "rustc 1.89.0 (29483883e 2025-08-04)",
            "rustc 1.95.0 (59807616e 2026-04-14)",
            "rustc 1.97.0-nightly (e50aa6fba 2026-05-19)",
        );
        assert!(of(&[new], None) && !of(&[old], None) && !of(&[], None) && !of(&[old, new], None));
        assert!(of(&[old, nightly], Some("nightly")) && !of(&[old, nightly], Some("stable")));
    }
}
