//! What tests of axes have in common.

use super::{Availability, Axis, Context, Finding, Setting, Settings, Shown};
use crate::build::{Evidence, Recipe, Toolchain};

/// A project with nothing of its own, on a toolchain that is nowhere.
pub(crate) fn context() -> Context {
    Context {
        toolchain: Some(Toolchain::sample()),
        config: None,
        manifest: None,
        path: "".into(),
        tools: "/tools".into(),
    }
}

/// Something done with `key = value` as the only setting.
pub(crate) fn with<T>(key: &str, value: &str, act: impl FnOnce(&Setting<'_>) -> T) -> T {
    let beside = Settings::from([(key.to_owned(), value.to_owned())]);
    act(&Setting { key, value, beside: &beside })
}

pub(crate) fn probe(axis: &dyn Axis, key: &str, value: &str, context: &Context) -> Availability {
    with(key, value, |setting| axis.probe(setting, context))
}

pub(crate) fn applied(axis: &dyn Axis, key: &str, value: &str, context: &Context) -> Recipe {
    let mut recipe = Recipe::default();
    with(key, value, |setting| axis.apply(setting, context, &mut recipe)).unwrap();
    recipe
}

pub(crate) fn prove(axis: &dyn Axis, key: &str, value: &str, context: &Context, build: &Evidence) -> Finding {
    with(key, value, |setting| axis.prove(setting, context, &Shown { build, baseline: None }))
}
