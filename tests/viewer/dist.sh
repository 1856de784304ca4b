#!/usr/bin/env bash
# The checked-in page is what its source makes, and no larger than promised:   dist.sh SCRATCH_DIR
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
viewer=$here/../../collector/viewer
most_bytes=$((150 * 1024))

"$viewer/build.sh" "$1/dist" "$1/build"
if ! diff -rq "$viewer/dist" "$1/dist"; then
  echo 'collector/viewer/dist is not what src makes: run collector/viewer/build.sh and commit what it writes' >&2
  exit 1
fi
bytes=0
for file in "$viewer/dist"/*; do bytes=$((bytes + $(gzip -9 -c "$file" | wc -c))); done
echo "the page has $bytes bytes, packed with gzip; at most $most_bytes"
[ "$bytes" -le "$most_bytes" ]

refuse() {  # refuse WHY PATTERN FILE...
  local why=$1
  shift
  if grep -nE "$@"; then
    echo "$why" >&2
    exit 1
  fi
}
refuse 'markup is never made of text' \
  'innerHTML|outerHTML|insertAdjacentHTML|document\.write|dangerouslySet|\beval\(|new Function' "$viewer/src"/*.js
refuse 'a style attribute is forbidden by the policy' \
  'style="|setAttribute\("style' "$viewer/src"/*.js "$viewer/src"/*.html
