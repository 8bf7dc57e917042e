//! Calibration of offsets between target directories, as one sentence for the whole run.

use bench_runner_core::compare::{Calibration, Offsets, Pool, workload_phrase};
use bench_runner_core::stats::{ASSUMED_OFFSET, MIN_TWINS};

use crate::figure::wording::{pluralize, share};

/// Sentence about the offsets; empty if there are no blocks. Blocks with the same offsets are grouped.
pub(super) fn text(calibration: &[Calibration]) -> String {
    let mut groups: Vec<(String, Vec<&Calibration>)> = Vec::new();
    for answer in calibration {
        let words = words(answer.offsets);
        match groups.iter_mut().find(|(known, _)| *known == words) {
            Some((_, answers)) => answers.push(answer),
            None => groups.push((words, vec![answer])),
        }
    }
    let of_all = match groups.as_slice() {
        [] => return String::new(),
        [(words, _)] => words.clone(),
        several => {
            let one = |(words, answers): &(String, Vec<&Calibration>)| {
                format!("{} for {}", words, names(answers, calibration).join(", "))
            };
            several.iter().map(one).collect::<Vec<_>>().join("; ")
        }
    };
    format!(
        "Each variant has its own target directory, and builds in one directory can be faster than in another. The \
         intervals are wide enough for such a difference of {of_all}."
    )
}

/// Workloads of `answers`, each with its project if other projects with that workload have other offsets.
fn names(answers: &[&Calibration], all: &[Calibration]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for answer in answers {
        let same = |other: &&Calibration| other.workload == answer.workload;
        let alone = answers.iter().copied().filter(same).count() == all.iter().filter(same).count();
        let project = answer.project.as_deref().unwrap_or("several projects");
        let phrases = answer.workload.split('+').map(|workload| workload_phrase(workload, None));
        let workload = phrases.collect::<Vec<_>>().join(" and ");
        let name = if alone { workload } else { format!("{workload} of {project}") };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn words(offsets: Offsets) -> String {
    match offsets {
        Offsets::Assumed { twins } => {
            let (size, twins) = (share(ASSUMED_OFFSET), pluralize(twins, "control"));
            format!(
                "{size} (standard deviation, assumed: it is measured from {MIN_TWINS} controls on, {twins} on this machine so \
                 far)"
            )
        }
        Offsets::Calibrated { variance, twins, runs, pool, heaviest } => {
            let size = if variance > 0.0 { share(variance.sqrt()) } else { "0%".to_owned() };
            let kind = match pool {
                Pool::Project => "of the same project and workload",
                Pool::Workload => "of the same workload",
                Pool::All => "of all workloads",
            };
            let of_one = match heaviest {
                heaviest if heaviest > 0.5 => {
                    format!(", one of which has {:.0}% of the weight", 100.0 * heaviest)
                }
                _ => String::new(),
            };
            let (twins, runs) = (pluralize(twins, "control"), pluralize(runs, "run"));
            format!("{size} (measured by {twins} {kind} in {runs}{of_one})")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(project: &str, workload: &str, offsets: Offsets) -> Calibration {
        let project = Some(project.to_owned()).filter(|project| project != "*");
        Calibration { project, workload: workload.to_owned(), offsets }
    }

    fn calibrated(variance: f64, twins: usize, runs: usize, pool: Pool) -> Offsets {
        Offsets::Calibrated { variance, twins, runs, pool, heaviest: 0.1 }
    }

    #[test]
    fn one_sentence_for_the_run() {
        let lead = "Each variant has its own target directory, and builds in one directory can be faster than in another. \
                    The intervals are wide enough for such a difference of";
        let few = Offsets::Assumed { twins: 3 };
        let needed = "0.7% (standard deviation, assumed: it is measured from 10 controls on, 3 controls on this machine so \
                      far)";
        assert_eq!(text(&[]), "");
        assert_eq!(text(&[of("a", "clean", few)]), format!("{lead} {needed}."));
        assert_eq!(text(&[of("a", "clean", few), of("b", "check", few)]), format!("{lead} {needed}."));
        let (clean, noop) = (calibrated(1.6e-5, 24, 9, Pool::Workload), calibrated(0.0, 30, 1, Pool::All));
        assert_eq!(
            text(&[of("a", "clean", clean), of("b", "clean", clean), of("a", "noop", noop)]),
            format!(
                "{lead} 0.4% (measured by 24 controls of the same workload in 9 runs) for full build; 0% (measured by 30 \
                 controls of all workloads in 1 run) for build without changes."
            )
        );
        let of_one =
            Offsets::Calibrated { variance: 1e-4, twins: 10, runs: 2, pool: Pool::Workload, heaviest: 0.724 };
        assert_eq!(
            text(&[of("a", "clean", of_one)]),
            format!(
                "{lead} 1% (measured by 10 controls of the same workload in 2 runs, one of which has 72% of the weight)."
            )
        );
    }

    #[test]
    fn projects_are_named_where_they_differ() {
        let (own, others) =
            (calibrated(1.6e-5, 12, 3, Pool::Project), calibrated(1e-4, 20, 4, Pool::Workload));
        let answers = [
            of("a", "clean", others),
            of("b", "clean", own),
            of("*", "clean", others),
            of("c", "check+clean", others),
        ];
        assert_eq!(
            text(&answers),
            "Each variant has its own target directory, and builds in one directory can be faster than in another. The \
             intervals are wide enough for such a difference of 1% (measured by 20 controls of the same workload in 4 \
             runs) for full build of a, full build of several projects, cargo check and full build; 0.4% (measured by \
             12 controls of the same project and workload in 3 runs) for full build of b."
        );
    }
}
