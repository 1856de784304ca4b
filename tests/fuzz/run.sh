#!/usr/bin/env bash
# Runs every fuzzer on its saved corpus:   run.sh BUILD_DIR [SECONDS_EACH]   (10 by default)
# New inputs are kept in the build directory; a crash leaves its input there and ends the run.
set -euo pipefail
build=$(cd "$1" && pwd)
seconds=${2:-10}
here=$(cd "$(dirname "$0")" && pwd)
found=$build/fuzz
mkdir -p "$found"
passed=0
for fuzzer in "$build"/tests/fuzz/fuzz_*; do
  [ -f "$fuzzer" ] && [ -x "$fuzzer" ] || continue
  name=$(basename "$fuzzer" | sed 's/^fuzz_//')
  mkdir -p "$found/$name"
  if ! "$fuzzer" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=512 -timeout=10 \
    -artifact_prefix="$found/$name-" -print_final_stats=1 \
    "$found/$name" "$here/corpus/$name" >"$found/$name.log" 2>&1; then
    tail -40 "$found/$name.log"
    echo "fuzzer $name failed" >&2
    exit 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found/$name.log")
  echo "fuzzer $name: $runs inputs in $seconds s, no failure"
  passed=$((passed + 1))
done
[ "$passed" -gt 0 ] || { echo "no fuzzer found in $build" >&2; exit 1; }
