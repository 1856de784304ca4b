#!/usr/bin/env bash
# The main job: answers questions from a corpus, sends the traces to Langfuse and to LangSmith and compares
# what arrived at each with what the program did. Works alone on a bare Debian 12: installs what is missing, builds, runs.
#
#   scripts/demo.sh                          a few questions about this project
#   scripts/demo.sh "How is OBSERVE used?"   your own; "-" reads them from standard input, one per line
#   scripts/demo.sh --corpus DIR "..."       from your own text files (build/demo/.../rag_pipeline --help)
#
# With LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY set, and LANGFUSE_BASE_URL unless it is the cloud, it sends
# there; with LANGSMITH_API_KEY, and LANGSMITH_ENDPOINT unless it is the cloud, there too. Without either's
# keys that vendor's traces go to the local collector, which it starts and ends. With OPENAI_BASE_URL set (and
# OPENAI_API_KEY, OPENAI_MODEL) a language model answers. One endpoint per vendor is compared, so
# LANGSMITH_RUNS_ENDPOINTS is left aside.
#
# Exit status: 0 only when all was delivered and equal at both vendors; 3 when all was delivered and nothing
# differs, but a server of yours has no routes to read traces back from; 2 when it could not begin; 1 otherwise.
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$project/build/demo
samples=$build/samples/rag_pipeline
collector_id=

step() { printf '\n== %s\n' "$*"; }
fail() { printf 'demo.sh: %s\n' "$*" >&2; exit 1; }

end_collector() {
  [ -n "$collector_id" ] || return 0
  kill -TERM "$collector_id" 2>/dev/null || true
  wait "$collector_id" 2>/dev/null || true
  collector_id=
}
trap end_collector EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# Runs a command without its output; shows the end of it when it fails.
quietly() {
  local log=$1
  shift
  if ! "$@" </dev/null >>"$log" 2>&1; then
    tail -n 40 "$log" >&2
    fail "failed: $* (all of it: $log)"
  fi
}

build_programs() {
  mkdir -p "$build"
  local log=$build/build.log
  : >"$log"
  quietly "$log" cmake -S "$project" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DLLMTRACE_BUILD_TESTS=OFF -DLLMTRACE_BUILD_BENCHMARKS=OFF
  quietly "$log" cmake --build "$build" --target rag_pipeline rag_readback llmtrace-collector
}

# Starts the collector on a free port of the loopback interface and points the variables of those vendors at
# it whose keys are not set.
start_collector() {
  "$build/collector/llmtrace-collector" --port 0 --db "$work/traces.db" \
    --public-key "$local_public_key" --secret-key "$local_secret_key" \
    --langsmith-api-key "$local_api_key" </dev/null >"$work/collector.log" 2>&1 &
  collector_id=$!
  local i
  for ((i = 0; i < 200; ++i)); do
    collector_url=$(sed -n 's/^llmtrace-collector: listening on //p' "$work/collector.log")
    [ -z "$collector_url" ] || break
    kill -0 "$collector_id" 2>/dev/null || break
    sleep 0.05
  done
  if [ -z "$collector_url" ]; then
    cat "$work/collector.log" >&2
    fail "the collector did not start"
  fi
  export no_proxy="127.0.0.1${no_proxy:+,$no_proxy}" NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"
  echo "$collector_url, database $work/traces.db"
}

use_collector_for_langfuse() {
  local variable
  for variable in "${!LANGFUSE_@}"; do unset "$variable"; done
  export LANGFUSE_BASE_URL=$collector_url
  export LANGFUSE_PUBLIC_KEY=$local_public_key LANGFUSE_SECRET_KEY=$local_secret_key
}

use_collector_for_langsmith() {
  local variable
  for variable in "${!LANGSMITH_@}" "${!LANGCHAIN_@}"; do unset "$variable"; done
  export LANGSMITH_ENDPOINT=$collector_url LANGSMITH_API_KEY=$local_api_key LANGSMITH_PROJECT=demo
}

show_where_to_look() {
  [ "$langfuse" = local ] || echo "Look at it: $LANGFUSE_BASE_URL (the links above)"
  [ "$langsmith" = local ] || echo "Look at it: $LANGSMITH_ENDPOINT (the links above)"
  [ -n "$collector_url" ] || return 0
  cat <<END
Look at it: the run's log    $work/run.jsonl
            the database     $work/traces.db
  again:    $build/collector/llmtrace-collector --port 3000 --db $work/traces.db &
            $samples/rag_readback --url http://127.0.0.1:3000 --public-key $local_public_key \\
              --secret-key $local_secret_key --langsmith-endpoint http://127.0.0.1:3000 \\
              --langsmith-api-key $local_api_key --log $work/run.jsonl
END
}

# Older names, and several endpoints where one is compared.
settle_langsmith_variables() {
  [ -n "${LANGSMITH_API_KEY:-${LANGCHAIN_API_KEY:-}}" ] || return 0
  export LANGSMITH_API_KEY="${LANGSMITH_API_KEY:-${LANGCHAIN_API_KEY:-}}"
  export LANGSMITH_ENDPOINT="${LANGSMITH_ENDPOINT:-${LANGCHAIN_ENDPOINT:-https://api.smith.langchain.com}}"
  if [ -n "${LANGSMITH_RUNS_ENDPOINTS:-${LANGCHAIN_RUNS_ENDPOINTS:-}}" ]; then
    echo "LANGSMITH_RUNS_ENDPOINTS is left aside: runs go to $LANGSMITH_ENDPOINT alone, to be compared there"
    unset LANGSMITH_RUNS_ENDPOINTS LANGCHAIN_RUNS_ENDPOINTS
  fi
  langsmith=remote
}

local_public_key=pk-lf-local local_secret_key=sk-lf-local local_api_key=lsv2_pt_local
collector_url=
langfuse=remote
langsmith=local
settle_langsmith_variables
if [ -z "${LANGFUSE_PUBLIC_KEY:-}" ] && [ -z "${LANGFUSE_SECRET_KEY:-}" ]; then
  langfuse=local
elif [ -z "${LANGFUSE_PUBLIC_KEY:-}" ] || [ -z "${LANGFUSE_SECRET_KEY:-}" ]; then
  fail "set both LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, or neither to use the local collector"
fi

step "1. Packages"
"$project/scripts/install_packages.sh" build
echo "all there"

step "2. Build"
build_programs
echo "$samples"

work=$(mktemp -d "${TMPDIR:-/tmp}/llmtrace-demo.XXXXXX")
links=()
step "3. Servers"
if [ "$langfuse" = local ] || [ "$langsmith" = local ]; then start_collector; fi
if [ "$langfuse" = local ]; then
  use_collector_for_langfuse
else
  export LANGFUSE_BASE_URL="${LANGFUSE_BASE_URL:-${LANGFUSE_HOST:-https://cloud.langfuse.com}}"
  links=(--links)
fi
if [ "$langsmith" = local ]; then
  use_collector_for_langsmith
else
  links=(--links)
fi
echo "Langfuse:  $LANGFUSE_BASE_URL"
echo "LangSmith: $LANGSMITH_ENDPOINT"

step "4. Questions"
status=0
"$samples/rag_pipeline" --log "$work/run.jsonl" "${links[@]}" "$@" || status=$?
[ "$status" -ne 2 ] || exit 2

step "5. Reading back"
read_status=0
"$samples/rag_readback" --log "$work/run.jsonl" </dev/null | tee "$work/readback.txt" || read_status=$?
end_collector

step "6. Result"
show_where_to_look
echo
if [ "$status" -eq 0 ]; then
  echo "Delivered: all of it, to both servers."
else
  echo "Not all was answered and delivered (see step 4)."
fi
grep -E '^(Langfuse|LangSmith): ' "$work/readback.txt" || true
if [ "$status" -eq 0 ] && [ "$read_status" -eq 3 ] && [ "$langfuse$langsmith" != locallocal ]; then
  echo "demo.sh: nothing differs, but not every server could be read back from" >&2
  exit 3
fi
if [ "$status" -ne 0 ] || [ "$read_status" -ne 0 ]; then
  fail "not all was answered, delivered and equal (rag_pipeline: $status, rag_readback: $read_status)"
fi
