//! Advice from bundles: of committed runs in `results`, and of synthetic ones.

use std::path::Path;

use bench_runner::flows;
use bench_runner_core::bundle::{Bundle, open};
use bench_runner_core::compare::{Comparison, Policy, Verdict};
use bench_runner_core::record::ProofResult;
use bench_runner_report::report::Advice;
use expect_test::expect;

use crate::lab::entries;

trials! { "advices";
    the_best_proven_variant_has_its_lines,
    what_is_no_setting_has_none,
    what_needs_no_line_goes_before_what_was_not_told_apart_from_it,
    what_no_build_shows_is_not_recommended,
    blocks_with_the_same_lines_are_told_together,
    where_the_same_is_slower_is_told,
    lines_of_a_full_cache_are_those_of_an_empty_one,
    where_nothing_is_faster_there_is_nothing_to_do,
}

/// The run in `results` whose name ends with `ending`.
fn kept(ending: &str) -> (Bundle, Comparison) {
    let machines = entries(&Path::new(env!("CARGO_MANIFEST_DIR")).join("results"));
    let mut runs = machines.iter().flat_map(|machine| entries(machine));
    let run = runs.find(|run| run.to_string_lossy().ends_with(ending)).expect("a run that is kept");
    let bundle = open(&run).expect("a bundle");
    let comparison = flows::judge(&bundle, &Policy::default());
    (bundle, comparison)
}

fn told(advice: &[Advice]) -> String {
    let mut text = String::new();
    for one in advice {
        text.push_str(&format!("{}\n", one.heading));
        one.titles.iter().for_each(|title| text.push_str(&format!("- {title}\n")));
        one.files.iter().for_each(|(file, lines)| text.push_str(&format!("[{file}]\n{lines}")));
        one.remarks.iter().for_each(|remark| text.push_str(&format!("* {remark}\n")));
    }
    text
}

fn the_best_proven_variant_has_its_lines() {
    let (bundle, comparison) = kept("linkers-e1828f");
    expect![[r#"
        linker=wild
        - ripgrep 15.1.0: rebuild after an edit: 0.886× as long (0.853–0.920×; −11.4%), saves 94 ms per build, compared with linker=default (linker=rust-lld)
        [.cargo/config.toml]
        [target.x86_64-unknown-linux-gnu]
        rustflags = ["-Clinker-features=-lld", "-Clink-arg=-B/usr/local/lib/wild"]
        * A C compiler finds this linker by a directory in which it is called `ld`: `sudo mkdir -p /usr/local/lib/wild && sudo ln -s "$(command -v wild)" /usr/local/lib/wild/ld`.
        * cargo reads flags from one place only: a variable `RUSTFLAGS` in the environment makes it ignore these, and these make it ignore those under `[build]`. Flags that your files set already, there or under `[target.…]`, belong into this list. `rustc -vV` names your target as `host`, where it is not x86_64-unknown-linux-gnu.
        * It needs `wild` (Wild 0.10.0 non-git-build (compatible with GNU linkers)), the version that was measured, installed wherever the project is built. Measured with rustc 1.95.0 (59807616e 2026-04-14).
        * Side effects: build scripts and proc macros are linked by it too.
    "#]].assert_eq(&told(&flows::advice(&bundle, &comparison, &Policy::default())));
}

/// `check` is a different command from `build`, not a setting.
fn what_is_no_setting_has_none() {
    let (bundle, comparison) = kept("quick-ec6a2e");
    expect![[r#"
        linker=default
        - titlecase 3.6.0: full build: 0.919× as long (0.871–0.971×; −8.1%), saves 0.47 s per build, compared with linker=bfd
        - titlecase 3.6.0: rebuild after an edit: 0.421× as long (0.397–0.446×; −57.9%), saves 0.30 s per build, compared with linker=bfd
        * Nothing to do: rustc chooses this linker if nothing is set. If your `.cargo/config.toml` or `RUSTFLAGS` names another linker, remove that line.
        * Measured with rustc 1.95.0 (59807616e 2026-04-14).
        * titlecase 3.6.0: full build: linker=mold was not told apart from it.
        * titlecase 3.6.0: rebuild after an edit: linker=mold was not told apart from it.
        workload=check
        - titlecase 3.6.0: cargo check vs. full build: 0.467× as long (0.453–0.480×; −53.3%), saves 2.8 s per build, compared with a full build
        * Run `cargo check` instead of `cargo build` when you need no program. There is nothing to configure.
    "#]].assert_eq(&told(&flows::advice(&bundle, &comparison, &Policy::default())));
}

/// The run has both linkers; the pair was not told apart.
fn what_needs_no_line_goes_before_what_was_not_told_apart_from_it() {
    let (bundle, mut comparison) = kept("quick-ec6a2e");
    comparison.blocks.truncate(1);
    let advice = |comparison: &Comparison| flows::advice(&bundle, comparison, &Policy::default());
    let mold = |comparison: &mut Comparison, ratio: f64, verdict: Verdict| {
        let arms = &mut comparison.blocks[0].arms;
        let mold = arms.iter_mut().find(|arm| arm.variant == "linker=mold").expect("an arm");
        let known = mold.ratio.as_mut().expect("a ratio");
        (known.ratio, known.low, known.high, known.verdict) = (ratio, ratio - 0.05, ratio + 0.05, verdict);
    };
    mold(&mut comparison, 0.9, Verdict::Faster);
    expect![[r#"
        linker=default
        - titlecase 3.6.0: full build: 0.919× as long (0.871–0.971×; −8.1%), saves 0.47 s per build, compared with linker=bfd
        * titlecase 3.6.0: full build: linker=mold took 0.900× as long (0.850–0.950×; −10.0%), but was not told apart from linker=default, which needs no line of configuration.
        * Nothing to do: rustc chooses this linker if nothing is set. If your `.cargo/config.toml` or `RUSTFLAGS` names another linker, remove that line.
    "#]].assert_eq(&told(&advice(&comparison)));
    // Without a variant that needs no line, the best has its lines.
    comparison.blocks[0].arms.retain(|arm| arm.variant != "linker=default");
    let mut bundle = bundle.clone();
    bundle.manifest.plan.blocks[0].arms.retain(|arm| arm.variant.name != "linker=default");
    let advice = flows::advice(&bundle, &comparison, &Policy::default());
    assert_eq!(advice[0].heading, "linker=mold");
    assert!(!advice[0].files.is_empty());
}

fn what_no_build_shows_is_not_recommended() {
    let (bundle, mut comparison) = kept("linkers-e1828f");
    for proof in comparison.blocks.iter_mut().flat_map(|block| &mut block.proofs) {
        if proof.variant == "linker=wild" {
            proof.result = ProofResult::NotProvable;
        }
    }
    let advice = flows::advice(&bundle, &comparison, &Policy::default());
    assert!(advice[0].files.is_empty());
    assert!(advice[0].remarks[0].contains("proves that it was in force, so no lines"), "{advice:?}");
    // The next best variant takes its place.
    let arms = &mut comparison.blocks[0].arms;
    let mold = arms.iter_mut().find(|arm| arm.variant == "linker=mold").expect("an arm");
    let ratio = mold.ratio.as_mut().expect("a ratio");
    (ratio.ratio, ratio.low, ratio.high, ratio.verdict) = (0.95, 0.93, 0.97, Verdict::Faster);
    let advice = flows::advice(&bundle, &comparison, &Policy::default());
    assert_eq!(advice[0].heading, "linker=mold");
    assert!(advice[0].files[0].1.contains("-fuse-ld=mold"));
    let passed = "linker=wild took 0.886× as long (0.853–0.920×; −11.4%), but nothing in its builds proves that it was";
    assert!(advice[0].remarks.iter().any(|remark| remark.contains(passed)), "{advice:?}");
}

fn blocks_with_the_same_lines_are_told_together() {
    let (mut bundle, mut comparison) = kept("linkers-e1828f");
    let (mut block, mut planned) = (comparison.blocks[0].clone(), bundle.manifest.plan.blocks[0].clone());
    block.id = "another".to_owned().into();
    planned.id = block.id.clone();
    block.title = "another".to_owned();
    comparison.blocks.push(block);
    bundle.manifest.plan.blocks.push(planned);
    let advice = flows::advice(&bundle, &comparison, &Policy::default());
    assert_eq!(advice.len(), 1);
    assert_eq!(advice[0].titles.len(), 2);
    let needs = advice[0].remarks.iter().filter(|remark| remark.contains("It needs")).count();
    assert_eq!(needs, 1, "said once");
}

fn where_the_same_is_slower_is_told() {
    let (mut bundle, mut comparison) = kept("linkers-e1828f");
    let (mut block, mut planned) = (comparison.blocks[0].clone(), bundle.manifest.plan.blocks[0].clone());
    block.id = "another".to_owned().into();
    planned.id = block.id.clone();
    block.title = "another".to_owned();
    for arm in &mut block.arms {
        if let Some(ratio) = arm.ratio.as_mut() {
            (ratio.ratio, ratio.low, ratio.high, ratio.verdict) = (1.5, 1.4, 1.6, Verdict::Slower);
        }
    }
    comparison.blocks.push(block);
    bundle.manifest.plan.blocks.push(planned);
    let advice = flows::advice(&bundle, &comparison, &Policy::default());
    assert_eq!(advice.len(), 1);
    let first = advice[0].remarks.first().expect("a remark");
    assert!(first.contains("be slower: another: linker=wild, 1.50× as long"), "{first}");
}

fn lines_of_a_full_cache_are_those_of_an_empty_one() {
    let (bundle, comparison) = kept("cache-5688fe");
    let advice = flows::advice(&bundle, &comparison, &Policy::default());
    // The second block is built without incremental compilation, so it has other lines.
    assert_eq!(
        advice.iter().map(|one| one.heading.as_str()).collect::<Vec<_>>(),
        ["cache=warm", "cache=warm, with incremental=off"]
    );
    assert!(
        !advice[0].files[0].1.contains("incremental") && advice[1].files[0].1.contains("incremental = false")
    );
    for one in &advice {
        let first = one.remarks.first().expect("a remark");
        assert!(
            first.contains("be slower: ripgrep 15.1.0: full build") && first.contains("cache=cold"),
            "{first}"
        );
    }
}

fn where_nothing_is_faster_there_is_nothing_to_do() {
    let (bundle, mut comparison) = kept("linkers-e1828f");
    for ratio in
        comparison.blocks.iter_mut().flat_map(|block| &mut block.arms).filter_map(|arm| arm.ratio.as_mut())
    {
        ratio.verdict = Verdict::Undecided;
    }
    assert_eq!(flows::advice(&bundle, &comparison, &Policy::default()), []);
}
