# For scripts that run a program of ours with what it needs on this machine alone; sourced by them with
# $project and $build set, and $work before a server is started. It decides which vendors are real, builds,
# and starts and ends servers on the loopback interface.

local_public_key=pk-lf-local local_secret_key=sk-lf-local local_api_key=lsv2_pt_local
collector_url=
server_ids=()

step() { printf '\n== %s\n' "$*"; }
cannot_begin() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 2; }

# Older names, and several endpoints where one is used.
settle_langsmith_variables() {
  [ -n "${LANGSMITH_API_KEY:-${LANGCHAIN_API_KEY:-}}" ] || return 0
  export LANGSMITH_API_KEY="${LANGSMITH_API_KEY:-${LANGCHAIN_API_KEY:-}}"
  export LANGSMITH_ENDPOINT="${LANGSMITH_ENDPOINT:-${LANGCHAIN_ENDPOINT:-https://api.smith.langchain.com}}"
  if [ -n "${LANGSMITH_RUNS_ENDPOINTS:-${LANGCHAIN_RUNS_ENDPOINTS:-}}" ]; then
    echo "LANGSMITH_RUNS_ENDPOINTS is left aside: runs go to $LANGSMITH_ENDPOINT alone"
    unset LANGSMITH_RUNS_ENDPOINTS LANGCHAIN_RUNS_ENDPOINTS
  fi
  langsmith=remote
}

# Sets langfuse and langsmith: "remote" when the environment has their keys, else "local".
decide_destinations() {
  langfuse=remote
  langsmith=local
  settle_langsmith_variables
  if [ -z "${LANGFUSE_PUBLIC_KEY:-}" ] && [ -z "${LANGFUSE_SECRET_KEY:-}" ]; then
    langfuse=local
  elif [ -z "${LANGFUSE_PUBLIC_KEY:-}" ] || [ -z "${LANGFUSE_SECRET_KEY:-}" ]; then
    cannot_begin "set both LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, or neither to use the local collector"
  fi
}

# Runs a command without its output; shows the end of it when it fails.
quietly() {
  local log=$1
  shift
  if ! "$@" </dev/null >>"$log" 2>&1; then
    tail -n 40 "$log" >&2
    cannot_begin "failed: $* (all of it: $log)"
  fi
}

build_programs() {  # build_programs TARGET...
  mkdir -p "$build"
  local log=$build/build.log
  : >"$log"
  quietly "$log" cmake -S "$project" -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release \
    -DLLMTRACE_BUILD_TESTS=OFF -DLLMTRACE_BUILD_BENCHMARKS=OFF
  quietly "$log" cmake --build "$build" --target "$@"
}

# start_server PROGRAM OPTION...: on a free port; sets server_url, once it says where it listens.
start_server() {
  local program=$1 name=${1##*/} i
  shift
  : >"$work/$name.log"  # it is read before the program may have begun
  "$program" --port 0 "$@" </dev/null >"$work/$name.log" 2>&1 &
  server_ids+=($!)
  for ((i = 0; i < 200; ++i)); do
    server_url=$(sed -n "s/^$name: listening on //p" "$work/$name.log")
    [ -z "$server_url" ] || break
    kill -0 "${server_ids[-1]}" 2>/dev/null || break
    sleep 0.05
  done
  if [ -z "$server_url" ]; then
    cat "$work/$name.log" >&2
    cannot_begin "$name did not start"
  fi
}

end_servers() {
  local id
  for id in ${server_ids[@]+"${server_ids[@]}"}; do
    kill -TERM "$id" 2>/dev/null || true
    wait "$id" 2>/dev/null || true
  done
  server_ids=()
}

# Starts the collector and points the variables of those vendors at it whose keys are not set.
start_collector() {
  start_server "$build/collector/llmtrace-collector" --db "$work/traces.db" \
    --public-key "$local_public_key" --secret-key "$local_secret_key" --langsmith-api-key "$local_api_key"
  collector_url=$server_url
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
