// Scores. Servers from 4.59 take an array at /api/public/scores; older ones take score-create
// events at /api/public/ingestion. The encoder starts with the array, switches on the answers that
// mean "I do not know this form", and goes back when the ingestion route is gone; hourly it tries
// the array again.
#include <algorithm>
#include <cmath>

#include "common/src/json_value.h"
#include "common/src/verdict.h"
#include "langfuse/src/body_writer.h"
#include "langfuse/src/trace_limits.h"
#include "langfuse/src/wire.h"

namespace langfuse {
inline namespace v0 {
namespace {

using llmtrace::HttpReply;
using llmtrace::JsonValue;
using llmtrace::Score;
using llmtrace::ScoreValue;
using llmtrace::Timestamp;
using llmtrace::Verdict;

constexpr std::size_t kMaxScores = 100;
constexpr std::size_t kMaxBytes = 1'000'000;
constexpr std::size_t kTimeLength =
    27;                                 // of RFC 3339 with microseconds, in front of every fragment
constexpr std::size_t kDayLength = 10;  // of that
constexpr std::chrono::hours kProbeInterval(1);

// The 400 that a server gives which knows only single scores: its schema wants an object at the
// top.
bool means_single_scores_only(const HttpReply& reply) {
  if (reply.status != 400) return false;
  const auto body = JsonValue::parse(reply.body);
  if (!body || (*body)["error"].elements().empty()) return false;
  const JsonValue& first = (*body)["error"].elements().front();
  return first["expected"].as_string() == "object" && first["path"].is_array() &&
         first["path"].elements().empty();
}

class ScoreEncoder final : public llmtrace::Encoder {
 public:
  explicit ScoreEncoder(std::shared_ptr<const Wire> wire) : wire_(std::move(wire)) {
    ingestion_ = wire_->config().protocol == Protocol::Legacy;
    limits_.max_items = kMaxScores;
    limits_.max_bytes = kMaxBytes;
    limits_.max_item_bytes = kMaxBytes;
    limits_.linger = wire_->config().flush_interval;
    limits_.max_in_flight = 1;  // the form of the request under way must be known when it is judged
  }

  bool takes(llmtrace::ItemKind kind) const noexcept override {
    return kind == llmtrace::ItemKind::Score;
  }
  const llmtrace::LaneLimits& limits() const noexcept override { return limits_; }

  using Encoder::encode;
  void encode(const Score& score, std::string& out) override {
    llmtrace::append_rfc3339(out, score.timestamp);
    BodyWriter body(out);
    body.string("id", score.id);
    body.string("name", score.name);
    write_value(body, score);
    body.text("traceId", score.trace_id);
    body.text("observationId", score.observation_id);
    body.text("sessionId", score.session_id);
    body.text("datasetRunId", score.dataset_run_id);
    body.text("comment", score.comment);
    body.json("metadata", score.metadata);
    body.text("configId", score.config_id);
    body.text("environment", score.environment.empty()
                                 ? wire_->config().environment
                                 : limits_of_traces_.environment(score.environment));
    body.close();
    invalid_attributes_ += limits_of_traces_.take_count();
    invalid_attribute_ = limits_of_traces_.complaint();
  }

  llmtrace::Envelope envelope(std::size_t /*payload_bytes*/) const override { return {}; }

  bool assemble(const std::vector<std::string_view>& fragments, std::string& body) override {
    event_ids_.clear();
    body.append(ingestion_ ? "{\"batch\":[" : "[");
    for (std::size_t i = 0; i < fragments.size(); ++i) {
      if (i > 0) body.push_back(',');
      const std::string_view score = fragments[i].substr(kTimeLength);
      if (ingestion_) {
        const std::string_view time = fragments[i].substr(0, kTimeLength);
        append_event(body, event_ids_.emplace_back(event_id(time, score)), time, score);
      } else {
        body.append(score);
      }
    }
    body.append(ingestion_ ? "]}" : "]");
    return true;
  }

  std::uint32_t form() const noexcept override { return ingestion_ ? 1 : 0; }
  llmtrace::HttpRequest request() override {
    return wire_->request("POST", ingestion_ ? "api/public/ingestion" : "api/public/scores",
                          {{"Content-Type", "application/json"}});
  }

  Verdict judge(const llmtrace::Attempt& attempt, const HttpReply& reply, Timestamp now) override {
    return ingestion_ ? judge_events(reply, now) : judge_array(attempt.ids.size(), reply, now);
  }

 private:
  static void write_value(BodyWriter& body, const Score& score) {
    if (score.value.kind() == ScoreValue::Kind::Text) {
      body.string("value", score.value.text());
    } else {
      body.number("value", score.value.number());  // a JSON true is refused; 1 is what is meant
    }
    if (score.config_id.empty()) body.string("dataType", llmtrace::to_string(score.data_type));
  }

  // The server keeps one event of an id, and a score replaces another whose id, name and day are
  // the same: what may be two scores is two events. The same at every attempt.
  static std::string event_id(std::string_view time, std::string_view score) {
    llmtrace::JsonObjectReader reader(score);
    std::string key;
    std::string_view id;
    std::string_view name;
    reader.next(key, id);  // the first two members
    reader.next(key, name);
    std::string text(time.substr(0, kDayLength));
    const auto digest = llmtrace::sha256(text.append(id).append(name));
    llmtrace::Uuid uuid{};
    std::copy_n(digest.begin(), uuid.size(), uuid.begin());
    return llmtrace::uuid_text(uuid);
  }

  static void append_event(std::string& body, std::string_view id, std::string_view time,
                           std::string_view score) {
    BodyWriter event(body);
    event.string("id", id);
    event.string("timestamp", time);
    event.string("type", "score-create");
    event.raw("body", score);
    event.close();
  }

  Verdict judge_array(std::size_t count, const HttpReply& reply, Timestamp now) {
    if (reply.status == 404 || reply.status == 405 || means_single_scores_only(reply)) {
      ingestion_ = true;
      probe_at_ = now + kProbeInterval;
      return {.kind = Verdict::Kind::Resend, .message = llmtrace::describe(reply)};
    }
    Verdict verdict = llmtrace::judge_status(reply, now);
    if (verdict.kind != Verdict::Kind::Delivered || reply.status != 207) return verdict;
    // The errors carry no ids, so which were refused is not known and none is sent again. A reply
    // that was cut says nothing, nor does one whose numbers are not those of the batch: sending
    // again is safe, for a score's id makes it overwrite itself.
    const auto body = reply.complete ? JsonValue::parse(reply.body) : std::nullopt;
    if (!body) {
      verdict.kind = Verdict::Kind::Retry;
      verdict.message = "the server's verdicts are cut off";
      return verdict;
    }
    const auto all = static_cast<std::int64_t>(count);
    const std::int64_t accepted = (*body)["accepted"].as_integer();
    const std::int64_t rejected = (*body)["rejected"].as_integer();
    if (accepted < 0 || accepted > all || rejected != all - accepted) {
      verdict.kind = Verdict::Kind::PerItem;
      verdict.message = "the server's numbers of accepted and rejected scores are not the batch's";
      verdict.items.assign(count, {.kind = llmtrace::ItemVerdict::Kind::Unknown});
      return verdict;
    }
    verdict.rejected = static_cast<std::uint64_t>(rejected);
    if (!(*body)["errors"].elements().empty()) {
      verdict.message = (*body)["errors"].elements().front()["message"].as_string();
    }
    return verdict;
  }

  Verdict judge_events(const HttpReply& reply, Timestamp now) {
    const bool legacy = wire_->config().protocol == Protocol::Legacy;
    if (!legacy && (reply.status == 404 || reply.status == 410)) {
      ingestion_ = false;
      return {.kind = Verdict::Kind::Resend, .message = llmtrace::describe(reply)};
    }
    Verdict verdict = judge_ingestion(event_ids_, reply, now);
    // A clock that was set back must not put it off.
    const bool due = now >= probe_at_ || now < probe_at_ - kProbeInterval;
    if (!legacy && verdict.kind == Verdict::Kind::Delivered && due) ingestion_ = false;
    return verdict;
  }

  std::shared_ptr<const Wire> wire_;
  llmtrace::LaneLimits limits_;
  TraceLimits limits_of_traces_;
  std::vector<std::string> event_ids_;  // of the request under way, when it is events
  bool ingestion_ = false;
  Timestamp probe_at_{};
};

}  // namespace

std::unique_ptr<llmtrace::Encoder> make_score_encoder(std::shared_ptr<const Wire> wire) {
  return std::make_unique<ScoreEncoder>(std::move(wire));
}

}  // namespace v0
}  // namespace langfuse
