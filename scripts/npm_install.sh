#!/usr/bin/env bash
# What PACKAGE_DIR's lock file names, from npm:   npm_install.sh PACKAGE_DIR SCRATCH_DIR
# Afterwards SCRATCH_DIR has node_modules, and `node` leads to the Node to use: the one among them, else the system's.
set -euo pipefail
package=$(cd "$1" && pwd)
mkdir -p "$2"
cd "$2"
cp "$package/package.json" "$package/package-lock.json" .
if ! cmp -s package-lock.json node_modules/.installed; then
  npm ci --ignore-scripts --no-audit --no-fund >npm.log 2>&1 || { cat npm.log; exit 1; }
  cp package-lock.json node_modules/.installed
fi
node=$PWD/node_modules/node-linux-$(uname -m | sed 's/x86_64/x64/; s/aarch64/arm64/')/bin/node
[ -x "$node" ] || node=$(command -v node)
ln -sfn "$node" node
