//! Readable titles of blocks.

use std::collections::{BTreeMap, BTreeSet};

use crate::record::{Block, Pin, Plan, Variant};

/// Number of digits of a hash in a title.
const SHORT: usize = 10;

/// A title for each block: project with its version, and workload. If a block spans several of either, they
/// are named if they are few and counted otherwise. Blocks that would share a title include the name of their
/// matrix.
pub fn titles(plan: &Plan) -> Vec<String> {
    let plain: Vec<String> = plan.blocks.iter().map(|block| title(plan, block)).collect();
    let mut times: BTreeMap<&str, usize> = BTreeMap::new();
    for title in &plain {
        *times.entry(title).or_default() += 1;
    }
    let with_matrix = |(block, title): (&Block, &String)| match block.id.as_str().split_once('/') {
        Some((matrix, _)) if times[title.as_str()] > 1 => format!("{title} · {matrix}"),
        _ => title.clone(),
    };
    plan.blocks.iter().zip(&plain).map(with_matrix).collect()
}

fn title(plan: &Plan, block: &Block) -> String {
    let projects = distinct(block, |variant| Some(&variant.project));
    let workloads = distinct(block, |variant| Some(&variant.workload));
    let revs = distinct(block, |variant| variant.rev.as_deref());
    let project = match projects.as_slice() {
        [one] if revs.len() > 1 => (*one).to_owned(),
        [one] => with_version(plan, one),
        several => join_or_count(several, "projects"),
    };
    let mut parts = vec![project, join_or_count(&workloads, "workloads")];
    if revs.len() > 1 {
        parts.insert(1, format!("{} commits", revs.len()));
    }
    parts.retain(|part| !part.is_empty());
    parts.join(" · ")
}

/// The distinct values of the block's variants, in order.
fn distinct<'b>(block: &'b Block, of: impl Fn(&'b Variant) -> Option<&'b str>) -> Vec<&'b str> {
    let mut seen = BTreeSet::new();
    block.arms.iter().filter_map(|arm| of(&arm.variant)).filter(|text| seen.insert(*text)).collect()
}

/// The names if they are few, otherwise their number.
fn join_or_count(names: &[&str], what: &str) -> String {
    if names.len() <= 3 { names.join(" / ") } else { format!("{} {what}", names.len()) }
}

fn with_version(plan: &Plan, name: &str) -> String {
    let short = |hash: &str| hash.chars().take(SHORT).collect::<String>();
    match plan.projects.iter().find(|project| project.name == name).map(|project| &project.pin) {
        Some(Pin::CratesIo { version, .. }) => format!("{name} {version}"),
        Some(Pin::Git { rev }) => format!("{name} {}", short(rev)),
        Some(Pin::Tree { sha256 }) => format!("{name} (tree {})", short(sha256)),
        None => name.to_owned(),
    }
}
