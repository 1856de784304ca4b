#!/usr/bin/env bash
# Bundles the page:   build.sh [OUTPUT_DIR [SCRATCH_DIR]]     default: dist beside this, build/viewer
# The output is checked in, so that building llmtrace needs no npm; run this after a change in src. esbuild and
# the two small libraries come from npm, by the lock file beside this.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
output=${1:-$here/dist}
scratch=${2:-$here/../../build/viewer}
mkdir -p "$output" "$scratch"
output=$(cd "$output" && pwd)
"$here/../../scripts/npm_install.sh" "$here" "$scratch"
cd "$scratch"
rm -rf src
cp -r "$here/src" .

rm -f "$output"/*
./node node_modules/esbuild/bin/esbuild src/main.js --bundle --minify --format=esm --target=es2022 \
  --legal-comments=none --charset=utf8 --log-level=warning --outfile="$output/app.js"
./node node_modules/esbuild/bin/esbuild src/early.js --minify --format=iife --target=es2022 --charset=utf8 \
  --log-level=warning --outfile="$output/early.js"
cp src/index.html src/icon.svg "$output"
{
  for package in preact htm uplot; do
    printf "%s\n\n" "$package"; cat "node_modules/$package/LICENSE"; printf "\n\n"
  done
  printf "genai-prices, whose figures estimate costs\n\n"
  cat "$here/../../common/src/prices/GENAI_PRICES_LICENSE.txt"
} >"$output/licenses.txt"
