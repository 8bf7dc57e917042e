//! The arms of a block during planning: variants that are the same on this machine become one arm.

use std::collections::{BTreeMap, HashMap};

use bench_runner_core::record::{Arm, Role, TEXT_SETTINGS, TreeId, Variant};

use crate::axes::{self, ParsedSettings, Setting};
use crate::build::Linking;
use crate::workloads::SourceChange;

/// The arms chosen so far.
#[derive(Default)]
pub(super) struct BlockArms {
    pub(super) arms: Vec<Arm>,
    /// Indices into `arms`.
    by_identity: HashMap<String, usize>,
    /// The changes by workloads to the sources of each tree, each kind once.
    pub(super) sources: BTreeMap<TreeId, Vec<SourceChange>>,
}

impl BlockArms {
    /// Adds a variant as an arm, or as an alias of the arm that is the same.
    pub(super) fn add(&mut self, role: Role, mut variant: Variant, resolved: ResolvedVariant) {
        let ResolvedVariant { identity, sources, linking, settings, pinned } = resolved;
        if let Some(&same) = self.by_identity.get(&identity) {
            self.arms[same].aliases.push(variant.name);
            return;
        }
        self.by_identity.insert(identity, self.arms.len());
        let of_tree = self.sources.entry(variant.tree()).or_default();
        if !of_tree.contains(&sources) {
            of_tree.push(sources);
        }
        let co_changes = co_changes(&variant, &settings, linking);
        let primed = settings.need_priming();
        variant.settings.extend(pinned);
        self.arms.push(Arm { role, variant, aliases: Vec::new(), co_changes, primed });
    }
}

pub(super) struct ResolvedVariant {
    /// Variants with equal identities are the same on this machine.
    pub(super) identity: String,
    pub(super) sources: SourceChange,
    /// The kinds of units that are linked, if known and relevant.
    pub(super) linking: Option<Linking>,
    pub(super) settings: ParsedSettings,
    /// Values that would have another meaning on another machine, as the plan records them.
    pub(super) pinned: Vec<(String, String)>,
}

/// Side effects of a variant's settings beyond what their axes are named for, in a build that links
/// `linking`.
fn co_changes(variant: &Variant, settings: &ParsedSettings, linking: Option<Linking>) -> Vec<String> {
    let of = |setting: Setting<'_>| {
        let Setting { key, text, value, .. } = setting;
        let what = if TEXT_SETTINGS.contains(&key) { variant.name.clone() } else { format!("{key}={text}") };
        let happens = |change: &&&str| {
            let reaches =
                |linking: Linking| linking.host && (linking.host_shares_flags || !value.is_for_linking());
            !axes::is_about_host_units(change) || linking.is_none_or(reaches)
        };
        let changes = value.co_changes(settings).iter().filter(happens);
        changes.map(|change| format!("{what}: {change}")).collect::<Vec<_>>()
    };
    settings.iter().flat_map(of).collect()
}
