//! Calibration of offsets between target directories, as one sentence for the whole run.

use bench_runner_core::compare::{Calibration, Offsets, Pool};
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
                format!("{}: {words}", names(answers, calibration).join(", "))
            };
            several.iter().map(one).collect::<Vec<_>>().join("; ")
        }
    };
    format!("Offsets between directories: {of_all}.")
}

/// Workloads of `answers`, each with its project if other projects with that workload have other offsets.
fn names(answers: &[&Calibration], all: &[Calibration]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for answer in answers {
        let same = |other: &&Calibration| other.workload == answer.workload;
        let alone = answers.iter().copied().filter(same).count() == all.iter().filter(same).count();
        let project = answer.project.as_deref().unwrap_or("several projects");
        let name = if alone { answer.workload.clone() } else { format!("{project} {}", answer.workload) };
        if !names.contains(&name) {
            names.push(name);
        }
    }
    names
}

fn words(offsets: Offsets) -> String {
    match offsets {
        Offsets::Assumed { twins } => {
            let (size, twins) = (share(ASSUMED_OFFSET), pluralize(twins, "twin"));
            format!("assumed to be {size} until {MIN_TWINS} twins are known ({twins} so far)")
        }
        Offsets::Calibrated { variance, twins, runs, pool, heaviest } => {
            let size = if variance > 0.0 { share(variance.sqrt()) } else { "none seen".to_owned() };
            let kind = match pool {
                Pool::Project => "of the same project and workload",
                Pool::Workload => "of the same workload",
                Pool::All => "under all workloads",
            };
            let of_one = match heaviest {
                heaviest if heaviest > 0.5 => {
                    format!(", of which one has {:.0} % of the weight", 100.0 * heaviest)
                }
                _ => String::new(),
            };
            format!("{size}, from {} of {} {kind}{of_one}", pluralize(twins, "twin"), pluralize(runs, "run"))
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
        let few = Offsets::Assumed { twins: 3 };
        let needed = "assumed to be 0.7 % until 10 twins are known (3 twins so far)";
        assert_eq!(text(&[]), "");
        assert_eq!(text(&[of("a", "clean", few)]), format!("Offsets between directories: {needed}."));
        assert_eq!(
            text(&[of("a", "clean", few), of("b", "check", few)]),
            format!("Offsets between directories: {needed}.")
        );
        let (clean, noop) = (calibrated(1.6e-5, 24, 9, Pool::Workload), calibrated(0.0, 30, 1, Pool::All));
        assert_eq!(
            text(&[of("a", "clean", clean), of("b", "clean", clean), of("a", "noop", noop)]),
            "Offsets between directories: clean: 0.4 %, from 24 twins of 9 runs of the same workload; noop: none \
             seen, from 30 twins of 1 run under all workloads."
        );
        let of_one =
            Offsets::Calibrated { variance: 1e-4, twins: 10, runs: 2, pool: Pool::Workload, heaviest: 0.724 };
        assert_eq!(
            text(&[of("a", "clean", of_one)]),
            "Offsets between directories: 1 %, from 10 twins of 2 runs of the same workload, of which one has 72 % of \
             the weight."
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
            of("c", "check", others),
        ];
        assert_eq!(
            text(&answers),
            "Offsets between directories: a clean, several projects clean, check: 1 %, from 20 twins of 4 runs of the \
             same workload; b clean: 0.4 %, from 12 twins of 3 runs of the same project and workload."
        );
    }
}
