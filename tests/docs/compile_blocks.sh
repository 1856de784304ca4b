#!/usr/bin/env bash
# Compiles the C++ of the documents, so that they cannot drift:   compile_blocks.sh COMPILER
# A ```cpp block behind <!-- compile --> is a whole program, one behind <!-- compile-body --> the inside of a
# function, one behind <!-- compile-opentelemetry --> a program that is compiled where opentelemetry-cpp is
# installed. Every ```cpp block must say which it is.
set -euo pipefail
compiler=$1
cd "$(dirname "$0")/../.."
flags=(-std=c++20 -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -fsyntax-only
  -I common/include -I langfuse/include -I langsmith/include -I integrations/openai/include -x c++ -)
failed=0
compiled=0

compile() {  # compile KIND PLACE TEXT
  local program=$3
  case $1 in
    compile) ;;
    compile-opentelemetry)
      if ! "$compiler" "${flags[@]}" <<<'#include <opentelemetry/version.h>' 2>/dev/null; then
        echo "$2: not compiled: there are no headers of opentelemetry-cpp here"
        return
      fi
      ;;
    compile-body)
      program=$(printf '#include <langfuse/langfuse.h>\n#include <langsmith/langsmith.h>\n#include <llmtrace/observe.h>\nvoid work();\nvoid body();\nvoid body() {\n%s\n}\n' "$3")
      ;;
    *)
      echo "$2: a C++ block that does not say how it is compiled"
      failed=1
      return
      ;;
  esac
  compiled=$((compiled + 1))
  if ! "$compiler" "${flags[@]}" <<<"$program"; then
    echo "$2: the block does not compile"
    failed=1
  fi
}

for document in *.md docs/*.md; do
  kind='' text='' inside='' line_number=0 start=0
  while IFS= read -r line || [ -n "$line" ]; do
    line_number=$((line_number + 1))
    if [ -n "$inside" ]; then
      if [ "$line" = '```' ]; then
        compile "$kind" "$document:$start" "$text"
        kind='' text='' inside=''
      else
        text+=$line$'\n'
      fi
    elif [[ $line =~ ^'<!-- '(compile|compile-body|compile-opentelemetry)' -->'$ ]]; then
      kind=${BASH_REMATCH[1]}
    elif [ "$line" = '```cpp' ]; then
      inside=1 start=$line_number
    fi
  done <"$document"
done
echo "$compiled blocks compiled"
[ "$compiled" -gt 0 ] || failed=1
exit "$failed"
