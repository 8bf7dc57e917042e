//! Checks that a linker can link for the target of a project.

use super::super::axis::Context;
use super::name::LinkerName;

/// True if the project is built for the host, explicitly or by default.
pub(super) fn is_host(context: &Context) -> bool {
    let host = context.toolchain.as_ref().map(|toolchain| toolchain.host.as_str());
    let target = context.in_force.target.triple.as_str();
    // The target is not known before the source is available.
    target.is_empty() || host == Some(target)
}

/// Reason why a linker cannot be chosen for the target of the project, if it cannot.
pub(super) fn why_unreachable(linker: &LinkerName, context: &Context) -> Option<String> {
    let named = &context.in_force.named;
    if *linker == LinkerName::Default {
        return None;
    }
    if named.len() > 1 {
        return Some(format!(
            "the project is built for several targets, {}, and one linker cannot be chosen for all of them",
            named.join(" and ")
        ));
    }
    if is_host(context) {
        return None;
    }
    let target = &context.in_force.target;
    let os = target.value("target_os").unwrap_or("none");
    let linked_by_a_c_compiler =
        ["linux", "android", "freebsd", "netbsd", "openbsd", "dragonfly"].contains(&os);
    if !linked_by_a_c_compiler {
        return Some(format!(
            "the project is built for {}, which rustc does not link through a C compiler of this system",
            target.triple
        ));
    }
    let gnu = matches!(linker, LinkerName::Bfd | LinkerName::Gold);
    let same_processor = target.value("target_arch").zip(arch_of_host(context)).is_some_and(|(a, b)| a == b);
    (gnu && !same_processor && driver_prefix(context).is_none()).then(|| {
        format!(
            "the project is built for {}, and no C compiler for it is configured whose `{}` could be taken",
            target.triple,
            linker.text()
        )
    })
}

/// Name of a GNU linker for the target: for a cross compiler, it has the same prefix as the compiler.
pub(super) fn prefixed_name(program: &str, context: &Context) -> String {
    let prefix = driver_prefix(context).filter(|_| !is_host(context)).unwrap_or_default();
    format!("{prefix}{program}")
}

/// Prefix of the configured C compiler before `gcc`, such as `aarch64-linux-gnu-`.
fn driver_prefix(context: &Context) -> Option<String> {
    let driver = context.in_force.linker.as_deref()?;
    let name = driver.rsplit('/').next().unwrap_or(driver);
    name.strip_suffix("gcc").filter(|prefix| prefix.ends_with('-')).map(str::to_owned)
}

fn arch_of_host(context: &Context) -> Option<&str> {
    let cfg = &context.toolchain.as_ref()?.cfg;
    let line = cfg.iter().find_map(|line| line.strip_prefix("target_arch=\""))?;
    Some(line.trim_end_matches('"'))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::axes::fixture;
    use crate::build::{BuildTarget, SettingsInForce};

    fn why_unreachable(linker: &str, context: &Context) -> Option<String> {
        super::why_unreachable(&LinkerName::parse(linker).unwrap(), context)
    }

    fn built_for(triple: &str, cfg: &[&str], linker: Option<&str>) -> Context {
        let target =
            BuildTarget { triple: triple.to_owned(), cfg: cfg.iter().map(|&line| line.to_owned()).collect() };
        let in_force = SettingsInForce {
            target,
            named: vec![triple.to_owned()],
            linker: linker.map(str::to_owned),
            ..SettingsInForce::default()
        };
        Context { in_force, ..fixture::context() }
    }

    #[test]
    fn an_explicit_host_is_the_host() {
        let context = built_for("x86_64-unknown-linux-gnu", &[], None);
        assert!(is_host(&context));
        assert_eq!(why_unreachable("mold", &context), None);
        assert_eq!(prefixed_name("ld.bfd", &context), "ld.bfd");
    }

    #[test]
    fn what_is_not_linked_by_a_c_compiler_has_its_default_only() {
        for (triple, os) in [("wasm32-unknown-unknown", "unknown"), ("thumbv7em-none-eabihf", "none")] {
            let context = built_for(triple, &[&format!("target_os=\"{os}\"")], None);
            assert_eq!(why_unreachable("default", &context), None);
            for value in ["bfd", "lld", "rust-lld", "mold", "/opt/ld"] {
                assert!(
                    why_unreachable(value, &context).is_some_and(|reason| reason.contains(triple)),
                    "{value}"
                );
            }
        }
    }

    #[test]
    fn the_linkers_of_gnu_come_with_a_cross_compiler() {
        let arm = ["target_os=\"linux\"", "target_arch=\"aarch64\""];
        let context = |linker| built_for("aarch64-unknown-linux-gnu", &arm, linker);
        assert!(why_unreachable("bfd", &context(None)).is_some());
        assert_eq!(why_unreachable("mold", &context(None)), None);
        let cross = context(Some("/usr/bin/aarch64-linux-gnu-gcc"));
        assert_eq!(why_unreachable("bfd", &cross), None);
        assert_eq!(prefixed_name("ld.bfd", &cross), "aarch64-linux-gnu-ld.bfd");
        let musl = ["target_os=\"linux\"", "target_arch=\"x86_64\""];
        assert_eq!(why_unreachable("bfd", &built_for("x86_64-unknown-linux-musl", &musl, None)), None);
    }

    #[test]
    fn several_targets_have_no_linker_in_common() {
        let mut context = built_for("x86_64-unknown-linux-gnu", &[], None);
        context.in_force.named.push("wasm32-unknown-unknown".to_owned());
        assert!(why_unreachable("mold", &context).unwrap().contains("several targets"));
        assert_eq!(why_unreachable("default", &context), None);
    }
}
