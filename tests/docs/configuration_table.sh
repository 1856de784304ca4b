#!/usr/bin/env bash
# A vendor's table in docs/configuration.md, between its two marks:
#   configuration_table.sh PROGRAM VENDOR             writes it anew with PROGRAM
#   configuration_table.sh --compare PROGRAM VENDOR   compares; exit status 1 if it differs
# PROGRAM is llmtrace_configuration_table.
set -euo pipefail
document=$(cd "$(dirname "$0")/../.." && pwd)/docs/configuration.md
compare=
if [ "$1" = --compare ]; then
  compare=1
  shift
fi
vendor=$2
fresh=$(mktemp)
trap 'rm -f "$fresh"' EXIT
sed "/^<!-- $vendor variables begin -->\$/q" "$document" >"$fresh"
"$1" "$vendor" >>"$fresh"
sed -n "/^<!-- $vendor variables end -->\$/,\$p" "$document" >>"$fresh"
if [ -n "$compare" ]; then
  diff "$document" "$fresh" || { echo 'run tests/docs/configuration_table.sh PROGRAM VENDOR'; exit 1; }
else
  cp "$fresh" "$document"
fi
