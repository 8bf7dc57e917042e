//! Pages to check: of committed runs in `results`, and of modified ones.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::Duration;

use bench_runner::flows;
use bench_runner_core::bundle::{Bundle, Status, open};
use bench_runner_core::compare::Policy;
use bench_runner_core::record::{Outcome, Phase};

/// Files of pages, by name.
pub(super) struct Pages {
    files: Vec<(&'static str, PathBuf)>,
    _dir: tempfile::TempDir,
}

/// Markup for every name in a bundle.
const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=alert(2)>&amp;\"'";

impl Pages {
    /// All pages, created once.
    pub(super) fn get() -> &'static Self {
        static PAGES: OnceLock<Pages> = OnceLock::new();
        PAGES.get_or_init(|| {
            let dir = tempfile::tempdir().expect("a directory for pages");
            let linkers = || kept("linkers-e1828f");
            let bundles = [
                ("linkers", linkers()),
                ("debug-info", kept("debug-info-200fd5")),
                ("cache", kept("cache-5688fe")),
                ("several", kept("quick-ec6a2e")),
                ("many", kept("a-a-incremental_a-a-check-698873")),
                ("hostile", hostile(linkers())),
                ("empty", empty(linkers())),
                ("failures", failures(linkers())),
                ("cut short", cut_short(&linkers())),
                ("large", large(linkers())),
            ];
            let files = bundles.into_iter().map(|(name, bundle)| {
                let comparison = flows::judge(&bundle, &Policy::default());
                let file = dir.path().join(format!("{}.html", name.replace(' ', "-")));
                std::fs::write(&file, flows::page(&bundle, &comparison, &Policy::default())).expect("a page");
                (name, file)
            });
            Self { files: files.collect(), _dir: dir }
        })
    }

    pub(super) fn all(&self) -> &[(&'static str, PathBuf)] {
        &self.files
    }

    pub(super) fn file(&self, name: &str) -> &Path {
        let found = self.files.iter().find(|(known, _)| *known == name);
        &found.unwrap_or_else(|| panic!("no page of {name}")).1
    }
}

/// The bundle in `results` whose name ends with `ending`.
pub(super) fn kept(ending: &str) -> Bundle {
    let results = Path::new(env!("CARGO_MANIFEST_DIR")).join("results");
    let machines = crate::lab::entries(&results);
    let mut runs = machines.iter().flat_map(|machine| crate::lab::entries(machine));
    let run = runs.find(|run| run.to_string_lossy().ends_with(ending));
    open(&run.unwrap_or_else(|| panic!("no run {ending} in results"))).expect("a bundle")
}

fn hostile(mut bundle: Bundle) -> Bundle {
    let manifest = &mut bundle.manifest;
    manifest.machine.summary = HOSTILE.to_owned();
    manifest.plan.scenario = format!("{HOSTILE} {HOSTILE}");
    manifest.tools.iter_mut().for_each(|tool| tool.version.push_str(HOSTILE));
    let renamed = |name: &mut String| {
        if name.ends_with("wild") {
            name.push_str(HOSTILE);
        }
    };
    for arm in manifest.plan.blocks.iter_mut().flat_map(|block| &mut block.arms) {
        renamed(&mut arm.variant.name);
        arm.co_changes.push(HOSTILE.to_owned());
    }
    for sample in &mut bundle.samples {
        let mut name = sample.variant.to_string();
        renamed(&mut name);
        sample.variant = name.into();
    }
    for proof in &mut bundle.proofs {
        renamed(&mut proof.variant);
        proof.found.push_str(HOSTILE);
    }
    bundle.remarks.push(HOSTILE.to_owned());
    bundle
}

fn empty(mut bundle: Bundle) -> Bundle {
    bundle.samples.clear();
    bundle.proofs.clear();
    bundle.earlier.clear();
    bundle.manifest.blocks.clear();
    bundle.manifest.tools.clear();
    bundle.manifest.status = Status::Interrupted;
    bundle.manifest.ended_at = None;
    bundle
}

fn failures(mut bundle: Bundle) -> Bundle {
    for sample in &mut bundle.samples {
        sample.outcome = Outcome::Failed { exit_code: Some(101) };
    }
    bundle
}

/// Without the last rows, and with the last remaining row truncated.
fn cut_short(bundle: &Bundle) -> Bundle {
    let dir = tempfile::tempdir().expect("a directory");
    let copy = dir.path().join("copy");
    std::fs::create_dir(&copy).expect("a directory");
    for file in crate::lab::entries(&bundle.dir).into_iter().filter(|file| file.is_file()) {
        std::fs::copy(&file, copy.join(file.file_name().expect("a name"))).expect("a copy");
    }
    let samples = copy.join("samples.csv");
    let text = std::fs::read_to_string(&samples).expect("samples");
    std::fs::write(&samples, &text[..text.len() / 2]).expect("half of them");
    let half = open(&copy).expect("a bundle that can be read");
    assert_eq!(half.remarks.len(), 1, "{:?}", half.remarks);
    half
}

/// With its measured builds multiplied.
fn large(mut bundle: Bundle) -> Bundle {
    let measured: Vec<_> =
        bundle.samples.iter().filter(|sample| sample.phase == Phase::Measured).cloned().collect();
    let rounds = measured.iter().map(|sample| sample.round).max().expect("a round");
    let span = Duration::from_secs(3600);
    for copy in 1.. {
        if bundle.samples.len() >= 10_000 {
            break;
        }
        for (at, sample) in measured.iter().enumerate() {
            let mut sample = sample.clone();
            sample.number = (bundle.samples.len() + 1) as u32;
            sample.round += copy * rounds;
            sample.started_at += span * copy;
            if let Outcome::Built(cost) = &mut sample.outcome {
                // All of them differ.
                cost.wall += Duration::from_micros(u64::from(copy) * 97 + at as u64 * 31);
            }
            bundle.samples.push(sample);
        }
    }
    bundle.manifest.plan.blocks[0].sampling.max_rounds = 10_000;
    bundle
}
