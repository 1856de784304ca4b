// What the lines of LineEncoder's batches amount to at a server.
#pragma once

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/scripted_server.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {

/// All of them, sorted.
inline std::vector<std::string> lines_at(const ScriptedServer& server) {
  std::vector<std::string> all;
  for (const ServerRequest& request : server.requests()) {
    for (std::string& line : lines_of(request.body)) all.push_back(std::move(line));
  }
  std::sort(all.begin(), all.end());
  return all;
}

}  // namespace llmtrace::tests
