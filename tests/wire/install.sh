#!/usr/bin/env bash
# What the wire tests read our bodies with, from npm by the lock file beside this:   install.sh SCRATCH_DIR
# Beside node_modules lie the .mjs files, so that they find it, and `node`, a link to a current one.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$1"
cd "$1"
cp "$here/package.json" "$here/package-lock.json" "$here"/*.mjs .
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || { cat npm.log; exit 1; }
  cp package-lock.json node_modules/.installed
fi
node=$PWD/node_modules/node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')/bin/node
[ -x "$node" ] || node=$(command -v node)
ln -sfn "$node" node
