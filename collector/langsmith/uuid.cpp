#include "collector/langsmith/uuid.h"

#include <llmtrace/ids.h>

#include "common/src/id_types.h"

namespace llmtrace::collector {

std::optional<std::string> read_uuid(std::string_view text) {
  constexpr std::string_view kForm = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";
  if (text.size() != kForm.size()) return std::nullopt;
  std::string uuid(text);
  for (std::size_t i = 0; i < kForm.size(); ++i) {
    char& c = uuid[i];
    if (c >= 'A' && c <= 'F') c = static_cast<char>(c - 'A' + 'a');
    const bool is_digit = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
    if (kForm[i] == 'x' ? !is_digit : c != '-') return std::nullopt;
  }
  return uuid;
}

std::string uuid_of_name(std::string_view name) {
  return uuid_text(uuid_from(create_trace_id(name)));
}

}  // namespace llmtrace::collector
