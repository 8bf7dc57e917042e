#!/usr/bin/env bash
# A search on a real project, and the head-to-head run that checks it: the nominee and each of its settings alone, against
# what is configured.
#
# studies/search.sh PROJECT [BUDGET]
#
# With SEARCH=results/search-…, only the head-to-head run of a finished search; with WORKLOAD=incremental, of that workload alone,
# where the control of an earlier one differed from the baseline.
set -euo pipefail
program=$(realpath "${BENCH_RUNNER:-$(dirname "$0")/../target/release/bench-runner}")
cd "$(dirname "$0")/.."
project=$1
directory=$(mktemp -d)
trap 'rm -r "$directory"' EXIT
if [ -n "${SEARCH:-}" ]; then
    "$program" search --resume "$SEARCH" --json > "$directory/found.json"
else
    "$program" search --project "$project" --budget "${2:-30m}" --seed "${SEED:-1}" --json > "$directory/found.json"
fi
scenario=search-check-$project
python3 - "$directory/found.json" "$project" > "$directory/$scenario.toml" <<'PYTHON'
import json, sys

found, project = json.load(open(sys.argv[1])), sys.argv[2]
settings = found["nominee"] or sys.exit("the search has nominated nothing")
sets = {"nominee": settings}
if len(settings) > 1:
    sets |= {f"only-{key}": {key: value} for key, value in settings.items()}
print(f"""name = "search-check-{project}"
summary = "what a search has nominated, and each of its settings alone, against what is configured"
projects = ["{project}"]
workloads = ["clean", "incremental", "check"]
baseline = "as-configured"
on = "as-configured"

[variants]""")
for name, values in sets.items():
    print(f"{name} = {{ {', '.join(f'{key} = {json.dumps(value)}' for key, value in values.items())} }}")
print("""
[sampling]
warmup = 1
min-rounds = 6
max-rounds = 12
precision = "3%"
margin = "3%"
time-budget = "90m\"""")
PYTHON
"$program" run "$directory/$scenario.toml" --seed "${SEED:-2}" ${WORKLOAD:+--workload "$WORKLOAD"}
