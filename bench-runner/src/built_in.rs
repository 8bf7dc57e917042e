//! The built-in projects and scenarios, passed to [`bench_runner_measure`] as data.

use std::path::Path;

use bench_runner_measure::corpus::{Catalogue, CatalogueError};
use bench_runner_measure::scenario::{RequestError, ScenarioLibrary};
use bench_runner_measure::search::SpaceFile;

/// Project manifests, with the names for error messages.
const PROJECTS: [(&str, &str); 23] = [
    ("built-in corpus/actix-graphql.toml", include_str!("../../corpus/actix-graphql.toml")),
    ("built-in corpus/axum-oauth.toml", include_str!("../../corpus/axum-oauth.toml")),
    ("built-in corpus/diffr.toml", include_str!("../../corpus/diffr.toml")),
    ("built-in corpus/fd-find.toml", include_str!("../../corpus/fd-find.toml")),
    ("built-in corpus/generated-chain.toml", include_str!("../../corpus/generated-chain.toml")),
    ("built-in corpus/generated-generics.toml", include_str!("../../corpus/generated-generics.toml")),
    ("built-in corpus/generated-reqwest.toml", include_str!("../../corpus/generated-reqwest.toml")),
    ("built-in corpus/generated-star.toml", include_str!("../../corpus/generated-star.toml")),
    ("built-in corpus/generated-tokio-full.toml", include_str!("../../corpus/generated-tokio-full.toml")),
    ("built-in corpus/generated-tokio-rt.toml", include_str!("../../corpus/generated-tokio-rt.toml")),
    (
        "built-in corpus/generated-trait-objects.toml",
        include_str!("../../corpus/generated-trait-objects.toml"),
    ),
    ("built-in corpus/generated-ureq.toml", include_str!("../../corpus/generated-ureq.toml")),
    ("built-in corpus/hexyl.toml", include_str!("../../corpus/hexyl.toml")),
    ("built-in corpus/hyperfine.toml", include_str!("../../corpus/hyperfine.toml")),
    ("built-in corpus/just.toml", include_str!("../../corpus/just.toml")),
    ("built-in corpus/miniserve.toml", include_str!("../../corpus/miniserve.toml")),
    ("built-in corpus/nushell.toml", include_str!("../../corpus/nushell.toml")),
    ("built-in corpus/ripgrep-workspace.toml", include_str!("../../corpus/ripgrep-workspace.toml")),
    ("built-in corpus/ripgrep.toml", include_str!("../../corpus/ripgrep.toml")),
    ("built-in corpus/rust-analyzer.toml", include_str!("../../corpus/rust-analyzer.toml")),
    ("built-in corpus/sd.toml", include_str!("../../corpus/sd.toml")),
    ("built-in corpus/titlecase.toml", include_str!("../../corpus/titlecase.toml")),
    ("built-in corpus/tokei.toml", include_str!("../../corpus/tokei.toml")),
];

/// Scenarios, by file name.
const SCENARIOS: [(&str, &str); 12] = [
    ("quick.toml", include_str!("../../scenarios/quick.toml")),
    ("backends.toml", include_str!("../../scenarios/backends.toml")),
    ("cache.toml", include_str!("../../scenarios/cache.toml")),
    ("check-vs-build.toml", include_str!("../../scenarios/check-vs-build.toml")),
    ("codegen-units.toml", include_str!("../../scenarios/codegen-units.toml")),
    ("debug-info.toml", include_str!("../../scenarios/debug-info.toml")),
    ("frontend-threads.toml", include_str!("../../scenarios/frontend-threads.toml")),
    ("jobs.toml", include_str!("../../scenarios/jobs.toml")),
    ("linkers.toml", include_str!("../../scenarios/linkers.toml")),
    ("lto.toml", include_str!("../../scenarios/lto.toml")),
    ("profiles.toml", include_str!("../../scenarios/profiles.toml")),
    ("recommended.toml", include_str!("../../scenarios/recommended.toml")),
];

/// The space that `search` chooses from if no file is named, with its name for error messages.
const SPACE: (&str, &str) = ("built-in spaces/default.toml", include_str!("../../spaces/default.toml"));

/// The space that `search` chooses from by default.
pub fn default_space() -> Result<SpaceFile, RequestError> {
    SpaceFile::parse(SPACE.0, SPACE.1)
}

/// All projects: built-in ones and those of the checkout, which take precedence by name.
pub fn catalogue(checkout: Option<&Path>) -> Result<Catalogue, CatalogueError> {
    Catalogue::load(&PROJECTS, checkout)
}

/// All scenarios: built-in ones and those of the checkout, which take precedence by name.
pub fn library(checkout: Option<&Path>) -> Result<ScenarioLibrary, RequestError> {
    ScenarioLibrary::load(&SCENARIOS, checkout)
}

#[cfg(test)]
mod tests {
    use bench_runner_measure::scenario::VariantBase;

    use super::*;
    use crate::flows::FlowError;

    #[test]
    fn what_is_built_in_is_valid_and_can_be_edited() {
        let catalogue = catalogue(None).unwrap();
        let names: Vec<&str> = catalogue.projects().map(|project| &project.name[..]).collect();
        assert_eq!(
            names,
            [
                "actix-graphql",
                "axum-oauth",
                "diffr",
                "fd-find",
                "generated-chain",
                "generated-generics",
                "generated-reqwest",
                "generated-star",
                "generated-tokio-full",
                "generated-tokio-rt",
                "generated-trait-objects",
                "generated-ureq",
                "hexyl",
                "hyperfine",
                "just",
                "miniserve",
                "nushell",
                "ripgrep",
                "ripgrep-workspace",
                "rust-analyzer",
                "sd",
                "titlecase",
                "tokei"
            ]
        );
        for project in catalogue.projects() {
            assert!(
                project.edit(bench_runner_measure::corpus::EditClass::Body).is_some(),
                "{}",
                project.name
            );
            assert!(project.base.is_none());
            assert!(project.source.stated_tree().is_some(), "{} states no hash of its tree", project.name);
            let sizes = ["quick", "standard", "large", "generated"];
            let sized = sizes.iter().filter(|size| project.tags.iter().any(|tag| tag == *size)).count();
            assert_eq!(sized, 1, "{} has one size", project.name);
        }
        let ripgrep = catalogue.entries().into_iter().find(|entry| entry.name == "ripgrep").unwrap();
        assert_eq!(ripgrep.source, "ripgrep 15.1.0");
    }

    #[test]
    fn projects_are_selected_by_name_and_by_tag() {
        let catalogue = catalogue(None).unwrap();
        let names = |selector| -> Vec<String> {
            catalogue.select(selector).unwrap().into_iter().map(|project| project.name.clone()).collect()
        };
        assert_eq!(names("ripgrep"), ["ripgrep"]);
        assert_eq!(names("tag:quick"), ["diffr", "hexyl", "sd", "titlecase"]);
        assert_eq!(names("tag:generated").len(), 8);
        let error =
            crate::commands::with_help(&FlowError::from(catalogue.select("ripgrpe").unwrap_err()).refusal());
        assert!(error.contains("did you mean `ripgrep`?"), "{error}");
        let error =
            crate::commands::with_help(&FlowError::from(catalogue.select("tag:quik").unwrap_err()).refusal());
        assert!(error.contains("did you mean `quick`?"), "{error}");
        let error =
            crate::commands::with_help(&FlowError::from(catalogue.select("linux").unwrap_err()).refusal());
        assert!(error.contains("hexyl, hyperfine, just, miniserve, nushell"), "{error}");
    }

    #[test]
    fn the_built_in_scenarios_are_valid() {
        let library = library(None).unwrap();
        let names: Vec<&str> = library.iter().map(|scenario| scenario.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "backends",
                "cache",
                "check-vs-build",
                "codegen-units",
                "debug-info",
                "frontend-threads",
                "jobs",
                "linkers",
                "lto",
                "profiles",
                "quick",
                "recommended"
            ]
        );
        for (scenario, matrix) in
            library.iter().flat_map(|scenario| scenario.matrices.iter().map(move |matrix| (scenario, matrix)))
        {
            assert_ne!(
                matrix.on,
                VariantBase::AsItIs,
                "{}: your own configuration is what you have",
                scenario.name
            );
            if matrix.axes.iter().any(|(key, _)| key == "linker") {
                let baseline = matrix.baseline.value("linker").map(|word| word.text.as_str());
                assert_eq!(baseline, Some("default"), "{}", scenario.name);
            }
        }
    }

    #[test]
    fn the_built_in_space_has_an_axis_for_each_kind_of_setting() {
        let space = default_space().unwrap();
        let keys: Vec<&str> = space.axes.iter().map(|axis| axis.key.as_str()).collect();
        assert_eq!(
            keys,
            [
                "linker",
                "linker-threads",
                "debug",
                "split-debuginfo",
                "codegen-units",
                "opt-level",
                "incremental",
                "cache",
                "jobs",
                "toolchain",
                "threads",
                "backend"
            ]
        );
    }

    #[test]
    fn an_unknown_scenario_names_the_nearest() {
        let error = crate::commands::with_help(
            &FlowError::from(library(None).unwrap().get("linker").unwrap_err()).refusal(),
        );
        assert_eq!(error, "unknown scenario `linker`\nhelp: did you mean `linkers`?");
    }
}
