#!/usr/bin/env bash
# What the wire tests read our bodies with:   install.sh SCRATCH_DIR
# The .mjs files lie beside node_modules, so that they find it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
"$here/../../scripts/npm_install.sh" "$here" "$1"
cp "$here"/*.mjs "$1"
