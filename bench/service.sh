#!/bin/bash
# What observability costs samples/observability_service: the same load on the same program with it
# on and off, in turns, and a Markdown table of what came out.
# Usage: bench/service.sh BUILD_DIR [ROUNDS [MS_PER_TOKEN]]     default: 5 rounds of 2 x 4 cases, about six
# minutes, and 10 ms, which is 100 tokens a second
# Load, service, stand-in model and the server that takes the traces share the machine. First two models
# that answer as models do: one that streams at that pace, under as much load as the processors
# take, and one that takes 20 ms. Then two that take no time, which no model does, for what a request
# costs at most: one that streams all of its tokens without a pause, one that answers whole and at once.
# Exit status 1 when a request failed, a trace was lost, or the median cost of a case is above 5 %.
set -euo pipefail

build=${1:?usage: bench/service.sh BUILD_DIR [ROUNDS [MS_PER_TOKEN]]}
rounds=${2:-5}
ms_per_token=${3:-10}
samples=$build/samples/observability_service
work=$(mktemp -d)
ids=()
end_all() {
  [ ${#ids[@]} -eq 0 ] || kill "${ids[@]}" 2>/dev/null || true
  wait
  rm -rf "$work"
}
trap end_all EXIT

address_in() {  # address_in FILE: waits for the address that a program says it listens on
  local address="" i
  for ((i = 0; i < 200; ++i)); do
    address=$(grep -oE 'http://127.0.0.1:[0-9]+[^ ]*' "$1" 2>/dev/null | head -1 || true)
    [ -z "$address" ] || break
    sleep 0.05
  done
  [ -n "$address" ] || { cat "$1" >&2; exit 1; }
  echo "$address"
}

field() { sed -E "s/.*\"$1\":([^,}]*).*/\1/" <<<"$2"; }
median() { sort -g | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'; }

words='Explain in a few sentences how a trace, a span and a generation belong together, and why.'
body="{\"messages\":[{\"role\":\"system\",\"content\":\"You answer briefly. $words $words\"},"
body+="{\"role\":\"user\",\"content\":\"$words $words $words\"}],\"temperature\":0.2,\"max_tokens\":200"
streamed="$body,\"stream\":true}"
body+=}

# Processor time that a process has had, in microseconds: utime and stime of proc(5).
cpu_us() { awk -v hertz="$(getconf CLK_TCK)" '{ printf "%.0f", ($14 + $15) * 1e6 / hertz }' "/proc/$1/stat"; }

# Of all processors together: time so far, and how much of it was idle, in ticks.
machine_ticks() { awk '/^cpu / { print $2 + $3 + $4 + $5 + $6 + $7 + $8 + $9, $5 + $6 }' /proc/stat; }

# run_once on|off CONNECTIONS SECONDS BODY: one service, loaded; prints the line of the load, with the processor time that
# a request took of the service alone, and how busy the machine was with all of it.
run_once() {
  rm -f "$work/service"
  "$samples/observability_service" --observability "$1" --log "$work/log.jsonl" >"$work/service" 2>&1 &
  local id=$! address line
  address=$(address_in "$work/service")
  local before cpu busy
  before=$(machine_ticks)
  line=$("$build/bench/llmtrace_bench_load" --port "${address##*:}" --connections "$2" --seconds "$3" --body "$4")
  busy=$(awk -v before="$before" '{ split(before, b); printf "%.0f", 100 * (1 - ($2 - b[2]) / ($1 - b[1])) }' <<<"$(machine_ticks)")
  cpu=$(awk -v us="$(cpu_us "$id")" -v requests="$(field requests "$line")" 'BEGIN { printf "%.1f", us / requests }')
  kill -TERM "$id"
  wait "$id" || { cat "$work/service" >&2; exit 1; }
  rm -f "$work/log.jsonl"
  echo "${line%\}},\"cpu_us\":$cpu,\"busy\":$busy}"
}

"$build/bench/llmtrace_bench_sink" --port 0 >"$work/sink" 2>&1 & ids+=($!)
"$samples/stand_in_model" >"$work/quick" 2>&1 & ids+=($!)
"$samples/stand_in_model" --delay-ms 20 >"$work/slow" 2>&1 & ids+=($!)
"$samples/stand_in_model" --token-delay-ms "$ms_per_token" >"$work/paced" 2>&1 & ids+=($!)
export LANGFUSE_PUBLIC_KEY=pk LANGFUSE_SECRET_KEY=sk OPENAI_MODEL=gpt-4o-mini
LANGFUSE_BASE_URL=$(address_in "$work/sink")
export LANGFUSE_BASE_URL

failed=0
compare() {  # compare NAME MODEL_FILE CONNECTIONS SECONDS BODY: status 1 when the cost is above 5 %
  local name=$1 connections=$3 seconds=$4 asked=$5 round line way
  OPENAI_BASE_URL=$(address_in "$2")
  export OPENAI_BASE_URL
  rm -f "$work"/{on,off}.{per_s,p50,p99,cpu,busy} "$work/cost"
  for ((round = 0; round < rounds; ++round)); do
    # The order is turned in every second round, so that what comes first is not always the same.
    for way in $([ $((round % 2)) -eq 0 ] && echo off on || echo on off); do
      line=$(run_once "$way" "$connections" "$seconds" "$asked")
      [ "$(field failed "$line")" = 0 ] || failed=1
      field per_s "$line" >>"$work/$way.per_s"
      field p50_us "$line" >>"$work/$way.p50"
      field p99_us "$line" >>"$work/$way.p99"
      field cpu_us "$line" >>"$work/$way.cpu"
      field busy "$line" >>"$work/$way.busy"
    done
    paste "$work/off.per_s" "$work/on.per_s" | tail -1 | awk '{ print 100 * (1 - $2 / $1) }' >>"$work/cost"
  done
  local cost
  cost=$(median <"$work/cost")
  for way in off on; do
    printf '| %s | %s | %s | %s | %s | %s | %s %% | %s |\n' "$name" "$way" "$(median <"$work/$way.per_s")" \
      "$(median <"$work/$way.p50")" "$(median <"$work/$way.p99")" "$(median <"$work/$way.cpu")" "$(median <"$work/$way.busy")" \
      "$([ $way = on ] && printf '%.1f %% (%s)' "$cost" "$(sort -g "$work/cost" | sed 's/\(\.[0-9]\).*/\1/' | paste -sd' ')")"
  done
  awk -v cost="$cost" 'BEGIN { exit !(cost <= 5) }'
}

echo '| model | observability | requests/s | p50 µs | p99 µs | service, processor µs a request | processors busy | cost in throughput (of each round) |'
echo '|---|---|---|---|---|---|---|---|'
compare "streams $((1000 / ms_per_token)) tokens a second, 450 connections" "$work/paced" 450 20 "$streamed" || failed=1
compare 'answers after 20 ms, 64 connections' "$work/slow" 64 5 "$body" || failed=1
compare 'streams without a pause, 16 connections' "$work/quick" 16 5 "$streamed" || failed=1
compare 'answers whole and at once, 16 connections' "$work/quick" 16 5 "$body" || failed=1
exit "$failed"
