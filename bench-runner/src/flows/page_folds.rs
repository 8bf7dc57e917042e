//! Plan → the folds of a page: the conditions of each block in words, and the configuration and command of each variant. It
//! does not query the machine, so it works for bundles from other machines.

use bench_runner_core::bundle::Manifest;
use bench_runner_core::record::{AS_CONFIGURED, Block, Variant};
use bench_runner_measure::axes::{self, Settings};
use bench_runner_measure::build::{BuildRequest, portable_cargo_args};
use bench_runner_measure::corpus::{BuildTool, EditChange, EditPlacement, Project, TextChange, shell_word};
use bench_runner_measure::workloads::{self, SourceChange, Workload};
use bench_runner_report::report::{BlockSetup, VariantSetup};

use super::advice::situation;
use super::comparison_conditions::{PlannedProjects, planned_projects};

/// Longest quoted text of an edit, in characters.
const LONGEST_QUOTE: usize = 70;

/// The setup of each block of the plan.
pub(super) fn block_setups(manifest: &Manifest) -> Vec<BlockSetup> {
    let projects = planned_projects(&manifest.plan);
    let setup = |block: &Block| BlockSetup {
        block: block.id.clone(),
        conditions: conditions(block, &projects),
        variants: block.arms.iter().map(|arm| variant_setup(manifest, &projects, &arm.variant)).collect(),
    };
    manifest.plan.blocks.iter().map(setup).collect()
}

/// The build command if it is not cargo's, and the content of each workload; each sentence once.
fn conditions(block: &Block, projects: &PlannedProjects<'_>) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    let mut say = |sentence: String| {
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    };
    for variant in block.arms.iter().map(|arm| &arm.variant) {
        let project = projects.get(variant.project.as_str());
        if let Some(command) = project.and_then(|project| project.build.tool.command()) {
            say(format!("Built by `{}`.", quote(&command.build)));
        }
        let Ok(workload) = workloads::find(&variant.workload) else { continue };
        say(format!("`{}`: {}.", variant.workload, workload.summary));
        project.and_then(|project| edit_sentence(project, &workload)).into_iter().for_each(&mut say);
    }
    sentences
}

/// The change of the sources before each build of a workload that edits them.
fn edit_sentence(project: &Project, workload: &Workload) -> Option<String> {
    let SourceChange::Edited(class) = workload.sources else { return None };
    if let BuildTool::Command(command) = &project.build.tool {
        return command.edit.as_ref().map(|edit| format!("The edit is made by `{}`.", quote(edit)));
    }
    let edit = project.edit_of(class)?;
    Some(match &edit.change {
        EditChange::Text(TextChange { file, anchor, put }) => {
            let (anchor, file) = (excerpt(anchor), file.display());
            match put {
                EditPlacement::After(text) => {
                    format!("The edit adds `{}` after `{anchor}` in `{file}`.", excerpt(text))
                }
                EditPlacement::InPlace(text) => {
                    format!("The edit writes `{}` instead of `{anchor}` in `{file}`.", excerpt(text))
                }
            }
        }
        EditChange::Patch { .. } => format!("The edit is the patch `{}` of the project.", edit.name),
    })
}

/// A text on one line without backticks, shortened if it is long.
fn excerpt(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ").replace('`', "'");
    match line.char_indices().nth(LONGEST_QUOTE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line,
    }
}

fn variant_setup(manifest: &Manifest, projects: &PlannedProjects<'_>, variant: &Variant) -> VariantSetup {
    let situation = situation(manifest, &variant.project, &variant.settings);
    let settings = &variant.settings;
    let files =
        if axes::parse_all(settings).is_ok() { axes::advise(settings, &situation).files } else { Vec::new() };
    let command = projects.get(variant.project.as_str()).and_then(|project| {
        let request = axes::portable_request(settings, &situation).ok()?;
        command(project, variant, BuildRequest { jobs: jobs(&request, manifest), ..request })
    });
    let rev = variant.rev.iter().map(|rev| ("rev".to_owned(), rev.clone()));
    let settings = settings.iter().map(|(key, value)| (key.clone(), value.clone()));
    VariantSetup { settings: rev.chain(settings).collect(), command, files }
}

fn jobs(request: &BuildRequest, manifest: &Manifest) -> usize {
    if request.jobs == 0 { manifest.jobs } else { request.jobs }
}

/// The command line for a shell; `None` if the workload is not known.
fn command(project: &Project, variant: &Variant, request: BuildRequest) -> Option<String> {
    let mut variables = project.build.env.clone();
    variables.extend(request.env.clone());
    let words = match &project.build.tool {
        BuildTool::Command(command) => command.build.iter().chain(&request.args).cloned().collect(),
        BuildTool::Cargo => {
            if !request.rustflags.is_empty() {
                variables.insert("RUSTFLAGS".to_owned(), request.rustflags.join(" "));
            }
            let goal = workloads::find(&variant.workload).ok()?.goal;
            let toolchain = axes::toolchain_name(&variant.settings).map(|name| format!("+{name}"));
            let args = portable_cargo_args(&project.build, &request, goal);
            ["cargo".to_owned()].into_iter().chain(toolchain).chain(args).collect::<Vec<_>>()
        }
    };
    let variables = variables.iter().map(|(name, value)| format!("{name}={} ", shell_word(value)));
    let line = format!("{}{}", variables.collect::<String>(), quote(&words));
    let directory = project
        .build
        .directory
        .as_ref()
        .map(|dir| format!("cd {} && ", shell_word(&dir.display().to_string())));
    let own = own_configuration(&variant.settings).unwrap_or_default();
    Some(format!("{own}{}{line}", directory.unwrap_or_default()))
}

/// A line about the user's own configuration, which no command line shows.
fn own_configuration(settings: &Settings) -> Option<&'static str> {
    settings.contains_key(AS_CONFIGURED).then_some("# with your own configuration of cargo\n")
}

fn quote(words: &[String]) -> String {
    words.iter().map(|word| shell_word(word)).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use bench_runner_core::bundle::fixture;
    use bench_runner_core::record::{Pin, PlannedProject};

    use super::*;

    const CARGO: &str = r#"
        name = "tool"
        [source]
        kind = "crates-io"
        name = "tool"
        version = "1.0.0"
        sha256 = "eb567088a91d59b492520c8149e2be5ce10d5deb2d9a383f3378df3259679d40"
        [build]
        package = "tool"
        env = { MODE = "a b" }
        [[edit]]
        name = "body"
        class = "body"
        file = "src/main.rs"
        anchor = "fn main() {"
        insert = "\n    std::hint::black_box({n}u64);"
    "#;

    fn setups(manifest_text: &str, workload: &str, settings: &[(&str, &str)]) -> BlockSetup {
        let mut manifest = fixture::manifest();
        manifest.plan.projects = vec![PlannedProject {
            name: "tool".into(),
            pin: Pin::Git { rev: "ab".repeat(20) },
            manifest: manifest_text.to_owned(),
            base: Some("/".to_owned()),
            notes: Vec::new(),
            ignored: None,
        }];
        let variant = &mut manifest.plan.blocks[0].arms[0].variant;
        variant.project = "tool".into();
        variant.workload = workload.into();
        variant.settings =
            settings.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect();
        block_setups(&manifest).remove(0)
    }

    #[test]
    fn conditions_say_what_is_built_and_the_edit() {
        let setup = setups(CARGO, "incremental", &[("linker", "bfd")]);
        let wanted = [
            "`incremental`: a build after an edit that is new in every round.",
            "The edit adds `std::hint::black_box({n}u64);` after `fn main() {` in `src/main.rs`.",
        ];
        assert_eq!(setup.conditions, wanted);
    }

    #[test]
    fn a_variant_has_its_command_and_its_lines() {
        let setup = setups(CARGO, "check", &[("linker", "mold"), ("profile", "release"), ("lto", "thin")]);
        let variant = &setup.variants[0];
        assert_eq!(
            variant.command.as_deref(),
            Some(
                "MODE='a b' RUSTFLAGS=-Clink-arg=-fuse-ld=mold cargo check --locked --offline --jobs 2 --profile \
                 release --package tool --config 'profile.release.lto=\"thin\"'"
            )
        );
        let names: Vec<&str> = variant.files.iter().map(|(name, _)| name.as_str()).collect();
        assert_eq!(names, [".cargo/config.toml", "Cargo.toml"]);
        assert_eq!(variant.settings.len(), 3);
    }

    #[test]
    fn what_is_not_understood_is_left_out() {
        let setup = setups("not = a manifest", "clean", &[("no-such-axis", "1")]);
        assert_eq!(setup.variants[0].command, None);
        assert_eq!(setup.variants[0].files, []);
        assert_eq!(setup.variants[0].settings.len(), 1);
        assert!(setups(CARGO, "no-such-workload", &[]).conditions.is_empty());
    }
}
