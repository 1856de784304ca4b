#!/usr/bin/env bash
# Builds and runs the user's project in tests/consumer/project in one of the ways a user takes llmtrace:
#   consumer.sh installed BUILD_DIR      installs BUILD_DIR into a prefix, then find_package
#   consumer.sh pkg-config BUILD_DIR     the same prefix, by pkg-config and the compiler alone
#   consumer.sh subdirectory BUILD_DIR   add_subdirectory of the sources
# CXX names the compiler. Scratch files go under BUILD_DIR/consumer.
set -euo pipefail
way=$1
build=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
scratch=$build/consumer/$way
rm -rf "$scratch"
mkdir -p "$scratch"

install_llmtrace() {
  cmake --install "$build" --prefix "$scratch/prefix" >"$scratch/install.log" 2>&1 ||
    { cat "$scratch/install.log"; exit 1; }
}
build_project() {
  cmake -S "$here/project" -B "$scratch/build" -DCMAKE_BUILD_TYPE=Debug "$@" >"$scratch/configure.log" 2>&1 ||
    { cat "$scratch/configure.log"; exit 1; }
  cmake --build "$scratch/build" --target consumer -j2 >"$scratch/build.log" 2>&1 ||
    { cat "$scratch/build.log"; exit 1; }
}

case $way in
  installed)
    install_llmtrace
    build_project -DCMAKE_PREFIX_PATH="$scratch/prefix"
    "$scratch/build/consumer"
    ;;
  pkg-config)
    install_llmtrace
    pc_dir=$(dirname "$(find "$scratch/prefix" -name llmtrace-langfuse.pc)")
    export PKG_CONFIG_PATH=$pc_dir
    # shellcheck disable=SC2046  # the flags are meant to be words
    "${CXX:-c++}" -std=c++20 "$here/project/main.cpp" -o "$scratch/consumer" \
      $(pkg-config --cflags --libs llmtrace-langfuse)
    LD_LIBRARY_PATH=$(dirname "$pc_dir") "$scratch/consumer"
    ;;
  subdirectory)
    build_project -DLLMTRACE_SOURCE="$source"
    "$scratch/build/consumer"
    ;;
  *)
    echo "unknown way: $way" >&2
    exit 2
    ;;
esac
echo "consumer ($way): ok"
