// A user's search words, as FTS5 gets them: nothing but quoted words, each of which may end in '*'.
#include <algorithm>
#include <string>

#include "collector/api/trace_filter.h"
#include "collector/traces/text_index.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string query = llmtrace::collector::text_query(fuzz_text(data, size));
  require(std::count(query.begin(), query.end(), '"') % 2 == 0);
  require(query.find('\0') == std::string::npos);
  bool is_inside = false;
  for (const char c : query) {
    if (c == '"') is_inside = !is_inside;
    if (!is_inside) require(c == '"' || c == ' ' || c == '*');
  }
  std::string words;
  llmtrace::collector::append_words(words, fuzz_text(data, size));  // whatever it is, it ends
  return 0;
}
