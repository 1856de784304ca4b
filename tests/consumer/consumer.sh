#!/usr/bin/env bash
# Builds and runs the user's programs in tests/consumer/project in one of the ways a user takes llmtrace:
#   consumer.sh installed BUILD_DIR      installs BUILD_DIR into a prefix, then find_package
#   consumer.sh pkg-config BUILD_DIR     the same prefix, by pkg-config and the compiler alone
#   consumer.sh subdirectory BUILD_DIR   add_subdirectory of the sources
#   consumer.sh shared BUILD_DIR         the libraries alone as the preset `shared` builds them, installed, then find_package
# CXX names the compiler. Scratch files go under BUILD_DIR/consumer.
set -euo pipefail
way=$1
build=$(cd "$2" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
source=$(cd "$here/../.." && pwd)
scratch=$build/consumer/$way
rm -rf "$scratch"
mkdir -p "$scratch"
programs=(langfuse_only langsmith_only otlp_only both logs model_call)

install_llmtrace() {  # install_llmtrace BUILD_DIR
  cmake --install "$1" --prefix "$scratch/prefix" >"$scratch/install.log" 2>&1 ||
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
build_shared_libraries() {  # unoptimized: what is proved is what they export
  local launcher=()
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  cmake -S "$source" --preset shared -B "$scratch/libraries" -DCMAKE_BUILD_TYPE=Debug "${launcher[@]}" \
    -DLLMTRACE_BUILD_TESTS=OFF -DLLMTRACE_BUILD_SAMPLES=OFF -DLLMTRACE_BUILD_COLLECTOR=OFF \
    -DLLMTRACE_BUILD_BENCHMARKS=OFF >"$scratch/libraries.log" 2>&1 &&
    cmake --build "$scratch/libraries" -j2 >>"$scratch/libraries.log" 2>&1 ||
    { tail -n 60 "$scratch/libraries.log"; exit 1; }
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
    install_llmtrace "$build"
    build_project -DCMAKE_PREFIX_PATH="$scratch/prefix"
    run_programs "$scratch/build"
    ;;
  pkg-config)
    install_llmtrace "$build"
    pc_dir=$(dirname "$(find "$scratch/prefix" -name llmtrace-common.pc)")
    export PKG_CONFIG_PATH=$pc_dir
    build_by_pkg_config langfuse_only llmtrace-langfuse
    build_by_pkg_config langsmith_only llmtrace-langsmith
    build_by_pkg_config otlp_only llmtrace-otlp
    build_by_pkg_config both llmtrace-langfuse llmtrace-langsmith
    build_by_pkg_config logs llmtrace-log
    build_by_pkg_config model_call llmtrace-openai
    LD_LIBRARY_PATH=$(dirname "$pc_dir")
    export LD_LIBRARY_PATH
    run_programs "$scratch"
    ;;
  subdirectory)
    build_project -DLLMTRACE_SOURCE="$source"
    run_programs "$scratch/build"
    ;;
  shared)
    build_shared_libraries
    install_llmtrace "$scratch/libraries"
    build_project -DCMAKE_PREFIX_PATH="$scratch/prefix"
    run_programs "$scratch/build"
    find "$scratch/prefix" -name 'libllmtrace_*.so' | grep -q . || { echo "no shared library was installed"; exit 1; }
    ;;
  *)
    echo "unknown way: $way" >&2
    exit 2
    ;;
esac
echo "consumer ($way): ok"
