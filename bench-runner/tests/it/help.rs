//! Completion scripts and manual pages, tried with the shells and with the program that shows the pages.

use std::fs;
use std::process::Command;

use crate::lab::{Lab, entries};

trials! { "help";
    bash_completes_verbs_options_and_values: ALWAYS.with("bash"),
    zsh_loads_the_script: ALWAYS.where_installed("zsh"),
    fish_completes_verbs_and_options: ALWAYS.where_installed("fish"),
    every_command_has_a_manual_page: ALWAYS.with("groff"),
    the_old_name_of_an_option_still_works,
}

fn output(command: &mut Command) -> String {
    let output = command.output().expect("a program on PATH");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && stderr.is_empty(), "{command:?}: {stderr}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// The completion script for a shell, as a file.
fn script(lab: &Lab, shell: &str) -> String {
    let script = lab.run(&["completions", shell]).expect(0).stdout;
    lab.write(&format!("completions/{shell}"), &script).display().to_string()
}

/// Calls the function that the script defines, as bash does on a tab.
fn bash_completes_verbs_options_and_values() {
    let lab = Lab::new();
    let script = script(&lab, "bash");
    let complete = |words: &[&str]| -> Vec<String> {
        let last = words.last().expect("a word");
        let previous = words.iter().rev().nth(1).unwrap_or(&"bench-runner");
        let text = format!(
            "source {script}; COMP_WORDS=(bench-runner {}); COMP_CWORD={}; \
             _bench__runner bench-runner '{last}' '{previous}'; printf '%s\\n' \"${{COMPREPLY[@]}}\"",
            words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" "),
            words.len(),
        );
        let found = output(Command::new("bash").args(["--norc", "--noprofile", "-c", &text]));
        found.lines().map(str::to_owned).collect()
    };
    assert_eq!(complete(&["re"]), ["report", "reproduce"]);
    assert_eq!(complete(&["run", "--re"]), ["--resume", "--require-verdict", "--results"]);
    assert_eq!(complete(&["report", "--format", "m"]), ["markdown"]);
    assert_eq!(complete(&["corpus", "v"]), ["verify"]);
    let empty = complete(&["compare", "--dec"]);
    assert!(empty.iter().all(String::is_empty), "a hidden name is offered: {empty:?}");
}

fn zsh_loads_the_script() {
    let lab = Lab::new();
    let script = script(&lab, "zsh");
    let text =
        format!("autoload -U compinit && compinit -u -D && source {script} && print $_comps[bench-runner]");
    assert_eq!(output(Command::new("zsh").args(["-f", "-c", &text])), "_bench-runner\n");
}

fn fish_completes_verbs_and_options() {
    let lab = Lab::new();
    let script = script(&lab, "fish");
    let complete = |line: &str| {
        let text = format!("source {script}; complete -C '{line}'");
        let mut fish = Command::new("fish");
        output(fish.args(["--no-config", "-c", &text]).env("HOME", lab.path("home")))
    };
    assert!(complete("bench-runner re").starts_with("report\t"), "{}", complete("bench-runner re"));
    assert!(complete("bench-runner compare --req").starts_with("--require-verdict\t"));
    assert_eq!(complete("bench-runner compare --dec"), "");
}

fn every_command_has_a_manual_page() {
    let lab = Lab::new();
    let dir = lab.path("man/man1");
    lab.run(&["man", dir.to_str().expect("UTF-8")]).expect(0);
    let mut commands = Vec::new();
    walk("", &bench_runner::cli::command(), &mut commands);
    let mut pages: Vec<String> = entries(&dir)
        .iter()
        .map(|page| page.file_stem().expect("a name").to_string_lossy().into_owned())
        .collect();
    commands.sort();
    pages.sort();
    assert_eq!(pages, commands);
    for page in entries(&dir) {
        let shown =
            output(Command::new("groff").args(["-Kutf8", "-ww", "-man", "-Tutf8", "-P-cbou"]).arg(&page));
        let name = page.file_stem().expect("a name").to_string_lossy();
        assert!(shown.contains("NAME\n") && shown.contains("SYNOPSIS\n"), "{name}: {shown}");
        assert!(!shown.contains("--decide"), "{name} shows a hidden option");
    }
    let page = dir.join("bench-runner-run.1");
    let shown = output(Command::new("groff").args(["-Kutf8", "-ww", "-man", "-Tutf8", "-P-cbou"]).arg(&page));
    // Each example is on a line of its own.
    let example = |line: &str| line.trim() == "bench-runner run recommended --project ./";
    assert!(shown.lines().any(example), "{shown}");
    assert!(fs::read_to_string(&page).expect("a page").contains("WHAT TO COMPARE"));
}

/// Names of pages: those of the commands above, joined by hyphens.
fn walk(above: &str, command: &clap::Command, names: &mut Vec<String>) {
    let name = format!("{above}{}", command.get_name());
    command.get_subcommands().for_each(|below| walk(&format!("{name}-"), below, names));
    names.push(name);
}

fn the_old_name_of_an_option_still_works() {
    let lab = Lab::new();
    // Two rounds are too few for any verdict.
    lab.toy("true", "");
    let request = ["run", "--project", "toy", "--axis", "env.X=1,2", "--rounds", "2"];
    for name in ["--decide", "--require-verdict"] {
        lab.run(&[&request[..], &[name]].concat()).expect(5);
        let bundle = lab.bundles().remove(0);
        lab.run(&["compare", bundle.to_str().expect("UTF-8"), name]).expect(5);
    }
    for help in [lab.run(&["run", "--help"]), lab.run(&["compare", "--help"])] {
        let shown = help.expect(0).stdout;
        assert!(shown.contains("--require-verdict") && !shown.contains("--decide"), "{shown}");
    }
}
