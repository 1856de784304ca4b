// Argument and environment lists as the exec family takes them. To be made before a fork: in the
// child of a program with threads nothing may be allocated, for another thread may have had the
// allocator's lock.
#pragma once

#include <string>
#include <vector>

namespace llmtrace::tests {

/// Null-terminated; `texts` must outlive it.
inline std::vector<char*> exec_list(std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (std::string& text : texts) pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

}  // namespace llmtrace::tests
