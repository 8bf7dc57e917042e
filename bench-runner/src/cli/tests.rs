//! Help texts: their width, defaults, repeatable options, and examples that parse.

use std::fs;
use std::path::Path;

use bench_runner_measure::corpus::cache_place::CachePlace;
use clap::{Arg, ArgAction, Command};

use super::*;
use crate::flows::Places;

/// Options that have a value but no default: without them nothing of the kind happens.
const WITHOUT_DEFAULT: [&str; 6] = ["axis", "variant", "shard", "plan", "resume", "against"];

/// All commands that a user can call, each with the words that call it.
fn commands() -> Vec<(String, Command)> {
    fn walk(above: &str, command: &Command, all: &mut Vec<(String, Command)>) {
        let name = format!("{above}{}", command.get_name());
        command.get_subcommands().for_each(|below| walk(&format!("{name} "), below, all));
        all.push((name, command.clone()));
    }
    let mut root = command();
    root.build();
    let mut all = Vec::new();
    walk("", &root, &mut all);
    all.retain(|(name, _)| !name.split(' ').any(|word| word == "help"));
    assert!(all.len() > 15, "{} commands", all.len());
    all
}

fn help_of(arg: &Arg) -> String {
    arg.get_long_help().or(arg.get_help()).map(ToString::to_string).unwrap_or_default()
}

/// Options of all commands that are shown, each with its command.
fn options() -> Vec<(String, Arg)> {
    let of = |(name, command): (String, Command)| {
        let shown = command.get_arguments().filter(|arg| !arg.is_positional() && !arg.is_hide_set());
        shown.map(|arg| (format!("{name} --{}", arg.get_id()), arg.clone())).collect::<Vec<_>>()
    };
    commands().into_iter().flat_map(of).collect()
}

#[test]
fn the_command_line_is_consistent() {
    command().debug_assert();
}

#[test]
fn every_format_is_in_the_help_of_export() {
    let mut cli = command();
    let help = cli.find_subcommand_mut("export").unwrap().render_long_help().to_string();
    for format in bench_runner_report::export::all() {
        let listed =
            |line: &str| line.trim().strip_prefix(format.name).map(str::trim) == Some(format.summary);
        assert!(help.lines().any(listed), "{}: {help}", format.name);
    }
}

#[test]
fn lines_of_help_have_at_most_100_columns_and_are_wrapped_once() {
    for (name, command) in commands() {
        // A prose paragraph with line breaks of its own would be wrapped a second time on a narrow terminal.
        let about = command.get_long_about().map(ToString::to_string).unwrap_or_default();
        assert!(about.split("\n\n").all(|paragraph| !paragraph.contains('\n')), "{name}: {about}");
        for terminal in [100, 400] {
            let mut command =
                command.clone().term_width(0).max_term_width(WIDTH).term_width(terminal.min(WIDTH));
            for help in [command.render_help(), command.render_long_help()] {
                for line in help.to_string().lines() {
                    assert!(line.chars().count() <= WIDTH, "{name}: {line}");
                }
            }
        }
    }
}

/// Recorded commands and scripts have them.
#[test]
fn older_names_of_options_are_accepted_and_not_shown() {
    let parse = |words: &str| {
        let cli = Cli::try_parse_from(words.split(' ')).unwrap();
        format!("{cli:?}")
    };
    for verb in ["run", "plan"] {
        let new = parse(&format!("bench-runner {verb} --on auto --no-control --fresh-dirs 3"));
        assert_eq!(parse(&format!("bench-runner {verb} --on what-you-have --no-twin --sessions 3")), new);
    }
    for (name, mut command) in commands() {
        let help = command.render_long_help().to_string();
        for old in ["what-you-have", "twin", "--sessions"] {
            assert!(!help.contains(old), "{name}: {help}");
        }
    }
}

#[test]
fn options_that_may_be_repeated_say_so() {
    for (name, option) in options() {
        let is_marked = help_of(&option).contains("(repeatable");
        assert_eq!(
            is_marked,
            matches!(option.get_action(), ArgAction::Append),
            "{name}: {}",
            help_of(&option)
        );
    }
}

#[test]
fn every_option_with_a_value_shows_its_default() {
    for (name, option) in options() {
        let has_value = matches!(option.get_action(), ArgAction::Set | ArgAction::Append);
        if !has_value || option.is_required_set() || WITHOUT_DEFAULT.contains(&option.get_id().as_str()) {
            continue;
        }
        let by_clap = !option.get_default_values().is_empty() && !option.is_hide_default_value_set();
        assert_ne!(by_clap, help_of(&option).contains("[default: "), "{name}: {}", help_of(&option));
    }
}

#[test]
fn places_are_under_a_heading_of_their_own_everywhere() {
    for (name, option) in options() {
        if ["results", "plots", "cache_dir"].contains(&option.get_id().as_str()) {
            assert_eq!(option.get_help_heading(), Some("Where to"), "{name}");
        }
    }
}

#[test]
fn every_command_has_an_example() {
    for (name, command) in commands() {
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let calls = format!("{name} ").trim_start_matches("bench-runner ").to_owned();
        let is_example = |line: &str| line.contains("bench-runner ") && line.contains(calls.trim());
        assert!(help.contains("Example") && help.lines().any(is_example), "{name}: {help}");
    }
}

#[test]
fn examples_in_help_texts_and_documents_parse() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut texts = Vec::new();
    for (name, command) in commands() {
        texts.extend(command.get_after_help().map(|help| (name, help.to_string())));
    }
    let docs = fs::read_dir(root.join("docs")).unwrap().map(|entry| entry.unwrap().path());
    let pages = docs.filter(|path| path.extension().is_some_and(|kind| kind == "md"));
    for page in pages.chain([root.join("README.md")]) {
        let text = fs::read_to_string(&page).unwrap();
        let blocks = text.split("```console\n").skip(1);
        let shown = blocks.map(|block| block.split("```").next().unwrap_or_default()).collect();
        texts.push((page.display().to_string(), shown));
    }
    let mut parsed = 0;
    for (place, text) in texts {
        for line in text.lines() {
            for call in calls(line) {
                check(&place, line, &call);
                parsed += 1;
            }
        }
    }
    assert!(parsed > 40, "{parsed} examples");
}

/// Parses one call; of `run` and `plan` also the request, unless it has files or values that a shell fills in.
fn check(place: &str, line: &str, call: &[String]) {
    let cli = match Cli::try_parse_from(call) {
        Ok(cli) => cli,
        // Help was asked for.
        Err(error) if !error.use_stderr() => return,
        Err(error) => panic!("{place}: {line}: {error}"),
    };
    if call.iter().any(|word| word.contains('$') || word.contains(".toml") || word.contains(".json")) {
        return;
    }
    let nowhere = Path::new("/nowhere");
    let places = Places {
        checkout: None,
        cache: std::rc::Rc::new(CachePlace::Usual(nowhere.into())),
        results: nowhere.into(),
        results_around: None,
        plots: nowhere.into(),
    };
    let request = match &cli.verb {
        Verb::Run(args) => args.check_request(&places),
        Verb::Plan(args) => args.check_request(&places),
        _ => Ok(()),
    };
    request.unwrap_or_else(|error| panic!("{place}: {line}: {error}"));
}

/// Calls of the program in a line for a shell, each as its words.
fn calls(line: &str) -> Vec<Vec<String>> {
    let line = line.trim().strip_prefix("$ ").unwrap_or(line.trim());
    let mut calls = Vec::new();
    for words in simple_commands(line) {
        let at = words.iter().position(|word| word == "bench-runner");
        let is_call = at.is_some_and(|at| words[..at].iter().all(|word| word.contains('=')));
        // `… bench-runner` may also be a sentence of help.
        if let Some(at) = at.filter(|_| is_call) {
            calls.push(words[at..].to_vec());
        }
    }
    calls
}

/// Words of each simple command in a line: quotes are removed, redirections and a comment are left out.
/// `$(…)` stays one word inside of double quotes.
fn simple_commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut chars = line.chars().peekable();
    while let Some(&next) = chars.peek() {
        match next {
            ' ' | ')' => {
                chars.next();
            }
            '#' => break,
            '&' | '|' | ';' => {
                chars.next();
                commands.push(Vec::new());
            }
            '>' | '<' => {
                chars.next();
                if chars.peek() == Some(&'(') {
                    chars.next();
                    commands.push(Vec::new());
                } else {
                    while chars.next_if_eq(&' ').is_some() {}
                    while chars.next_if(|&c| c != ' ').is_some() {}
                }
            }
            _ => {
                let word = word(&mut chars);
                commands.last_mut().expect("at least one").push(word);
            }
        }
    }
    commands
}

fn word(chars: &mut std::iter::Peekable<std::str::Chars<'_>>) -> String {
    let (mut word, mut quote, mut depth) = (String::new(), None, 0_u32);
    while let Some(&c) = chars.peek() {
        match quote {
            None if depth == 0 && " ;|<>)".contains(c) && !is_place(&word, c) => break,
            None if c == '\'' || c == '"' => quote = Some(c),
            Some(open) if c == open && depth == 0 => quote = None,
            _ => {
                depth = match c {
                    '(' => depth + 1,
                    ')' => depth.saturating_sub(1),
                    _ => depth,
                };
                word.push(c);
            }
        }
        chars.next();
    }
    word
}

/// True if `c` is part of a placeholder such as `results/<machine>/<run>`.
fn is_place(word: &str, c: char) -> bool {
    (c == '<' && word.ends_with('/')) || (c == '>' && word.contains('<'))
}

#[test]
fn a_line_for_a_shell_has_several_calls() {
    let words = |line: &str| calls(line).iter().map(|call| call.join("|")).collect::<Vec<_>>();
    assert_eq!(
        words("$ bench-runner plan lto --json > plan.json && bench-runner run --plan plan.json   # later"),
        ["bench-runner|plan|lto|--json", "bench-runner|run|--plan|plan.json"]
    );
    assert_eq!(
        words(r#"X=1 bench-runner reproduce "$(ls -td results/*/* | head -n 1)" --axis 'a={b=1,c=2}'"#),
        ["bench-runner|reproduce|$(ls -td results/*/* | head -n 1)|--axis|a={b=1,c=2}"]
    );
    assert_eq!(words("source <(bench-runner completions bash)"), ["bench-runner|completions|bash"]);
    assert_eq!(
        words("bench-runner report results/<machine>/<run>"),
        ["bench-runner|report|results/<machine>/<run>"]
    );
    assert_eq!(words("130  interrupted; see bench-runner run"), Vec::<String>::new());
}
