//! Results of runs with several projects and sessions besides their verdicts, on real processes.

use std::fs;

use crate::lab::{Lab, entries};

trials! { "reporting";
    order_sessions_and_projects_are_told: LONG,
    the_page_is_named_and_opened: LONG,
}

/// In alphabetical order. With only two of them, an invalid block would leave nothing to pool.
const PROJECTS: [&str; 3] = ["tip", "top", "toy"];

fn order_sessions_and_projects_are_told() {
    let lab = Lab::new();
    let mut args = vec!["run", "--verbose", "--axis", "env.X=2,6", "--rounds", "8", "--fresh-dirs", "2"];
    for name in PROJECTS {
        lab.toy_named(name, "sleep 0.0$X", "");
        args.extend(["--project", name]);
    }
    let ran = lab.run(&args).expect(0);
    let says = ran.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(says.contains("env.X=6 by session: 1: "), "{}", ran.stdout);

    let bundle = lab.bundles().remove(0);
    let path = bundle.to_str().expect("UTF-8");
    let json = lab.run(&["report", "--json", path]).expect(0).stdout;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    // A twin may differ by chance, and then its project does not count.
    let across = &json[0]["across"][0];
    let counted = across["projects"].as_array().into_iter().flatten();
    let left_out = across["left_out"].as_array().into_iter().flatten().map(|one| &one["project"]);
    let mut projects: Vec<&str> = counted.chain(left_out).filter_map(|name| name.as_str()).collect();
    projects.sort_unstable();
    assert_eq!(projects, PROJECTS, "{across}");
    for block in json[0]["blocks"].as_array().expect("blocks") {
        assert_eq!(block["order"]["rounds"], 8, "{block}");
        assert!(block["order"]["bound"].as_f64().is_some_and(|bound| bound > 0.0), "{block}");
        assert_eq!(block["arms"][2]["sessions"]["ratios"][1]["rounds"], 4, "{block}");
    }

    let mut derived: Vec<_> = entries(&bundle.join("derived"));
    derived.sort();
    let rows = |path: &std::path::PathBuf| fs::read_to_string(path).expect("a table").lines().count() - 1;
    // Three blocks, one pooled comparison; of each block three arms in three metrics, and the ratios of at
    // least one variant in wall time and memory (CPU time of so small a build may be 0).
    assert_eq!(derived.iter().map(rows).take(2).collect::<Vec<_>>(), [1, 3]);
    assert!(derived.len() == 3 && rows(&derived[2]) >= 33, "{derived:?}");
}

/// Pages are opened by a program of the desktop: here one that records its arguments.
fn the_page_is_named_and_opened() {
    let lab = Lab::new();
    lab.toy("true", "");
    let path = |dir: &str| {
        let own = lab.path(dir).display().to_string();
        let path = std::env::var("PATH").unwrap_or_default();
        format!("{own}:{path}")
    };
    let asked = lab.path("asked");
    let run = |args: &[&str], path: &str| {
        crate::lab::ProgramRun::from(lab.command(args).env("PATH", path).output().expect("the program"))
    };
    let opener =
        lab.write("opens/xdg-open.sh", &format!("#!/bin/sh\nprintf '%s' \"$1\" > {}\n", asked.display()));
    fs::rename(&opener, opener.with_extension("")).expect("its name");
    let ran =
        run(&["run", "--axis", "env.X=1,2", "--rounds", "1", "--project", "toy", "--open"], &path("opens"));
    assert_eq!(ran.code, Some(0), "{}", ran.stderr);
    let last = ran.stdout.trim_end().lines().last().unwrap_or_default().to_owned();
    let page = last.strip_prefix("page:    ").expect("the page comes last");
    let page = lab.path("work").join(page);
    assert_eq!(fs::read_to_string(&asked).expect("it was asked"), page.display().to_string());
    assert!(fs::read_to_string(&page).expect("a page").starts_with("<!DOCTYPE html>"));

    // A failing opener and a missing one are reported; the report is still written.
    let bundle = lab.bundles().remove(0).display().to_string();
    let opener = lab.write("fails/xdg-open.sh", "#!/bin/sh\nexit 3\n");
    fs::rename(&opener, opener.with_extension("")).expect("its name");
    let failed = run(&["report", "--open", &bundle], &path("fails")).expect(0);
    assert!(
        failed.stderr.contains("could not be opened") && failed.stderr.contains("report.html"),
        "{}",
        failed.stderr
    );
    let nowhere = run(&["report", "--open", &bundle], "/nowhere").expect(0);
    assert!(nowhere.stderr.contains("no `xdg-open` on PATH"), "{}", nowhere.stderr);

    let markdown = lab.run(&["report", "--format", "markdown", &bundle]).expect(0);
    assert!(
        markdown.stdout.starts_with("## ") && markdown.stdout.contains("| --- | ---: |"),
        "{}",
        markdown.stdout
    );
    assert!(!markdown.stdout.contains("run:") && markdown.stderr.contains("page: "), "{}", markdown.stderr);
    let text = lab.run(&["report", "--format", "text", &bundle]).expect(0).stdout;
    assert_eq!(text, lab.run(&["report", &bundle]).expect(0).stdout, "text is what is printed anyway");
    lab.run(&["report", "--format", "markdown", "--json", &bundle]).expect(2);

    // With several bundles, too, only Markdown is printed, and the joint page is opened last.
    lab.run(&["run", "--axis", "env.X=1,2", "--rounds", "1", "--project", "toy"]).expect(0);
    let both: Vec<String> = lab.bundles().iter().map(|bundle| bundle.display().to_string()).collect();
    let both: Vec<&str> = both.iter().map(String::as_str).collect();
    let ran =
        run(&[&["report", "--format", "markdown", "--open"], &both[..]].concat(), &path("opens")).expect(0);
    assert_eq!(ran.stdout.matches("\n## ").count() + 1, 2, "{}", ran.stdout);
    assert!(!ran.stdout.contains("side by side") && !ran.stdout.contains("page:"), "{}", ran.stdout);
    assert!(ran.stderr.contains("page of all together: "), "{}", ran.stderr);
    assert!(fs::read_to_string(&asked).expect("it was asked").contains("/together-"));
}
