#!/usr/bin/env bash
# Makes the pictures of the collector's page in docs/images anew:   scripts/screenshots.sh [BUILD_DIR]
# BUILD_DIR (default build/release) has the collector. With Debian's fonts-inter and fonts-jetbrains-mono installed
# they look as the page does where these are.
set -euo pipefail
cd "$(dirname "$0")/.."
build=${1:-build/release}
scratch=$build/tests/viewer
mkdir -p docs/images
scripts/npm_install.sh tests/viewer "$scratch"
tests/viewer/run.sh "$build/collector/llmtrace-collector" "$scratch" screenshots OUTPUT="$PWD/docs/images"
ls -l docs/images
