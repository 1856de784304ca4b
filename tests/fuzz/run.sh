#!/usr/bin/env bash
# Runs every fuzzer on its saved corpus, one on each processor:   run.sh BUILD_DIR [SECONDS_EACH]   (10 by default)
# New inputs are kept in the build directory; a crash leaves its input there. Exit status 0: none failed.
set -euo pipefail
build=$(cd "$1" && pwd)
seconds=${2:-10}
here=$(cd "$(dirname "$0")" && pwd)
found=$build/fuzz
export seconds here found

run_fuzzer() {
  local fuzzer=$1 name runs
  name=${fuzzer##*/fuzz_}
  mkdir -p "$found/$name"
  if ! "$fuzzer" -max_total_time="$seconds" -max_len=65536 -rss_limit_mb=512 -timeout=10 \
    -artifact_prefix="$found/$name-" -print_final_stats=1 \
    "$found/$name" "$here/corpus/$name" >"$found/$name.log" 2>&1; then
    tail -40 "$found/$name.log"
    echo "fuzzer $name failed" >&2
    return 1
  fi
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$found/$name.log")
  echo "fuzzer $name: $runs inputs in $seconds s, no failure"
}
export -f run_fuzzer

mapfile -t fuzzers < <(find "$build/tests/fuzz" -maxdepth 1 -type f -executable -name 'fuzz_*' | sort)
[ ${#fuzzers[@]} -gt 0 ] || { echo "no fuzzer found in $build" >&2; exit 1; }
printf '%s\n' "${fuzzers[@]}" | xargs -P "$(nproc)" -I{} bash -c 'run_fuzzer "$1"' fuzzer {}
