#!/usr/bin/env bash
# Who may include whom, and who may say what. Prints each violation; exit status 1 if there is one.
set -euo pipefail
cd "$(dirname "$0")/../.."
failed=0
forbid() {  # forbid WHAT PATTERN FILE...: no file may have a line that matches
  local what=$1 pattern=$2 hits
  shift 2
  hits=$(grep -nHE "$pattern" "$@" || true)
  if [ -n "$hits" ]; then
    printf '%s:\n%s\n' "$what" "$hits"
    failed=1
  fi
}
sources() { find "$@" -type f \( -name '*.h' -o -name '*.cpp' \); }
mapfile -t common < <(sources common)
mapfile -t langfuse < <(sources langfuse)
mapfile -t langsmith < <(sources langsmith)
mapfile -t integrations < <(sources integrations)
mapfile -t collector < <(sources collector)
mapfile -t public < <(sources common/include langfuse/include langsmith/include integrations/*/include)
# Without the bridge for programs that log with spdlog, which is asked for by name alone.
mapfile -t light < <(printf '%s\n' "${public[@]}" | grep -v '/spdlog_bridge\.h$')
mapfile -t private < <(sources common/src langfuse/src langsmith/src integrations/*/src collector)
mapfile -t all < <(sources common langfuse langsmith integrations collector)

forbid 'common names a vendor' '[Ll]ang([Ff]use|[Ss]mith)|LANG(FUSE|SMITH|CHAIN)' "${common[@]}"
forbid 'langfuse names the other vendor' '[Ll]ang[Ss]mith|LANGSMITH' "${langfuse[@]}"
forbid 'langsmith names the other vendor' '[Ll]ang[Ff]use|LANGFUSE' "${langsmith[@]}"
forbid 'an integration names a vendor' '[Ll]ang([Ff]use|[Ss]mith)|LANG(FUSE|SMITH|CHAIN)' "${integrations[@]}"
forbid 'common includes from above itself' '#include ["<](langfuse|langsmith|integrations|collector|samples|tests|bench)/' "${common[@]}"
forbid 'an integration includes more than common' '#include ["<](langfuse|langsmith|collector|samples|tests|bench)/' "${integrations[@]}"
forbid 'langfuse includes more than common' '#include ["<](langsmith|collector|samples|tests|bench)/' "${langfuse[@]}"
forbid 'langsmith includes more than common' '#include ["<](langfuse|collector|samples|tests|bench)/' "${langsmith[@]}"
forbid 'the collector includes a vendor module' '#include ["<](langfuse|langsmith|samples|tests|bench)/' "${collector[@]}"
forbid 'a public header includes a private one, or by a relative path' '#include "' "${public[@]}"
forbid 'a private include is not spelled from the root' '#include "[^/"]+"|#include "\.\.?/' "${private[@]}"
forbid 'a heavy header in a public header' \
  '#include <(rapidjson|spdlog|fmt|curl|concurrentqueue|moodycamel|sqlite3|microhttpd|protozero|zlib|openssl|thread|future|iostream|regex|format|expected|source_location)' \
  "${light[@]}"
forbid 'using namespace in a header' '^ *using namespace' $(find common langfuse langsmith integrations collector -name '*.h')
mapfile -t elsewhere < <(sources common langfuse langsmith integrations | grep -v '^common/src/environment.cpp$')
forbid 'the environment is read in a second place' '^[^/]*getenv *\(' "${elsewhere[@]}"
forbid 'a pause' 'sleep_for|sleep_until|usleep *\(|nanosleep *\(' "${all[@]}"
mapfile -t queue < <(sources common langfuse langsmith integrations | grep -v '^common/src/concurrent_queue.h$')
forbid 'the queue is included in a second place' 'include <.*concurrentqueue' "${queue[@]}"
exit "$failed"
