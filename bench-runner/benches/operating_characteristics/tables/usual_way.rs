//! The usual way, for comparison.

use super::MODELS;
use super::table::{Table, percent};
use crate::study::{Rounds, Setup, Study, coverage, side_by_side};

pub(super) fn usual_way(study: &Study) -> String {
    let mut table = Table::new(
        "All of A, then all of B",
        "Ten builds of A, then ten of B; the ratio of the means ± σ as hyperfine prints it. *False* leaves 1 out \
         where nothing differs; *covered* contains the true ratio of 1.05. Beside it the plain 95% interval of this \
         program after 7 rounds of baseline, twin and variant, 21 builds. Drift and correlation are the same for \
         both; the drift spans all builds.",
        &["model", "A then B: false", "A then B: covered", "interleaved: false", "interleaved: covered"],
    );
    for (model, name) in MODELS {
        let usual = side_by_side(study, model);
        let own = |ratio| coverage(study, &Setup::alone(model, ratio, Rounds::Fixed(7))).covered;
        let (false_alarms, covered) = (own(1.0).complement(), own(1.05));
        table.row(&[
            name,
            &percent(&usual.excludes_one),
            &percent(&usual.covers),
            &percent(&false_alarms),
            &percent(&covered),
        ]);
    }
    table.text
}
