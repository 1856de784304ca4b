#!/usr/bin/env bash
# An HTTP service before a language model, with traces, metrics and logs. Works alone on a bare Debian 12:
# installs what is missing, builds, runs until it is interrupted (Ctrl-C or SIGTERM).
#
#   scripts/service.sh [--port N] [OPTION...]     more options: .../observability_service --help
#
# With OPENAI_BASE_URL or OPENAI_API_KEY set (and OPENAI_MODEL) that model answers; else a stand-in does, which
# only says the question again. With the keys of Langfuse or LangSmith set, and LANGFUSE_BASE_URL or
# LANGSMITH_ENDPOINT unless it is their cloud, traces go there; without either's they go to the local
# collector. Exit status: 0 only when every request was answered and nothing was lost, 2 when it could not begin.
set -euo pipefail

project=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
build=$project/build/demo
samples=$build/samples/observability_service
. "$project/scripts/local_servers.sh"

service_id=
is_interrupted=
end_service() {
  is_interrupted=1
  [ -n "$service_id" ] || exit 130
  kill -TERM "$service_id" 2>/dev/null || true
}
trap end_servers EXIT
trap end_service INT TERM

decide_destinations

step "1. Packages"
"$project/scripts/install_packages.sh" build
echo "all there"

step "2. Build"
build_programs observability_service stand_in_model llmtrace-collector
echo "$samples"

work=$(mktemp -d "${TMPDIR:-/tmp}/llmtrace-service.XXXXXX")
step "3. Servers"
# Servers of our own outlive Ctrl-C, so that the service can deliver to them first.
set -m
if [ "$langfuse" = local ] || [ "$langsmith" = local ]; then start_collector; fi
[ "$langfuse" = remote ] || use_collector_for_langfuse
[ "$langsmith" = remote ] || use_collector_for_langsmith
if [ -z "${OPENAI_BASE_URL:-}" ] && [ -z "${OPENAI_API_KEY:-}" ]; then
  start_server "$samples/stand_in_model"
  export OPENAI_BASE_URL=$server_url OPENAI_MODEL=${OPENAI_MODEL:-stand-in}
  echo "$OPENAI_BASE_URL, a stand-in: it says the question again, no model answers"
fi

step "4. Service"
echo "log: $work/service.jsonl"
cat <<'END'
try:  curl -s URL/complete -d '{"prompt": "What is a span?"}'
      curl -s URL/complete -d '{"prompt": "What is a span?", "stream": true}'
      curl -s URL/health; curl -s URL/metrics
END
"$samples/observability_service" --log "$work/service.jsonl" "$@" </dev/null &
service_id=$!
status=0
wait "$service_id" || status=$?
# A signal ends the first wait only; the service still answers and delivers then.
if [ -n "$is_interrupted" ]; then
  status=0
  wait "$service_id" || status=$?
fi
exit "$status"
