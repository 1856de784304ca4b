#include "common/src/truncate.h"

#include <algorithm>
#include <initializer_list>

#include "common/src/id_types.h"
#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {
namespace {

// The mark around the kept text, and the least that is worth cutting.
constexpr std::size_t kMarkBytes = 160;
constexpr std::size_t kSmallest = 2 * kMarkBytes;

Json truncated(const std::string& text, std::size_t excess) {
  const std::size_t cut = std::min(text.size(), excess + kMarkBytes);
  const std::string_view kept = utf8_prefix(text, text.size() - cut);
  return {{"truncated", kept},
          {"sha256", to_hex(sha256(text))},
          {"bytes", static_cast<std::uint64_t>(text.size())}};
}

bool truncate_largest(std::initializer_list<Json*> values, std::size_t excess) {
  Json* const largest = *std::max_element(values.begin(), values.end(), [](Json* left, Json* right) {
    return left->text().size() < right->text().size();
  });
  if (largest->text().size() < kSmallest) return false;
  *largest = truncated(largest->text(), excess);
  return true;
}

}  // namespace

bool truncate_largest(Record& record, std::size_t excess) {
  return truncate_largest({&record.input, &record.output, &record.metadata}, excess);
}

bool truncate_largest(Score& score, std::size_t excess) {
  Json comment = std::string_view(score.comment);
  if (!truncate_largest({&comment, &score.metadata}, excess)) return false;
  score.comment = comment.is_string() ? comment.text() : comment.to_text();
  return true;
}

}  // namespace v0
}  // namespace llmtrace
