#!/bin/bash
# Runs the standard set of end-to-end measurements and prints a Markdown table.
# Usage: bench/run.sh BUILD_DIR [CASE ...]     without cases: all of them
# Each case gets a sink of its own on a free port. Exit status 1 when a case dropped, duplicated or
# miscounted anything; burst-default alone may drop: it is more than the queue holds.
set -euo pipefail

programs="${1:?usage: bench/run.sh BUILD_DIR [CASE ...]}/bench"
shift
all_cases=(flat-protobuf-1 flat-protobuf-4 flat-json-1 flat-json-4 flat-gzip-1
           paced-50k paced-10k delay-50ms burst-default burst-within-budget
           langsmith-flat langsmith-zstd langsmith-paced-50k both-paced-50k)
cases=("$@")
[[ ${#cases[@]} -gt 0 ]] || cases=("${all_cases[@]}")

sink_pid=
stop_sink() {
  [[ -z $sink_pid ]] || kill "$sink_pid" 2>/dev/null || true
  sink_pid=
}
trap stop_sink EXIT

start_sink() {  # sets sink_url
  exec 3< <(exec "$programs/llmtrace_bench_sink" --port 0 "$@")
  sink_pid=$!
  read -r sink_url <&3
}

field() {  # field NAME JSON
  sed -E "s/.*\"$1\":([^,}]*).*/\1/" <<<"$2"
}

row() {  # row CASE JSON
  local name names=(threads n p50_ns p90_ns p99_ns p999_ns mean_ns per_s delivered dropped duplicates
                    cpu_us_per_event maxrss_mb requests spans_per_request connections)
  printf '| %s |' "$1"
  for name in "${names[@]}"; do printf ' %s |' "$(field "$name" "$2")"; done
  printf '\n'
}

measure() {  # measure CASE SINK_OPTIONS -- E2E_OPTIONS
  local name=$1 line sink_options=()
  shift
  while [[ $1 != -- ]]; do sink_options+=("$1"); shift; done
  shift
  start_sink ${sink_options[@]+"${sink_options[@]}"}
  line=$("$programs/llmtrace_bench_e2e" --url "$sink_url" "$@") || failed=1
  stop_sink
  row "$name" "$line"
  [[ $(field duplicates "$line") == 0 ]] || failed=1
  [[ $name == burst-default || $(field dropped "$line") == 0 ]] || failed=1
}

run_case() {
  case $1 in
    flat-protobuf-1) measure "$1" -- --n 1000000 --threads 1 ;;
    flat-protobuf-4) measure "$1" -- --n 1000000 --threads 4 ;;
    flat-json-1) measure "$1" -- --n 1000000 --threads 1 --encoding json ;;
    flat-json-4) measure "$1" -- --n 1000000 --threads 4 --encoding json ;;
    flat-gzip-1) measure "$1" -- --n 100000 --threads 1 --compression gzip ;;
    paced-50k) measure "$1" -- --n 500000 --threads 1 --rate 50000 --overflow drop ;;
    paced-10k) measure "$1" -- --n 100000 --threads 1 --rate 10000 --overflow drop ;;
    delay-50ms) measure "$1" --delay-ms 50 -- --n 200000 --threads 1 ;;
    burst-default) measure "$1" -- --n 200000 --threads 1 --overflow drop ;;
    burst-within-budget) measure "$1" -- --n 20000 --threads 1 --overflow drop ;;
    langsmith-flat) measure "$1" -- --destination langsmith --n 1000000 --threads 1 ;;
    langsmith-zstd) measure "$1" -- --destination langsmith --n 100000 --threads 1 --compression zstd ;;
    langsmith-paced-50k) measure "$1" -- --destination langsmith --n 500000 --threads 1 --rate 50000 --overflow drop ;;
    both-paced-50k) measure "$1" -- --destination both --n 500000 --threads 1 --rate 50000 --overflow drop ;;
    *) echo "run.sh: no case named $1; there are: ${all_cases[*]}" >&2; exit 2 ;;
  esac
}

failed=0
echo '| case | threads | n | p50 ns | p90 ns | p99 ns | p99.9 ns | mean ns | delivered/s | delivered | dropped | duplicates | CPU µs/event | peak RSS MB | requests | spans/request | connections |'
echo '|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|---|'
for name in "${cases[@]}"; do run_case "$name"; done
exit "$failed"
