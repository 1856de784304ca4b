// Feedback. Where the server takes it as parts of a multipart body, many go in one request; one
// alone, and one whose trace is not known, is a POST /feedback of its own.
#include <cmath>
#include <deque>
#include <unordered_map>

#include "common/src/http_text.h"
#include "common/src/json_value.h"
#include "common/src/time_text.h"
#include "common/src/verdict.h"
#include "langsmith/src/run_fields.h"
#include "langsmith/src/wire.h"

namespace langsmith {
inline namespace v0 {
namespace {

using llmtrace::FeedbackFields;
using llmtrace::HttpReply;
using llmtrace::JsonValue;
using llmtrace::Score;
using llmtrace::ScoreValue;
using llmtrace::Timestamp;
using llmtrace::Verdict;

constexpr std::size_t kMaxItemBytes = 1'000'000;
constexpr std::chrono::seconds kPatience(2);  // for the runs that it is about
constexpr unsigned kNotFoundTries = 10;       // a run may be on its way still

// Scores of more digits are refused by some servers; the reference clients round to four places.
std::string rounded(double score) {
  std::string text;
  llmtrace::append_json_number(text, std::round(score * 1e4) / 1e4);
  return text;
}

void write_value(JsonObject& object, const Score& score) {
  if (score.feedback) {
    if (score.feedback->has_score) object.set("score", rounded(score.value.number()));
    object.set_json("value", score.feedback->value);
  } else if (score.value.kind() == ScoreValue::Kind::Text) {
    object.set_text("value", score.value.text());
  } else {
    object.set("score", rounded(score.value.number()));
  }
}

std::string source_text(const Score& score) {
  const FeedbackFields none;
  const FeedbackFields& feedback = score.feedback ? *score.feedback : none;
  JsonObject metadata;
  metadata.merge(score.feedback ? feedback.source_info : score.metadata);
  if (!feedback.source_run_id.empty()) {
    JsonObject run;
    run.set_text("run_id", feedback.source_run_id);
    metadata.set("__run", run.text());
  }
  JsonObject source;
  source.set_text("type", feedback.source_type.empty() ? "api" : feedback.source_type);
  if (!metadata.empty()) source.set("metadata", metadata.text());
  return source.text();
}

std::string feedback_text(const Score& score) {
  JsonObject object;
  object.set_text("id", llmtrace::uuid_text(llmtrace::uuid_from(score.id)));
  if (score.run_id) object.set_text("run_id", llmtrace::uuid_text(*score.run_id));
  if (score.run_trace_id) object.set_text("trace_id", llmtrace::uuid_text(*score.run_trace_id));
  object.set_text("key", score.name);
  write_value(object, score);
  object.set_text("comment", score.comment);
  object.set("feedback_source", source_text(score));
  if (score.feedback) {
    const FeedbackFields& feedback = *score.feedback;
    object.set_json("correction", feedback.correction);
    object.set_json("feedback_config", feedback.config);
    object.set_text("feedback_group_id", feedback.group_id);
    object.set_text("comparative_experiment_id", feedback.comparative_experiment_id);
    object.set_text("session_id", feedback.project_id);
  }
  return object.text();
}

// The fragment is the feedback's JSON. Whether it stands in a multipart body or alone is known when
// it is sent.
class FeedbackEncoder final : public llmtrace::Encoder {
 public:
  FeedbackEncoder(std::shared_ptr<const Wire> wire, std::shared_ptr<ServerInfo> server,
                  bool batches)
      : wire_(std::move(wire)), server_(std::move(server)), batches_(batches) {
    limits_.linger = wire_->config().batch_interval;
    limits_.max_items = batches_ ? 100 : 1;
    limits_.max_item_bytes = kMaxItemBytes;
    limits_.patience = kPatience;
    if (batches_) limits_.max_in_flight = 1;  // the form under way must be known when it is judged
  }

  bool takes(llmtrace::ItemKind kind) const noexcept override {
    return kind == llmtrace::ItemKind::Score;
  }
  bool takes(const Score& score) const noexcept override {
    const bool rides = server_->feedback_rides && score.run_trace_id;
    return rides == batches_;
  }
  const llmtrace::LaneLimits& limits() const noexcept override { return limits_; }

  using Encoder::encode;
  void encode(const Score& score, std::string& out) override {
    out.append(without_nul(feedback_text(score)));
  }

  std::optional<llmtrace::HttpRequest> preflight(Timestamp now) override {
    if (auto request = server_->ask(*wire_, now)) return request;
    if (!server_->needs_session || !server_->session_id.empty() || now < ask_session_again_) {
      return std::nullopt;
    }
    ask_session_again_ = now + std::chrono::seconds(5);
    asking_session_ = true;
    return wire_->request(
        "GET", "/sessions?limit=1&name=" + llmtrace::percent_encoded(wire_->endpoint().project));
  }
  void on_preflight(const HttpReply& reply, Timestamp now) override {
    if (!std::exchange(asking_session_, false)) {
      server_->learn(reply, now);
      return;
    }
    if (reply.status != 200) return;
    const auto list = JsonValue::parse(reply.body);
    if (list && !list->elements().empty()) {
      server_->session_id = list->elements().front()["id"].as_string();
    }
  }
  bool is_waiting() const noexcept override { return server_->is_asked(); }

  llmtrace::Envelope envelope(std::size_t /*payload_bytes*/) const override { return {}; }
  bool assemble(const std::vector<std::string_view>& fragments, std::string& body) override {
    together_ = fragments.size() > 1;
    for (const std::string_view fragment : fragments) {
      const std::string text = with_session(fragment);
      if (together_) {
        multipart_.append(body, "feedback." + id_of(fragment), "application/json", text);
      } else {
        body.append(text);
      }
    }
    if (together_) body.append(multipart_.end());
    return true;
  }
  llmtrace::HttpRequest request() override {
    if (together_) {
      return wire_->request("POST", "/runs/multipart",
                            {{"Content-Type", multipart_.content_type()}});
    }
    return wire_->request("POST", "/feedback", {{"Content-Type", "application/json"}});
  }

  Verdict judge(const std::vector<llmtrace::Uuid>& ids, const HttpReply& reply,
                Timestamp now) override {
    Verdict verdict = judge_reply(reply, now);
    // A project that has no run yet has no id either: without it the server refuses.
    const bool lacks_session = server_->needs_session && server_->session_id.empty() &&
                               ids.size() == 1 && verdict.kind == Verdict::Kind::Split;
    if (reply.status != 404 && !lacks_session) {
      if (verdict.kind != Verdict::Kind::Retry) forget(ids);
      return verdict;
    }
    if (ids.size() > 1) {  // no multipart here: each alone, by POST /feedback
      server_->feedback_rides = false;
      return {.kind = Verdict::Kind::Split, .message = llmtrace::describe(reply)};
    }
    // The run is not there yet, most likely.
    if (++not_found_[ids.front()] < kNotFoundTries) {
      verdict.kind = Verdict::Kind::Retry;
      return verdict;
    }
    forget(ids);
    return verdict;
  }

 private:
  // The server that needs the project's id may tell it after the feedback was encoded.
  std::string with_session(std::string_view fragment) const {
    std::string text(fragment);
    if (!server_->needs_session || server_->session_id.empty() || names_session(fragment)) {
      return text;
    }
    text.pop_back();
    text.append(",\"session_id\":");
    llmtrace::append_json_string(text, server_->session_id);
    return text + "}";
  }

  static bool names_session(std::string_view fragment) {
    llmtrace::JsonObjectReader reader(fragment);
    std::string key;
    std::string_view value;
    while (reader.next(key, value)) {
      if (key == "session_id") return true;
    }
    return false;
  }

  static std::string id_of(std::string_view fragment) {
    llmtrace::JsonObjectReader reader(fragment);
    std::string key;
    std::string_view id;
    reader.next(key, id);  // the first member is the id
    return llmtrace::unescape_json_string(id);
  }

  void forget(const std::vector<llmtrace::Uuid>& ids) {
    if (not_found_.empty()) return;
    for (const llmtrace::Uuid& id : ids) not_found_.erase(id);
  }

  std::shared_ptr<const Wire> wire_;
  std::shared_ptr<ServerInfo> server_;
  Multipart multipart_;
  llmtrace::LaneLimits limits_;
  const bool batches_;
  bool together_ = false;
  bool asking_session_ = false;
  Timestamp ask_session_again_{};
  std::unordered_map<llmtrace::Uuid, unsigned, llmtrace::UuidHash> not_found_;
};

}  // namespace

std::unique_ptr<llmtrace::Encoder> make_feedback_batch_encoder(std::shared_ptr<const Wire> wire,
                                                               std::shared_ptr<ServerInfo> server) {
  return std::make_unique<FeedbackEncoder>(std::move(wire), std::move(server), true);
}

std::unique_ptr<llmtrace::Encoder> make_feedback_encoder(std::shared_ptr<const Wire> wire,
                                                         std::shared_ptr<ServerInfo> server) {
  return std::make_unique<FeedbackEncoder>(std::move(wire), std::move(server), false);
}

}  // namespace v0
}  // namespace langsmith
