#!/usr/bin/env bash
# Known truth over many seeds (SEEDS, 30 unless set): each run stops by its own rule and is judged by itself. The results
# are kept apart, because the twins of a command would calibrate real builds.
set -euo pipefail
program=$(realpath "${BENCH_RUNNER:-$(dirname "$0")/../target/release/bench-runner}")
cd "$(dirname "$0")"
for seed in $(seq 1 "${SEEDS:-30}"); do
    "$program" run known-truth --seed "$seed" --results results --plots ../plots >/dev/null
done
