#!/usr/bin/env bash
# Every public header compiles alone, without a warning, and reaches nothing heavy:   headers.sh COMPILER
# Prints each header's weight in preprocessed lines; the ceiling keeps a careless include from passing.
set -euo pipefail
compiler=$1
cd "$(dirname "$0")/../.."
flags=(-std=c++20 -I common/include -I langfuse/include -I langsmith/include -I integrations/openai/include)
warnings=(-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror)
# What the standard headers in use cost is most of it: <chrono> 31,000, <functional> 8,000 with GCC 12.
ceiling=68000
heavy='/(rapidjson|spdlog|fmt|curl|concurrentqueue|protozero|openssl)/|/(sqlite3|microhttpd|zlib)\.h|/c\+\+/[0-9]+/(thread|future|iostream|regex)"'
failed=0
# The bridge for programs that log with spdlog is spdlog's by its purpose, and asked for by name alone.
for header in $(find common/include langfuse/include langsmith/include integrations/*/include -name '*.h' ! -name spdlog_bridge.h | sort); do
  include=${header#*/include/}
  if ! printf '#include <%s>\n#include <%s>\n' "$include" "$include" |
    "$compiler" "${flags[@]}" "${warnings[@]}" -fsyntax-only -x c++ -; then
    echo "$include does not compile alone"
    failed=1
  fi
  preprocessed=$(printf '#include <%s>\n' "$include" | "$compiler" "${flags[@]}" -E -x c++ -)
  reached=$(grep -oE "^# [0-9]+ \"[^\"]*\"" <<<"$preprocessed" | grep -oE '"[^"]*"' | sort -u | grep -E "$heavy" || true)
  if [ -n "$reached" ]; then
    printf '%s reaches:\n%s\n' "$include" "$reached"
    failed=1
  fi
  lines=$(grep -cvE '^#|^ *$' <<<"$preprocessed" || true)
  printf '%7d lines  <%s>\n' "$lines" "$include"
  if [ "$lines" -gt "$ceiling" ]; then
    echo "$include is heavier than $ceiling lines"
    failed=1
  fi
done
exit "$failed"
