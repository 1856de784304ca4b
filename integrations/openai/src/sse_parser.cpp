#include "integrations/openai/src/sse_parser.h"

namespace llmtrace {
inline namespace v0 {
namespace openai {

void SseParser::add(char c) {
  if (line_.size() + data_.size() >= max_event_bytes_) {
    overflowed_ = true;
    return;
  }
  line_.push_back(c);
}

bool SseParser::end_line() {
  constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";
  constexpr std::string_view kData = "data";
  std::string_view line = line_;
  if (is_first_line_ && line.starts_with(kByteOrderMark)) line.remove_prefix(kByteOrderMark.size());
  is_first_line_ = false;
  const bool is_end = line.empty();
  if (line.starts_with(kData) && (line.size() == kData.size() || line[kData.size()] == ':')) {
    line.remove_prefix(std::min(line.size(), kData.size() + 1));
    if (line.starts_with(' ')) line.remove_prefix(1);
    if (has_data_) data_.push_back('\n');
    has_data_ = true;
    data_.append(line);
  }
  line_.clear();
  return is_end && has_data_;
}

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
