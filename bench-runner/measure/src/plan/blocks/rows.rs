//! The variants of a block before any is skipped: the product of the axes, and the whole variants.

use std::collections::BTreeMap;

use bench_runner_core::record::{AS_CONFIGURED, SNIPPET, Variant};

use super::{BlockBuilder, Memo};
use crate::axes::{self, STRUCTURAL};
use crate::plan::{ProjectView, World};
use crate::scenario::{
    AS_IT_IS, Baseline, RequestError, RequestWord, VariantBase, VariantContent, WholeVariant,
};

/// One value for each axis of the matrix, in the order of its axes.
type Combination<'a> = Vec<&'a str>;

impl<'a> BlockBuilder<'a> {
    /// All variants, the baseline first, so that a variant that is the same as the baseline becomes its
    /// alias.
    pub(super) fn rows<W: World + ?Sized>(&self, memo: &mut Memo<'_, W>) -> Result<Vec<Variant>, W::Error> {
        let values = self.values();
        let baseline = self.baseline(&values);
        let mut rows: Vec<Variant> = Vec::new();
        for combination in product(&values).filter(|_| !self.has_commits_alone()) {
            let at = if combination == baseline { 0 } else { rows.len() };
            rows.insert(at, self.variant(&combination, &values)?);
        }
        for whole in &self.matrix.variants {
            // A project without axes already is a row.
            if rows.iter().all(|row| row.name != whole.name) {
                rows.push(self.whole_variant(whole, &baseline, memo)?);
            }
        }
        if self.is_configured() {
            self.set_configured_baseline(&mut rows, &values, &baseline, memo)?;
        }
        if self.fraction().is_some() && self.is_own() && rows.iter().all(|row| row.name != AS_CONFIGURED) {
            rows.push(self.configured_alone(&baseline, memo)?);
        }
        if let Baseline::Whole(name) = &self.matrix.baseline {
            let at = rows.iter().position(|row| row.name == *name);
            let at = at.ok_or_else(|| RequestError::usage(format!("no variant is called `{name}`"), None))?;
            rows[..=at].rotate_right(1);
        }
        if self.is_configured() {
            for row in rows.iter_mut().filter(|row| row.name != AS_IT_IS || self.is_product(row)) {
                let text = memo.as_configured(self.project(row)?)?;
                row.settings.insert(AS_CONFIGURED.to_owned(), text);
            }
        }
        Ok(rows)
    }

    /// True if the user's own configuration is in force, below the settings of every variant.
    fn is_configured(&self) -> bool {
        match self.matrix.on {
            VariantBase::AsItIs => false,
            VariantBase::AsConfigured => true,
            VariantBase::Auto => self.is_own(),
        }
    }

    /// True if all projects of the block are cargo projects in a directory of the user's own.
    fn is_own(&self) -> bool {
        let own = |project: &ProjectView| project.own && project.cargo;
        match self.fixed.project {
            Some(project) => own(project),
            None => self.projects.iter().all(own),
        }
    }

    /// Makes the user's configuration alone the first row, which is the baseline, unless the matrix names another one:
    ///
    /// - if the axes have one combination only: there is nothing else to compare it with;
    /// - if the scenario's baseline sets nothing, such as the default linker: with the user's configuration, the linker
    ///   is the one that this configuration chooses.
    ///
    /// Scenario files that say `on = "as-configured"` are planned as they always were: with one row only.
    fn set_configured_baseline<W: World + ?Sized>(
        &self,
        rows: &mut Vec<Variant>,
        values: &[Combination<'_>],
        baseline: &[&str],
        memo: &mut Memo<'_, W>,
    ) -> Result<(), W::Error> {
        let Baseline::Values(named) = &self.matrix.baseline else { return Ok(()) };
        let what_you_have = self.matrix.on == VariantBase::Auto;
        let sets_something = self.setting_axes().next().is_some();
        let one_combination = sets_something && values.iter().all(|values| values.len() == 1);
        let configured = if one_combination && (what_you_have || rows.len() == 1) {
            self.configured_alone(baseline, memo)?
        } else if what_you_have && !named.is_empty() && sets_something && sets_nothing(&rows[0]) {
            Variant { name: AS_CONFIGURED.to_owned(), ..rows[0].clone() }
        } else {
            return Ok(());
        };
        rows.retain(|row| row.name != AS_CONFIGURED);
        rows.insert(0, configured);
        Ok(())
    }

    /// The user's configuration without the settings of the axes. It has the profile that all of the block is built
    /// with, unless that profile is the only setting.
    fn configured_alone<W: World + ?Sized>(
        &self,
        baseline: &[&str],
        memo: &mut Memo<'_, W>,
    ) -> Result<Variant, W::Error> {
        let whole = WholeVariant { name: AS_CONFIGURED.to_owned(), content: VariantContent::AsConfigured };
        let mut row = self.whole_variant(&whole, baseline, memo)?;
        if self.setting_axes().all(|key| key == "profile") {
            row.settings.remove("profile");
        }
        Ok(row)
    }

    /// Keys of the axes that are settings of a build.
    fn setting_axes(&self) -> impl Iterator<Item = &str> {
        let keys = self.matrix.axes.iter().map(|(key, _)| key.as_str());
        keys.filter(|key| !STRUCTURAL.contains(key))
    }

    /// Name of a row that sets nothing.
    fn name_of_nothing(&self) -> &'static str {
        let is_listed = self.matrix.variants.iter().any(|whole| whole.name == AS_IT_IS);
        match self.matrix.on {
            VariantBase::AsConfigured if is_listed => AS_IT_IS,
            _ if self.is_configured() => AS_CONFIGURED,
            _ => AS_IT_IS,
        }
    }

    /// True if the whole variants are commits, one of them the baseline, and there are no axes: the sources that are checked
    /// out are then not one of the variants.
    fn has_commits_alone(&self) -> bool {
        let names_rev = |whole: &WholeVariant| match &whole.content {
            VariantContent::Set(set) => set.iter().any(|(key, _)| key == "rev"),
            VariantContent::Snippet(_) | VariantContent::AsConfigured => false,
        };
        self.matrix.axes.is_empty()
            && matches!(self.matrix.baseline, Baseline::Whole(_))
            && self.matrix.variants.iter().any(names_rev)
    }

    /// Keys of the axes of settings with several values, those of the baseline included.
    pub(super) fn varied_keys(&self) -> Vec<&str> {
        let values = self.values();
        let axes = self.matrix.axes.iter().zip(&values).filter(|(_, values)| values.len() > 1);
        axes.map(|((key, _), _)| key.as_str()).filter(|key| !STRUCTURAL.contains(key)).collect()
    }

    /// True if a row comes from the axes and is not the whole variant with its name.
    pub(super) fn is_product(&self, row: &Variant) -> bool {
        self.matrix.variants.iter().all(|whole| whole.name != row.name)
    }

    /// Keys that variants of the block can set: those of the axes, then those of the whole variants in their
    /// order.
    pub(super) fn keys(&self) -> Vec<String> {
        let mut keys: Vec<String> = self.matrix.axes.iter().map(|(key, _)| key.clone()).collect();
        for whole in &self.matrix.variants {
            let of_whole: Vec<&str> = match &whole.content {
                VariantContent::Set(set) => set.iter().map(|(key, _)| key.as_str()).collect(),
                VariantContent::Snippet(_) => vec![SNIPPET],
                VariantContent::AsConfigured => vec![AS_CONFIGURED],
            };
            for key in of_whole {
                if keys.iter().all(|known| known != key) {
                    keys.push(key.to_owned());
                }
            }
        }
        keys
    }

    /// The values of every axis, including the baseline's own value. Projects have their resolved names.
    fn values(&self) -> Vec<Combination<'_>> {
        let projects = self.projects;
        let of = |(key, words): &'a (String, Vec<RequestWord>)| -> Combination<'_> {
            if key == "project" {
                return projects.iter().map(|project| project.planned.name.as_str()).collect();
            }
            let base = self.matrix.baseline.value(key);
            let base = base.filter(|word| words.iter().all(|other| other.text != word.text));
            base.into_iter().chain(words).map(|word| word.text.as_str()).collect()
        };
        self.matrix.axes.iter().map(of).collect()
    }

    /// The baseline's combination; the first one if the baseline is a whole variant.
    fn baseline<'b>(&'b self, values: &[Combination<'b>]) -> Combination<'b> {
        let axes = self.matrix.axes.iter().zip(values);
        axes.map(|((key, _), values)| match (key.as_str(), self.matrix.baseline.value(key)) {
            ("project", _) => self.baseline_project.unwrap_or(values[0]),
            (_, Some(word)) => word.text.as_str(),
            (_, None) => values[0],
        })
        .collect()
    }

    fn variant(&self, combination: &[&str], values: &[Combination<'_>]) -> Result<Variant, RequestError> {
        let mut settings = BTreeMap::new();
        let mut words = Vec::new();
        let nothing_varies = values.iter().all(|values| values.len() == 1);
        for (((key, _), value), values) in self.matrix.axes.iter().zip(combination).zip(values) {
            if !STRUCTURAL.contains(&key.as_str()) {
                settings.insert(key.clone(), (*value).to_owned());
            }
            if values.len() > 1 || nothing_varies {
                // A name is one line, even if the value has several.
                words.push(format!("{key}={}", value.lines().collect::<Vec<_>>().join("; ")));
            }
        }
        let name = if words.is_empty() { self.name_of_nothing().to_owned() } else { words.join(" ") };
        self.new_variant(name, combination, settings)
    }

    /// A whole variant. It names no workload and no project: it has those of `baseline` if they are axes. It
    /// also has the block's profile and toolchain if these do not vary and it names no others;
    /// `as-configured` has the user's own toolchain.
    fn whole_variant<W: World + ?Sized>(
        &self,
        whole: &WholeVariant,
        baseline: &[&str],
        memo: &mut Memo<'_, W>,
    ) -> Result<Variant, W::Error> {
        let keys: &[&str] = if whole.content == VariantContent::AsConfigured {
            &["profile"]
        } else {
            &["profile", "toolchain"]
        };
        let axes = self.matrix.axes.iter();
        let common = axes.filter(|(key, words)| keys.contains(&key.as_str()) && words.len() == 1);
        let common = common.map(|(key, words)| (key.clone(), words[0].text.clone())).collect();
        let mut row = self.new_variant(whole.name.clone(), baseline, common)?;
        match &whole.content {
            VariantContent::Set(set) => {
                for (key, word) in set {
                    if key == "rev" {
                        row.rev = Some(word.text.clone());
                    } else {
                        row.settings.insert(key.clone(), word.text.clone());
                    }
                }
            }
            VariantContent::Snippet(text) => {
                row.settings.insert(SNIPPET.to_owned(), text.clone());
            }
            VariantContent::AsConfigured => {
                let text = memo.as_configured(self.project(&row)?)?;
                row.settings.insert(AS_CONFIGURED.to_owned(), text);
            }
        }
        Ok(row)
    }

    /// A variant with this name and these settings, for the project and the workload of the block or of
    /// `combination`.
    fn new_variant(
        &self,
        name: String,
        combination: &[&str],
        settings: BTreeMap<String, String>,
    ) -> Result<Variant, RequestError> {
        let of_axis = |wanted: &str| {
            let mut axes = self.matrix.axes.iter().zip(combination);
            axes.find_map(|((key, _), value)| (key == wanted).then(|| (*value).to_owned()))
        };
        let fixed_project = self.fixed.project.map(|project| project.planned.name.clone());
        let lacking =
            || RequestError::usage(format!("block `{}` has no project or workload", self.fixed.id), None);
        Ok(Variant {
            name,
            project: of_axis("project").or(fixed_project).ok_or_else(lacking)?,
            workload: of_axis("workload")
                .or_else(|| self.fixed.workload.map(str::to_owned))
                .ok_or_else(lacking)?,
            rev: of_axis("rev"),
            settings,
        })
    }

    pub(super) fn project(&self, variant: &Variant) -> Result<&ProjectView, RequestError> {
        self.projects.iter().find(|project| project.planned.name == variant.project).ok_or_else(|| {
            let message = format!("the baseline's project `{}` is not in the block", variant.project);
            RequestError::usage(message, None)
        })
    }
}

/// True if none of a row's settings adds anything to a build.
fn sets_nothing(row: &Variant) -> bool {
    let settings = axes::parse_all(&row.settings);
    settings.is_ok_and(|settings| settings.iter().all(|setting| setting.value.adds_nothing()))
}

/// All combinations, the last axis varying fastest; one empty combination if there is no axis.
fn product<'v>(values: &'v [Combination<'v>]) -> impl Iterator<Item = Combination<'v>> {
    let count: usize = values.iter().map(Vec::len).product();
    (0..count).map(move |number| {
        let mut rest = number;
        let mut combination: Combination<'v> = Vec::with_capacity(values.len());
        for axis in values.iter().rev() {
            combination.push(axis[rest % axis.len()]);
            rest /= axis.len();
        }
        combination.reverse();
        combination
    })
}
