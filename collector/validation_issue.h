// One thing that is wrong with a request, in the words and shape that the Langfuse API uses.
#pragma once

#include <string>

namespace llmtrace::collector {

struct ValidationIssue {
  std::string code{};      // "invalid_type", "invalid_value", "custom", ...
  std::string expected{};  // the wanted type; empty = not part of the issue
  std::string path{};      // name of the field; empty = the whole body
  std::string message{};
};

}  // namespace llmtrace::collector
