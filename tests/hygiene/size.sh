#!/usr/bin/env bash
# size.sh PROGRAM BYTES: whether the program, without its symbols, is smaller than that.
set -euo pipefail
stripped=$(mktemp)
trap 'rm -f "$stripped"' EXIT
strip -o "$stripped" "$1"
size=$(stat -c %s "$stripped")
echo "$(basename "$1") has $size bytes"
[ "$size" -lt "$2" ]
