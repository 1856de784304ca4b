#!/usr/bin/env bash
# The table of fault plans in docs/reliability.md, between its two marks, measured anew:
#   langsmith_faults.sh FAULT_RUNS SCRATCH_DIR     e.g. build/dev/tests/npm/{llmtrace_fault_runs,.}
# FAULT_RUNS is llmtrace_fault_runs. Takes about a minute; most of it the clients wait to try again.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
document=$here/../../docs/reliability.md
program=$(realpath "$1")
"$here/../../scripts/npm_install.sh" "$here" "$2"
scratch=$(cd "$2" && pwd)
cp "$here/fault_runs.mjs" "$scratch"  # where it finds node_modules
fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
sed '/^<!-- langsmith faults begin -->$/q' "$document" >"$fresh"
"$scratch/node" "$here/langsmith_faults.mjs" "$program" "$scratch/node_modules" >>"$fresh"
sed -n '/^<!-- langsmith faults end -->$/,$p' "$document" >>"$fresh"
cp "$fresh" "$document"
