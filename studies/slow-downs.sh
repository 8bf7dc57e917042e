#!/usr/bin/env bash
# Known slow-downs of real builds. The wrapper has a short place of its own, as the corpus names it, because paths end up
# in command lines and in bundles.
set -euo pipefail
cd "$(dirname "$0")"
program=${BENCH_RUNNER:-$PWD/../target/release/bench-runner}
mkdir -p /tmp/bench-runner-burn
cc -O1 -o /tmp/bench-runner-burn/burn burn/burn.c
"$program" run slow-downs --seed "${SEED:-1}" --results ../results --plots ../plots
