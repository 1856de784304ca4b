#!/usr/bin/env bash
# A vendor's own client sends to our collector, whose page must show what that client sent:
#   shown.sh COLLECTOR SCRATCH_DIR VARIANT      SCRATCH_DIR as npm_install.sh leaves it; variants: see shown.mjs
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
collector=$1 scratch=$(cd "$2" && pwd) variant=$3

for variable in "${!LANGSMITH_@}" "${!LANGCHAIN_@}" "${!LANGFUSE_@}" "${!OTEL_@}"; do unset "$variable"; done
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1

options=()
[ "$variant" != langfuse3 ] || options+=(--behave-as v2)  # it sends the legacy batch, which later servers refuse

collector_id=
trap '[ -z "$collector_id" ] || kill "$collector_id" 2>/dev/null || true' EXIT
exec 3< <(exec "$collector" --port 0 ${options[@]+"${options[@]}"})
collector_id=$!
read -r line <&3 || { echo 'shown.sh: the collector did not start' >&2; exit 1; }

cp "$here/shown.mjs" "$scratch/shown-$variant.mjs"  # where it finds node_modules
LANGSMITH_TRACING=true "$scratch/node" --no-warnings "$scratch/shown-$variant.mjs" "${line##* }" "$variant"
