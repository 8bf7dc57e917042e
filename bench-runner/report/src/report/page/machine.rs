//! The machine and its state before and after the run, in words and readable units.

use maud::{Markup, html};
use serde_json::Value;

/// Facts in words, by their path in the manifest.
const WORDS: [(&str, &str); 26] = [
    ("arch", "architecture"),
    ("cpu_model", "processor"),
    ("cpu_signature", "processor family and model"),
    ("cpu_designs", "processor designs"),
    ("cores", "cores"),
    ("threads", "hardware threads"),
    ("usable_threads", "threads that builds may use"),
    ("memory_gib", "memory"),
    ("os", "system"),
    ("hostname", "host name"),
    ("product", "computer"),
    ("virtualisation", "virtualization"),
    ("frequency_driver", "CPU frequency driver"),
    ("governors", "CPU frequency governors"),
    ("turbo", "turbo"),
    ("power", "power supply"),
    ("available_memory_bytes", "memory available"),
    ("swap_used_bytes", "swap used"),
    ("free_disk_bytes", "disk space free"),
    ("steal_share", "CPU time taken by other VMs (steal)"),
    ("temperature_celsius", "temperature"),
    ("load, one", "load average, 1 minute"),
    ("load, five", "load average, 5 minutes"),
    ("load, fifteen", "load average, 15 minutes"),
    ("pressure, cpu_percent", "time in which a task waited for a CPU"),
    ("pressure, io_percent", "time in which a task waited for the disk"),
];
const MEMORY_PRESSURE: (&str, &str) = ("pressure, memory_percent", "time in which a task waited for memory");

/// Facts that are of no use to a reader.
const HIDDEN: [&str; 2] = ["recipe", "memory_bytes"];

pub(super) fn section(details: &Value) -> Markup {
    html! {
        h3 { "Machine" }
        dl {
            @for part in ["facts", "provenance"] {
                @for (path, value) in flatten(&details[part]).into_iter().filter(|(path, _)| !HIDDEN.contains(&path.as_str())) {
                    dt { (words(&path)) } dd { (value) }
                }
            }
            @if let Some(hosts) = details["hosts"].as_array().filter(|hosts| !hosts.is_empty()) {
                dt { "compiler targets" } dd { (hosts.iter().map(|host| text("", host)).collect::<Vec<_>>().join(", ")) }
            }
        }
        details {
            summary { "Its state before and after" }
            (state(&details["before"], &details["after"]))
        }
    }
}

fn state(before: &Value, after: &Value) -> Markup {
    let after = flatten(after);
    let after_of =
        |path: &str| after.iter().find(|(other, _)| other == path).map(|(_, value)| value.as_str());
    html! {
        div.scroll tabindex="0" role="region" aria-label="State before and after" { table {
            caption { "State of the machine; waiting times are shares of ten seconds." }
            thead { tr { th scope="col" { "Fact" } th.n scope="col" { "Before" } th.n scope="col" { "After" } } }
            tbody { @for (path, before) in flatten(before) { tr {
                th.name scope="row" { (words(&path)) }
                td.n { (before) } td.n { (after_of(&path).unwrap_or_default()) }
            } } }
        } }
    }
}

fn words(path: &str) -> String {
    let known = WORDS.iter().chain([&MEMORY_PRESSURE]).find(|(known, _)| *known == path);
    known.map_or_else(|| path.replace('_', " "), |(_, words)| (*words).to_owned())
}

/// All values of an object with their paths; null values and empty lists are left out.
fn flatten(value: &Value) -> Vec<(String, String)> {
    let Value::Object(fields) = value else { return Vec::new() };
    let of_field = |(name, value): (&String, &Value)| match value {
        Value::Object(_) => {
            flatten(value).into_iter().map(|(inner, value)| (format!("{name}, {inner}"), value)).collect()
        }
        Value::Null => Vec::new(),
        Value::Array(values) if values.is_empty() => Vec::new(),
        Value::Array(values) => {
            vec![(name.clone(), values.iter().map(|one| text(name, one)).collect::<Vec<_>>().join(", "))]
        }
        other => vec![(name.clone(), text(name, other))],
    };
    fields.iter().flat_map(of_field).collect()
}

/// A value in the unit that the end of its name says.
fn text(name: &str, value: &Value) -> String {
    let unit = name.rsplit('_').next().unwrap_or_default();
    match (value, value.as_f64(), unit) {
        (Value::String(text), ..) => text.clone(),
        (Value::Bool(on), ..) => if *on { "on" } else { "off" }.to_owned(),
        (_, Some(bytes), "bytes") => size(bytes),
        (_, Some(percent), "percent") => format!("{percent:.1}%"),
        (_, Some(share), "share") => format!("{:.1}%", share * 100.0),
        (_, Some(degrees), "celsius") => format!("{degrees:.0} °C"),
        (_, Some(size), "gib") => format!("{size} GiB"),
        (Value::Number(number), Some(float), _) if number.is_f64() => format!("{float:.2}"),
        (other, ..) => other.to_string(),
    }
}

fn size(bytes: f64) -> String {
    const MIB: f64 = 1_048_576.0;
    match bytes {
        0.0 => "0".to_owned(),
        few if few < 1024.0 * MIB => format!("{:.0} MiB", few / MIB),
        many => format!("{:.1} GiB", many / (1024.0 * MIB)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn facts_have_words_and_readable_units() {
        let details = json!({
            "facts": { "recipe": 1, "memory_bytes": 1, "memory_gib": 24, "cpu_model": "AMD EPYC" },
            "before": {
                "available_memory_bytes": 24_893_943_808_u64,
                "swap_used_bytes": 0,
                "free_disk_bytes": 734_003_200,
                "pressure": { "io_percent": 0.95, "cpu_percent": null },
                "load": { "one": 0.625 },
                "steal_share": 0.0012,
                "governors": ["performance", "powersave"],
                "turbo": false,
                "something_new": 3,
            },
            "after": { "swap_used_bytes": 1_073_741_824, "pressure": { "io_percent": 12.0 } },
        });
        let html = section(&details).into_string();
        for wanted in [
            "<dt>memory</dt><dd>24 GiB</dd>",
            "<dt>processor</dt><dd>AMD EPYC</dd>",
            "memory available</th><td class=\"n\">23.2 GiB</td>",
            "swap used</th><td class=\"n\">0</td><td class=\"n\">1.0 GiB</td>",
            "disk space free</th><td class=\"n\">700 MiB</td>",
            "waited for the disk</th><td class=\"n\">0.9%</td><td class=\"n\">12.0%</td>",
            "load average, 1 minute</th><td class=\"n\">0.62</td>",
            "(steal)</th><td class=\"n\">0.1%</td>",
            "performance, powersave</td>",
            "turbo</th><td class=\"n\">off</td>",
            "something new</th><td class=\"n\">3</td>",
        ] {
            assert!(html.contains(wanted), "{wanted} in {html}");
        }
        assert!(!html.contains("recipe") && !html.contains("null") && !html.contains("cpu_"));
    }
}
