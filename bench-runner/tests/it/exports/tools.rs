//! Exports, read by the tools that they are made for.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use bench_runner::flows;
use bench_runner_core::bundle;
use bench_runner_core::compare::Policy;
use serde_json::Value;

use super::{export, kept, kept_run, odd, text};
use crate::lab::{Lab, ProgramRun, entries, run_python};

trials! { "exports";
    critcmp_puts_variants_side_by_side: ALWAYS.with("critcmp"),
    hyperfines_own_scripts_read_both_schemas: LONG.with_python(&["matplotlib", "numpy", "scipy"]).unless(no_hyperfine),
    prometheus_parses_the_metrics: ALWAYS.with_python(&["prometheus_client.openmetrics.parser"]),
    json_is_as_its_schema_says: ALWAYS.with_python(&["jsonschema"]),
    duckdb_answers_the_queries_of_the_docs: ALWAYS.with_python(&["duckdb"]),
    duckdb_reads_the_table: ALWAYS.with_python(&["duckdb"]),
}

fn critcmp_puts_variants_side_by_side() {
    let lab = Lab::new();
    let compared = |bundle: &Path, out: &str| {
        let out = lab.path(out);
        let ran = lab.run(&["export", "--format", "critcmp", text(bundle), "--output", text(&out)]).expect(0);
        let mut files = entries(&out);
        files.sort();
        // critcmp looks for criterion's directory upwards from the current one.
        let output = Command::new("critcmp").args(files).current_dir(lab.path("home")).output();
        (ProgramRun::from(output.expect("critcmp")).expect(0).stdout, ran.stderr)
    };
    let (told, said) = compared(&kept_run("20261121T150644Z-linkers-e1828f"), "linkers");
    assert_eq!(said.lines().filter(|line| line.starts_with("note: ")).count(), 0, "{said}");
    let heads: Vec<&str> = told.lines().next().unwrap_or_default().split("  ").map(str::trim).collect();
    for column in ["linker=bfd", "linker=default", "linker=default (twin)", "linker=mold", "linker=wild"] {
        assert!(heads.contains(&column), "{told}");
    }
    let row = told.lines().find(|line| line.starts_with("linkers/ripgrep/incremental")).expect("the block");
    assert!(row.contains("848.4±97.36ms") && row.contains(" 1.00 "), "{told}");

    let (told, said) = compared(&odd(&lab), "odd");
    assert!(told.contains("<b>\\\"q\\\"</b>") || told.contains("<b>"), "{told}");
    // A heading, a line below it, and the block: the names caused no extra line.
    assert_eq!(told.lines().count(), 3, "{told}");
    assert!(
        said.contains("does not hold: ") && said.contains("env.X=bad: 2 measured builds failed"),
        "{said}"
    );
    assert!(said.contains("env.X=warm: not timed: "), "{said}");
}

/// Runs hyperfine's scripts in one process; they are read from the sources that cargo has unpacked.
const HYPERFINE: &str = r#"
import contextlib, io, os, runpy, sys
import matplotlib.pyplot as plt

scripts, numbers, pair, odd, out = sys.argv[1:6]
sys.path.insert(0, scripts)

def run(name, *args):
    sys.argv = [name, *args]
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        runpy.run_path(os.path.join(scripts, name + ".py"), run_name="__main__")
    plt.close("all")
    return said.getvalue()

for name in ["plot_whisker", "plot_progression", "plot_benchmark_comparison"]:
    for at, file in enumerate([pair, odd]):
        picture = os.path.join(out, f"{name}-{at}.png")
        run(name, file, "-o", picture)
        assert os.path.getsize(picture) > 1000, name
run("plot_histogram", pair, "-o", os.path.join(out, "histogram.png"))
run("plot_parametrized", numbers, "-o", os.path.join(out, "parametrized.png"))
print(run("advanced_statistics", pair))
print(run("welch_ttest", pair))
"#;

/// Formats, each with the version of hyperfine whose scripts read it.
const HYPERFINES: [(&str, &str); 2] = [("hyperfine", "2.0.0"), ("hyperfine-1", "1.20.0")];

fn hyperfines_own_scripts_read_both_schemas() {
    let lab = Lab::new();
    let bundle = kept_run("20261121T150644Z-linkers-e1828f");
    let odd = odd(&lab);
    lab.toy_named("two", "sleep 0.0$X", "");
    lab.run(&["run", "--project", "two", "--axis", "env.X=1,2", "--rounds", "3", "--no-control"]).expect(0);
    let numbers = lab.bundles().into_iter().find(|one| *one != odd).expect("the second run");
    for (format, version) in HYPERFINES {
        let scripts = hyperfine_scripts(version).expect("its sources");
        let pick = ["--variant", "linker=bfd", "--variant", "linker=mold"];
        let (pair, said) = export(&lab, format, &[&bundle], &pick);
        assert_eq!(said, "");
        let (numbers, _) = export(&lab, format, &[&numbers], &["--block", "custom/two/clean"]);
        let (odd, said) = export(&lab, format, &[&odd], &[]);
        assert!(said.contains("env.X=bad: 2 measured builds failed"), "{said}");
        let pictures = lab.path(&format!("{format}-pictures"));
        fs::create_dir(&pictures).expect("a directory");
        let args = [&scripts, &numbers, &pair, &odd, &pictures];
        let told = run_python(HYPERFINE, &args.map(|path| text(path)));
        // The report says 1.69 s and 24 rounds for bfd.
        let lines: Vec<String> =
            told.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
        for line in ["Command 'linkers/ripgrep/incremental/linker=bfd'", "runs: 24", "median: 1.695 s"] {
            assert!(lines.iter().any(|own| own == line), "{line}: {told}");
        }
        assert!(told.contains("Command 2: linkers/ripgrep/incremental/linker=mold"), "{told}");
    }
}

fn no_hyperfine() -> Option<String> {
    let (_, version) = HYPERFINES.iter().find(|(_, version)| hyperfine_scripts(version).is_none())?;
    Some(format!("no sources of hyperfine; `cargo info hyperfine@{version}` brings them"))
}

/// Directory of hyperfine's unpacked sources, which contain the scripts.
fn hyperfine_scripts(version: &str) -> Option<PathBuf> {
    let home = std::env::var_os("CARGO_HOME").map(PathBuf::from);
    let home = home.or_else(|| Some(PathBuf::from(std::env::var_os("HOME")?).join(".cargo")))?;
    let registries = entries(&home.join("registry/src"));
    let scripts = registries.iter().map(|one| one.join(format!("hyperfine-{version}/scripts")));
    scripts.into_iter().find(|dir| dir.is_dir())
}

const PROMETHEUS: &str = r#"
import json, sys
from prometheus_client.openmetrics.parser import text_fd_to_metric_families

with open(sys.argv[1], encoding="utf-8", newline="\n") as file:
    families = list(text_fd_to_metric_families(file))
print(json.dumps([
    {"name": f.name, "type": f.type, "unit": f.unit, "help": f.documentation,
     "samples": [[s.name, s.labels, s.value] for s in f.samples]}
    for f in families
]))
"#;

fn prometheus_parses_the_metrics() {
    let lab = Lab::new();
    let odd = odd(&lab);
    let mut bundles = kept();
    bundles.push(odd.clone());
    let bundles: Vec<&Path> = bundles.iter().map(PathBuf::as_path).collect();
    let (file, said) = export(&lab, "openmetrics", &bundles, &[]);
    assert_eq!(said, "");
    let families: Vec<Value> =
        serde_json::from_str(&run_python(PROMETHEUS, &[text(&file)])).expect("what was parsed");
    let family = |name: &str| families.iter().find(|one| one["name"] == name).expect(name);
    let samples = |name: &str| family(name)["samples"].as_array().expect("samples").clone();
    assert_eq!(samples("bench_runner_run").len(), bundles.len());
    assert_eq!(family("bench_runner_wall_seconds")["unit"], "seconds");
    assert!(families.iter().all(|one| one["help"] != ""));

    let run = odd.file_name().and_then(|name| name.to_str()).expect("a name");
    let of_odd = |name: &str, variant: &str| {
        let is_it = |sample: &Value| sample[1]["run"] == run && sample[1]["variant"] == variant;
        samples(name).into_iter().filter(is_it).collect::<Vec<_>>()
    };
    let name = &bundle::open(&odd).expect("a bundle").manifest.plan.blocks[0].arms[3].variant.name;
    assert!(name.contains('"') && name.contains('\\') && name.contains('<'), "{name}");
    assert_eq!(of_odd("bench_runner_wall_seconds", name).len(), 1);
    assert_eq!(of_odd("bench_runner_failed_builds", "env.X=bad")[0][2], 2.0);
    assert!(of_odd("bench_runner_wall_seconds", "env.X=bad").is_empty());
    let reason = &of_odd("bench_runner_not_timed", "env.X=warm")[0][1]["reason"];
    assert!(reason.as_str().is_some_and(|reason| reason.starts_with("not timed: ")), "{reason}");
}

/// A run whose blocks cross two axes.
const CROSSES_AXES: &str = "20261130T132724Z-recommended-8fff2a";

const SCHEMA: &str = r#"
import copy, json, sys
from jsonschema import Draft202012Validator

schema = json.load(open("docs/export.schema.json", encoding="utf-8"))
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
document = json.load(open(sys.argv[1], encoding="utf-8"))
for error in validator.iter_errors(document):
    sys.exit(f"{list(error.absolute_path)}: {error.message}")

def refused(change):
    other = copy.deepcopy(document)
    change(other["runs"][0])
    return not validator.is_valid(other)

block = lambda run: run["comparison"]["blocks"][0]
assert refused(lambda run: run.update(extra=1))
assert refused(lambda run: run.pop("status"))
assert refused(lambda run: block(run)["arms"][0].update(role="other"))
assert refused(lambda run: block(run)["arms"][0]["wall_s"].update(median="1"))
assert refused(lambda run: run["builds"][0].update(wall_s=None, status="ok"))
assert refused(lambda run: run["builds"][0].update(status="failed"))
assert not refused(lambda run: run.update(ended_at=None))
effects = [block["effects"] for run in document["runs"] for block in run["comparison"]["blocks"] if "effects" in block]
assert any(effects), "no run crosses axes"
print(len(document["runs"]))
"#;

fn json_is_as_its_schema_says() {
    let lab = Lab::new();
    let odd = odd(&lab);
    let mut bundles = kept();
    bundles.push(kept_run(CROSSES_AXES));
    bundles.push(odd);
    let bundles: Vec<&Path> = bundles.iter().map(PathBuf::as_path).collect();
    let (file, said) = export(&lab, "json", &bundles, &[]);
    assert_eq!(said, "");
    assert_eq!(run_python(SCHEMA, &[text(&file)]).trim(), bundles.len().to_string());
}

/// Runs every statement of a page in turn and prints the rows of each query.
const QUERIES: &str = r#"
import json, re, sys
import duckdb

page = open(sys.argv[1], encoding="utf-8").read()
connection = duckdb.connect()
# on a slow machine it would be among the answers
connection.execute("SET enable_progress_bar = false")
answers = []
for query in re.findall(r"```sql\n(.*?)```", page, re.S):
    result = connection.execute(query)
    if query.lstrip().startswith("CREATE"):
        continue
    names = [column[0] for column in result.description]
    answers.append([dict(zip(names, row)) for row in result.fetchall()])
print(json.dumps(answers, default=str))
"#;

fn duckdb_answers_the_queries_of_the_docs() {
    let answers: Vec<Vec<Value>> =
        serde_json::from_str(&run_python(QUERIES, &["docs/QUERIES.md"])).expect("answers");
    assert_eq!(answers.len(), 3);
    assert!(answers.iter().all(|rows| rows.len() > 20), "{answers:?}");

    // The second query computes its ratios in another way than the report, from the same rounds.
    let mut compared = 0;
    for dir in kept() {
        let bundle = bundle::open(&dir).expect("a bundle");
        let comparison = flows::judge(&bundle, &Policy::default());
        for block in &comparison.blocks {
            for arm in &block.arms {
                let Some(ratio) = &arm.ratio else { continue };
                let is_it = |row: &&Value| {
                    row["run"] == bundle.manifest.run
                        && row["block"] == block.id.as_str()
                        && row["variant"] == arm.variant
                };
                let rows: Vec<&Value> = answers[1].iter().filter(is_it).collect();
                assert_eq!(rows.len(), 1, "{} {}", block.id, arm.variant);
                let asked = rows[0]["ratio"].as_f64().expect("a ratio");
                assert!((asked / ratio.ratio).ln().abs() < 0.05, "{} {}: {asked}", block.id, arm.variant);
                compared += 1;
            }
        }
    }
    assert!(compared > 40, "{compared} comparisons");
}

const TABLE: &str = r#"
import json, sys
import duckdb

rows = duckdb.execute(
    "SELECT variant, metric, n, median, ratio, verdict, failures, not_timed, \"env.X\" FROM read_csv(?) ORDER BY ALL",
    [sys.argv[1]],
).fetchall()
print(json.dumps(rows))
"#;

fn duckdb_reads_the_table() {
    let lab = Lab::new();
    let odd = odd(&lab);
    let (file, _) = export(&lab, "csv", &[&odd], &[]);
    let rows: Vec<Vec<Value>> = serde_json::from_str(&run_python(TABLE, &[text(&file)])).expect("rows");
    let of = |variant: &str, metric: &str| {
        rows.iter().filter(|row| row[0] == variant && row[1] == metric).collect::<Vec<_>>()
    };
    // The baseline and its twin.
    assert_eq!(of("env.X=1", "wall").len(), 2);
    assert_eq!(of("env.X=2", "max_rss")[0][2], 6);
    let bad = of("env.X=bad", "wall");
    assert_eq!((bad.len(), &bad[0][2], &bad[0][3], &bad[0][6]), (1, &0.into(), &Value::Null, &2.into()));
    assert!(of("env.X=warm", "wall")[0][7].as_str().is_some_and(|why| why.starts_with("not timed: ")));
    assert!(rows.iter().any(|row| row[8].as_str().is_some_and(|value| value.contains("<b>"))));
}
