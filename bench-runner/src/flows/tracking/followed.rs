//! Tracked projects → what is built tonight: anchors, and the present states of what is followed.

use std::path::PathBuf;

use anyhow::Context as _;
use bench_runner_core::record::{CommitLine, Refusal, short_hash};
use bench_runner_core::tracking::Tip;
use bench_runner_measure::axes::{self, Settings};
use bench_runner_measure::corpus::Project;
use bench_runner_measure::corpus::adding::{self, ProjectOrigin};
use bench_runner_measure::scenario::RequestWord;
use bench_runner_measure::tracking::{
    AnchorSpec, NightVariants, TrackedLinkers, TrackedProject, TrackedSource,
};

use crate::flows::{FlowError, Projects};

/// Prefixes of the names of what is followed.
const BRANCH: &str = "branch";
const TOOLCHAIN: &str = "toolchain";
const LINKER: &str = "linker";

/// A variant's settings.
type VariantSettings = Vec<(String, RequestWord)>;

/// Something that is followed, with its present state.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FollowedVariant {
    /// Its name, such as `branch=main`.
    pub(crate) name: String,
    /// A commit or a version.
    pub(crate) state: String,
    pub(crate) settings: VariantSettings,
}

/// A tracked project tonight.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct FollowedProject {
    /// The project as requests name it.
    pub(crate) word: RequestWord,
    pub(crate) project: Project,
    /// Name and settings of the anchor.
    pub(crate) anchor: (String, VariantSettings),
    /// Commit of the anchor, and version of its compiler.
    pub(crate) anchor_commit: String,
    pub(crate) compiler: String,
    pub(crate) variants: Vec<FollowedVariant>,
    /// Branches, toolchains and linkers that are left out tonight, as sentences.
    pub(crate) remarks: Vec<String>,
}

impl FollowedProject {
    /// The present states of a tracked project: branches and addresses are asked for. What cannot be found is left out,
    /// with a remark.
    ///
    /// # Errors
    /// If the project or its anchor is not available.
    pub(crate) fn find(tracked: &TrackedProject, projects: &Projects) -> Result<Self, FlowError> {
        let word = match &tracked.source {
            TrackedSource::Project(word) => word.clone(),
            TrackedSource::Repository { url, name } => RequestWord::from_command_line(
                manifest(&url.text, name, &tracked.anchor, projects)?.display().to_string(),
            ),
        };
        let project = projects.single(&word)?;
        let (anchor, compiler) = anchor(&tracked.anchor, projects)?;
        let anchor_commit = tracked.anchor.commit.text.clone();
        let (variants, remarks) = (Vec::new(), Vec::new());
        let mut found = Self { word, project, anchor, anchor_commit, compiler, variants, remarks };
        found.add_branches(tracked, projects);
        found.add_toolchains(tracked, projects);
        found.add_linkers(tracked, projects)?;
        match tracked.next_anchor.as_ref().map(|next| (next, self::anchor(next, projects))) {
            None => {}
            Some((next, Ok(((name, settings), compiler)))) => {
                let state = format!("{} {compiler}", next.commit.text);
                found.variants.push(FollowedVariant { name, state, settings });
            }
            Some((_, Err(error))) => found.remarks.push(format!("the next anchor is left out: {error}")),
        }
        Ok(found)
    }

    fn add_branches(&mut self, tracked: &TrackedProject, projects: &Projects) {
        let request = self.project.source_request();
        let mut found = Vec::new();
        for branch in &tracked.branches {
            match request.source.branch_tip(&branch.text, &request, projects.sources()) {
                Ok(tip) => {
                    let settings = settings(&tip, &tracked.anchor.toolchain);
                    found.push(FollowedVariant {
                        name: format!("{BRANCH}={}", branch.text),
                        state: tip,
                        settings,
                    });
                }
                Err(error) => {
                    self.remarks.push(format!("branch `{}` is left out: {error}", branch.text));
                }
            }
        }
        self.variants.extend(found);
    }

    fn add_toolchains(&mut self, tracked: &TrackedProject, projects: &Projects) {
        for toolchain in &tracked.toolchains {
            match compiler(&toolchain.text, projects) {
                Ok(version) => self.variants.push(FollowedVariant {
                    name: format!("{TOOLCHAIN}={}", toolchain.text),
                    state: version,
                    settings: settings(&tracked.anchor.commit.text, toolchain),
                }),
                Err(refusal) => {
                    self.remarks.push(format!("toolchain `{}` is left out: {refusal}", toolchain.text));
                }
            }
        }
    }

    fn add_linkers(&mut self, tracked: &TrackedProject, projects: &Projects) -> Result<(), FlowError> {
        let axis = axes::find(LINKER).map_err(anyhow::Error::from)?;
        let (names, is_named): (Vec<RequestWord>, bool) = match &tracked.linkers {
            TrackedLinkers::Named(words) => (words.clone(), true),
            TrackedLinkers::Installed => {
                let all = axis.values().iter().filter(|value| axis.parse(LINKER, value).is_ok());
                let all = all.filter(|value| **value != "default" && !value.contains(' '));
                (all.map(|value| RequestWord::from_command_line(*value)).collect(), false)
            }
        };
        let context =
            projects.plain_context(Some(&tracked.anchor.toolchain.text)).map_err(anyhow::Error::from)?;
        for linker in names {
            let asked = Settings::from([(LINKER.to_owned(), linker.text.clone())]);
            let probed = axes::parse_all(&asked).and_then(|settings| match settings.get(LINKER) {
                Some(setting) => setting.probe(&context),
                None => Err(Refusal::new("it cannot be asked for")),
            });
            match probed {
                Ok(available) => {
                    let state = available.tool.map_or(available.identity, |tool| tool.version);
                    let mut settings = settings(&tracked.anchor.commit.text, &tracked.anchor.toolchain);
                    settings.push((LINKER.to_owned(), linker.clone()));
                    let name = format!("{LINKER}={}", linker.text);
                    self.variants.push(FollowedVariant { name, state, settings });
                }
                Err(refusal) if is_named => {
                    self.remarks.push(format!("linker `{}` is left out: {refusal}", linker.text));
                }
                Err(_) => {}
            }
        }
        Ok(())
    }

    /// States of all that is built.
    pub(crate) fn tips(&self) -> Vec<Tip> {
        let tip = |variant: &FollowedVariant| Tip {
            project: self.project.name.clone(),
            variant: variant.name.clone(),
            state: variant.state.clone(),
        };
        self.variants.iter().map(tip).collect()
    }

    /// Variants of a night; the anchor alone if nothing is new.
    pub(crate) fn night(&self, anchor_alone: bool) -> NightVariants {
        let followed = self.variants.iter().filter(|_| !anchor_alone);
        NightVariants {
            project: self.word.clone(),
            anchor: self.anchor.clone(),
            followed: followed.map(|one| (one.name.clone(), one.settings.clone())).collect(),
        }
    }

    /// Settings that build a commit under the anchor's toolchain.
    pub(crate) fn at_commit(&self, commit: &str) -> VariantSettings {
        let toolchain = self.anchor.1.iter().filter(|(key, _)| key == TOOLCHAIN).cloned();
        std::iter::once(("rev".to_owned(), RequestWord::from_command_line(commit))).chain(toolchain).collect()
    }

    /// Commits after `from` up to `to`; `None` if `from` is not in the history of `to`.
    pub(crate) fn commits_between(
        &self,
        from: &str,
        to: &str,
        projects: &Projects,
    ) -> Result<Option<Vec<CommitLine>>, FlowError> {
        let request = self.project.source_request();
        Ok(request.source.commits_between(from, to, &request, projects.sources())?)
    }
}

/// Name and settings of an anchor, and the version of its compiler. The name has the version that the toolchain has
/// now, so that a toolchain that moves makes another anchor.
fn anchor(spec: &AnchorSpec, projects: &Projects) -> Result<((String, VariantSettings), String), FlowError> {
    let compiler =
        compiler(&spec.toolchain.text, projects).map_err(|refusal| spec.toolchain.refuse(refusal))?;
    let commit = spec.commit.text.get(..10).unwrap_or(&spec.commit.text);
    let name = format!("anchor {commit} {TOOLCHAIN}={} ({})", spec.toolchain.text, short_version(&compiler));
    Ok(((name, settings(&spec.commit.text, &spec.toolchain)), compiler))
}

/// Release and commit of `rustc 1.95.0 (59807616e 2026-04-14)`; another text stays as it is.
fn short_version(compiler: &str) -> String {
    let short = compiler.strip_prefix("rustc ").and_then(|rest| rest.split_once(" ("));
    let commit = short.and_then(|(_, rest)| rest.split(' ').next());
    match (short, commit) {
        (Some((release, _)), Some(commit)) => format!("{release}, {commit}"),
        _ => compiler.to_owned(),
    }
}

fn settings(commit: &str, toolchain: &RequestWord) -> VariantSettings {
    vec![
        ("rev".to_owned(), RequestWord::from_command_line(commit)),
        (TOOLCHAIN.to_owned(), toolchain.clone()),
    ]
}

/// Version of a toolchain's compiler.
fn compiler(toolchain: &str, projects: &Projects) -> Result<String, Refusal> {
    let context = projects.plain_context(Some(toolchain))?;
    let found = context.toolchain.map(|toolchain| toolchain.rustc_version);
    found.ok_or_else(|| Refusal::new(format!("the toolchain `{toolchain}` has no compiler")))
}

/// Manifest of a repository, in the cache. It is made once for each anchor, so that edits stay the same from night to night.
fn manifest(url: &str, name: &str, anchor: &AnchorSpec, projects: &Projects) -> Result<PathBuf, FlowError> {
    let key = short_hash(&format!("{url}\n{}", anchor.commit.text));
    let dir = projects.sources().cache.root().join("followed").join(key);
    let file = dir.join(format!("{name}.toml"));
    if file.is_file() {
        return Ok(file);
    }
    let origin = ProjectOrigin::Git { url: url.to_owned() };
    let proposal = adding::propose(&origin, name, Some(&anchor.commit.text), projects.sources())?;
    let text = proposal.draft.text();
    let write = || -> std::io::Result<()> {
        use std::io::Write as _;
        std::fs::create_dir_all(&dir)?;
        let mut scratch = tempfile::NamedTempFile::new_in(&dir)?;
        scratch.write_all(text.as_bytes())?;
        scratch.persist(&file).map_err(|error| error.error).map(drop)
    };
    write().with_context(|| format!("failed to write {}", file.display()))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_is_release_and_commit() {
        assert_eq!(short_version("rustc 1.95.0 (59807616e 2026-04-14)"), "1.95.0, 59807616e");
        assert_eq!(short_version("rustc 1.63.0"), "rustc 1.63.0");
    }
}
