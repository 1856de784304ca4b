#include "common/src/otlp_exporter/limited_sink.h"

#include <algorithm>

#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {

void LimitedSink::string(std::string_view key, std::string_view value) {
  if (takes(key)) target_.string(key, cut(value));
}

void LimitedSink::boolean(std::string_view key, bool value) {
  if (takes(key)) target_.boolean(key, value);
}

void LimitedSink::integer(std::string_view key, std::int64_t value) {
  if (takes(key)) target_.integer(key, value);
}

void LimitedSink::number(std::string_view key, double value) {
  if (takes(key)) target_.number(key, value);
}

void LimitedSink::strings(std::string_view key, const std::vector<std::string>& values) {
  if (values.empty() || !takes(key)) return;
  if (!max_characters_) {
    target_.strings(key, values);
    return;
  }
  std::vector<std::string> shorter;
  shorter.reserve(values.size());
  for (const std::string& value : values) shorter.emplace_back(cut(value));
  target_.strings(key, shorter);
}

// A version of the conventions that has no such attribute has an empty name for it.
bool LimitedSink::takes(std::string_view key) noexcept {
  if (key.empty()) return false;
  if (std::find(reserved_.begin(), reserved_.end(), key) != reserved_.end()) return false;
  if (count_ >= max_count_) {
    ++dropped_;
    return false;
  }
  ++count_;
  return true;
}

std::string_view LimitedSink::cut(std::string_view text) const noexcept {
  if (!max_characters_ || text.size() <= *max_characters_) return text;
  std::size_t end = 0;
  for (std::size_t count = 0; count < *max_characters_ && end < text.size(); ++count) {
    end += std::max<std::size_t>(utf8_sequence_length(text.substr(end)), 1);
  }
  return text.substr(0, end);
}

}  // namespace v0
}  // namespace llmtrace
