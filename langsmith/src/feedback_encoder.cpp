// Feedback that does not travel with runs: POST /feedback, one each.
#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "common/src/http_text.h"
#include "common/src/json_text.h"
#include "langsmith/src/feedback_fields.h"
#include "langsmith/src/wire.h"

namespace langsmith {
inline namespace v0 {
namespace {

using llmtrace::HttpReply;
using llmtrace::Score;
using llmtrace::Timestamp;
using llmtrace::Uuid;
using llmtrace::Verdict;

constexpr std::chrono::seconds kPatience(2);  // for the runs that it is about, once they may go
constexpr unsigned kTries = 10;               // a run, or its project, may be on its way still
constexpr std::chrono::milliseconds kFirstDelay(500);
constexpr std::chrono::milliseconds kMostDelay = std::chrono::seconds(60);

// The fragment is the project's name, a NUL, which no JSON text holds, and the feedback's JSON: the
// project's id may become known after it was encoded.
class FeedbackEncoder final : public llmtrace::Encoder {
 public:
  FeedbackEncoder(std::shared_ptr<const Wire> wire, std::shared_ptr<ServerInfo> server)
      : wire_(std::move(wire)), server_(std::move(server)) {
    limits_.linger = wire_->config().batch_interval;
    limits_.max_items = 1;
    limits_.max_item_bytes = kMaxFeedbackBytes;
    limits_.patience = wire_->config().batch_interval + kPatience;
  }

  bool takes(llmtrace::ItemKind kind) const noexcept override {
    return kind == llmtrace::ItemKind::Score;
  }
  const llmtrace::LaneLimits& limits() const noexcept override { return limits_; }

  using Encoder::encode;
  void encode(const Score& score, std::string& out) override {
    const std::string_view project = wire_->project_or_own(score.project);
    server_->sessions.want(project);
    append_feedback_fragment(out, project, feedback_text(score, {}, wire_->is_primary()));
  }

  std::optional<llmtrace::HttpRequest> preflight(Timestamp now) override {
    if (auto request = server_->ask(*wire_, now)) return request;
    if (!server_->needs_session) return std::nullopt;
    const std::optional<std::string> project = server_->sessions.next(now);
    if (!project) return std::nullopt;
    return wire_->request("GET", "/sessions?limit=1&name=" + llmtrace::percent_encoded(*project));
  }
  void on_preflight(const HttpReply& reply, Timestamp now) override {
    if (server_->sessions.is_asking()) {
      server_->sessions.learn(reply, now);
    } else {
      server_->learn(reply, now);
    }
  }
  bool is_waiting() const noexcept override {
    return server_->is_awaited() || server_->sessions.is_asking();
  }

  llmtrace::Envelope envelope(std::size_t /*payload_bytes*/) const override { return {}; }
  bool assemble(const std::vector<std::string_view>& fragments, std::string& body) override {
    const std::string_view fragment = fragments.front();
    const std::size_t name_end = fragment.rfind('\0');
    const std::string_view json = fragment.substr(name_end + 1);
    body.append(json);
    const Members members = members_of(json);
    lacking_session_.erase(members.id);
    if (!server_->needs_session || members.has_session) return true;
    const std::string_view session = server_->sessions.find(fragment.substr(0, name_end));
    if (session.empty()) {
      lacking_session_.insert(members.id);
      return true;
    }
    body.pop_back();
    body.append(",\"session_id\":");
    llmtrace::append_json_string(body, session);
    body.push_back('}');
    return true;
  }
  llmtrace::HttpRequest request() override {
    return wire_->request("POST", "/feedback", {{"Content-Type", "application/json"}});
  }

  Verdict judge(const llmtrace::Attempt& attempt, const HttpReply& reply, Timestamp now) override {
    const Uuid& id = attempt.ids.front();
    Verdict verdict = judge_reply(reply, now);
    if (verdict.kind == Verdict::Kind::Retry) return verdict;
    // A project that has no run yet has no id either: without it the server refuses.
    const bool lacks_session =
        verdict.kind == Verdict::Kind::Split && lacking_session_.contains(id);
    lacking_session_.erase(id);
    if (reply.status == 404 || lacks_session) {
      const unsigned tries = ++early_[id];
      if (tries < kTries) {
        verdict.kind = Verdict::Kind::Later;
        verdict.retry_after = std::min(kMostDelay, kFirstDelay * (1U << (tries - 1)));
        return verdict;
      }
    }
    early_.erase(id);
    return verdict;
  }

 private:
  struct Members {
    Uuid id{};
    bool has_session = false;
  };
  static Members members_of(std::string_view json) {
    llmtrace::JsonObjectReader reader(json);
    Members members;
    std::string key;
    std::string_view value;
    while (reader.next(key, value)) {
      if (key == "id") members.id = llmtrace::uuid_from(llmtrace::unescape_json_string(value));
      members.has_session = members.has_session || key == "session_id";
    }
    return members;
  }

  std::shared_ptr<const Wire> wire_;
  std::shared_ptr<ServerInfo> server_;
  llmtrace::LaneLimits limits_;
  // What came before its run or its project: how often it was refused for that.
  std::unordered_map<Uuid, unsigned, llmtrace::UuidHash> early_;
  std::unordered_set<Uuid, llmtrace::UuidHash> lacking_session_;  // as it was sent last
};

}  // namespace

void append_feedback_fragment(std::string& out, std::string_view project, std::string_view json) {
  out.append(project).append(1, '\0').append(json);
}

std::unique_ptr<llmtrace::Encoder> make_feedback_encoder(std::shared_ptr<const Wire> wire,
                                                         std::shared_ptr<ServerInfo> server) {
  return std::make_unique<FeedbackEncoder>(std::move(wire), std::move(server));
}

}  // namespace v0
}  // namespace langsmith
