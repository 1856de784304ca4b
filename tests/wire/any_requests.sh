#!/usr/bin/env bash
# Requests that nobody thought of, encoded by ours and decoded by OpenTelemetry's own generated code:
#   any_requests.sh PROGRAM SCRATCH_DIR       PROGRAM is llmtrace_wire_any_requests
# The number of requests and the seed are RapidCheck's: RC_PARAMS='max_success=1000 seed=7'
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=$(realpath "$1")
scratch=$(mkdir -p "$2" && cd "$2" && pwd)/oracle
"$here/install.sh" "$scratch"
exec "$program" "$scratch/node" "$scratch/any_requests.mjs"
