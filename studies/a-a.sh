#!/usr/bin/env bash
# A/A on real builds: twenty blocks in which nothing differs.
set -euo pipefail
cd "$(dirname "$0")"
program=${BENCH_RUNNER:-$PWD/../target/release/bench-runner}
"$program" run a-a-incremental a-a-check --seed "${SEED:-1}" --results ../results --plots ../plots
