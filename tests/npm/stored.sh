#!/usr/bin/env bash
# LangSmith's own client sends to our collector, which must have stored what that client sent:
#   stored.sh COLLECTOR SCRATCH_DIR VARIANT      SCRATCH_DIR as npm_install.sh leaves it
# Variants of the collector, and so of the way the runs take: zstd, gzip, plain, no-multipart, single.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
collector=$1 scratch=$(cd "$2" && pwd) variant=$3
key=lsv2_pt_npm

options=()
case $variant in
  zstd | single) ;;
  gzip) options+=(--langsmith-no-zstd) ;;
  plain) options+=(--langsmith-no-zstd --langsmith-no-gzip) ;;
  no-multipart) options+=(--langsmith-no-multipart) ;;
  *) sed -n '3,4p' "$0" >&2; exit 2 ;;
esac

for variable in "${!LANGSMITH_@}" "${!LANGCHAIN_@}"; do unset "$variable"; done
export no_proxy=127.0.0.1 NO_PROXY=127.0.0.1

collector_id=
trap '[ -z "$collector_id" ] || kill "$collector_id" 2>/dev/null || true' EXIT
exec 3< <(exec "$collector" --port 0 --langsmith-api-key "$key" ${options[@]+"${options[@]}"})
collector_id=$!
read -r line <&3 || { echo 'stored.sh: the collector did not start' >&2; exit 1; }

cp "$here/stored.mjs" "$scratch/stored-$variant.mjs"  # where it finds node_modules
LANGSMITH_TRACING=true "$scratch/node" --no-warnings "$scratch/stored-$variant.mjs" "${line##* }" "$key" "$variant"
