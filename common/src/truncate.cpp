#include "common/src/truncate.h"

#include <algorithm>
#include <initializer_list>

#include "common/src/id_types.h"
#include "common/src/json_value.h"
#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {
namespace {

// The mark around the kept text, and the least that is worth cutting.
constexpr std::size_t kMarkBytes = 160;
constexpr std::size_t kSmallest = 2 * kMarkBytes;
constexpr std::string_view kMarkStart = R"({"truncated":")";

struct Cut {
  std::string kept;
  std::string sha256;
  std::int64_t bytes = 0;
};

// What an earlier round left of the text, or all of it.
Cut last_cut(const Json& value) {
  const std::string& text = value.text();
  if (!value.is_string() && text.starts_with(kMarkStart)) {
    if (const auto mark = JsonValue::parse(text)) {
      return {(*mark)["truncated"].as_string(), (*mark)["sha256"].as_string(),
              (*mark)["bytes"].as_integer()};
    }
  }
  return {text, to_hex(sha256(text)), static_cast<std::int64_t>(text.size())};
}

Json truncated(const Json& value, std::size_t excess) {
  const Cut last = last_cut(value);
  const std::size_t cut = std::min(last.kept.size(), excess + kMarkBytes);
  const std::string_view kept = utf8_prefix(last.kept, last.kept.size() - cut);
  return {{"truncated", kept}, {"sha256", last.sha256}, {"bytes", last.bytes}};
}

bool truncate_largest(std::initializer_list<Json*> values, std::size_t excess) {
  Json* const largest = *std::max_element(
      values.begin(), values.end(),
      [](Json* left, Json* right) { return left->text().size() < right->text().size(); });
  if (largest->text().size() < kSmallest) return false;
  *largest = truncated(*largest, excess);
  return true;
}

}  // namespace

bool truncate_largest(Record& record, std::size_t excess) {
  return truncate_largest({&record.input, &record.output, &record.metadata}, excess);
}

bool truncate_largest(Score& score, std::size_t excess) {
  Json comment = std::string_view(score.comment);
  FeedbackFields feedback = score.feedback ? *score.feedback : FeedbackFields();
  if (!truncate_largest(
          {&comment, &score.metadata, &feedback.value, &feedback.correction, &feedback.source_info},
          excess)) {
    return false;
  }
  score.comment = comment.is_string() ? comment.text() : comment.to_text();
  if (score.feedback) score.feedback = std::make_shared<const FeedbackFields>(std::move(feedback));
  return true;
}

}  // namespace v0
}  // namespace llmtrace
