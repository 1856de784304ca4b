#!/usr/bin/env bash
# All tests, from a bare Debian 12 with git and bash: installs what is missing, builds, runs.
#   scripts/test.sh          what CI runs
#   scripts/test.sh --deep   the long runs too: more iterations of the stress tests, longer fuzzing, valgrind, coverage
# Exit status 0 only when everything passed: a phase that fails does not keep the others from being run,
# unless they need it. Seconds per phase are printed at the end.
set -euo pipefail
cd "$(dirname "$0")/.."
root=$PWD

deep=
case ${1:-} in
  '') ;;
  --deep) deep=1 ;;
  *) sed -n '2,5p' "$0" >&2; exit 2 ;;
esac

timings=()
failures=()
phase() {  # phase NAME COMMAND...: runs it, remembers how long it took and whether it failed
  local name=$1 start=$SECONDS verdict=
  shift
  printf '\n== %s\n' "$name"
  if ! ("$@"); then
    verdict='  FAILED'
    failures+=("$name")
  fi
  timings+=("$(printf '%5d s  %s%s' $((SECONDS - start)) "$name" "$verdict")")
}
passed() { [[ " ${failures[*]} " != *" $1 "* ]]; }

configure() {  # configure PRESET [OPTION...]
  local preset=$1 launcher=()
  shift
  if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
  cmake --preset "$preset" "${launcher[@]}" "$@" >"$root/build/$preset.configure.log" 2>&1 ||
    { cat "$root/build/$preset.configure.log"; return 1; }
}

build() {  # build PRESET [TARGET...]
  local preset=$1 targets=()
  shift
  if [ $# -gt 0 ]; then targets=(--target "$@"); fi
  cmake --build "build/$preset" -j"$(nproc)" "${targets[@]}" >"build/$preset.build.log" 2>&1 ||
    { grep -E 'error|FAILED|undefined reference' -A3 "build/$preset.build.log" | head -100; return 1; }
}

suites() {  # suites PRESET [CTEST_OPTION...]
  local preset=$1
  shift
  ctest --test-dir "build/$preset" --output-on-failure -j"$(nproc)" "$@"
}

release_build() { configure release && build release; }
asan_build() { configure asan && build asan; }
tsan_build() { configure tsan && build tsan; }
clang_build() { configure clang && build clang; }
fuzz_run() { tests/fuzz/run.sh build/asan "${deep:+600}"; }

# What a sanitizer would not see: values that were never set. Without what forks, ends the process, or is long only.
valgrind_run() {
  local module
  for module in common langfuse langsmith; do
    LLMTRACE_DEEP='' valgrind --quiet --error-exitcode=1 --leak-check=full --show-leak-kinds=definite \
      --errors-for-leak-kinds=definite --child-silent-after-fork=yes --suppressions=scripts/valgrind.supp \
      "build/release/tests/$module/llmtrace_${module}_test" --gtest_brief=1 \
      --gtest_filter='-*Fork*:Exit*:*RandomBytes*:ObservedBytes*:*Hostile*:*Damaged*:*Secret*Memory*' || return 1
  done
}
coverage_run() { LLMTRACE_DEEP='' scripts/coverage.sh; }

mkdir -p build
export LLMTRACE_DEEP=$deep
export CCACHE_BASEDIR=$root CCACHE_NOHASHDIR=1  # another clone compiles the same
export ASAN_OPTIONS=detect_stack_use_after_return=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

phase 'packages' scripts/install_packages.sh build tests ${deep:+deep}
if passed 'packages'; then
  phase 'release: build of everything' release_build
  if passed 'release: build of everything'; then phase 'release: all tests' suites release; fi
  phase 'Clang: build of the libraries' clang_build
  phase 'ASan + UBSan: build of the suites and the fuzzers' asan_build
  if passed 'ASan + UBSan: build of the suites and the fuzzers'; then
    phase 'ASan + UBSan: suites' suites asan
    phase 'ASan + UBSan: fuzzers' fuzz_run
  fi
  phase 'TSan: build' tsan_build
  if passed 'TSan: build'; then phase 'TSan: suites' suites tsan; fi
  if [ -n "$deep" ] && passed 'release: build of everything'; then phase 'valgrind: suites' valgrind_run; fi
  if [ -n "$deep" ]; then phase 'coverage' coverage_run; fi
fi

printf '\n== seconds per phase\n'
printf '%s\n' "${timings[@]}"
printf '%5d s  all\n' "$SECONDS"
if [ ${#failures[@]} -gt 0 ]; then
  printf 'failed: %s\n' "${failures[@]}" >&2
  exit 1
fi
