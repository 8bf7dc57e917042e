#!/usr/bin/env bash
# Whole commands, measured with hyperfine: the start of the program, `plan` for a matrix of 10,000 cells, and the
# overhead of the harness for one build compared with the same command by hand. Build with --release first.
# Needs hyperfine, jq and awk. Copy the figures to docs/PERFORMANCE.md by hand, with machine and date.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$PWD/target/release/bench-runner
lab=$(mktemp -d)
trap 'rm -rf "$lab"' EXIT
mkdir -p "$lab/work/corpus" "$lab/work/scenarios" "$lab/toy" "$lab/lock"
export BENCH_RUNNER_LOCK_DIR=$lab/lock
cat > "$lab/work/corpus/toy.toml" <<TOML
name = "toy"
summary = "does next to nothing"
[source]
kind = "command"
path = "$lab/toy"
build = ["/bin/true"]
TOML
touch "$lab/toy/file"
cd "$lab/work"
values=$(seq -s, 1 100)

hyperfine --warmup 5 --runs 50 -N "$program --help"
hyperfine --warmup 3 --runs 30 -N \
    "$program --cache-dir $lab/cache plan --project toy --axis env.A=$values --axis env.B=$values --no-control --json" \
    --output null

# The clock of a build runs from just before its program is executed until it has been reaped, so the time recorded
# for /bin/true minus the command itself is the overhead of the harness. The second figure is the command by hand.
"$program" --cache-dir "$lab/cache" run --project toy --axis env.A=1 --rounds 60 --json > "$lab/run.json" 2>/dev/null
echo "recorded wall time of /bin/true, 120 builds (s):"
jq '.blocks[0].arms[] | {role, median: .wall_s.median, low: .wall_s.low, high: .wall_s.high}' -c "$lab/run.json"
hyperfine --warmup 5 --runs 120 -N /bin/true
