#!/usr/bin/env bash
# What the suites run of our own code: lines and branches by file, the total last. Exit status 1 below the goals,
# which are 90 % of the lines and 80 % of the branches.   scripts/coverage.sh
#
# Branches that only an exception takes (nearly every call has one) are not counted.
set -euo pipefail
cd "$(dirname "$0")/.."

scripts/install_packages.sh build tests deep
mkdir -p build
launcher=()
if command -v ccache >/dev/null; then launcher=(-DCMAKE_CXX_COMPILER_LAUNCHER=ccache); fi
suites=(llmtrace_common_test llmtrace_log_test llmtrace_metrics_test llmtrace_prices_test llmtrace_langfuse_test
  llmtrace_langsmith_test llmtrace_openai_test collector_test llmtrace_secrets_test)
log=build/coverage.log
cmake --preset coverage "${launcher[@]}" >"$log" 2>&1 &&
  cmake --build build/coverage -j"$(nproc)" --target "${suites[@]}" >>"$log" 2>&1 ||
  { tail -n 40 "$log" >&2; exit 1; }

find build/coverage -name '*.gcda' -delete
for suite in "${suites[@]}"; do
  program=$(find build/coverage/tests -type f -name "$suite")
  "$program" --gtest_brief=1 >>"$log" 2>&1 || { tail -n 40 "$log" >&2; echo "$suite failed" >&2; exit 1; }
done
gcovr --root . --object-directory build/coverage --filter '(common|langfuse|langsmith|integrations|collector)/' \
  --exclude collector/main.cpp --exclude-directories '.*/CMakeFiles/[0-9.]+$' --exclude-unreachable-branches --exclude-throw-branches \
  --txt build/coverage.txt --json build/coverage.json --print-summary \
  --fail-under-line 90 --fail-under-branch 80 build/coverage
