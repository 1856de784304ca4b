#!/usr/bin/env bash
# The golden bodies in tests/wire/golden:
#   regenerate.sh PROGRAM             writes them anew with PROGRAM (llmtrace_wire_golden)
#   regenerate.sh --compare PROGRAM   compares them with what PROGRAM writes; exit status 1 if they differ
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
headers=$here/input/langsmith_headers.txt
if [ "$1" != --compare ]; then
  mkdir -p "$here/golden"
  exec "$1" "$here/golden" "$headers"
fi
fresh=$(mktemp -d)
trap 'rm -rf "$fresh"' EXIT
"$2" "$fresh" "$headers"
diff -r "$here/golden" "$fresh" || {
  echo 'the bodies on the wire changed; if that is meant: tests/wire/regenerate.sh PROGRAM'
  exit 1
}
