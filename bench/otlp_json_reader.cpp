// RapidJSON's string scan uses SSE2 when told so.
#if defined(__SSE2__)
#define RAPIDJSON_SSE2
#endif
#include <rapidjson/reader.h>

#include <array>

#include "bench/otlp_reader.h"

namespace llmtrace::bench {
namespace {

int hex_value(char digit) noexcept {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

// Follows {"resourceSpans": [{"scopeSpans": [{"spans": [{"traceId": ..., "spanId": ...}]}]}]}.
// Objects of the path are at depth 1, 3, 5 and 7, its arrays between them; what is beside the path
// is only parsed.
class SpanHandler : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, SpanHandler> {
 public:
  explicit SpanHandler(std::vector<std::uint64_t>& span_ids) : span_ids_(span_ids) {}

  bool StartObject() {
    ++depth_;
    if (depth_ == kSpanDepth && on_path(kSpanDepth)) {
      span_id_ = 0;
      has_trace_id_ = false;
    }
    return depth_ % 2 == 1 || !on_path(depth_);
  }
  bool EndObject(rapidjson::SizeType /*members*/) {
    const bool span_ends = depth_ == kSpanDepth && on_path(kSpanDepth);
    --depth_;
    if (!span_ends) return true;
    span_ids_.push_back(span_id_);
    return has_trace_id_ && span_id_ != 0;
  }
  bool StartArray() {
    ++depth_;
    return depth_ % 2 == 0 || !on_path(depth_);
  }
  bool EndArray(rapidjson::SizeType /*elements*/) {
    --depth_;
    return true;
  }
  bool Key(const char* text, rapidjson::SizeType length, bool /*copy*/) {
    const std::string_view key(text, length);
    wanted_ = Wanted::Nothing;
    if (depth_ == kSpanDepth && on_path(kSpanDepth)) {
      if (key == "traceId") wanted_ = Wanted::TraceId;
      if (key == "spanId") wanted_ = Wanted::SpanId;
    } else if (depth_ < kSpanDepth && depth_ % 2 == 1) {
      matched_[depth_ / 2] = key == kPath[depth_ / 2];
    }
    return true;
  }
  bool String(const char* text, rapidjson::SizeType length, bool /*copy*/) {
    if (depth_ != kSpanDepth || wanted_ == Wanted::Nothing) return true;
    const std::string_view value(text, length);
    if (wanted_ == Wanted::SpanId) {
      span_id_ = span_id_from_hex(value);
    } else {
      has_trace_id_ = length == 32 && value.find_first_not_of(kHexDigits) == std::string_view::npos;
    }
    wanted_ = Wanted::Nothing;
    return true;
  }

 private:
  static constexpr std::size_t kSpanDepth = 7;
  static constexpr std::array<std::string_view, 3> kPath = {"resourceSpans", "scopeSpans", "spans"};
  static constexpr std::string_view kHexDigits = "0123456789abcdefABCDEF";
  enum class Wanted : unsigned char { Nothing, TraceId, SpanId };

  // Whether all keys above `depth` are those of the path.
  bool on_path(std::size_t depth) const noexcept {
    if (depth > kSpanDepth) return false;
    for (std::size_t i = 0; i < depth / 2; ++i) {
      if (!matched_[i]) return false;
    }
    return true;
  }

  std::vector<std::uint64_t>& span_ids_;
  std::size_t depth_ = 0;
  std::array<bool, kPath.size()>
      matched_{};  // whether the last key at depth 1, 3, 5 was the path's
  std::uint64_t span_id_ = 0;
  bool has_trace_id_ = false;
  Wanted wanted_ = Wanted::Nothing;
};

}  // namespace

std::uint64_t span_id_from_hex(std::string_view text) noexcept {
  if (text.size() != 16) return 0;
  std::uint64_t id = 0;
  for (const char digit : text) {
    const int value = hex_value(digit);
    if (value < 0) return 0;
    id = (id << 4U) | static_cast<unsigned>(value);
  }
  return id;
}

bool read_otlp_json(char* body, std::size_t size, std::vector<std::uint64_t>& span_ids) {
  const std::size_t before = span_ids.size();
  SpanHandler handler(span_ids);
  rapidjson::InsituStringStream stream(body);
  rapidjson::Reader reader;
  constexpr unsigned kFlags = rapidjson::kParseInsituFlag | rapidjson::kParseIterativeFlag;
  // A zero byte inside the body ends the text early.
  const bool valid = !reader.Parse<kFlags>(stream, handler).IsError() && stream.Tell() == size;
  if (!valid) span_ids.resize(before);
  return valid;
}

}  // namespace llmtrace::bench
