//! `on = "auto"`: the baseline of projects in a directory of the user's own, and of all others.

use super::*;

fn outline_on(project: &str, matrix: &str) -> String {
    let plan = made(&format!("projects = [\"{project}\"]\non = \"auto\"\n{matrix}"));
    for arm in plan.blocks.iter().flat_map(|block| &block.arms) {
        let configured = arm.variant.settings.get("as-configured").map(String::as_str);
        let expected = (project == "./own" && arm.variant.name != "as it is").then_some(CONFIGURED);
        assert_eq!(configured, expected, "{arm:?}");
    }
    outline(&plan).replace("s/own/", "s/a/")
}

/// The baseline and the variants of a matrix, for a directory of one's own and for other projects.
#[test]
fn the_baseline_of_a_directory_of_ones_own_is_what_one_has() {
    let clean = "workloads = [\"clean\"]\ntwin = false\n";
    for (matrix, own, other) in [
        // One value: against one's own configuration.
        (
            format!("{clean}[axes]\nlinker = [\"bfd\"]\n"),
            "s/a/clean\n  baseline as-configured\n  variant linker=bfd",
            "s/a/clean\n  baseline linker=bfd",
        ),
        // Several values: against the first one, on top of one's own configuration.
        (
            format!("{clean}[axes]\nlinker = [\"bfd\", \"lld\"]\n"),
            "s/a/clean\n  baseline linker=bfd\n  variant linker=lld",
            "s/a/clean\n  baseline linker=bfd\n  variant linker=lld",
        ),
        (
            format!("{clean}[axes]\nlinker = [\"default\", \"lld\"]\n"),
            "s/a/clean\n  baseline linker=default\n  variant linker=lld",
            "s/a/clean\n  baseline linker=default\n  variant linker=lld",
        ),
        // One combination of several axes is one value.
        (
            format!("{clean}[axes]\nlinker = [\"bfd\"]\ndebug = [\"none\"]\n"),
            "s/a/clean\n  baseline as-configured\n  variant linker=bfd debug=none",
            "s/a/clean\n  baseline linker=bfd debug=none",
        ),
        // A baseline that a scenario names stays.
        (
            format!("{clean}baseline = {{ debug = \"full\" }}\n[axes]\ndebug = [\"none\", \"full\"]\n"),
            "s/a/clean\n  baseline debug=full\n  variant debug=none",
            "s/a/clean\n  baseline debug=full\n  variant debug=none",
        ),
        (
            "control = false\nbaseline = { workload = \"clean\" }\n[axes]\nworkload = [\"check\", \"clean\"]\n"
                .to_owned(),
            "s/a/*\n  baseline workload=clean\n  variant workload=check",
            "s/a/*\n  baseline workload=clean\n  variant workload=check",
        ),
        // The default linker is the one that the configuration chooses.
        (
            format!(
                "{clean}baseline = {{ linker = \"default\" }}\n[axes]\nlinker = [\"default\", \"bfd\", \"lld\"]\n"
            ),
            "s/a/clean\n  baseline as-configured = linker=default\n  variant linker=bfd\n  variant linker=lld",
            "s/a/clean\n  baseline linker=default\n  variant linker=bfd\n  variant linker=lld",
        ),
        // Whole variants.
        (
            format!("{clean}[variants]\nmine = {{ linker = \"bfd\" }}\n"),
            "s/a/clean\n  baseline as-configured\n  variant mine",
            "s/a/clean\n  baseline as it is\n  variant mine",
        ),
        (
            format!(
                "{clean}[axes]\ndebug = [\"none\"]\n[variants]\nmine = {{ linker = \"bfd\" }}\nas-configured = true\n"
            ),
            "s/a/clean\n  baseline as-configured\n  variant debug=none\n  variant mine",
            "s/a/clean\n  baseline debug=none\n  variant mine\n  variant as-configured",
        ),
        (
            format!(
                "{clean}baseline = \"mine\"\n[axes]\ndebug = [\"none\"]\n[variants]\nmine = {{ linker = \"bfd\" }}\n"
            ),
            "s/a/clean\n  baseline mine\n  variant debug=none",
            "s/a/clean\n  baseline mine\n  variant debug=none",
        ),
        (
            format!("{clean}[axes]\ndebug = [\"none\"]\n[variants]\nas-it-is = true\n"),
            "s/a/clean\n  baseline as-configured\n  variant debug=none\n  variant as it is",
            "s/a/clean\n  baseline debug=none\n  variant as it is",
        ),
    ] {
        assert_eq!(outline_on("./own", &matrix), own, "{matrix}");
        // The user of a corpus project has no configuration here, so it is the project as it is.
        let without = outline_of_corpus(&matrix);
        assert_eq!(without, other, "{matrix}");
    }
}

fn outline_of_corpus(matrix: &str) -> String {
    let plan = made(&format!("projects = [\"a\"]\non = \"auto\"\n{matrix}"));
    let on_configured = |arm: &bench_runner_core::record::Arm| {
        arm.variant.name != "as-configured" && arm.variant.settings.contains_key("as-configured")
    };
    assert!(!plan.blocks.iter().flat_map(|block| &block.arms).any(on_configured), "{plan:?}");
    outline(&plan)
}

#[test]
fn a_profile_alone_is_compared_with_that_of_ones_own_configuration() {
    let profiles = |axes: &str| {
        let plan = made(&format!(
            "projects = [\"./own\"]\nworkloads = [\"clean\"]\ntwin = false\non = \"auto\"\n[axes]\n{axes}"
        ));
        let profile = |arm: &bench_runner_core::record::Arm| {
            (arm.variant.name.clone(), arm.variant.settings.get("profile").cloned())
        };
        plan.blocks[0].arms.iter().map(profile).collect::<Vec<_>>()
    };
    let release = Some("release".to_owned());
    assert_eq!(
        profiles("profile = [\"release\"]\n"),
        [("as-configured".to_owned(), None), ("profile=release".to_owned(), release.clone())]
    );
    assert_eq!(
        profiles("profile = [\"release\"]\nlto = [\"thin\"]\n"),
        [("as-configured".to_owned(), release.clone()), ("profile=release lto=thin".to_owned(), release)]
    );
}

#[test]
fn a_directory_that_cargo_does_not_build_has_no_configuration_of_cargo() {
    let plan = made(concat!(
        "projects = [\"./commands\"]\nworkloads = [\"clean\"]\non = \"auto\"\ntwin = false\n",
        "[axes]\n\"env.X\" = [\"1\"]\n"
    ));
    assert_eq!(outline(&plan), "s/commands/clean\n  baseline env.X=1");
}

#[test]
fn projects_that_are_an_axis_have_it_if_all_of_them_are_ones_own() {
    let configured = |projects: &str| {
        let plan = made(&format!(
            "workloads = [\"clean\"]\non = \"auto\"\ntwin = false\n[axes]\nproject = [{projects}]\n"
        ));
        let has = |arm: &bench_runner_core::record::Arm| arm.variant.settings.contains_key("as-configured");
        plan.blocks[0].arms.iter().map(has).collect::<Vec<_>>()
    };
    assert_eq!(configured("\"./own\", \"./other\""), [true, true]);
    assert_eq!(configured("\"./own\", \"a\""), [false, false]);
}

/// Scenario files from before `auto`.
#[test]
fn files_are_planned_as_they_say() {
    for (on, expected) in [
        ("", "s/own/clean\n  baseline linker=bfd\n  variant mine"),
        ("on = \"as-it-is\"\n", "s/own/clean\n  baseline linker=bfd\n  variant mine"),
        ("on = \"as-configured\"\n", "s/own/clean\n  baseline linker=bfd\n  variant mine"),
    ] {
        let plan = made(&format!(
            "projects = [\"./own\"]\nworkloads = [\"clean\"]\ntwin = false\n{on}\
             [axes]\nlinker = [\"bfd\"]\n[variants]\nmine = {{ debug = \"none\" }}\n"
        ));
        assert_eq!(outline(&plan), expected, "{on}");
        let configured =
            plan.blocks[0].arms.iter().all(|arm| arm.variant.settings.contains_key("as-configured"));
        assert_eq!(configured, on.contains("as-configured"), "{on}");
    }
    let keyed = made(concat!(
        "projects = [\"./own\"]\nworkloads = [\"clean\"]\ntwin = false\non = \"as-configured\"\n",
        "baseline = { linker = \"default\" }\n[axes]\nlinker = [\"bfd\", \"default\"]\n",
    ));
    assert_eq!(outline(&keyed), "s/own/clean\n  baseline linker=default\n  variant linker=bfd");
}

#[test]
fn recommended_is_on_top_of_what_one_has() {
    let scenario = built_in("recommended");
    let plan = plan(&[scenario], &TwoLinkers, &PlanOptions::default()).unwrap();
    expect_test::expect![[r#"
        recommended/small/clean
          baseline as-configured
          twin as-configured
          variant line-tables
        recommended/small/incremental
          baseline as-configured
          twin as-configured
          variant line-tables
        left out: recommended/small/clean mold: no mold on PATH
        left out: recommended/small/clean recommended: no mold on PATH
        left out: recommended/small/incremental mold: no mold on PATH
        left out: recommended/small/incremental recommended: no mold on PATH"#]]
    .assert_eq(&outline(&plan));
    assert!(plan.blocks[0].arms.iter().all(|arm| arm.variant.settings.contains_key("as-configured")));
}
