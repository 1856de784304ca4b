// SessionIds knows the UUIDs of projects, which some servers want with feedback, by their names. It
// says which one to ask the server for next. One per endpoint, flusher thread only.
#pragma once

#include <llmtrace/http_client.h>

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "common/src/id_types.h"

namespace langsmith {
inline namespace v0 {

class SessionIds {
 public:
  /// Empty while it is not known.
  std::string_view find(std::string_view project) const noexcept;
  /// Has the project asked for.
  void want(std::string_view project);
  /// The project to ask the server for now, if there is one; `learn` takes the answer.
  std::optional<std::string> next(llmtrace::Timestamp now);
  void learn(const llmtrace::HttpReply& reply, llmtrace::Timestamp now);
  bool is_asking() const noexcept { return asked_ != nullptr; }

 private:
  struct Session {
    std::string id;
    llmtrace::Timestamp ask_again{};
  };
  std::map<std::string, Session, std::less<>> sessions_;
  Session* asked_ = nullptr;  // the one whose answer is on its way
};

}  // namespace v0
}  // namespace langsmith
