#!/usr/bin/env bash
# Builds and runs the user's programs in tests/consumer/project in one of the ways a user takes llmtrace:
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
programs=(langfuse_only langsmith_only both logs)

install_llmtrace() {
  cmake --install "$build" --prefix "$scratch/prefix" >"$scratch/install.log" 2>&1 ||
    { cat "$scratch/install.log"; exit 1; }
}
build_project() {
  cmake -S "$here/project" -B "$scratch/build" -DCMAKE_BUILD_TYPE=Debug "$@" >"$scratch/configure.log" 2>&1 ||
    { cat "$scratch/configure.log"; exit 1; }
  cmake --build "$scratch/build" --target "${programs[@]/#/consumer_}" -j2 >"$scratch/build.log" 2>&1 ||
    { cat "$scratch/build.log"; exit 1; }
}
run_programs() {  # run_programs DIRECTORY
  local program
  for program in "${programs[@]}"; do
    "$1/consumer_$program" || { echo "consumer_$program failed"; exit 1; }
  done
}
build_by_pkg_config() {  # build_by_pkg_config PROGRAM PACKAGE...
  local program=$1
  shift
  # shellcheck disable=SC2046  # the flags are meant to be words
  "${CXX:-c++}" -std=c++20 "$here/project/$program.cpp" -o "$scratch/consumer_$program" \
    $(pkg-config --cflags --libs "$@")
}

case $way in
  installed)
    install_llmtrace
    build_project -DCMAKE_PREFIX_PATH="$scratch/prefix"
    run_programs "$scratch/build"
    ;;
  pkg-config)
    install_llmtrace
    pc_dir=$(dirname "$(find "$scratch/prefix" -name llmtrace-common.pc)")
    export PKG_CONFIG_PATH=$pc_dir
    build_by_pkg_config langfuse_only llmtrace-langfuse
    build_by_pkg_config langsmith_only llmtrace-langsmith
    build_by_pkg_config both llmtrace-langfuse llmtrace-langsmith
    build_by_pkg_config logs llmtrace-log
    LD_LIBRARY_PATH=$(dirname "$pc_dir")
    export LD_LIBRARY_PATH
    run_programs "$scratch"
    ;;
  subdirectory)
    build_project -DLLMTRACE_SOURCE="$source"
    run_programs "$scratch/build"
    ;;
  *)
    echo "unknown way: $way" >&2
    exit 2
    ;;
esac
echo "consumer ($way): ok"
