#!/usr/bin/env bash
# Compiles FILE twice:   compile_fail.sh COMPILER FILE
# Without MUST_FAIL it must compile; with it, it must not, and the compiler must say what the file's line
# "// EXPECT: text" promises.
set -euo pipefail
compiler=$1
file=$2
root=$(cd "$(dirname "$0")/../.." && pwd)
flags=(-std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only
  -I "$root/common/include" -I "$root/langfuse/include" -I "$root/langsmith/include")
expected=$(sed -n 's|^// EXPECT: ||p' "$file")
[ -n "$expected" ] || { echo "$file says nothing to expect"; exit 2; }

if ! "$compiler" "${flags[@]}" "$file"; then
  echo "$file must compile without MUST_FAIL"
  exit 1
fi
if output=$("$compiler" "${flags[@]}" -DMUST_FAIL "$file" 2>&1); then
  echo "$file must not compile with MUST_FAIL"
  exit 1
fi
if ! grep -qE -- "$expected" <<<"$output"; then
  printf 'expected: %s\ngot:\n%s\n' "$expected" "$output"
  exit 1
fi
