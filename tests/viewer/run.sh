#!/usr/bin/env bash
# One suite of the page's tests:   run.sh COLLECTOR SCRATCH_DIR SUITE [VARIABLE=VALUE...]
# SCRATCH_DIR as npm_install.sh leaves it; SUITE is the name of a file here without .test.mjs.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
collector=$1 scratch=$(cd "$2" && pwd) suite=$3
shift 3
for variable in "${!LANGSMITH_@}" "${!LANGCHAIN_@}" "${!LANGFUSE_@}"; do unset "$variable"; done
export no_proxy=127.0.0.1,localhost NO_PROXY=127.0.0.1,localhost
mkdir -p "$scratch/suites"
cp -u "$here"/*.mjs "$scratch/suites"  # where they find node_modules
exec env COLLECTOR="$collector" "$@" "$scratch/node" --no-warnings --test-reporter=spec \
  "$scratch/suites/$suite.test.mjs"
