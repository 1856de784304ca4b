#!/bin/bash
# What the collector reaches: start to first answer, spans stored a second, a list of traces while there are
# many, the size of its program.
# Usage: bench/collector.sh BUILD_DIR [SPANS]     1,000,000 spans of 2 KiB, in 100,000 traces, take some 3 GB
set -euo pipefail
build="${1:?usage: bench/collector.sh BUILD_DIR [SPANS]}"
spans="${2:-1000000}"
collector=$build/collector/llmtrace-collector
work=$(mktemp -d "${TMPDIR:-/tmp}/llmtrace-bench.XXXXXX")
collector_id=
stop() {
  [ -z "$collector_id" ] || { kill "$1" "$collector_id" 2>/dev/null && wait "$collector_id" 2>/dev/null; } || true
  collector_id=
}
trap 'stop -KILL; rm -rf "$work"' EXIT

now_ms() { echo $(($(date +%s%N) / 1000000)); }
ask() { curl --silent --show-error --fail --noproxy '*' "$url$1"; }
start() {  # sets url; prints how long it took until the first answer
  local begin
  begin=$(now_ms)
  exec 3< <(exec "$collector" --port 0 --db "$work/traces.db")
  collector_id=$!
  local line
  read -r line <&3
  url=${line##* }
  ask /api/traces >/dev/null
  printf '| start to first answer, %s | %d ms |\n' "$1" $(($(now_ms) - begin))
}
timed() {  # the median of 11
  local name=$1 path=$2 times=() begin
  for _ in 1 2 3 4 5 6 7 8 9 10 11; do
    times+=("$(curl --silent --noproxy '*' --output /dev/null --write-out '%{time_total}\n' "$url$path")")
  done
  printf '| %s | %.1f ms |\n' "$name" "$(printf '%s\n' "${times[@]}" | sort -n | sed -n 6p | awk '{print $1 * 1000}')"
}

printf '| what | figure |\n|---|---|\n'
printf '| program, stripped | %s bytes |\n' "$(strip -o "$work/stripped" "$collector" && stat -c %s "$work/stripped")"
start 'empty database'
rate=$("$build/bench/llmtrace_bench_collector" --url "$url" --spans "$spans" | sed -E 's/.*"spans_per_second":([0-9]+).*/\1/')
printf '| spans of 2 KiB stored, of %d | %d a second |\n' "$spans" "$rate"
printf '| waiting for text search right afterwards | %s |\n' "$(ask /api/stats | sed -E 's/.*"text_index":\{"pending":([0-9]+),"lag_ms":([0-9.]+).*/\1 spans, for \2 ms/')"
printf '| resident memory | %d MB |\n' $(($(awk '/VmRSS/ {print $2}' "/proc/$collector_id/status") / 1024))
traces=$(ask /api/stats | sed -E 's/.*"trace_count":([0-9]+).*/\1/')
middle=$(date -u -d '-12 hours' +%s)000
timed "list of $traces traces, newest" /api/traces
timed 'the same by cost' '/api/traces?sort=cost'
timed 'the same by latency, of one user' '/api/traces?sort=latency&user=user-7'
timed 'the same by tokens, of one environment and type, since a time' "/api/traces?sort=tokens&environment=default&type=GENERATION&from=$middle"
timed 'those with a word in a name, a user or a tag' '/api/traces?q=user-77'
timed 'those with a word that none has' '/api/traces?q=nonesuch'
timed 'a session' '/api/traces?session=session-5'
timed 'sessions' /api/sessions
timed 'figures of the last day' /api/stats
stop -KILL
start 'after a kill -9'
