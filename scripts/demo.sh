#!/usr/bin/env bash
# The main job: answers questions from a corpus, sends the traces to Langfuse and compares what arrived with
# what the program did. Works alone on a bare Debian 12: installs what is missing, builds, runs.
#
#   scripts/demo.sh                          a few questions about this project
#   scripts/demo.sh "How is OBSERVE used?"   your own; "-" reads them from standard input, one per line
#   scripts/demo.sh --corpus DIR "..."       from your own text files (build/demo/.../rag_pipeline --help)
#
# With LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY set, and LANGFUSE_BASE_URL unless it is the cloud, it sends
# there; without them to the local collector, which it starts and ends. With OPENAI_BASE_URL set (and
# OPENAI_API_KEY, OPENAI_MODEL) a language model answers. Exit status: 0 only when all was delivered and equal.
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

# Starts the collector on a free port of the loopback interface and points the LANGFUSE_* variables at it.
start_collector() {
  local variable
  for variable in "${!LANGFUSE_@}"; do unset "$variable"; done
  export LANGFUSE_PUBLIC_KEY=pk-lf-local LANGFUSE_SECRET_KEY=sk-lf-local
  export no_proxy="127.0.0.1${no_proxy:+,$no_proxy}" NO_PROXY="127.0.0.1${NO_PROXY:+,$NO_PROXY}"
  "$build/collector/llmtrace-collector" --port 0 --db "$work/traces.db" \
    --public-key "$LANGFUSE_PUBLIC_KEY" --secret-key "$LANGFUSE_SECRET_KEY" \
    </dev/null >"$work/collector.log" 2>&1 &
  collector_id=$!
  local i
  for ((i = 0; i < 200; ++i)); do
    LANGFUSE_BASE_URL=$(sed -n 's/^llmtrace-collector: listening on //p' "$work/collector.log")
    [ -z "$LANGFUSE_BASE_URL" ] || break
    kill -0 "$collector_id" 2>/dev/null || break
    sleep 0.05
  done
  if [ -z "$LANGFUSE_BASE_URL" ]; then
    cat "$work/collector.log" >&2
    fail "the collector did not start"
  fi
  export LANGFUSE_BASE_URL
  echo "$LANGFUSE_BASE_URL, database $work/traces.db"
}

show_where_to_look() {
  if [ "$local_server" = no ]; then
    echo "Look at it: $LANGFUSE_BASE_URL (the links above)"
    return
  fi
  cat <<END
Look at it: the run's log    $work/run.jsonl
            the database     $work/traces.db
  again:    $build/collector/llmtrace-collector --port 3000 --db $work/traces.db &
            $samples/rag_readback --url http://127.0.0.1:3000 --public-key $LANGFUSE_PUBLIC_KEY \\
              --secret-key $LANGFUSE_SECRET_KEY --log $work/run.jsonl
END
}

local_server=no
if [ -z "${LANGFUSE_PUBLIC_KEY:-}" ] && [ -z "${LANGFUSE_SECRET_KEY:-}" ]; then
  local_server=yes
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
if [ "$local_server" = yes ]; then
  step "3. Local collector"
  start_collector
  links=()
else
  step "3. Langfuse server"
  export LANGFUSE_BASE_URL="${LANGFUSE_BASE_URL:-${LANGFUSE_HOST:-https://cloud.langfuse.com}}"
  echo "$LANGFUSE_BASE_URL"
  links=(--links)
fi

step "4. Questions"
status=0
"$samples/rag_pipeline" --log "$work/run.jsonl" "${links[@]}" "$@" || status=$?
[ "$status" -ne 2 ] || exit 2

step "5. Reading back"
read_status=0
verdict="All was delivered and is equal."
"$samples/rag_readback" --log "$work/run.jsonl" </dev/null || read_status=$?
if [ "$read_status" -eq 3 ] && [ "$local_server" = no ]; then
  verdict="All was delivered: the server took every request. It cannot be read back from, so nothing was compared."
  read_status=0
fi
end_collector

step "6. Result"
show_where_to_look
if [ "$status" -ne 0 ] || [ "$read_status" -ne 0 ]; then
  fail "not all was answered, delivered and equal (rag_pipeline: $status, rag_readback: $read_status)"
fi
echo "$verdict"
