#!/usr/bin/env bash
# Python's json and V8 accept what our writer makes of random bytes, and read the same out of it:
#   compare.sh RANDOM_LINES PYTHON NODE
# 20,000 strings; LLMTRACE_DEEP=1: a million.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
count=20000
[ -z "${LLMTRACE_DEEP:-}" ] || count=1000000
lines=$(mktemp)
trap 'rm -f "$lines"' EXIT
"$1" "$count" >"$lines"
python=$("$2" -B "$here/read_lines.py" <"$lines")
v8=$("$3" "$here/read_lines.mjs" <"$lines")
printf 'Python: %s\nV8:     %s\n' "$python" "$v8"
[ "$python" = "$v8" ] && [ "${python%% *}" = "$count" ]
if command -v jq >/dev/null; then
  [ "$(cut -d' ' -f2- "$lines" | jq -c 'keys[0]' | wc -l)" = "$count" ]
  echo "jq:     $count"
fi
