//! `derived/blocks.csv`: results of each block as a whole, one row per block.

use bench_runner_core::compare::{BlockResult, Comparison, Effect, OrderEffects};

use super::csv::csv_text;

const HEADER: [&str; 30] = [
    "block",
    "rounds",
    "min_rounds",
    "stopped",
    "margin",
    "twin_rounds",
    "twin_ratio",
    "twin_half_width",
    "twin_p",
    "noise_floor",
    "serial_lag1",
    "offset_sd",
    "offset_assumed",
    "order_rounds",
    "order_missing",
    "first",
    "first_low",
    "first_high",
    "trend",
    "trend_low",
    "trend_high",
    "predecessor_role",
    "predecessor",
    "predecessor_effect",
    "predecessor_low",
    "predecessor_high",
    "predecessor_p",
    "order_bound",
    "invalid",
    "fidelity",
];

/// The table as CSV. Order effects are fractions; unknown values are empty.
pub fn blocks_csv(comparison: &Comparison) -> Result<String, csv::Error> {
    csv_text(&HEADER, comparison.blocks.iter().map(row))
}

fn row(block: &BlockResult) -> Vec<String> {
    let stopped = block.stopped.and_then(|stopped| serde_json::to_value(stopped).ok());
    let stopped = stopped.as_ref().and_then(|word| word.as_str()).unwrap_or_default();
    let mut row = vec![
        block.id.to_string(),
        block.rounds.to_string(),
        block.min_rounds.to_string(),
        stopped.to_owned(),
        block.margin.to_string(),
        block.twin.map(|twin| twin.rounds.to_string()).unwrap_or_default(),
    ];
    row.extend(numbers(block.twin.map(|twin| [twin.ratio, twin.half_width, twin.p])));
    row.extend(numbers(block.noise_floor.map(|share| [share])));
    row.extend(numbers(block.serial.map(|lag1| [lag1])));
    row.extend(numbers(block.offset.map(|sd| [sd])));
    row.push(block.offset_is_assumed.to_string());
    row.extend(order(block));
    row.push(block.why_invalid().join("; "));
    row.push(super::fidelity::word(&block.fidelity).to_owned());
    row
}

fn order(block: &BlockResult) -> Vec<String> {
    let order: Option<&OrderEffects> = block.order.as_ref().ok();
    let effect = |effect: Option<Effect>| {
        numbers(effect.map(|effect| {
            let (low, high) = effect.interval();
            [effect.share(), low, high]
        }))
    };
    let mut row = vec![
        order.map(|order| order.rounds.to_string()).unwrap_or_default(),
        block.order.as_ref().err().map(|why| why.describe()).unwrap_or_default(),
    ];
    row.extend(effect(order.map(|order| order.first)));
    row.extend(effect(order.and_then(|order| order.trend)));
    let predecessors = order.and_then(|order| order.predecessors);
    let arm = predecessors.and_then(|found| block.arms.get(found.arm));
    row.push(arm.map(|arm| arm.role.as_str().to_owned()).unwrap_or_default());
    row.push(arm.map(|arm| arm.variant.clone()).unwrap_or_default());
    row.extend(effect(predecessors.map(|found| found.largest)));
    row.extend(numbers(predecessors.map(|found| [found.p])));
    row.extend(numbers(order.and_then(OrderEffects::bound).map(|bound| [bound])));
    row
}

/// `N` cells, empty if there are no values.
fn numbers<const N: usize>(values: Option<[f64; N]>) -> [String; N] {
    values.map_or_else(|| [(); N].map(|()| String::new()), |values| values.map(|value| value.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::figure::fixture;
    use expect_test::expect;

    #[test]
    fn a_row_for_each_block() {
        expect![[r#"
            block,rounds,min_rounds,stopped,margin,twin_rounds,twin_ratio,twin_half_width,twin_p,noise_floor,serial_lag1,offset_sd,offset_assumed,order_rounds,order_missing,first,first_low,first_high,trend,trend_low,trend_high,predecessor_role,predecessor,predecessor_effect,predecessor_low,predecessor_high,predecessor_p,order_bound,invalid,fidelity
            linkers/hexyl/incremental,12,6,precision,0.03,12,0.998,0.016,0.7,0.021,0.31,,false,12,,0.004008010677341911,-0.0029955044966269995,0.01106072244471945,-0.000999500166624978,-0.0069755570667648925,0.00501252085940096,variant,linker=mold,0.01106072244471945,0.006018036054064924,0.01612868540609491,0.0004,0.00501252085940096,,
            linkers/ripgrep/incremental,8,6,precision,0.03,8,1.04,0.011,0.0001,0.021,,,false,,fewer than two arms were built,,,,,,,,,,,,,,"two identical builds, the baseline and its control, differ by more than chance explains",
            linkers/tokei/incremental,1,6,,0.03,,,,,0.021,,,false,,fewer than two arms were built,,,,,,,,,,,,,,,
        "#]].assert_eq(&blocks_csv(&fixture::everything()).unwrap());
    }

    #[test]
    fn what_makes_a_block_show_nothing_and_its_fidelity_stand_at_the_end() {
        let text = blocks_csv(&fixture::comparison(vec![fixture::unlike()])).unwrap();
        let end = ",\"later builds of `linker=lld` did different work than its first (2.70 s of CPU time, then 0.45 s; 9 units \
                   compiled, then 4)\",differs\n";
        assert!(text.ends_with(end), "{text}");
    }
}
