#!/usr/bin/env bash
# The table in docs/configuration.md, between its two marks:
#   configuration_table.sh PROGRAM             writes it anew with PROGRAM (llmtrace_configuration_table)
#   configuration_table.sh --compare PROGRAM   compares; exit status 1 if it differs
set -euo pipefail
document=$(cd "$(dirname "$0")/../.." && pwd)/docs/configuration.md
compare=
if [ "$1" = --compare ]; then
  compare=1
  shift
fi
fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
sed '/^<!-- variables begin -->$/q' "$document" >"$fresh"
"$1" >>"$fresh"
sed -n '/^<!-- variables end -->$/,$p' "$document" >>"$fresh"
if [ -n "$compare" ]; then
  diff "$document" "$fresh" || { echo 'run tests/docs/configuration_table.sh PROGRAM'; exit 1; }
else
  cp "$fresh" "$document"
fi
