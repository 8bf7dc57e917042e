//! Progress of a run while it measures, on a terminal and elsewhere.

use std::fs;
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use bench_runner_core::compare::titles;
use expect_test::expect;

use crate::lab::{Lab, Screen};

trials! { "progress";
    without_a_terminal_there_is_a_line_for_each_round,
    a_terminal_has_a_status_that_is_gone_at_the_end,
    nothing_is_lost_in_60_columns_without_utf_8,
    a_dumb_terminal_is_not_drawn_over,
    units_are_counted_in_warm_ups_only: LONG,
    a_resumed_run_says_what_is_done,
}

/// The text with each duration as `T`, and with `P` for how much build times varied.
fn without_times(text: &str) -> String {
    text.lines().map(|line| line_without_times(line) + "\n").collect()
}

fn line_without_times(line: &str) -> String {
    let varied = line.starts_with("Build times varied");
    let mut words: Vec<String> = Vec::new();
    let mut rest = line.split(' ').peekable();
    while let Some(word) = rest.next() {
        let bare = |word: &str| word.trim_end_matches([',', ';', '.', ')']).to_owned();
        let number = word.trim_end_matches(['s', 'm', 'h']);
        let (is_number, has_unit) = (number.parse::<f64>().is_ok(), number != word);
        let unit = rest.peek().filter(|next| is_number && ["s", "ms"].contains(&bare(next).as_str()));
        let (value, end) = match unit {
            Some(_) => ("T", rest.next().unwrap_or_default().trim_start_matches(['m', 's'])),
            None if is_number && has_unit => ("T", ""),
            None if varied && bare(word).ends_with('%') => ("P", &word[bare(word).len()..]),
            None => (word, ""),
        };
        words.push(format!("{value}{end}"));
    }
    words.join(" ").replace("T T", "T").replace("P to P", "P")
}

fn without_a_terminal_there_is_a_line_for_each_round() {
    let lab = Lab::new();
    lab.toy("sleep 0.01", "");
    let asked = ["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "3", "--seed", "5"];
    let ran = lab.run(&asked).expect(0);
    assert!(!ran.stderr.contains('\x1b'), "{}", ran.stderr);
    let title = titles(&lab.bundle().manifest.plan).remove(0);
    let stderr = without_times(&ran.stderr.replace(&title, "TITLE"));
    let stderr = stderr.replace("; intervals are wider than planned", "");
    expect![[r#"
        plan `custom`: 1 comparison, 12 builds; seed 5
          1. TITLE
             env.X=2 against env.X=1 (the baseline)
             3 rounds; expected precision ±12.3%, if build times on this machine vary by 5%, which is assumed
             note: 3 rounds find a difference of 17% in four of five such runs; a verdict at the margin of ±3% needs about 195 rounds at that variation
          Each round builds every variant once, in random order, and the baseline twice: the second copy is the control.
        comparison: TITLE
          warmed up: T a round, 3 rounds in about T
          round 1 of 3 done: 6 builds so far (warm-ups included), T elapsed, T left
          round 2 of 3 done: 9 builds so far (warm-ups included), T elapsed, T left
          round 3 of 3 done: 12 builds so far (warm-ups included), T elapsed
          done: all 3 rounds
        Build times varied by P in this run; the plan assumed P."#]].assert_eq(stderr.replace("; intervals are narrower than planned", "").trim_end());
}

/// The command in a terminal of 100 columns that is called `xterm`.
fn in_terminal(lab: &Lab, args: &[&str]) -> Command {
    let mut command = lab.command(args);
    command.env("TERM", "xterm").env("LANG", "C.UTF-8");
    command
}

fn a_terminal_has_a_status_that_is_gone_at_the_end() {
    let lab = Lab::new();
    lab.toy("sleep 0.01", "");
    let asked = ["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "2", "--seed", "5"];
    let (code, screen) = Screen::of(in_terminal(&lab, &asked), 100);
    assert_eq!(code, Some(0), "{}", screen.text());
    let position = |line: &String| line.split(" · ").take(2).collect::<Vec<_>>().join(" · ");
    let drawn: Vec<String> = screen.erased.iter().map(position).collect();
    let expected: Vec<String> = (1..=3)
        .map(|number| format!("warm-up {number} of 3"))
        .chain([1, 2].into_iter().flat_map(|round| vec![format!("round {round} of 2"); 3]))
        .collect();
    let positions: Vec<&str> = drawn.iter().filter_map(|line| line.split(" · ").next()).collect();
    assert_eq!(positions, expected, "one status for each build");
    assert_eq!(drawn.iter().filter(|line| line.ends_with("env.X=1 (control)")).count(), 3, "{drawn:?}");
    let text = screen.text();
    assert!(text.contains("  warmed up: ") && text.contains("  done: all 2 rounds"), "{text}");
    assert!(!text.contains("warm-up 1 of 3") && !text.contains("round 1 of 2"), "{text}");
}

fn nothing_is_lost_in_60_columns_without_utf_8() {
    let lab = Lab::new();
    lab.toy_named("first", "sleep 0.01", "");
    lab.toy_named("second", "sleep 0.01", "");
    let asked = [
        "run",
        "--project",
        "first",
        "--project",
        "second",
        "--axis",
        "env.A_LONG_NAME=first-value,second-value",
        "--rounds",
        "3",
        "--time-budget",
        "20m",
        "--seed",
        "5",
    ];
    let mut command = in_terminal(&lab, &asked);
    command.env("LC_ALL", "C");
    let (code, screen) = Screen::of(command, 60);
    assert_eq!(code, Some(0), "{}", screen.text());

    let text = screen.text();
    let (progress, _) = text.split_once("Build times varied").expect("the end of measuring");
    assert!(progress.is_ascii(), "{progress}");
    assert!(progress.contains("expected precision +/-"), "{progress}");
    assert!(progress.contains("A_LONG_NAME=second-value against"), "{progress}");
    let status = screen.erased.join("\n");
    for part in [
        "comparison 1 of 2 - warm-up 1 of 3",
        "env.A_LONG_NAME=first-value (control)",
        // Without `of 3` if it goes on after the warm-up that has shown that it is the cheaper one.
        "comparison 2 of 2 - round 3",
        " left",
    ] {
        assert!(status.contains(part), "{part} is missing: {status}");
    }
    assert!(status.is_ascii() && !status.contains("..."), "nothing is cut: {status}");
    let longest = screen.erased.iter().map(|line| line.chars().count()).max();
    assert!(longest < Some(60), "{longest:?}");
    let (written, _) = screen.written.split_once("Build times varied").expect("the end of measuring");
    let without_codes = written.replace("\x1b[K", "").replace("\x1b[A", "");
    let too_long = without_codes.split(['\r', '\n']).find(|line| line.chars().count() > 60);
    assert_eq!(too_long, None, "the program breaks lines, between words");
}

fn a_dumb_terminal_is_not_drawn_over() {
    let lab = Lab::new();
    lab.toy("sleep 0.01", "");
    let mut command = lab.command(&["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "2"]);
    command.env("TERM", "dumb");
    let (code, screen) = Screen::of(command, 80);
    assert_eq!(code, Some(0), "{}", screen.text());
    assert!(!screen.written.contains('\x1b'), "{}", screen.written);
    assert!(screen.erased.is_empty());
    assert!(
        screen.text().contains("  round 1 of 2 done: 6 builds so far (warm-ups included), "),
        "{}",
        screen.text()
    );
}

/// A program with two dependencies. Each has a build script that waits, so units are done at different times.
fn slow_crates(lab: &Lab) -> String {
    let script = "fn main() { std::thread::sleep(std::time::Duration::from_millis(1500)); }\n";
    for (name, needs) in
        [("one", ""), ("two", "one = { path = \"../one\" }\n"), ("tool", "two = { path = \"../two\" }\n")]
    {
        let package = format!(
            "[package]\nname = \"{name}\"\nversion = \"0.1.0\"\nedition = \"2021\"\nbuild = \"build.rs\"\n"
        );
        lab.write(&format!("{name}/Cargo.toml"), &format!("{package}[dependencies]\n{needs}"));
        lab.write(&format!("{name}/build.rs"), script);
        lab.write(&format!("{name}/src/lib.rs"), "");
    }
    fs::remove_file(lab.path("tool/src/lib.rs")).expect("the library");
    lab.write("tool/src/main.rs", "fn main() {}\n");
    let lock =
        |name: &str, needs: &str| format!("\n[[package]]\nname = \"{name}\"\nversion = \"0.1.0\"\n{needs}");
    let needs = |name: &str| format!("dependencies = [\n \"{name}\",\n]\n");
    let packages = [lock("one", ""), lock("tool", &needs("two")), lock("two", &needs("one"))].concat();
    lab.write("tool/Cargo.lock", &format!("version = 4\n{packages}"));
    lab.path("tool").display().to_string()
}

fn units_are_counted_in_warm_ups_only() {
    let lab = Lab::new();
    let project = slow_crates(&lab);
    let asked = [
        "run",
        "--project",
        &project,
        "--workload",
        "clean",
        "--axis",
        "jobs=2",
        "--on",
        "as-it-is",
        "--rounds",
        "1",
        "--offline",
    ];
    let (code, screen) = Screen::of(in_terminal(&lab, &asked), 100);
    assert_eq!(code, Some(0), "{}", screen.text());
    let of = |position: &str| -> Vec<&String> {
        screen.erased.iter().filter(|line| line.starts_with(position)).collect()
    };
    for warm_up in ["warm-up 1 of 2", "warm-up 2 of 2"] {
        let counted = of(warm_up).iter().any(|line| line.contains(" of 6 units"));
        assert!(counted, "{warm_up}: {:#?}", screen.erased);
    }
    let rounds = of("round 1 of 1");
    assert_eq!(rounds.len(), 2, "one status for each timed build, drawn before it: {:#?}", screen.erased);
    assert!(rounds.iter().all(|line| !line.contains(" of 6 units")), "{rounds:#?}");
}

fn a_resumed_run_says_what_is_done() {
    let lab = Lab::new();
    let log = lab.path("log");
    let waits = format!("echo x >> {0}\n[ $(wc -l < {0}) -ne 8 ] || sleep 60", log.display());
    lab.toy(&waits, "");
    let asked = ["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "3", "--seed", "5"];
    let child =
        lab.command(&asked).stdout(Stdio::null()).stderr(Stdio::piped()).spawn().expect("the program");
    let started = Instant::now();
    while fs::read_to_string(&log).map_or(0, |text| text.lines().count()) < 8 {
        assert!(started.elapsed() < Duration::from_secs(120), "the eighth build did not begin");
        thread::sleep(Duration::from_millis(5));
    }
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().expect("kill");
    assert!(sent.success());
    let output = child.wait_with_output().expect("its end");
    assert_eq!(output.status.code(), Some(130));
    let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(stderr.contains("  interrupted after 1 round\n"), "{stderr}");
    let bundle = lab.bundles()[0].display().to_string();
    let resumed = lab.run(&["run", "--resume", &bundle]).expect(0).stderr;
    assert!(resumed.contains("\nresuming: 7 builds done before\n"), "{resumed}");
    assert!(resumed.contains("  done: all 3 rounds\n"), "{resumed}");
}
