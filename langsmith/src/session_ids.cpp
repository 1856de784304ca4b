#include "langsmith/src/session_ids.h"

#include <chrono>
#include <utility>

#include "common/src/json_value.h"

namespace langsmith {
inline namespace v0 {
namespace {

// Names of projects may come from other services.
constexpr std::size_t kMostProjects = 1'000;
constexpr std::chrono::seconds kNotMadeYet(5);  // its first run makes a project
constexpr std::chrono::seconds kNoAnswer(60);

}  // namespace

std::string_view SessionIds::find(std::string_view project) const noexcept {
  const auto found = sessions_.find(project);
  return found == sessions_.end() ? std::string_view() : found->second.id;
}

void SessionIds::want(std::string_view project) {
  if (sessions_.find(project) != sessions_.end()) return;
  if (sessions_.size() >= kMostProjects && !is_asking()) sessions_.clear();
  sessions_.try_emplace(std::string(project));
}

std::optional<std::string> SessionIds::next(llmtrace::Timestamp now) {
  if (is_asking()) return std::nullopt;
  for (auto& [project, session] : sessions_) {
    if (!session.id.empty() || now < session.ask_again) continue;
    asked_ = &session;
    return project;
  }
  return std::nullopt;
}

void SessionIds::learn(const llmtrace::HttpReply& reply, llmtrace::Timestamp now) {
  Session& session = *std::exchange(asked_, nullptr);
  session.ask_again = now + kNoAnswer;
  if (reply.status != 200 || !reply.complete) return;
  session.ask_again = now + kNotMadeYet;
  const auto list = llmtrace::JsonValue::parse(reply.body);
  if (list && !list->elements().empty()) {
    session.id = list->elements().front()["id"].as_string();
  }
}

}  // namespace v0
}  // namespace langsmith
