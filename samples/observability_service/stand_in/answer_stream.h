// AnswerStream is an answer as server-sent events, one piece of text in each.
#pragma once

#include <llmtrace/json.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "samples/observability_service/http_message.h"
#include "samples/observability_service/stand_in/pause.h"

namespace stand_in {

struct AnswerStreamParams {
  std::string id{};
  std::string model{};
  std::vector<std::string> pieces{};
  std::string finish_reason{};
  llmtrace::Json usage{};  ///< absent: none is sent
  std::chrono::milliseconds piece_delay{0};
  std::optional<int> cut_after{};
  std::optional<int> stall_after{};
};

class AnswerStream final : public service::BodySource {
 public:
  AnswerStream(AnswerStreamParams params, Pause& pause)
      : params_(std::move(params)), pause_(pause) {}

  std::string next() override;
  bool is_cut() const noexcept override { return is_cut_; }

 private:
  std::string event(const llmtrace::Json& delta, const llmtrace::Json& finish_reason) const;
  std::string last_events() const;

  const AnswerStreamParams params_;
  Pause& pause_;
  std::size_t sent_ = 0;
  bool is_ended_ = false;
  bool is_cut_ = false;
};

}  // namespace stand_in
