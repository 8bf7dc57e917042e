//! Scenarios that verbs make: one project of the user, its commits or a configuration.

use bench_runner_measure::scenario::{
    self, Baseline, RequestError, RequestWord, Scenario, VariantBase, VariantContent, WholeVariant,
};

use super::changes::custom_scenario;

/// The part of a scenario that does not depend on what is compared.
#[derive(Debug, Clone, Copy)]
pub(in crate::commands) struct VerbScenario<'a> {
    /// Name of the verb, which becomes that of the scenario.
    pub(in crate::commands) name: &'a str,
    pub(in crate::commands) project: &'a str,
    pub(in crate::commands) workloads: &'a [String],
}

impl VerbScenario<'_> {
    /// Compares commits of the project, by full ids; the first one is the baseline.
    pub(in crate::commands) fn of_commits(self, commits: &[String]) -> Result<Scenario, RequestError> {
        let words = commits.iter().map(RequestWord::from_command_line).collect();
        self.scenario(&[("rev".to_owned(), words)])
    }

    /// Compares toolchains on one commit, by its full id, or on the project as it is; the first one is the baseline.
    pub(in crate::commands) fn of_toolchains(
        self,
        rev: Option<&str>,
        names: &[&str],
    ) -> Result<Scenario, RequestError> {
        let words = |texts: &[&str]| texts.iter().copied().map(RequestWord::from_command_line).collect();
        let rev = rev.map(|rev| ("rev".to_owned(), words(&[rev])));
        let axes: Vec<(String, Vec<RequestWord>)> =
            rev.into_iter().chain([("toolchain".to_owned(), words(names))]).collect();
        self.scenario(&axes)
    }

    /// Compares a variant with what the user has.
    pub(in crate::commands) fn of_variant(self, variant: WholeVariant) -> Result<Scenario, RequestError> {
        let mut scenario = self.scenario(&[])?;
        let configured = WholeVariant {
            name: bench_runner_core::record::AS_CONFIGURED.to_owned(),
            content: VariantContent::AsConfigured,
        };
        for matrix in &mut scenario.matrices {
            matrix.baseline = Baseline::Whole(configured.name.clone());
            matrix.variants = vec![configured.clone(), variant.clone()];
            matrix.on = VariantBase::Auto;
        }
        Ok(scenario)
    }

    fn scenario(self, axes: &[(String, Vec<RequestWord>)]) -> Result<Scenario, RequestError> {
        self.workloads.iter().try_for_each(|name| scenario::check_value("workload", name))?;
        let mut scenario = custom_scenario(axes);
        scenario.name = self.name.to_owned();
        for matrix in &mut scenario.matrices {
            matrix.name = self.name.to_owned();
            matrix.projects = vec![RequestWord::from_command_line(self.project)];
            matrix.workloads = self.workloads.iter().map(RequestWord::from_command_line).collect();
        }
        Ok(scenario)
    }
}
