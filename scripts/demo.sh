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
. "$project/scripts/local_servers.sh"

trap end_servers EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

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

decide_destinations

step "1. Packages"
"$project/scripts/install_packages.sh" build
echo "all there"

step "2. Build"
build_programs rag_pipeline rag_readback llmtrace-collector
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
end_servers

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
  echo "demo.sh: not all was answered, delivered and equal (rag_pipeline: $status, rag_readback: $read_status)" >&2
  exit 1
fi
