//! Lines below a block's table: order effects, remarks on arms, costs, sessions.

use bench_runner_core::compare::{ArmResult, BlockResult, OrderEffects, PlainRatio, Ratio, SessionRatio};

use bench_runner_core::record::{METRICS, Metric, MetricId};

use super::table::TextStyle;
use crate::figure::wording;

/// p-value below which effects of predecessors are mentioned.
const NOTABLE_PREDECESSORS_P: f64 = 0.01;

/// p-value below which sessions are reported to differ.
const NOTABLE_SPREAD_P: f64 = 0.01;

/// Share of the margin above which the bound of the order effects is mentioned.
const NOTABLE_BOUND_SHARE: f64 = 0.5;

/// Effects of position and predecessor; empty if they are unknown, or neither significant nor large enough to
/// matter.
pub(super) fn order(block: &BlockResult, style: TextStyle) -> Vec<String> {
    order_text(block).map(|text| style.paragraph("build order: ", &text)).unwrap_or_default()
}

fn order_text(block: &BlockResult) -> Option<String> {
    let order = block.order.as_ref().ok().filter(|order| is_notable(order, block.margin))?;
    let shown = wording::effect(&order.first);
    let mut parts = vec![format!(
        "being first in a round changes a build's time by {}% ({} to {}%)",
        shown.estimate, shown.low, shown.high
    )];
    if let Some(found) = order.predecessors.filter(|found| found.p < NOTABLE_PREDECESSORS_P) {
        let (shown, p) = (wording::effect(&found.largest), wording::p_value(found.p));
        let name = block.arms.get(found.arm).map(wording::arm_name).unwrap_or_default();
        parts.push(format!(
            "being built after {name} changes it by {}% ({} to {}%, {p})",
            shown.estimate, shown.low, shown.high
        ));
    }
    if let Some(bound) = order.bound() {
        parts.push(format!("at most, the order may have shifted a ratio by {}", wording::share(bound)));
    } else if order.predecessors.is_none() && !order.moved.is_empty() {
        parts.push("with two variants, the effect of the build before cannot be estimated".to_owned());
    }
    Some(parts.join("; "))
}

fn is_notable(order: &OrderEffects, margin: f64) -> bool {
    let (low, high) = order.first.interval();
    low > 0.0
        || high < 0.0
        || order.predecessors.is_some_and(|found| found.p < NOTABLE_PREDECESSORS_P)
        || order.bound().is_some_and(|bound| bound > NOTABLE_BOUND_SHARE * margin)
}

/// Reason why an arm has no ratio or no time, or its number of failed builds.
pub(super) fn missing_result(block: &BlockResult, at: usize, style: TextStyle) -> Vec<String> {
    let arm = &block.arms[at];
    let lacks_ratio = block.is_compared(at) && arm.ratio.is_none();
    let reason = if lacks_ratio || arm.wall().is_none() {
        wording::why_no_ratio(arm)
    } else if arm.failures > 0 {
        wording::failures(arm.failures)
    } else {
        return Vec::new();
    };
    style.paragraph("", &format!("{}: {reason}", wording::arm_name(arm)))
}

/// Ratio of the means of an arm, if it is outside the interval of its ratio.
pub(super) fn ratio_of_means(arm: &ArmResult, style: TextStyle) -> Vec<String> {
    let outside = |ratio: &Ratio| !(ratio.low..=ratio.high).contains(&ratio.ratio_of_means);
    let Some(ratio) = arm.ratio.filter(outside) else { return Vec::new() };
    let remark = format!(
        "{}: the quotient of the means is {:.3}×, outside the interval of the ratio: some builds took much longer or \
         shorter than most",
        wording::arm_name(arm),
        ratio.ratio_of_means
    );
    style.paragraph("", &remark)
}

/// CPU time and memory of an arm, if they add something to its wall time. The interval must exclude 1; CPU
/// time must differ from wall time by the margin or more, with disjoint intervals; memory must differ from
/// the baseline's by the margin or more.
pub(super) fn costs(arm: &ArmResult, margin: f64, style: TextStyle) -> Vec<String> {
    let Some(wall) = arm.ratio else { return Vec::new() };
    let off = |cost: &PlainRatio, low: f64, high: f64| cost.high < low || high < cost.low;
    let apart = |ratio: f64| ratio.ln().abs() >= margin.ln_1p();
    let cpu_is_news = |cost: &PlainRatio| {
        off(cost, wall.low, wall.high) && off(cost, 1.0, 1.0) && apart(cost.ratio / wall.ratio)
    };
    let memory_is_news = |cost: &PlainRatio| off(cost, 1.0, 1.0) && apart(cost.ratio);
    // Counts of the kernel are on the page only: most of their differences need no action.
    let is_news = |metric: &Metric, cost: &PlainRatio| match metric.id {
        MetricId::Cpu => cpu_is_news(cost),
        MetricId::MaxRss => memory_is_news(cost),
        _ => false,
    };
    let parts: Vec<String> = METRICS
        .iter()
        .filter_map(|metric| {
            let cost = arm.plain_ratios[metric.id].filter(|cost| is_news(metric, cost))?;
            let shown = wording::plain_ratio(&cost);
            Some(format!("{} {}× ({}–{}×)", metric.label, shown.estimate, shown.low, shown.high))
        })
        .collect();
    if parts.is_empty() {
        return Vec::new();
    }
    style.paragraph("", &format!("{}: {}", wording::arm_name(arm), parts.join(", ")))
}

/// Ratios of an arm by session, and whether the sessions differ.
pub(super) fn sessions(arm: &ArmResult, style: TextStyle) -> Vec<String> {
    let Some(sessions) = &arm.sessions else { return Vec::new() };
    let of_session =
        |one: &SessionRatio| format!("{}: {}×", one.session, wording::plain_ratio(&one.ratio).estimate);
    let ratios = sessions.ratios.iter().map(of_session).collect::<Vec<_>>().join(", ");
    let apart = match sessions.spread {
        Some(spread) if spread.p < NOTABLE_SPREAD_P && spread.sd > 0.0 => {
            let (sd, p) = (wording::share(spread.sd.exp_m1()), wording::p_value(spread.p));
            format!("; the sessions differ by more than chance, standard deviation {sd} ({p})")
        }
        Some(_) => "; the sessions differ by no more than chance allows".to_owned(),
        None => String::new(),
    };
    style.paragraph("", &format!("{} by session: {ratios}{apart}", wording::arm_name(arm)))
}

#[cfg(test)]
mod tests {
    use bench_runner_core::compare::{Effect, Sessions, Spread};

    use super::*;
    use crate::figure::fixture::{self, block as block_of, names};

    #[test]
    fn the_order_is_told_as_far_as_it_is_known() {
        let mut one = block_of("hexyl", &names(3, false), 12, 4.2);
        assert!(order_text(&one).is_none());
        let mut text_of = |effects: OrderEffects| {
            one.order = Ok(effects);
            order_text(&one).unwrap()
        };
        let first = "being first in a round changes a build's time by +0.40% (−0.30 to +1.11%)";
        let bound = "at most, the order may have shifted a ratio by 0.5%";
        let after = "being built after linker=mold changes it by +1.11% (+0.60 to +1.61%, p < 0.001)";
        assert_eq!(text_of(fixture::order(0.0004)), format!("{first}; {after}; {bound}"));
        let costs = Effect { log: 0.02, half_width: 0.007 };
        let two = OrderEffects { first: costs, trend: None, predecessors: None, ..fixture::order(0.2) };
        let first = "being first in a round changes a build's time by +2.02% (+1.31 to +2.74%)";
        assert_eq!(text_of(OrderEffects { moved: Vec::new(), ..two.clone() }), first);
        let unknown = "with two variants, the effect of the build before cannot be estimated";
        assert_eq!(text_of(OrderEffects { moved: vec![None], ..two }), format!("{first}; {unknown}"));
    }

    #[test]
    fn the_order_is_told_only_where_it_may_matter() {
        let mut one = block_of("hexyl", &names(3, false), 12, 4.2);
        let mut is_mentioned = |effects: OrderEffects| {
            one.order = Ok(effects);
            order_text(&one).is_some()
        };
        let none = || fixture::order(0.2);
        assert!(
            !is_mentioned(none())
                && !is_mentioned(fixture::order(0.011))
                && is_mentioned(fixture::order(0.009))
        );
        let first = |log: f64| OrderEffects { first: Effect { log, half_width: 0.007 }, ..none() };
        assert!(
            is_mentioned(first(0.0071))
                && is_mentioned(first(-0.0071))
                && !is_mentioned(first(0.0069))
                && !is_mentioned(first(-0.0069))
        );
        // the margin is 3%
        let moved =
            |log: f64| OrderEffects { moved: vec![Some(Effect { log, half_width: 0.005 })], ..none() };
        assert!(is_mentioned(moved(0.0099)) && is_mentioned(moved(-0.0099)) && !is_mentioned(moved(0.0098)));
    }

    #[test]
    fn costs_are_told_where_they_are_another_story() {
        // the ratio of wall time is 0.921, 0.9136 to 0.9284
        let mut arm = block_of("hexyl", &names(3, false), 12, 4.2).arms.remove(3);
        let mut text_of = |cpu: Option<(f64, f64)>, rss: Option<(f64, f64)>| {
            arm.plain_ratios[MetricId::Cpu] = cpu.map(|(ratio, spread)| fixture::plain_ratio(ratio, spread));
            arm.plain_ratios[MetricId::MaxRss] =
                rss.map(|(ratio, spread)| fixture::plain_ratio(ratio, spread));
            costs(&arm, 0.03, TextStyle::default()).concat()
        };
        assert_eq!(text_of(None, None), "");
        // CPU time like wall time and memory like 1; CPU time differs from wall time by less than the margin
        assert_eq!(text_of(Some((0.93, 0.01)), Some((0.99, 0.02))), "");
        assert_eq!(text_of(Some((0.94, 0.005)), None), "");
        // memory differs by less than the margin, however much wall time changed
        assert_eq!(text_of(None, Some((1.01, 0.001))), "");
        let both = "  linker=mold: CPU time 0.620× (0.600–0.640×), memory 1.90× (1.80–2.00×)";
        assert_eq!(text_of(Some((0.62, 0.02)), Some((1.9, 0.1))), both);
        assert_eq!(text_of(Some((0.97, 0.005)), None), "  linker=mold: CPU time 0.970× (0.965–0.975×)");
    }

    #[test]
    fn sessions_are_told_with_what_lies_between_them() {
        let mut arm = block_of("hexyl", &names(3, false), 12, 4.2).arms.remove(3);
        assert!(sessions(&arm, TextStyle::default()).is_empty());
        let mut text_of = |spread: Option<(f64, f64)>| {
            let ratio = |ratio: f64| fixture::plain_ratio(ratio, 0.01);
            let of = |(session, value): (u32, f64)| SessionRatio { session, ratio: ratio(value) };
            arm.sessions = Some(Sessions {
                ratios: [(1, 0.921), (3, 0.934)].map(of).to_vec(),
                spread: spread.map(|(sd, p)| Spread { sd, p }),
            });
            sessions(&arm, TextStyle::default()).iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
        };
        let ratios = "linker=mold by session: 1: 0.921×, 3: 0.934×";
        assert_eq!(text_of(None), ratios);
        let chance = "the sessions differ by no more than chance allows";
        assert_eq!(text_of(Some((0.001, 0.3))), format!("{ratios}; {chance}"));
        assert_eq!(text_of(Some((0.009, 0.02))), format!("{ratios}; {chance}"));
        let more = "the sessions differ by more than chance, standard deviation 0.9% (p = 0.002)";
        assert_eq!(text_of(Some((0.009, 0.002))), format!("{ratios}; {more}"));
    }
}
