//! The text of `doctor`: one line for each axis, within the width of the terminal.

use std::path::Path;

use bench_runner_core::record::Refusal;
use bench_runner_core::stats::{balanced_effect_variance, one_at_a_time_variance, usual_rows_of};
use bench_runner_measure::build::Toolchain;
use bench_runner_measure::host::{HealthFinding, HostMachine};

use super::super::format_path;
use super::super::layout::hanging;
use super::values::AxisValue;

/// Facts about the machine and its toolchains.
pub(super) fn machine(
    machine: &HostMachine,
    toolchain: Result<&Toolchain, Refusal>,
    installed: &[String],
    results: &Path,
    width: usize,
) -> String {
    let facts = &machine.facts;
    let unknown = || "not reported".to_owned();
    let cores = facts.cores.map(|cores| format!("{cores} cores, ")).unwrap_or_default();
    let mut rows = vec![
        ("type", machine.class.clone()),
        ("results in", format_path(&results.join(machine.directory_name()))),
        ("CPU", facts.cpu_model.clone().unwrap_or_else(unknown)),
        ("size", format!("{cores}{} threads", facts.threads)),
        ("memory", facts.memory_gib.map_or_else(unknown, |gib| format!("{gib} GiB"))),
        ("system", machine.provenance.distribution.clone().unwrap_or_else(unknown)),
        ("kernel", machine.provenance.kernel.clone()),
    ];
    match toolchain {
        Ok(toolchain) => {
            rows.push(("rustc", toolchain.rustc_version.clone()));
            rows.push(("cargo", toolchain.cargo_version.clone()));
        }
        Err(Refusal { what, help }) => {
            rows.push(("rustc", what));
            rows.extend(help.map(|help| ("help", help)));
        }
    }
    if !installed.is_empty() {
        rows.push(("toolchains", installed.join(", ")));
    }
    let rows = rows.iter().map(|(name, value)| hanging(&format!("  {name:<10}  "), value, width));
    format!("machine\n{}", rows.collect::<String>())
}

/// A line for each axis with the values that are available, then the others with what would help.
pub(super) fn values(values: &[AxisValue], width: usize) -> String {
    let mut keys: Vec<&str> = Vec::new();
    values.iter().for_each(|value| {
        if !keys.contains(&value.axis) {
            keys.push(value.axis);
        }
    });
    let longest = keys.iter().map(|key| key.chars().count()).max().unwrap_or(0);
    let mut text =
        "axes, with the values that can be built here (`--axis KEY=V1,V2` compares them)\n".to_owned();
    for key in keys {
        let of_axis = values.iter().filter(|value| value.axis == key);
        let available: Vec<String> = of_axis.filter_map(available).collect();
        let list =
            if available.is_empty() { "none here, see below".to_owned() } else { available.join(", ") };
        text.push_str(&hanging(&format!("  {key:<longest$}  "), &list, width));
    }
    text + &missing(values, width) + &design(values, width)
}

/// Cost of a fraction of all axes with named values, against one axis at a time; empty if too few can be built.
fn design(values: &[AxisValue], width: usize) -> String {
    let mut counts: Vec<(&str, usize)> = Vec::new();
    for value in values.iter().filter(|value| !value.form && value.state.is_ok()) {
        match counts.iter_mut().find(|(key, _)| *key == value.axis) {
            Some((_, count)) => *count += 1,
            None => counts.push((value.axis, 1)),
        }
    }
    let levels: Vec<usize> = counts.iter().map(|(_, count)| *count).filter(|count| *count > 1).collect();
    let (rows, effects) = (usual_rows_of(&levels), levels.iter().map(|levels| levels - 1).sum::<usize>());
    let Some(variance) = balanced_effect_variance(&levels, rows).filter(|_| levels.len() > 1) else {
        return String::new();
    };
    // Each with the control.
    let (builds, singly) = (rows + 1, effects + 2);
    let factor = singly as f64 * one_at_a_time_variance(true) / variance / builds as f64;
    let text = format!(
        "all values above ({effects} besides the first ones of {} axes) at once with `--design fraction` take about {builds} \
         builds a round; one axis at a time takes {singly}, and about {factor:.1} times the builds for effects of the same \
         precision",
        levels.len()
    );
    format!("\ndesigns\n{}", hanging("  ", &text, width))
}

/// An available value, with the version of its tool.
fn available(value: &AxisValue) -> Option<String> {
    let state = value.state.as_ref().ok()?;
    let version = state.tool.as_ref().and_then(|tool| version_number(&tool.version));
    let notes: Vec<String> = version
        .map(str::to_owned)
        .into_iter()
        .chain(value.beside.map(|other| format!("with {other}")))
        .collect();
    Some(match notes.as_slice() {
        [] => value.value.clone(),
        notes => format!("{} ({})", value.value, notes.join(", ")),
    })
}

/// The number in the line that a tool prints as its version: the first word that begins with a digit.
fn version_number(line: &str) -> Option<&str> {
    let starts_number = |word: &&str| word.starts_with(|c: char| c.is_ascii_digit()) && word.contains('.');
    line.split([' ', '(', ')', ',']).find(starts_number)
}

/// Values that cannot be built here; those with the same reason and remedy share a line.
fn missing(values: &[AxisValue], width: usize) -> String {
    let mut groups: Vec<(&Refusal, Vec<String>)> = Vec::new();
    for value in values {
        let Err(refusal) = &value.state else { continue };
        let name = format!("{}={}", value.axis, value.value);
        match groups.iter_mut().find(|(other, _)| *other == refusal) {
            Some((_, names)) => names.push(name),
            None => groups.push((refusal, vec![name])),
        }
    }
    if groups.is_empty() {
        return String::new();
    }
    let mut text = "\nnot available here\n".to_owned();
    for (Refusal { what, help }, names) in groups {
        text.push_str(&hanging("  ", &format!("{}: {what}", names.join(", ")), width));
        if let Some(help) = help {
            text.push_str(&hanging("    help: ", help, width));
        }
    }
    text
}

/// The means by which a build's CPU time and memory are measured.
pub(super) fn accounting(lines: &str, width: usize) -> String {
    let lines = lines.lines().map(|line| hanging("  ", line, width));
    format!("how CPU time and memory of a build are measured\n{}", lines.collect::<String>())
}

/// Disturbances, with what helps.
pub(super) fn findings(findings: &[HealthFinding], width: usize) -> String {
    let mut text = "is it quiet enough to measure?\n".to_owned();
    if findings.is_empty() {
        text.push_str("  yes: nothing was found that would disturb a measurement\n");
    }
    for HealthFinding { what, severity, help } in findings {
        text.push_str(&hanging(&format!("  {}: ", severity.as_str()), what, width));
        text.push_str(&hanging("    help: ", help, width));
    }
    text
}

#[cfg(test)]
mod tests {
    use bench_runner_measure::axes::Available;
    use expect_test::expect;

    use super::*;

    fn value(axis: &'static str, value: &str, state: Result<Available, Refusal>) -> AxisValue {
        AxisValue { axis, value: value.to_owned(), state, form: false, beside: None }
    }

    fn free() -> Result<Available, Refusal> {
        Ok(Available::without_tool(""))
    }

    #[test]
    fn each_axis_has_one_line_and_what_is_missing_says_what_helps() {
        let no_nightly = || {
            Err(Refusal::new("there is no toolchain `nightly`").with_help("rustup toolchain install nightly"))
        };
        let all = [
            value("linker", "default", free()),
            value(
                "linker",
                "wild",
                Err(Refusal::new("no wild on PATH").with_help("cargo install --locked wild-linker")),
            ),
            value("backend", "llvm", free()),
            AxisValue { beside: Some("toolchain=nightly"), ..value("backend", "cranelift", free()) },
            value("threads", "8", no_nightly()),
            value("toolchain", "nightly", no_nightly()),
            value("workload", &["incremental[:CLASS]"; 6].join(", "), free()),
        ];
        expect![[r#"
            axes, with the values that can be built here (`--axis KEY=V1,V2` compares them)
              linker     default
              backend    llvm, cranelift (with toolchain=nightly)
              threads    none here, see below
              toolchain  none here, see below
              workload   incremental[:CLASS], incremental[:CLASS], incremental[:CLASS], incremental[:CLASS],
                         incremental[:CLASS], incremental[:CLASS]

            not available here
              linker=wild: no wild on PATH
                help: cargo install --locked wild-linker
              threads=8, toolchain=nightly: there is no toolchain `nightly`
                help: rustup toolchain install nightly
        "#]]
        .assert_eq(&values(&all, 100));
    }

    #[test]
    fn versions_are_found_in_what_tools_print() {
        for (line, number) in [
            ("GNU ld (GNU Binutils for Debian) 2.40", Some("2.40")),
            ("LLD 14.0.6 (compatible with GNU linkers)", Some("14.0.6")),
            ("mold 2.40.4 (compatible with GNU ld)", Some("2.40.4")),
            ("gcc (Debian 12.2.0-14) 12.2.0", Some("12.2.0-14")),
            ("", None),
            ("no number", None),
        ] {
            assert_eq!(version_number(line), number, "{line}");
        }
    }
}
