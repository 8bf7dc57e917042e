#!/usr/bin/env bash
# The tables about real builds in docs/METHODOLOGY.md, as Markdown, from the bundles in ../results. Needs jq.
set -euo pipefail
cd "$(dirname "$0")"
program=${BENCH_RUNNER:-$PWD/../target/release/bench-runner}
documents() { "$program" compare --json ../results/*/*-"$1"-??????; }
table() { printf '\n### %s\n\n%s\n%s\n' "$1" "$2" "$(sed 's/[^|]\+/---/g' <<<"$2")"; }
helpers='def row: "| " + (map(tostring) | join(" | ")) + " |";
  def round1: . * 10 | round / 10;
  def round3: . * 1000 | round / 1000;
  def percent: (. - 1) * 100 | . * 100 | round / 100;
  def said(verdict): [.[] | select(.verdict == verdict)] | length;'

table "Known truth" "| true ratio | comparisons | intervals that hold it | mean rounds | faster | slower | equivalent | undecided | invalid |"
documents known-truth | jq -r "$helpers"'
  [.[].blocks[] | .rounds as $rounds | .arms[] | select(.ratio)
    | .ratio + { truth: (.variant | ltrimstr("env.TRUTH=")), made: $rounds }]
  | group_by(.truth)[] | (.[0].truth | tonumber) as $truth
  | [.[0].truth, length, ([.[] | select(.low <= $truth and $truth <= .high)] | length),
     ([.[].made] | add / length | round1),
     said("faster"), said("slower"), said("equivalent"), said("undecided"), said("invalid")] | row'
documents known-truth | jq -r '[.[].blocks[].twin]
  | "\nTwins: \(length), of which \([.[] | select(.p < 0.05)] | length) below p = 0.05 and \([.[] | select(.p < 0.01)] | length) below 0.01."'

table "Slow-downs" "| build | burnt | wall | 95 % interval | verdict | CPU | 95 % interval |"
documents slow-downs | jq -r "$helpers"'
  .[].blocks[] | .title as $title | .arms[] | select(.ratio)
  | [$title, (.variant | ltrimstr("env.BURN=")) + " %", (.ratio.ratio | round3),
     "\(.ratio.low | round3) – \(.ratio.high | round3)", .ratio.verdict,
     (.cpu_ratio.ratio | round3), "\(.cpu_ratio.low | round3) – \(.cpu_ratio.high | round3)"] | row'

table "A/A" "| block | rounds | twin, % | ± % | p | variant, % | ± % | verdict |"
documents a-a | jq -r "$helpers"'
  .[].blocks[] | .twin as $twin | [.arms[] | select(.ratio)][0].ratio as $ratio
  | [.block, .rounds, ($twin.ratio | percent), (1 + $twin.half_width | percent), ($twin.p | round3),
     ($ratio.ratio | percent), ($ratio.high / $ratio.ratio | percent), $ratio.verdict] | row'
