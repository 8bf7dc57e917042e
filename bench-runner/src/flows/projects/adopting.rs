//! Settings of a variant → the files of the user's own project.

use anyhow::Context as _;
use bench_runner_core::record::{AS_CONFIGURED, Refusal};
use bench_runner_measure::adopt::AdoptRequest;
use bench_runner_measure::axes::{Settings, Situation};
use bench_runner_measure::build::{BuildRequest, Goal};
use bench_runner_measure::corpus::sources::write_cargo_home;
use bench_runner_measure::plan::{ProjectView, World as _};
use bench_runner_measure::scenario::RequestError;

use super::resolved::own_tree;
use super::{Projects, tree_of};
use crate::flows::FlowError;

impl Projects {
    /// Calls `act` with a request to write `settings` into the user's own files of a project. Nothing is written here.
    pub fn with_adopt_request<T>(
        &self,
        project: &ProjectView,
        settings: &Settings,
        even_if_changed: bool,
        act: impl FnOnce(&AdoptRequest<'_>) -> T,
    ) -> Result<T, FlowError> {
        let refused = |refusal: Refusal| FlowError::from(RequestError::from(refusal));
        let name = &project.planned.name;
        let resolved = self.resolved.borrow().get(&tree_of(name)).cloned();
        let own = resolved.as_ref().and_then(|resolved| own_tree(&resolved.project));
        let (Some(resolved), Some(own)) = (resolved, own) else {
            let what = format!("`{name}` is not a cargo project in a directory of your own");
            return Err(refused(Refusal::new(what).with_help("copy the lines")));
        };
        let configured = [(AS_CONFIGURED.to_owned(), self.as_configured(project)?)].into();
        let context = self.context_of(&resolved, &configured).map_err(refused)?;
        let toolchain = context.toolchain.clone().context("the project has no toolchain")?;
        let queries = resolved.queries.clone().context("the source of the project is not in the cache")?;
        let home = self.home(&resolved, &own).map_err(|error| refused(error.into_refusal()))?;

        let scratch = tempfile::tempdir_in(self.sources.cache.root())
            .context("failed to create a directory in the cache")?;
        let cargo_home = scratch.path().join("cargo-home");
        let home_config = self.cargo_home_config(&home);
        write_cargo_home(&cargo_home, &self.building_home(), home_config.as_deref())?;
        let situation = Situation {
            host: Some(context.in_force.target.triple.clone()),
            own_lld: toolchain.links_with_own_lld(),
            by_cargo: true,
            profile: settings
                .get("profile")
                .or(resolved.project.build.profile.as_ref())
                .map_or_else(|| "dev".to_owned(), String::clone),
            package: context
                .manifest
                .as_ref()
                .and_then(|manifest| Some(manifest.get("package")?.get("name")?.as_str()?.to_owned())),
        };
        let driver = self.cargo_driver(&resolved.project, toolchain, None, queries);
        Ok(act(&AdoptRequest {
            settings,
            situation: &situation,
            cargo: &home.query,
            selection: &driver.selection(&BuildRequest::default(), Goal::Build),
            target: &context.in_force.target,
            cargo_home: &cargo_home,
            scratch: scratch.path(),
            even_if_changed,
        }))
    }
}
