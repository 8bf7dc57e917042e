//! Tests of whole figures: labels do not overlap, and files are well-formed.

use bench_runner_core::compare::Verdict;
use bench_runner_core::record::{MetricId, Role};

use super::fixture::{self, block, comparison, empty_arm, empty_block, everything, names, ratio};
use super::scene::{Mark, Scene};
use super::*;

mod builds_and_costs;

/// Comparisons from empty to very large.
fn cases() -> Vec<(&'static str, Comparison)> {
    let one_size = |n: usize, long: bool| comparison(vec![block("hexyl 0.17.0", &names(n, long), 12, 4.2)]);
    let mut single = block("one build", &names(2, false), 1, 4.2);
    single.arms.truncate(1);
    let mut failures = empty_block("nothing worked");
    failures.arms = vec![empty_arm(Role::Baseline, "linker=bfd"), empty_arm(Role::Variant, "linker=mold")];
    failures.arms[0].failures = 3;
    failures.arms[1].not_timed =
        Some("linker not in force: ".to_owned() + &"found something else ".repeat(20));
    let mut equal = block("all equal", &names(3, false), 6, 2.0);
    for arm in &mut equal.arms {
        arm.points.iter_mut().for_each(|point| point.wall = 2.0);
        arm.summaries[MetricId::Wall] = Some(fixture::summary(2.0, 0.0, 6));
        arm.ratio = arm.ratio.map(|_| ratio(1.0, 0.0, Verdict::Equivalent));
    }
    equal.twin = Some(fixture::twin(6, 1.0, 0.0, 1.0));
    let mut wild = block("wild <numbers> & \"quotes\"", &names(4, true), 30, 0.0004);
    wild.arms[2].ratio = Some(ratio(57.0, 0.9, Verdict::Slower));
    wild.arms[3].ratio = Some(ratio(0.02, 0.999, Verdict::Faster));
    wild.arms[2].points.iter_mut().for_each(|point| point.wall *= 57.0);
    wild.twin = Some(fixture::twin(30, 1.4, 9.0, 0.5));
    let mut outliers = block("far outliers", &names(3, false), 12, 4.2);
    for (arm, round, wall) in [(0, 3, 42.0), (1, 3, 50.0), (2, 3, 5.9), (2, 8, 138.0), (3, 11, 60.0)] {
        let point = &mut outliers.arms[arm].points[round];
        (point.wall, point.outlier) = (wall, true);
    }
    let mut broken = block("numbers that are none", &names(2, false), 2, 3.0);
    broken.arms[0].points[0].wall = f64::NAN;
    broken.arms[1].points[0].wall = f64::INFINITY;
    broken.arms[2].points[0].wall = -1.0;
    broken.arms[2].ratio = Some(ratio(f64::NAN, f64::NAN, Verdict::Undecided));
    vec![
        ("empty", comparison(Vec::new())),
        ("no-arms", comparison(vec![empty_block("nothing")])),
        ("failures", comparison(vec![failures])),
        ("single", comparison(vec![single])),
        ("equal", comparison(vec![equal])),
        ("wild", comparison(vec![wild])),
        ("outliers", comparison(vec![outliers])),
        ("broken", comparison(vec![broken])),
        ("2", one_size(2, false)),
        ("4", one_size(4, false)),
        ("4-long", one_size(4, true)),
        ("12", one_size(12, false)),
        ("12-long", one_size(12, true)),
        ("30", one_size(30, false)),
        ("30-long", one_size(30, true)),
        ("everything", everything()),
        ("product", comparison(vec![fixture::product(false)])),
        ("interaction", comparison(vec![fixture::product(true)])),
    ]
}

fn scenes() -> Vec<(String, Scene)> {
    let of_case = |(name, comparison): (&str, Comparison)| {
        let mut scenes = vec![
            (format!("{name}: forest"), forest::scene(&comparison, &FigureLayout::WIDE)),
            (format!("{name}: narrow forest"), forest::scene(&comparison, &FigureLayout::NARROW)),
        ];
        for block in &comparison.blocks {
            let named = |one: BlockScene| (format!("{name}: {}{}", block.title, one.ending), one.scene);
            scenes.extend(block_scenes(block).into_iter().map(named));
        }
        scenes
    };
    cases().into_iter().flat_map(of_case).chain(multi_run_cases()).collect()
}

/// Scenes of several runs: few machines, many machines with long names, and ratios that are not finite.
fn multi_run_cases() -> Vec<(String, Scene)> {
    use crate::machines::{ComparedRun, side_by_side, tests::fixture as runs};
    let of = |name: &str, made: Vec<runs::FixtureRun>| {
        let together =
            side_by_side(&made.iter().map(runs::FixtureRun::run).collect::<Vec<ComparedRun<'_>>>());
        let narrow = |block: &MultiRunBlock| {
            ("narrow".to_owned(), machines::scene(&together.machines, block, &FigureLayout::NARROW))
        };
        let narrow = together.blocks.iter().map(narrow);
        let named = |(stem, scene)| (format!("{name}: {stem}"), scene);
        multi_run_scenes(&together).into_iter().chain(narrow).map(named).collect::<Vec<_>>()
    };
    let faster = Verdict::Faster;
    let many = (0..17).map(|index| {
        let machine = format!("amd-epyc-9654-96c192t-384g-x86_64-linux-v1-f0e6-<b>{index}</b>");
        let name = "a-linker-with-a-very-long-name-in-a-directory-of-its-own";
        let ratio = 0.1 * 1.3f64.powi(index);
        runs::fixture_run(&machine, &format!("r{index}")).with_block(
            "clean",
            9.0,
            &[(name, ratio, 0.9, faster), ("x", 1.0, 0.0, faster)],
        )
    });
    let broken = ["a-1", "b-1"].map(|machine| {
        let said = [("x", f64::NAN, f64::NAN, Verdict::Undecided), ("y", 57.0, 0.999, Verdict::Slower)];
        runs::fixture_run(machine, machine).with_block("clean", 9.0, &said)
    });
    let several =
        [of("several", runs::several_runs()), of("many", many.collect()), of("broken runs", broken.to_vec())];
    several.into_iter().flatten().collect()
}

#[test]
fn no_label_is_cut_or_lies_on_another() {
    for (name, scene) in scenes() {
        let labels: Vec<_> = scene.labels().collect();
        assert!(!labels.is_empty(), "{name}");
        for (index, label) in labels.iter().enumerate() {
            let (left, top, right, bottom) = label.extent();
            let inside =
                left >= 4.0 && top >= 4.0 && right <= scene.width - 4.0 && bottom <= scene.height - 4.0;
            assert!(inside, "{name}: `{}` leaves the card: {:?}", label.text, label.extent());
            for other in &labels[index + 1..] {
                let (l, t, r, b) = other.extent();
                let apart = r <= left || l >= right || b <= top || t >= bottom;
                assert!(apart, "{name}: `{}` lies on `{}`", label.text, other.text);
            }
        }
    }
}

#[test]
fn what_runs_of_a_machine_say_stands_beside_their_ratio() {
    use crate::machines::{ComparedRun, side_by_side, tests::fixture as runs};
    let run = |name: &str, one: Verdict, other: Verdict| {
        runs::fixture_run("a-1", name).with_block(
            "clean",
            9.0,
            &[("x", 1.0, 0.1, one), ("y", 1.0, 0.1, other)],
        )
    };
    let made =
        [run("r1", Verdict::Equivalent, Verdict::Faster), run("r2", Verdict::Undecided, Verdict::Slower)];
    let together = side_by_side(&made.iter().map(runs::FixtureRun::run).collect::<Vec<ComparedRun<'_>>>());
    for (name, scene) in multi_run_scenes(&together) {
        let words: Vec<&str> = scene.labels().map(|label| label.text.as_str()).collect();
        assert!(
            words.contains(&"partly equivalent") && words.contains(&"contradictory"),
            "{name}: {words:?}"
        );
        assert!(scene.tooltips.iter().any(|tip| tip.text.starts_with("equivalent in 1 of 2 runs")), "{name}");
    }
}

#[test]
fn every_mark_is_on_the_card() {
    for (name, scene) in scenes() {
        for mark in &scene.marks {
            let places = match mark {
                Mark::Line { places, .. } | Mark::Area { corners: places, .. } => places.clone(),
                Mark::Circle { center, .. } => vec![*center],
                Mark::Text(label) => vec![label.place],
            };
            for (x, y) in places {
                let inside = (0.0..=scene.width).contains(&x) && (0.0..=scene.height).contains(&y);
                assert!(inside, "{name}: {mark:?}");
            }
        }
    }
}

#[test]
fn what_is_told_lies_on_the_card() {
    for (name, scene) in scenes() {
        for tip in &scene.tooltips {
            let inside =
                |(x, y): (f64, f64)| (0.0..=scene.width).contains(&x) && (0.0..=scene.height).contains(&y);
            assert!(inside(tip.from) && inside(tip.to) && !tip.text.is_empty(), "{name}: {tip:?}");
        }
    }
}

#[test]
fn a_page_is_told_of_every_build_and_every_ratio() {
    let one = block("hexyl", &names(3, false), 12, 4.2);
    let tooltips = |figure: &InlineFigure| {
        let mut told: serde_json::Value = serde_json::from_str(&figure.tooltips).unwrap();
        let parts: Vec<serde_json::Value> = serde_json::from_value(told["parts"].take()).unwrap();
        // The last two fields of each part are the index of its name and its text.
        let text = |part: &serde_json::Value| {
            let fields = part.as_array().unwrap();
            let name = fields[fields.len() - 2].as_u64().unwrap() as usize;
            format!(
                "{}: {}",
                told["names"][name].as_str().unwrap(),
                fields[fields.len() - 1].as_str().unwrap()
            )
        };
        parts.iter().map(text).collect::<Vec<String>>()
    };
    let [builds, memory, spread, costs] = &inline_block(&one)[..] else { panic!("four figures") };
    assert_eq!(tooltips(builds).len(), 4 * 12);
    assert_eq!(tooltips(builds)[0], "linker=bfd: 4.67 s, round 1, an outlier");
    assert_eq!([spread, costs, memory].map(|figure| tooltips(figure).len()), [4, 4, 4]);
    let [forest, narrow] = inline_forest(&comparison(vec![one]));
    assert_eq!(tooltips(&forest).len(), 3);
    assert_eq!(tooltips(&forest), tooltips(&narrow));
    expect_test::expect![[r#"
        linker=bfd (control): two identical builds differed by −0.2% (−1.8 to +1.4%); a real difference of 2.1% or more would be found in 4 of 5 such runs
        linker=lld: faster, 0.873× as long (0.866–0.880×; −12.7%), saves 0.53 s per build, 12 rounds, median 3.667 s, p = 0.002 after correction
        linker=mold: faster, 0.921× as long (0.914–0.928×; −7.9%), saves 0.33 s per build, 12 rounds, median 3.868 s, p = 0.002 after correction"#]].assert_eq(&tooltips(&forest).join("\n"));
}

#[test]
fn at_most_three_figures_of_a_comparison_are_shown_and_the_others_come_after_them() {
    let mut one = block("hexyl", &names(3, false), 12, 4.2);
    let shown = |block: &BlockResult| {
        let figures = inline_block(block);
        assert_eq!(figures.len(), 4);
        assert!(figures.is_sorted_by_key(|figure| figure.on_demand), "those on demand come last");
        let shown = figures.into_iter().filter(|figure| !figure.on_demand);
        let kind =
            |figure: InlineFigure| figure.title.replace(&block.title, "").trim_start_matches(": ").to_owned();
        shown.map(kind).collect::<Vec<_>>()
    };
    // The variants of the fixture need other memory than the baseline, and CPU time as their wall time.
    assert_eq!(shown(&one), ["", "time against memory"]);
    for arm in &mut one.arms {
        arm.summaries[MetricId::MaxRss] = Some(fixture::summary(4e8, 0.002, 12));
    }
    assert_eq!(shown(&one), [""]);
    one.arms[2].summaries[MetricId::Cpu] = Some(fixture::summary(20.0, 0.002, 12));
    assert_eq!(shown(&one), ["", "wall time and CPU time"]);
    one.arms[2].summaries[MetricId::MaxRss] = Some(fixture::summary(5e8, 0.002, 12));
    assert_eq!(shown(&one).len(), 3);
}

fn texts(scene: &Scene) -> Vec<&str> {
    scene.labels().map(|label| label.text.as_str()).collect()
}

#[test]
fn the_forest_says_verdict_and_numbers_and_why_a_row_has_none() {
    let scene = forest::scene(&everything(), &FigureLayout::WIDE);
    let texts = texts(&scene);
    for wanted in [
        "linker=lld (linker=rust-lld)",
        "linker=mold · 2 failed",
        "faster",
        "invalid",
        "linker=bfd (control)",
        "control",
        "differs",
        "not timed: linker not in force: expected gold, found LLD 22.1.2",
        "no build succeeded: 12 builds failed, timed out or could not start",
        "too few rounds for an interval",
    ] {
        assert!(texts.contains(&wanted), "{wanted} is not among {texts:#?}");
    }
    // Only verdicts that occur.
    let shapes = "Shapes: circle (faster), open square (undecided), cross (invalid).";
    assert!(texts.join(" ").contains(shapes), "{texts:#?}");
    assert!(texts.join(" ").contains("Skipped on this machine: linker=sold."), "{texts:#?}");
    for head in ["← takes less time", "takes more time →", "verdict", "ratio", "95% interval", "change"] {
        assert_eq!(texts.iter().filter(|text| **text == head).count(), 1, "{head}: {texts:#?}");
    }
    assert_eq!(texts.iter().filter(|text| **text == "±3%: too small to matter").count(), 1, "{texts:#?}");
    let facts = "noise floor 2.1%";
    assert!(texts.iter().any(|text| text.contains(facts)), "{texts:#?}");
}

#[test]
fn all_comparisons_have_one_scale_unless_one_would_be_unreadable_on_it() {
    let count = |texts: &[&str]| texts.iter().filter(|text| **text == "1×" || **text == "1.00×").count();
    let with = |ratio_of: f64, spread: f64| {
        let mut one = block("hexyl", &names(2, false), 12, 4.2);
        one.arms[2].ratio = Some(ratio(ratio_of, spread, Verdict::Faster));
        one
    };
    let scene_of = |blocks: Vec<BlockResult>| forest::scene(&comparison(blocks), &FigureLayout::WIDE);
    let common = scene_of(vec![with(0.42, 0.1), with(0.86, 0.01)]);
    assert_eq!(count(&texts(&common)), 1, "one axis below all of them");
    let margin =
        |scene: &Scene| texts(scene).iter().filter(|text| **text == "±3%: too small to matter").count();
    assert_eq!(margin(&common), 1);
    let own = scene_of(vec![with(0.2, 0.05), with(0.97, 0.01)]);
    assert_eq!((count(&texts(&own)), margin(&own)), (2, 2));
    let warnings: Vec<&str> =
        texts(&own).into_iter().filter(|text| text.starts_with("own scale, ")).collect();
    let [warning] = warnings[..] else { panic!("{warnings:?}") };
    let factor: f64 =
        warning.split(['×', ' ']).nth(2).and_then(|factor| factor.parse().ok()).expect("a number");
    assert!((10.0..40.0).contains(&factor), "{warning}");
    let narrow = forest::scene(&comparison(vec![with(0.2, 0.05), with(0.97, 0.01)]), &FigureLayout::NARROW);
    assert!(texts(&narrow).contains(&warning), "{:?}", texts(&narrow));
}

#[test]
fn the_axis_of_many_comparisons_is_repeated() {
    let axes = |count: usize| {
        let blocks = (0..count).map(|_| block("hexyl", &names(2, false), 12, 4.2)).collect();
        let scene = forest::scene(&comparison(blocks), &FigureLayout::WIDE);
        scene.labels().filter(|label| label.text == "1.00×").count()
    };
    assert_eq!([1, 5, 6, 11].map(axes), [1, 1, 2, 3]);
}

#[test]
fn an_interval_beyond_the_axis_ends_in_an_arrowhead() {
    let with_spread = |spread: f64| {
        let mut one = block("hexyl", &names(3, false), 6, 1.0);
        one.arms[2].ratio = Some(ratio(0.9, 0.01, Verdict::Faster));
        one.arms[3].ratio = Some(ratio(1.1, spread, Verdict::Undecided));
        let scene = forest::scene(&comparison(vec![one]), &FigureLayout::WIDE);
        let heads = scene
            .marks
            .iter()
            .filter(|mark| matches!(mark, Mark::Area { corners, .. } if corners.len() == 3));
        heads.count()
    };
    assert_eq!(with_spread(0.02), 0);
    assert_eq!(with_spread(0.7), 2);
}

#[test]
fn what_has_nothing_to_show_says_so() {
    assert!(
        texts(&forest::scene(&comparison(Vec::new()), &FigureLayout::WIDE)).contains(&"nothing was measured")
    );
    let empty = empty_block("nothing");
    assert!(texts(&builds::scene(&empty)).contains(&"no build to show"));
    assert!(
        texts(&forest::scene(&comparison(vec![empty]), &FigureLayout::WIDE)).contains(&"nothing to compare")
    );
}

/// Checks that tags are properly nested, quotes are paired, and every `&` begins an entity.
fn check_xml(text: &str) {
    let mut open: Vec<String> = Vec::new();
    let mut rest = text;
    while let Some(start) = rest.find('<') {
        check_entities(&rest[..start]);
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        check_entities(tag);
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
        } else if !tag.ends_with('/') {
            open.push(tag.split([' ', '\n']).next().unwrap_or_default().to_owned());
        }
        rest = &rest[end + 1..];
    }
    assert_eq!(open, Vec::<String>::new());
}

fn check_entities(text: &str) {
    for part in text.split('&').skip(1) {
        let known = ["amp;", "lt;", "gt;", "quot;", "apos;"].iter().any(|entity| part.starts_with(entity));
        assert!(known, "&{part}");
    }
}

/// Texts of the SVG files.
fn texts_of(files: &[FigureFile]) -> impl Iterator<Item = &str> {
    files.iter().map(|file| std::str::from_utf8(&file.bytes).expect("SVG is text"))
}

#[test]
fn files_are_well_formed_and_the_same_each_time() {
    for (name, comparison) in cases() {
        let files = svgs(&comparison);
        let of_effects = comparison.blocks.iter().filter_map(|block| block.effects.as_ref()?.as_ref().ok());
        let of_effects =
            of_effects.map(|effects| 1 + usize::from(effects.found_interactions().next().is_some()));
        assert_eq!(files.len(), comparison.blocks.len() * 4 + 1 + of_effects.sum::<usize>());
        for svg in texts_of(&files) {
            check_xml(svg);
            assert!(svg.starts_with("<svg xmlns="), "{name}");
            assert!(svg.trim_end().ends_with("</svg>"), "{name}");
            assert!(!svg.contains("NaN"), "{name}: {svg}");
        }
        assert_eq!(files, svgs(&comparison));
    }
}

#[test]
fn names_are_escaped() {
    let mut one = block("<&\">", &names(2, false), 3, 1.0);
    one.arms[2].variant = "a<b&c\"d\u{1b}".to_owned();
    let comparison = comparison(vec![one]);
    let files = svgs(&comparison);
    let inline = inline_block(&comparison.blocks[0]).into_iter().map(|figure| figure.svg);
    for svg in texts_of(&files).map(str::to_owned).chain(inline) {
        assert!(svg.contains("a&lt;b&amp;c&quot;d\u{FFFD}"), "{svg}");
        assert!(!svg.contains('\u{1b}'));
    }
}

#[test]
fn file_names_follow_the_blocks() {
    let comparison = comparison(vec![empty_block("hexyl")]);
    let files = svgs(&comparison);
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names[..2], ["forest.svg", "linkers-hexyl-incremental.svg"]);
    let files = pngs(&comparison).unwrap();
    let names: Vec<_> = files.iter().map(|file| file.name.as_str()).collect();
    assert_eq!(names[..2], ["forest.png", "forest-slide.png"]);
    assert!(names.contains(&"linkers-hexyl-incremental-memory-slide.png"), "{names:?}");
}

#[test]
fn dark_pages_get_dark_colours() {
    let svg = svg::file(&forest::scene(&everything(), &FigureLayout::WIDE));
    assert!(svg.contains("@media (prefers-color-scheme:dark)"));
    assert!(svg.contains(".bench-runner-figure [fill=\"#1F2328\"]{fill:#E6EDF3}"));
    // The attributes are written exactly as the rules select them.
    assert!(svg.contains("fill=\"#1F2328\"") && svg.contains("stroke=\"#07508F\""));
}

/// Draws every case in both color schemes; `FIGURES=DIR` keeps the files for inspection.
#[test]
fn pictures() {
    let temporary = tempfile::tempdir().unwrap();
    let folder =
        std::env::var_os("FIGURES").map_or_else(|| temporary.path().into(), std::path::PathBuf::from);
    for (name, comparison) in cases() {
        for file in svgs(&comparison) {
            std::fs::write(folder.join(format!("{name}-{}", file.name)), &file.bytes).unwrap();
            let svg = String::from_utf8(file.bytes).unwrap();
            let dark = palette::Ink::all().fold(svg.clone(), |svg, ink| {
                let (head, body) = svg.split_once("</style>").expect("figures have a style");
                format!("{head}</style>{}", body.replace(ink.light(), ink.dark()))
            });
            assert_ne!(dark, svg, "{name}: the dark scheme changes something");
            std::fs::write(folder.join(format!("{name}-dark-{}", file.name)), dark).unwrap();
        }
    }
}
