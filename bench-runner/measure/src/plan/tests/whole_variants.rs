//! Whole variants, and the names of rows.

use super::*;

#[test]
fn whole_variants_stand_beside_the_product_of_the_axes() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\ntwin = false\n",
        "[axes]\nlinker = [\"bfd\", \"default\"]\nprofile = [\"dev\", \"release\"]\n",
        "[variants]\nold = { linker = \"bfd\" }\nquick = { \"env.X\" = \"1\", profile = \"dev\" }\n",
        "same = { profile = \"dev\", linker = \"rust-lld\" }\nas-it-is = true\n",
        "[[exclude]]\nwhen = { linker = \"default\", profile = \"release\" }\nreason = \"not of interest\"\n",
        "[[exclude]]\nwhen = { \"env.X\" = \"1\" }\nreason = \"neither is this\"\n",
    ));
    expect_test::expect![[r#"
        s/a/clean
          baseline linker=bfd profile=dev
          variant linker=bfd profile=release
          variant linker=default profile=dev = same
          variant old
          variant as it is
        left out: s/a/clean linker=default profile=release: not of interest
        left out: s/a/clean quick: neither is this"#]]
    .assert_eq(&outline(&plan));
    assert_eq!(plan.blocks[0].axes, ["linker", "profile"]);
    let old = plan.blocks[0].arms.iter().find(|arm| arm.variant.name == "old").unwrap();
    assert_eq!(old.variant.settings, BTreeMap::from([("linker".to_owned(), "bfd".to_owned())]));
}

#[test]
fn without_axes_the_project_as_it_is_comes_first() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\n",
        "[variants]\nas-it-is = true\nquick = { \"env.X\" = \"1\" }\n",
    ));
    expect_test::expect![[r#"
        s/a/clean
          baseline as it is
          twin as it is
          variant quick"#]]
    .assert_eq(&outline(&plan));
    assert_eq!(plan.blocks[0].axes, ["env.X"]);
}

#[test]
fn a_whole_variant_can_be_the_baseline() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\nbaseline = \"quick\"\n",
        "[axes]\nlinker = [\"bfd\", \"default\"]\n",
        "[variants]\nold = { linker = \"bfd\" }\nquick = { \"env.X\" = \"1\" }\n",
    ));
    expect_test::expect![[r#"
        s/a/clean
          baseline quick
          twin quick
          variant linker=bfd = old
          variant linker=default"#]]
    .assert_eq(&outline(&plan));
    assert_eq!(plan.blocks[0].axes, ["linker", "env.X"]);
}

#[test]
fn beside_an_axis_of_workloads_a_whole_variant_has_that_of_the_baseline() {
    let plan = made(concat!(
        "projects = [\"a\"]\nbaseline = { workload = \"check\" }\n",
        "[axes]\nworkload = [\"clean\", \"check\"]\n[variants]\nquick = { \"env.X\" = \"1\" }\n",
    ));
    let workloads: Vec<(&str, &str)> = plan.blocks[0]
        .arms
        .iter()
        .map(|arm| (arm.variant.name.as_str(), arm.variant.workload.as_str()))
        .collect();
    let baseline = ("workload=check", "check");
    assert_eq!(workloads, [baseline, baseline, ("workload=clean", "clean"), ("quick", "check")]);
}

#[test]
fn a_user_without_any_configuration_has_the_project_as_it_is() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\n",
        "[variants]\nas-configured = true\nquick = { \"env.X\" = \"1\", rustflags = \" \" }\n",
    ));
    expect_test::expect![[r#"
        s/a/clean
          baseline as it is = as-configured
          twin as it is
          variant quick"#]]
    .assert_eq(&outline(&plan));
}

#[test]
fn a_value_of_several_lines_has_a_name_of_one() {
    let plan = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\n",
        "[axes]\nconfig = [\"\", \"profile.dev.debug=1\\nprofile.dev.lto=true\"]\n",
    ));
    assert_eq!(plan.blocks[0].arms[2].variant.name, "config=profile.dev.debug=1; profile.dev.lto=true");
}

#[test]
fn what_all_of_a_block_is_built_with_a_whole_variant_has_too() {
    let made = made(concat!(
        "projects = [\"a\"]\nworkloads = [\"clean\"]\ntwin = false\n",
        "[axes]\nprofile = [\"release\"]\nlto = [\"off\", \"thin\"]\n",
        "[variants]\nsmall = { opt-level = \"s\" }\ndev = { profile = \"dev\" }\n",
    ));
    let profiles: Vec<(&str, &str)> = made.blocks[0]
        .arms
        .iter()
        .map(|arm| (arm.variant.name.as_str(), arm.variant.settings["profile"].as_str()))
        .collect();
    assert_eq!(
        profiles,
        [("lto=off", "release"), ("lto=thin", "release"), ("small", "release"), ("dev", "dev")]
    );
}
