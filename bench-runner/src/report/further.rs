//! What a block's table has no column for, in lines below it.

use super::table::paragraph;
use super::text::p_value;
use crate::compare::BlockResult;
use crate::figure::wording;

/// Below this, the test of the predecessors is worth a word.
const PREDECESSORS_WORTH_A_WORD: f64 = 0.01;

/// What places and predecessors did; nothing where that cannot be said.
pub(super) fn order(block: &BlockResult) -> Vec<String> {
    let Ok(order) = &block.order else { return Vec::new() };
    let shown = wording::effect(&order.first);
    let mut says = vec![format!(
        "being first in a round costs {} % ({} to {} %)",
        shown.estimate, shown.low, shown.high
    )];
    if let Some(found) = order.predecessors.filter(|found| found.p < PREDECESSORS_WORTH_A_WORD) {
        let (shown, p) = (wording::effect(&found.largest), p_value(found.p));
        let name = block.arms.get(found.arm).map(wording::arm_name).unwrap_or_default();
        says.push(format!(
            "being built after {name} costs {} % ({} to {} %, {p})",
            shown.estimate, shown.low, shown.high
        ));
    }
    if let Some(bound) = order.bound() {
        let bound = wording::share(bound);
        says.push(format!("position and predecessor moved no ratio by more than {bound}"));
    } else if order.predecessors.is_none() && !order.moved.is_empty() {
        says.push("with two arms, what a build takes over from the one before it cannot be told".to_owned());
    }
    paragraph("order: ", &says.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::OrderEffects;
    use crate::figure::fixture::{self, block as block_of, names};

    #[test]
    fn the_order_is_told_as_far_as_it_is_known() {
        let mut one = block_of("hexyl", &names(3, false), 12, 4.2);
        assert!(order(&one).is_empty());
        let mut says = |effects: OrderEffects| {
            one.order = Ok(effects);
            order(&one).iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
        };
        let first = "order: being first in a round costs +0.40 % (−0.30 to +1.11 %)";
        let bound = "position and predecessor moved no ratio by more than 0.5 %";
        assert_eq!(says(fixture::order(0.2)), format!("{first}; {bound}"));
        let after = "being built after linker=mold costs +1.11 % (+0.60 to +1.61 %, p < 0.001)";
        assert_eq!(says(fixture::order(0.0004)), format!("{first}; {after}; {bound}"));
        let two = OrderEffects { trend: None, predecessors: None, ..fixture::order(0.2) };
        assert_eq!(says(OrderEffects { moved: Vec::new(), ..two.clone() }), first);
        let unknown = "with two arms, what a build takes over from the one before it cannot be told";
        assert_eq!(says(OrderEffects { moved: vec![None], ..two }), format!("{first}; {unknown}"));
    }
}
