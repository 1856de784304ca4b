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

// A text, or what an earlier round left of it.
struct Cut {
  std::string_view kept;  // nothing of the text is copied: there may be no memory for it twice
  std::string sha256;     // of the whole
  std::int64_t bytes = 0;
};

void to_json(JsonWriter& writer, const Cut& cut) {
  writer.object({{"truncated", cut.kept}, {"sha256", cut.sha256}, {"bytes", cut.bytes}});
}

Json shortened(Cut cut, std::size_t excess) {
  const std::size_t removed = std::min(cut.kept.size(), excess + kMarkBytes);
  cut.kept = utf8_prefix(cut.kept, cut.kept.size() - removed);
  return cut;
}

Json shortened(const Json& value, std::size_t excess) {
  const std::string& text = value.text();
  if (!value.is_string() && text.starts_with(kMarkStart)) {
    if (const auto mark = JsonValue::parse(text)) {
      return shortened(Cut{(*mark)["truncated"].as_string(), (*mark)["sha256"].as_string(),
                           (*mark)["bytes"].as_integer()},
                       excess);
    }
  }
  return shortened(Cut{text, to_hex(sha256(text)), static_cast<std::int64_t>(text.size())}, excess);
}

// A plain text, which may be what an earlier round left of one.
Json value_of(std::string_view text) {
  const bool is_cut = text.starts_with(kMarkStart) && JsonValue::is_valid(text);
  return is_cut ? Json::from_text(std::string(text)) : Json(text);
}

bool truncate_largest(std::initializer_list<Json*> values, std::size_t excess) {
  Json* const largest = *std::max_element(
      values.begin(), values.end(),
      [](Json* left, Json* right) { return left->text().size() < right->text().size(); });
  if (largest->text().size() < kSmallest) return false;
  *largest = shortened(*largest, excess);
  return true;
}

}  // namespace

bool truncate_largest(Record& record, std::size_t excess) {
  return truncate_largest({&record.input, &record.output, &record.metadata}, excess);
}

bool truncate_largest(Score& score, std::size_t excess) {
  Json comment = value_of(score.comment);
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

bool truncate_largest(LogRecord& record, std::size_t excess) {
  Json message = value_of(record.message);
  if (!truncate_largest({&message, &record.fields}, excess)) return false;
  record.message = message.text();
  return true;
}

std::size_t largest_value_bytes(const LogRecord& record) noexcept {
  return std::max(record.message.size(), record.fields.text().size());
}

std::size_t largest_value_bytes(const Record& record) noexcept {
  return std::max(
      {record.input.text().size(), record.output.text().size(), record.metadata.text().size()});
}

std::size_t largest_value_bytes(const Score& score) noexcept {
  const std::size_t own = std::max(score.comment.size(), score.metadata.text().size());
  if (!score.feedback) return own;
  return std::max({own, score.feedback->value.text().size(),
                   score.feedback->correction.text().size(),
                   score.feedback->source_info.text().size()});
}

}  // namespace v0
}  // namespace llmtrace
