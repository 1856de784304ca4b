// The reply of /api/public/ingestion: a 207 whose body has a verdict for each event. An item is
// delivered when the server names its events among the successes; what it names among the errors
// has their fate; of what it names nowhere nothing is known.
#include <algorithm>
#include <unordered_map>

#include "common/src/json_value.h"
#include "common/src/verdict.h"
#include "langfuse/src/wire.h"

namespace langfuse {
inline namespace v0 {
namespace {

using llmtrace::ItemVerdict;
using llmtrace::JsonValue;

constexpr std::size_t kUuidTextLength = 36;

class Verdicts {
 public:
  explicit Verdicts(const std::vector<std::string>& ids)
      : items_(ids.size(), {.kind = ItemVerdict::Kind::Unknown}) {
    for (std::size_t i = 0; i < ids.size(); ++i) answers_[ids[i]].items.push_back(i);
  }

  void read(const JsonValue& reply) {
    const auto& successes = reply["successes"].elements();
    for (const JsonValue& error : reply["errors"].elements()) refuse(error);
    for (const JsonValue& success : successes) accept(success["id"].as_string());
    // A server that lists no successes at all, and whose errors are all understood, has taken the
    // rest.
    const bool takes_the_rest = successes.empty() && !names_strangers_;
    for (const auto& [id, answers] : answers_) settle(answers, takes_the_rest);
  }

  std::vector<ItemVerdict> items() && { return std::move(items_); }
  const std::string& message() const noexcept { return message_; }

 private:
  // What is said of the items that share an id. Mostly that is one; scores of the same id, name and
  // day, which overwrite each other, are several.
  struct Answers {
    std::vector<std::size_t> items;
    std::size_t refused = 0;   // events
    std::size_t accepted = 0;  // of an item's only event
    std::size_t roots = 0;     // of one of two
    std::size_t traces = 0;    // of the other
  };

  Answers* find(const std::string& event_id) {
    const auto found = answers_.find(event_id.substr(0, kUuidTextLength));
    return found == answers_.end() ? nullptr : &found->second;
  }

  void refuse(const JsonValue& error) {
    Answers* const answers = find(error["id"].as_string());
    if (answers == nullptr) {
      names_strangers_ = true;
      return;
    }
    const std::size_t place = std::min(answers->refused++, answers->items.size() - 1);
    ItemVerdict& item = items_[answers->items[place]];
    const std::int64_t status = error["status"].as_integer();
    const bool again = status == 429 || status >= 500;
    if (item.kind == ItemVerdict::Kind::Drop) return;
    item.kind = again ? ItemVerdict::Kind::Retry : ItemVerdict::Kind::Drop;
    if (status == 401 || status == 403) item.reason = llmtrace::DropReason::Unauthorized;
    if (!message_.empty()) return;
    message_ = "status " + std::to_string(status) +
               " inside the HTTP 207: " + error["message"].as_string() + " " +
               error["error"].to_text();
  }

  void accept(const std::string& event_id) {
    Answers* const answers = find(event_id);
    if (answers == nullptr) return;
    const std::string_view suffix = std::string_view(event_id).substr(kUuidTextLength);
    if (suffix.empty()) ++answers->accepted;
    if (suffix == kRootSuffix) ++answers->roots;
    if (suffix == kTraceSuffix) ++answers->traces;
  }

  void settle(const Answers& answers, bool takes_the_rest) {
    std::size_t accepted = answers.accepted + std::min(answers.roots, answers.traces);
    for (std::size_t place = answers.refused; place < answers.items.size(); ++place) {
      if (!takes_the_rest && accepted == 0) return;
      if (accepted > 0) --accepted;
      items_[answers.items[place]].kind = ItemVerdict::Kind::Delivered;
    }
  }

  std::unordered_map<std::string, Answers> answers_;
  std::vector<ItemVerdict> items_;
  std::string message_;
  bool names_strangers_ = false;
};

}  // namespace

llmtrace::Verdict judge_ingestion(const std::vector<std::string>& ids,
                                  const llmtrace::HttpReply& reply, llmtrace::Timestamp now) {
  llmtrace::Verdict verdict = llmtrace::judge_status(reply, now);
  if (verdict.kind != llmtrace::Verdict::Kind::Delivered) return verdict;

  // The status says nothing; what counts is in the body. A body that was cut tells nothing either.
  const auto body = reply.complete ? JsonValue::parse(reply.body) : std::nullopt;
  if (!body || !(*body)["errors"].is_array()) {
    verdict.kind = llmtrace::Verdict::Kind::Retry;
    verdict.message = "the server's verdicts are missing or cut off (" + reply.error + ")";
    return verdict;
  }
  Verdicts verdicts(ids);
  verdicts.read(*body);
  verdict.message =
      verdicts.message().empty() ? "the reply has no verdict on some items" : verdicts.message();
  verdict.items = std::move(verdicts).items();
  const bool all_delivered = std::all_of(
      verdict.items.begin(), verdict.items.end(),
      [](const ItemVerdict& item) { return item.kind == ItemVerdict::Kind::Delivered; });
  if (all_delivered) {
    verdict.message.clear();
  } else {
    verdict.kind = llmtrace::Verdict::Kind::PerItem;
  }
  return verdict;
}

}  // namespace v0
}  // namespace langfuse
