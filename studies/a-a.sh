#!/usr/bin/env bash
# A/A on real builds: twenty blocks in which nothing differs.
set -euo pipefail
program=$(realpath "${BENCH_RUNNER:-$(dirname "$0")/../target/release/bench-runner}")
cd "$(dirname "$0")"
"$program" run a-a-incremental a-a-check --seed "${SEED:-1}" --results ../results --plots ../plots
