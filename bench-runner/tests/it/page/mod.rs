//! The page in a real browser, opened from disk: of real runs and synthetic ones.

mod browser;
mod history;
mod pages;

use std::path::PathBuf;

use bench_runner::flows;
use bench_runner_core::compare::{Policy, RequestedBaseline};
use serde_json::{Value, json};

use browser::{Browser, PROGRAM, View};
use pages::Pages;

trials! { "page";
    [history];
    opens_without_a_word_in_the_console_and_without_a_request: ALWAYS.with(PROGRAM),
    labels_of_figures_are_whole_and_apart: LONG.with(PROGRAM),
    nothing_reaches_beyond_the_window: LONG.with(PROGRAM),
    the_ratios_are_seen_whole_on_wide_screens_and_on_narrow_ones: ALWAYS.with(PROGRAM),
    headings_figures_and_controls_have_their_names: LONG.with(PROGRAM),
    text_stands_out_in_both_schemes: LONG.with(PROGRAM),
    every_column_is_sorted_both_ways: ALWAYS.with(PROGRAM),
    rows_are_filtered: LONG.with(PROGRAM),
    another_baseline_is_chosen: ALWAYS.with(PROGRAM),
    a_variant_opens_to_its_configuration: ALWAYS.with(PROGRAM),
    figures_are_told_by_pointer_and_by_keyboard: LONG.with(PROGRAM),
    lines_are_copied: LONG.with(PROGRAM),
    it_is_printed: LONG.with(PROGRAM),
    without_scripts_everything_is_there: ALWAYS.with(PROGRAM),
    what_is_wrong_is_found: LONG.with(PROGRAM),
    many_samples_make_no_large_page: ALWAYS.with(PROGRAM),
}

const WIDE: View = View { width: 1200, dark: false, scripts: true };
const VIEWS: [View; 4] =
    [WIDE, View { dark: true, ..WIDE }, View { width: 390, ..WIDE }, View { width: 390, dark: true, ..WIDE }];

/// Opens every page in every view and checks it.
fn everywhere(views: &[View], look: impl Fn(&mut Browser, &PathBuf, View) -> Vec<String>) {
    let (pages, mut browser) = (Pages::get(), Browser::start());
    let mut wrong = Vec::new();
    for (name, file) in pages.all() {
        for &view in views {
            browser.open(file, view);
            browser.evaluate(include_str!("probe.js"));
            let scheme = if view.dark { "dark" } else { "light" };
            let found = look(&mut browser, file, view);
            wrong.extend(found.into_iter().map(|what| format!("{name}, {scheme}, {}: {what}", view.width)));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn texts(value: &Value) -> Vec<String> {
    let texts = value.as_array().expect("a list").iter();
    texts.map(|text| text.as_str().expect("a text").to_owned()).collect()
}

fn opens_without_a_word_in_the_console_and_without_a_request() {
    everywhere(&[WIDE], |browser, file, _| {
        assert!(browser.evaluate("document.getElementById('answer').textContent.length").as_u64() > Some(20));
        browser.complaints(file)
    });
}

fn labels_of_figures_are_whole_and_apart() {
    everywhere(&VIEWS, |browser, _, _| texts(&browser.evaluate("probe.labels()")));
}

fn nothing_reaches_beyond_the_window() {
    everywhere(&[View { width: 1100, ..WIDE }, VIEWS[2]], |browser, _, view| {
        let found = browser.evaluate("probe.width()");
        assert_eq!(found["window"], view.width, "{found}");
        let mut wrong = texts(&found["beyond"]);
        let scrolls = found["scroll"].as_u64() > found["inner"].as_u64();
        wrong.extend(scrolls.then(|| format!("it is {} wide", found["scroll"])));
        wrong
    });
}

fn the_ratios_are_seen_whole_on_wide_screens_and_on_narrow_ones() {
    let mut browser = Browser::start();
    for (view, shown, hidden) in [(WIDE, "wide", "narrow"), (VIEWS[2], "narrow", "wide")] {
        browser.open(Pages::get().file("several"), view);
        browser.evaluate(include_str!("probe.js"));
        let found = browser.evaluate(&format!("probe.drawing('{shown}')"));
        assert_eq!(browser.evaluate(&format!("probe.drawing('{hidden}')")), Value::Null, "{hidden}");
        assert_eq!(found["scrolls"], false, "{shown}: {found}");
        assert!(found["smallest"].as_f64() >= Some(10.0), "{shown}: {found}");
    }
}

fn headings_figures_and_controls_have_their_names() {
    everywhere(&[WIDE], |browser, _, _| texts(&browser.evaluate("probe.structure()")));
}

fn text_stands_out_in_both_schemes() {
    everywhere(&VIEWS[..2], |browser, _, view| {
        let found = browser.evaluate("probe.contrast()");
        assert!(found["looked"].as_u64() > Some(20), "{found}");
        let dark = browser.evaluate("matchMedia('(prefers-color-scheme: dark)').matches");
        assert_eq!(dark, view.dark);
        texts(&found["wrong"])
    });
}

/// Opens a page with the functions of the tests.
fn real(name: &str) -> Browser {
    let mut browser = Browser::start();
    browser.open(Pages::get().file(name), WIDE);
    browser.evaluate(include_str!("probe.js"));
    browser
}

fn every_column_is_sorted_both_ways() {
    let mut browser = real("several");
    let heads = browser.evaluate("probe.heads()").as_array().expect("headings").len();
    assert!(heads >= 8);
    for at in 0..heads {
        let before = browser.evaluate(&format!("probe.column({at})"));
        for (direction, word) in [(1, "ascending"), (-1, "descending")] {
            browser.evaluate(&format!("probe.press({at})"));
            let head = browser.evaluate(&format!("probe.heads()[{at}]"));
            assert_eq!(head["sorted"], word, "{head}");
            let column = browser.evaluate(&format!("probe.column({at})"));
            let groups = |cells: &Value| cells.as_array().expect("comparisons").clone();
            assert_eq!(groups(&column).len(), 3);
            for (before, after) in groups(&before).iter().zip(groups(&column)) {
                let [mut one, mut other] = [before, &after].map(|cells| {
                    cells.as_array().expect("cells").iter().map(Value::to_string).collect::<Vec<_>>()
                });
                one.sort();
                other.sort();
                assert_eq!(one, other, "{head}: sorting changed the cells of a comparison");
                assert_sorted(after.as_array().expect("cells"), direction, &head);
            }
        }
    }
    let sorted = browser.evaluate("probe.heads().filter((head) => head.sorted).length");
    assert_eq!(sorted, 1, "only one column says that it is sorted");
}

/// Numbers by value, cells without one at the end; texts alphabetically.
fn assert_sorted(cells: &[Value], direction: i8, head: &Value) {
    for pair in cells.windows(2) {
        let ordered = match (&pair[0], &pair[1]) {
            (_, Value::Null) => true,
            (Value::Null, _) => false,
            (Value::String(one), Value::String(other)) => {
                // `linker=bfd` and `linker=lld (rust-lld)`: browsers give less weight to characters other
                // than letters.
                let letters = |text: &str| text.to_lowercase().replace(|c: char| !c.is_alphanumeric(), "");
                let (one, other) = (letters(one), letters(other));
                if direction > 0 { one <= other } else { one >= other }
            }
            (one, other) => {
                let (one, other) = (one.as_f64().expect("a number"), other.as_f64().expect("a number"));
                if direction > 0 { one <= other } else { one >= other }
            }
        };
        assert!(ordered, "{head}: {} before {}", pair[0], pair[1]);
    }
}

fn rows_are_filtered() {
    let few = real("several").evaluate("document.querySelectorAll('.controls').length");
    assert_eq!(few, 0, "a table of few rows needs no search");
    let mut browser = real("many");
    let all = browser.evaluate("probe.filter(0, '')");
    let rows = all.as_array().expect("rows").clone();
    assert!(rows.len() > 20);
    let count = |keep: &dyn Fn(&Value) -> bool| rows.iter().filter(|row| keep(row)).count();
    let left = |found: &Value| found.as_array().expect("rows").len();
    let has =
        |row: &Value, word: &str| row["name"].as_str().is_some_and(|text| text.to_lowercase().contains(word));

    let found = browser.evaluate("probe.filter(0, 'CONTROL')");
    assert_eq!(left(&found), count(&|row| has(row, "control")));
    assert!(left(&found) > 0 && left(&found) < rows.len());
    let status = browser.evaluate("document.getElementById('shown').textContent");
    assert_eq!(status, format!("{} of {} rows shown", left(&found), rows.len()));
    assert_eq!(left(&browser.evaluate("probe.filter(0, 'no such thing')")), 0);
    browser.evaluate("probe.filter(0, '')");
    for word in ["baseline", "undecided"] {
        let found = browser.evaluate(&format!("probe.filter(1, '{word}')"));
        assert_eq!(left(&found), count(&|row| row["verdict"] == word), "{word}");
        assert!(left(&found) > 0, "{word}");
    }
    let undecided = rows.iter().find(|row| row["verdict"] == "undecided").expect("an undecided one");
    let block = undecided["block"].as_str().expect("a comparison");
    let both = browser.evaluate(&format!("probe.filter(2, '{block}')"));
    assert_eq!(left(&both), count(&|row| row["verdict"] == "undecided" && row["block"] == block));
    browser.evaluate("probe.filter(1, '')");
    assert_eq!(
        left(&browser.evaluate(&format!("probe.filter(2, '{block}')"))),
        count(&|row| row["block"] == block)
    );
    assert_eq!(left(&browser.evaluate("probe.filter(2, '')")), rows.len());
}

/// The rows are those of `compare --baseline`, which are also in a table that needs no script.
fn another_baseline_is_chosen() {
    let mut browser = real("linkers");
    let planned = browser.evaluate("probe.rows()");
    let rows = planned.as_array().expect("rows").clone();
    let place = |rows: &[Value], name: &str| {
        rows.iter()
            .find(|row| row["name"].as_str().is_some_and(|text| text.starts_with(name)))
            .cloned()
            .expect("a row")
    };
    let chosen = browser.evaluate("probe.baseline(1)");
    assert!(chosen["note"].as_str().is_some_and(|note| note.starts_with("Post hoc: ")), "{chosen}");
    let choices = chosen["choices"].as_array().expect("choices").clone();
    assert_eq!(choices.len(), rows.len() - 1, "all but the control can be chosen: {chosen}");
    let name =
        choices[1].as_str().and_then(|text| text.strip_suffix(" (post hoc)")).expect("a name").to_owned();
    let compared = browser.evaluate("probe.rows()").as_array().expect("rows").clone();
    assert_eq!(place(&compared, &name)["verdict"], "baseline");
    let old = place(&rows, "linker=default");
    let new = place(&compared, "linker=default");
    assert_ne!(new["text"], old["text"]);
    assert_ne!(new["verdict"], "baseline");

    let bundle = pages::kept("linkers-e1828f");
    let policy = Policy { baseline: Some(RequestedBaseline::new(&name)), ..Policy::default() };
    let comparison = flows::judge(&bundle, &policy);
    for arm in comparison.blocks[0].arms.iter().filter(|arm| arm.ratio.is_some()) {
        let row = place(&compared, &arm.variant);
        let verdict = arm.ratio.expect("a ratio").verdict.as_str();
        assert_eq!(row["verdict"], verdict, "{row}");
    }
    // Sorting goes on with the new numbers, and the planned ones come back.
    browser.evaluate("probe.press(2)");
    let column = browser.evaluate("probe.column(2)");
    assert_sorted(column[0].as_array().expect("cells"), 1, &json!("ratio"));
    let back = browser.evaluate("probe.baseline(0)");
    assert_eq!(back["note"], "");
    let again = browser.evaluate("probe.rows()").as_array().expect("rows").clone();
    for row in &rows {
        assert!(again.iter().any(|other| other["text"] == row["text"]), "{row}");
    }
}

fn a_variant_opens_to_its_configuration() {
    let mut browser = real("linkers");
    let opened = "document.querySelectorAll('details.variant[open]')";
    assert_eq!(browser.evaluate(&format!("{opened}.length")), 0);
    browser.evaluate("document.querySelector('#verdicts tbody tr:last-child th.name a').click()");
    let shown = browser.evaluate(&format!(
        "new Promise((done) => setTimeout(done, 300)).then(() => [...{opened}].map((one) => one.textContent))"
    ));
    let shown = texts(&shown);
    assert_eq!(shown.len(), 1);
    for wanted in ["cargo build --locked --offline --jobs 2", "RUSTFLAGS=", "proven", "Expected"] {
        assert!(shown[0].contains(wanted), "{wanted} in {}", shown[0]);
    }
}

fn figures_are_told_by_pointer_and_by_keyboard() {
    for view in [WIDE, VIEWS[2]] {
        let mut browser = Browser::start();
        browser.open(Pages::get().file("linkers"), view);
        browser.evaluate(include_str!("probe.js"));
        browser.evaluate("probe.unfold()");
        let figures = browser.evaluate("document.querySelectorAll('figure[data-tips]').length");
        let figures = figures.as_u64().expect("a number");
        assert!(figures >= 4);
        for figure in 0..figures {
            let tips = browser.evaluate(&format!("probe.tips({figure}, 0)"));
            if tips.is_null() {
                continue;
            }
            let told = format!("probe.told({figure})");
            let texts = tips["texts"].as_array().expect("texts");
            let (x, y) = (tips["x"].as_f64().expect("a place"), tips["y"].as_f64().expect("a place"));
            // A figure that is wider than a phone is scrolled; there the keyboard shows the values.
            if x < f64::from(view.width) - 20.0 {
                browser.pointer(x, y, false);
                let seen = browser.evaluate(&told);
                assert!(texts.contains(&seen["text"]), "figure {figure} by pointer at {x}, {y}: {seen}");
                assert_eq!(seen["inside"], true, "figure {figure}: {seen}");
            }
            browser.evaluate(&format!("probe.focus({figure})"));
            let mut by_key = |key: &str| {
                browser.key(key);
                browser.evaluate(&told)["text"].take()
            };
            assert_eq!(by_key("Home"), texts[0], "figure {figure}");
            assert_eq!(by_key("ArrowRight"), texts[1 % texts.len()], "figure {figure}");
            assert_eq!(by_key("ArrowLeft"), texts[0], "figure {figure}");
            assert_eq!(
                by_key("ArrowLeft"),
                texts[texts.len() - 1],
                "figure {figure}: the first follows the last"
            );
            assert_eq!(by_key("End"), texts[texts.len() - 1], "figure {figure}");
            assert_eq!(by_key("Escape"), Value::Null, "figure {figure}");
        }
    }
}

fn lines_are_copied() {
    let mut browser = Browser::start();
    let lines = copies(&mut browser, "#apply button.copy");
    assert!(lines.parse::<toml::Table>().is_ok());
    // The same from the top of the page, and the results as text.
    assert_eq!(copies(&mut browser, ".copies button[data-copies^=lines]"), lines);
    assert!(copies(&mut browser, "button[data-copies=markdown]").starts_with("## "));
    assert!(copies(&mut browser, "button[data-copies=csv]").starts_with("kind,block,variant,"));
}

/// Presses a button of the page, and returns what it copied.
fn copies(browser: &mut Browser, selector: &str) -> String {
    browser.open(Pages::get().file("linkers"), WIDE);
    browser.evaluate(include_str!("probe.js"));
    let button = browser.evaluate(&format!("probe.copier('{selector}')"));
    let place = |name: &str| button[name].as_f64().expect("a place");
    browser.pointer(place("x"), place("y"), true);
    let copied = browser.evaluate(&format!(
        "new Promise((done) => setTimeout(done, 300)).then(() => probe.copied('{selector}'))"
    ));
    let says = copied["says"].as_str().expect("a text");
    assert!(says == "Copied" || says.starts_with("Selected"), "{says}");
    let lines = |value: &Value| value.as_str().expect("lines").trim().to_owned();
    assert_eq!(lines(&copied["text"]), lines(&button["lines"]));
    lines(&button["lines"])
}

fn it_is_printed() {
    let mut browser = real("several");
    let pdf = browser.call("Page.printToPDF", json!({"printBackground": true}));
    // Base64 of `%PDF-`.
    let data = pdf["data"].as_str().expect("a document");
    assert!(data.starts_with("JVBERi0") && data.len() > 20_000, "{} characters", data.len());
    browser.call("Emulation.setEmulatedMedia", json!({"media": "print"}));
    let count = |browser: &mut Browser, selector: &str, shown: bool| {
        let visible = "one.checkVisibility({contentVisibilityAuto: true})";
        let sign = if shown { "" } else { "!" };
        browser.evaluate(&format!(
            "[...document.querySelectorAll('{selector}')].filter((one) => {sign}{visible}).length"
        ))
    };
    let pressed = count(&mut browser, ".controls, .baselines, nav, button.copy, .repeats", true);
    assert_eq!(pressed, 0, "what is pressed, or repeats something, is not printed");
    let folded =
        "details:not(.repeats) > pre, details:not(.repeats) figure:not(.narrow), details:not(.repeats) table";
    let all = browser.evaluate(&format!("document.querySelectorAll('{folded}').length"));
    assert!(all.as_u64() > Some(5), "{all}");
    assert_eq!(count(&mut browser, folded, false), 0, "paper has no folds");
    // The width of a letter-size page within its margins.
    browser.open(Pages::get().file("several"), View { width: 718, ..WIDE });
    browser.call("Emulation.setEmulatedMedia", json!({"media": "print"}));
    browser.evaluate(include_str!("probe.js"));
    let broken = browser.evaluate("probe.broken()");
    assert_eq!(texts(&broken), Vec::<String>::new(), "cells of the table stay in one line");
}

/// With scripts switched off the page cannot be queried by a script of its own, but from outside.
fn without_scripts_everything_is_there() {
    let mut browser = Browser::start();
    browser.open(Pages::get().file("several"), View { scripts: false, ..WIDE });
    let sees = |script: &str, browser: &mut Browser| browser.evaluate(script).as_u64().expect("a number");
    let shown = "filter((one) => one.getClientRects().length).length";
    let rows = sees(&format!("[...document.querySelectorAll('#verdicts tbody tr')].{shown}"), &mut browser);
    let figures = sees(&format!("[...document.querySelectorAll('figure svg')].{shown}"), &mut browser);
    assert!(rows >= 5 && figures >= 4, "{rows} rows, {figures} figures");
    let useless = sees(&format!("[...document.querySelectorAll('.controls, button')].{shown}"), &mut browser);
    assert_eq!(useless, 0, "a control that does nothing");
    let sections = sees(&format!("[...document.querySelectorAll('main > section')].{shown}"), &mut browser);
    assert_eq!(sections, 6);
    browser.open(Pages::get().file("linkers"), View { scripts: false, ..WIDE });
    let lines = sees(&format!("[...document.querySelectorAll('.snippet pre')].{shown}"), &mut browser);
    assert_eq!(lines, 1);
}

/// The checks of pages find faults.
fn what_is_wrong_is_found() {
    let mut browser = real("several");
    let mut finds = |fault: &str, question: &str| {
        browser.open(Pages::get().file("several"), WIDE);
        browser.evaluate(include_str!("probe.js"));
        browser.evaluate(fault);
        let found = browser.evaluate(question);
        assert_ne!(found, json!([]), "{fault}");
    };
    let label = "document.querySelector('figure svg text')";
    finds(&format!("{label}.setAttribute('transform', 'translate(-400 0)'), 0"), "probe.labels()");
    finds(
        "(([one, other]) => ['x', 'y'].forEach((name) => other.setAttribute(name, one.getAttribute(name))))(document.querySelectorAll('figure svg text'))",
        "probe.labels()",
    );
    finds("document.body.style.color = '#999', 0", "probe.contrast().wrong");
    finds("document.querySelector('h2').outerHTML = '<h4>x</h4>', 0", "probe.structure()");
    finds("document.querySelector('figure').removeAttribute('aria-label')", "probe.structure()");
    finds("document.querySelector('footer').style.minWidth = '3000px', 0", "probe.width().beyond");
}

fn many_samples_make_no_large_page() {
    let file = Pages::get().file("large");
    let bytes = std::fs::metadata(file).expect("the page").len();
    assert!(bytes < 2_000_000, "{bytes} bytes");
}
