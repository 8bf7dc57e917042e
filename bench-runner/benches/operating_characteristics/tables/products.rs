//! Effects of the axes of a product, and interactions.

use super::table::{Table, Target, mean_percent, met, percent};
use crate::study::{EffectsFound, History, Model, Noisy, ProductSetup, Rounds, Setup, Study, effects};

/// The product for which there are targets.
const AXES: [usize; 2] = [4, 3];

/// Standard deviation of the ln of a target directory's factor, where directories have one.
const OFFSET: f64 = 0.007;

/// A block, and what is wanted of it.
struct Case {
    name: &'static str,
    product: ProductSetup,
    has_targets: bool,
}

impl Case {
    fn of(name: &'static str, model: Model, rounds: Rounds) -> Self {
        let has_targets = model == Model::Real && rounds == Rounds::Fixed(5);
        Self { name, product: ProductSetup::of(model, &AXES, rounds), has_targets }
    }

    fn axes(self, axes: &[usize]) -> Self {
        let Setup { model, rounds, .. } = self.product.setup;
        Self { product: ProductSetup::of(model, axes, rounds), has_targets: false, ..self }
    }

    fn with(mut self, change: impl Fn(&mut Setup)) -> Self {
        change(&mut self.product.setup);
        Self { has_targets: false, ..self }
    }

    fn row(&self, study: &Study, table: &mut Table) {
        let null = effects(study, &self.product);
        let last_cell = |ratio: f64| effects(study, &self.product.clone().with_last_cell(ratio));
        let off = last_cell(0.8);
        let level = effects(study, &self.product.clone().with_last_level(0.9));
        let axes: Vec<String> = self.product.axes.iter().map(usize::to_string).collect();
        let rounds = match self.product.setup.rounds {
            Rounds::Fixed(rounds) => rounds.to_string(),
            Rounds::ByPrecision => "stopped".to_owned(),
        };
        let target = |target: Target| if self.has_targets { target } else { Target::Nothing };
        let narrow = if self.has_targets { met(null.half_width.value() <= 0.068) } else { "–" };
        table.row(&[
            self.name,
            &axes.join("×"),
            &rounds,
            &percent(&null.covered),
            target(Target::Within(0.94, 0.98)).judge(&null.covered).1,
            &mean_percent(&null.half_width),
            narrow,
            &mean_percent(&null.of_variants),
            &percent(&null.judged_different),
            target(Target::AtMost(0.035)).judge(&null.judged_different).1,
            &percent(&null.interaction),
            &percent(&off.interaction),
            target(Target::AtLeast(0.60)).judge(&off.interaction).1,
            &percent(&level.last_level),
        ]);
    }
}

pub(super) fn products(study: &Study) -> String {
    let mut table = Table::new(
        "Effects of axes",
        "Products of axes with a control, on a machine whose directories are known not to differ. Nothing differs: \
         coverage of the plain intervals of the effects (wanted: 94 – 98), mean half-width of the averages (wanted: ≤ \
         6.8) and of the variants of the same blocks, runs with any effect that is `faster` or `slower` (*false*, wanted: ≤ \
         3.5), and runs in which an interaction is found. *A cell 20% off*: the last combination takes 20% less time than \
         all others, and the interaction is found (wanted: ≥ 60). *A level 10% off*: the last level of the last axis takes 10% less \
         time, and its average is `faster`.",
        &[
            "model",
            "axes",
            "rounds",
            "covered",
            "met",
            "half-width",
            "met",
            "of variants",
            "false",
            "met",
            "interaction",
            "a cell 20% off",
            "met",
            "a level 10% off",
        ],
    );
    let fixed = Rounds::Fixed;
    let noisier = Model::Noisier(Noisy::LastVariant, 3.0);
    for case in [
        Case::of("`REAL`", Model::Real, fixed(3)),
        Case::of("`REAL`", Model::Real, fixed(5)),
        Case::of("`REAL`", Model::Real, fixed(12)),
        Case::of("`REAL`", Model::Real, fixed(5)).axes(&[2, 2]),
        Case::of("`REAL`", Model::Real, fixed(5)).axes(&[3, 2, 2]),
        Case::of("`REAL`, no control", Model::Real, fixed(5)).with(|setup| setup.twin = false),
        Case::of("`QUIET`", Model::Quiet, fixed(5)),
        Case::of("real A/A", Model::RealBuilds, fixed(5)),
        Case::of("normal", Model::Normal, fixed(5)),
        Case::of("5% of builds at 1.5 times", Model::Outliers, fixed(5)),
        Case::of("two speeds", Model::TwoSpeeds, fixed(5)),
        Case::of("one variant 3 times noisier", noisier, fixed(5)),
        Case::of("normal", Model::Normal, Rounds::ByPrecision).axes(&[2, 2]),
        Case::of("`QUIET`", Model::Quiet, Rounds::ByPrecision),
        Case::of("`QUIET`, no control", Model::Quiet, Rounds::ByPrecision).with(|setup| setup.twin = false),
        Case::of("`QUIET`, directories known", Model::Quiet, fixed(5)).with(|setup| {
            setup.offset = OFFSET;
            setup.history = History::Known;
        }),
        Case::of("`QUIET`, directories new", Model::Quiet, fixed(5)).with(|setup| {
            setup.offset = OFFSET;
            setup.history = History::New;
        }),
    ] {
        case.row(study, &mut table);
    }
    table.text + &single_levels(study)
}

/// Statement about the effect at a single level.
fn single_levels(study: &Study) -> String {
    let mut table = Table::untitled(
        "The sentence on single levels, after five rounds of a 4×3 product whose last combination is off: averages of \
         which an interaction was not found, mean D, and averages whose D is at least the largest true deviation of a \
         single level (wanted: ≥ 95). *Covered*: intervals of all effects, averaged or at single levels.",
        &["model", "off by", "interaction", "covered", "D", "D holds", "met", "averages only"],
    );
    let (small, large) = ([(0.98, "−2%"), (0.95, "−5%")], [(0.9, "−10%"), (0.8, "−20%")]);
    for (model, name) in [(Model::Real, "`REAL`"), (Model::Quiet, "`QUIET`"), (Model::Normal, "normal")] {
        // Where it is always found, no average is left.
        let sizes = small.into_iter().chain(large.into_iter().filter(|_| model == Model::Real));
        for (ratio, off) in sizes {
            let product = ProductSetup::of(model, &AXES, Rounds::Fixed(5)).with_last_cell(ratio);
            let EffectsFound { interaction, covered, may_differ, bounded, average_only, .. } =
                effects(study, &product);
            table.row(&[
                name,
                off,
                &percent(&interaction),
                &percent(&covered),
                &mean_percent(&may_differ),
                &percent(&bounded),
                Target::AtLeast(0.95).judge(&bounded).1,
                &percent(&average_only),
            ]);
        }
    }
    table.text
}
