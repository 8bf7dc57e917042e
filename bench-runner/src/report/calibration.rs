//! What is known of offsets between target directories, as one sentence for the whole run.

use crate::compare::{Calibration, Offsets};
use crate::figure::wording::{counted, share};
use crate::stats::MIN_TWINS;

/// Empty where there is no block. Workloads of which the same is known share their words.
pub(super) fn text(calibration: &[Calibration]) -> String {
    let mut says: Vec<(String, Vec<&str>)> = Vec::new();
    for Calibration { workload, offsets } in calibration {
        let words = words(*offsets);
        match says.iter_mut().find(|(known, _)| *known == words) {
            Some((_, workloads)) => workloads.push(workload),
            None => says.push((words, vec![workload])),
        }
    }
    let of_all = match says.as_slice() {
        [] => return String::new(),
        [(words, _)] => words.clone(),
        several => {
            let one = |(words, workloads): &(String, Vec<&str>)| format!("{}: {words}", workloads.join(", "));
            several.iter().map(one).collect::<Vec<_>>().join("; ")
        }
    };
    format!("Offsets between directories: {of_all}.")
}

fn words(offsets: Offsets) -> String {
    match offsets {
        Offsets::NotCalibrated { twins } => {
            format!("not calibrated, {} of the {MIN_TWINS} needed", counted(twins, "twin"))
        }
        Offsets::Calibrated { variance, twins, runs, all_workloads, heaviest } => {
            let size = if variance > 0.0 { share(variance.sqrt()) } else { "none seen".to_owned() };
            let mixed = if all_workloads { " under all workloads" } else { "" };
            let of_one = match heaviest {
                heaviest if heaviest > 0.5 => {
                    format!(", of which one has {:.0} % of the weight", 100.0 * heaviest)
                }
                _ => String::new(),
            };
            format!("{size}, from {} of {}{mixed}{of_one}", counted(twins, "twin"), counted(runs, "run"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(workload: &str, offsets: Offsets) -> Calibration {
        Calibration { workload: workload.to_owned(), offsets }
    }

    fn calibrated(variance: f64, twins: usize, runs: usize, all_workloads: bool) -> Offsets {
        Offsets::Calibrated { variance, twins, runs, all_workloads, heaviest: 0.1 }
    }

    #[test]
    fn one_sentence_for_the_run() {
        let few = Offsets::NotCalibrated { twins: 3 };
        let needed = "not calibrated, 3 twins of the 10 needed";
        assert_eq!(text(&[]), "");
        assert_eq!(text(&[of("clean", few)]), format!("Offsets between directories: {needed}."));
        assert_eq!(
            text(&[of("clean", few), of("check", few)]),
            format!("Offsets between directories: {needed}.")
        );
        assert_eq!(
            text(&[of("clean", calibrated(1.6e-5, 24, 9, false)), of("noop", calibrated(0.0, 30, 1, true))]),
            "Offsets between directories: clean: 0.4 %, from 24 twins of 9 runs; noop: none seen, from 30 twins of 1 \
             run under all workloads."
        );
        let of_one =
            Offsets::Calibrated { variance: 1e-4, twins: 10, runs: 2, all_workloads: false, heaviest: 0.724 };
        assert_eq!(
            text(&[of("clean", of_one)]),
            "Offsets between directories: 1 %, from 10 twins of 2 runs, of which one has 72 % of the weight."
        );
    }
}
