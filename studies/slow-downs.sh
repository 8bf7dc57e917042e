#!/usr/bin/env bash
# Known slow-downs of real builds. The wrapper has a short place of its own, as the corpus names it, because paths end up
# in command lines and in bundles.
set -euo pipefail
program=$(realpath "${BENCH_RUNNER:-$(dirname "$0")/../target/release/bench-runner}")
cd "$(dirname "$0")"
mkdir -p /tmp/bench-runner-burn
[ -O /tmp/bench-runner-burn ] || { echo "/tmp/bench-runner-burn is somebody else's" >&2; exit 1; }
cc -O1 -o /tmp/bench-runner-burn/burn burn/burn.c
"$program" run slow-downs --seed "${SEED:-1}" --results ../results --plots ../plots
