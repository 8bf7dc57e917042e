//! `export` on real bundles: refusals, notes, and output. `tools` feeds the output to the tools that it is
//! made for.

mod tools;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::lab::{Lab, ProgramRun, entries};

trials! { "exports";
    [tools];
    bad_requests_are_refused_and_nothing_is_written,
    bundles_stay_as_they_are,
    several_files_go_into_a_directory,
    what_is_damaged_or_cut_short_is_said,
    a_reader_that_has_seen_enough_is_no_error,
}

const FORMATS: [&str; 8] =
    ["hyperfine", "hyperfine-1", "bencher", "critcmp", "github-benchmark", "openmetrics", "csv", "json"];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The committed bundles; there may be others, once somebody has followed the README.
const KEPT: [&str; 9] = [
    "20261120T193406Z-quick-ec6a2e",
    "20261121T084627Z-a-a-incremental_a-a-check-698873",
    "20261121T090659Z-slow-downs-b33235",
    "20261121T121741Z-linkers-587bcd",
    "20261121T123938Z-debug-info-5586e3",
    "20261121T143336Z-cache-5688fe",
    "20261121T144816Z-lto-991be9",
    "20261121T150644Z-linkers-e1828f",
    "20261121T151111Z-debug-info-200fd5",
];

fn kept_run(name: &str) -> PathBuf {
    let machines = entries(&root().join("results"));
    let found = machines.iter().map(|machine| machine.join(name)).find(|run| run.is_dir());
    found.unwrap_or_else(|| panic!("no {name} in results/"))
}

fn kept() -> Vec<PathBuf> {
    KEPT.map(kept_run).to_vec()
}

fn text(path: &Path) -> &str {
    path.to_str().expect("UTF-8")
}

/// Variants that may confuse tools and files: quotes and HTML in a name, a line break in a value, one that
/// fails in its rounds, and one that is not timed. (The module's own tests have a line break in a name, which
/// a run does not produce.)
fn odd(lab: &Lab) -> PathBuf {
    let builds = lab.path("builds");
    let body = format!(
        "case \"$X\" in warm) exit 1;; bad) echo x >> {0}; [ $(wc -l < {0}) -lt 2 ];; esac",
        builds.display()
    );
    lab.toy(&body, "");
    let axis = "env.X=1,2,\"<b>\\\"q\\\"</b>\n\\\\n\",bad,warm";
    let ran = lab.run(&["run", "--project", "toy", "--axis", axis, "--rounds", "6"]);
    assert_eq!(ran.code, Some(3), "{}{}", ran.stdout, ran.stderr);
    lab.bundles().remove(0)
}

/// Exports in a format. Returns the file and the notes.
fn export(lab: &Lab, format: &str, bundles: &[&Path], more: &[&str]) -> (PathBuf, String) {
    let path = lab.path(&format!("{format}-{}.out", more.len() + bundles.len()));
    let mut args = vec!["export", "--format", format, "--output", text(&path)];
    args.extend(more);
    args.extend(bundles.iter().map(|bundle| text(bundle)));
    let ran = lab.run(&args).expect(0);
    assert_eq!(ran.stdout, "");
    (path, ran.stderr)
}

fn bad_requests_are_refused_and_nothing_is_written() {
    let lab = Lab::new();
    lab.toy("true", "");
    lab.run(&["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "2"]).expect(0);
    let bundle = lab.bundles().remove(0);
    let (bundle, outside) = (text(&bundle), lab.path("out"));
    let inside = format!("{bundle}/derived/x.csv");
    let csv = ["export", "--format", "csv"];
    for (args, said) in [
        (
            vec!["export", "--format", "hyperfin", bundle],
            "unknown format `hyperfin`\nhelp: did you mean `hyperfine`?",
        ),
        (vec!["export", "--format", "zzz", bundle], "help: the formats are hyperfine, hyperfine-1, bencher"),
        (vec!["export", bundle], "--format"),
        ([&csv[..], &["nowhere"]].concat(), "nowhere is not a bundle"),
        ([&csv[..], &[bundle, bundle]].concat(), "was given twice"),
        (
            [&csv[..], &[bundle, "--variant", "env.X=3"]].concat(),
            "no variant is called `env.X=3`; did you mean",
        ),
        ([&csv[..], &[bundle, "--block", "x"]].concat(), "no block is called `x`"),
        ([&csv[..], &[bundle, "--output", &inside]].concat(), "lies in the bundle"),
        (
            vec!["export", "--format", "critcmp", bundle],
            "this makes 3 files: env.X=1.json, env.X=1-twin.json",
        ),
        (vec!["export", "--format", "json", "--variant", "env.X=1", bundle], "`json` holds whole runs"),
    ] {
        let ran = lab.run(&args).expect(2);
        assert!(ran.stderr.contains(said), "{args:?}: {}", ran.stderr);
        assert_eq!(ran.stdout, "", "{args:?}");
    }
    assert!(!Path::new(&inside).exists() && !outside.exists());
}

/// All files below a directory with their contents.
fn contents(dir: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for path in entries(dir) {
        if path.is_dir() {
            found.extend(contents(&path));
        } else {
            let bytes = fs::read(&path).expect("a file of the bundle");
            found.insert(path, bytes);
        }
    }
    found
}

fn bundles_stay_as_they_are() {
    let lab = Lab::new();
    let bundle = odd(&lab);
    let before = contents(&bundle);
    for format in FORMATS {
        lab.run(&["export", "--format", format, text(&bundle), "--output", text(&lab.path("out/"))])
            .expect(0);
    }
    assert!(before == contents(&bundle), "something was written into the bundle");
    // One for each format except critcmp, which has one each for the baseline, its twin, and two variants.
    assert_eq!(entries(&lab.path("out")).len(), 7 + 4);
}

fn several_files_go_into_a_directory() {
    let lab = Lab::new();
    let bundle = kept_run("20261121T150644Z-linkers-e1828f");
    let out = lab.path("out");
    lab.run(&["export", "--format", "critcmp", text(&bundle), "--output", text(&out)]).expect(0);
    let mut names: Vec<String> = entries(&out)
        .iter()
        .map(|path| path.file_name().unwrap_or_default().to_string_lossy().into())
        .collect();
    names.sort();
    let all = ["bfd", "default-twin", "default", "lld", "mold", "wild"];
    let mut expected = all.map(|linker| format!("linker={linker}.json"));
    expected.sort();
    assert_eq!(names, expected);
    let args = ["export", "--format", "critcmp", "--variant", "linker=mold", text(&bundle)];
    let alone = lab.run(&args).expect(0).stdout;
    assert_eq!(alone, fs::read_to_string(out.join("linker=mold.json")).expect("the file"));
}

fn what_is_damaged_or_cut_short_is_said() {
    let lab = Lab::new();
    let bundle = odd(&lab);
    let samples = bundle.join("samples.csv");
    let whole = fs::read_to_string(&samples).expect("samples");
    fs::write(&samples, whole.trim_end()).expect("samples without the last line's end");
    let ran = lab.run(&["export", "--format", "csv", text(&bundle)]).expect(0);
    assert!(ran.stderr.contains("the last row was cut short and is left out"), "{}", ran.stderr);

    let header = whole.lines().next().expect("a header");
    fs::write(&samples, format!("{header}\n")).expect("no samples");
    for format in FORMATS {
        let out = lab.path(&format!("empty-{format}/"));
        let ran = lab.run(&["export", "--format", format, text(&bundle), "--output", text(&out)]).expect(0);
        let said = ran.stderr + &fs::read_to_string(&entries(&out)[0]).expect("a text");
        let words = ["no round was built", "not in force", "the warm-up build failed", "no build counts"];
        assert!(words.iter().any(|words| said.contains(words)), "{format}: {said}");
    }

    fs::write(&samples, whole.replacen(",measured,", ",measurd,", 1)).expect("a wrong word");
    let ran = lab.run(&["export", "--format", "csv", text(&bundle)]).expect(1);
    assert!(ran.stderr.contains("samples.csv:") && ran.stderr.contains("measurd"), "{}", ran.stderr);

    let manifest = bundle.join("manifest.json");
    let text_of = fs::read_to_string(&manifest).expect("a manifest");
    fs::write(&manifest, text_of.replacen("\"format\": 2", "\"format\": 99", 1)).expect("a newer one");
    let ran = lab.run(&["export", "--format", "json", text(&bundle)]).expect(2);
    assert!(ran.stderr.contains("has format 99"), "{}", ran.stderr);
}

fn a_reader_that_has_seen_enough_is_no_error() {
    let lab = Lab::new();
    let args = ["export", "--format", "json"];
    let mut command = lab.command(&args);
    let mut child = command
        .args(kept())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .expect("the program");
    drop(child.stdout.take());
    let ran: ProgramRun = child.wait_with_output().expect("its end").into();
    let ran = ran.expect(0);
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
}
