#include "samples/observability_service/stand_in/answer_stream.h"

namespace stand_in {
namespace {

using llmtrace::Json;

constexpr std::chrono::hours kStall(1);

bool is_at(const std::optional<int>& place, std::size_t sent) {
  return place && static_cast<std::size_t>(*place) == sent;
}

}  // namespace

std::string AnswerStream::next() {
  if (is_ended_) return {};
  if (is_at(params_.stall_after, sent_)) pause_.wait(kStall);
  is_cut_ = is_at(params_.cut_after, sent_) || !pause_.wait(params_.piece_delay);
  if (is_cut_) return {};
  if (sent_ < params_.pieces.size()) {
    return event({{"content", params_.pieces[sent_++]}}, nullptr);
  }
  is_ended_ = true;
  return last_events();
}

std::string AnswerStream::event(const Json& delta, const Json& finish_reason) const {
  const Json choice{{"index", 0}, {"delta", delta}, {"finish_reason", finish_reason}};
  const Json chunk{{"id", params_.id},
                   {"object", "chat.completion.chunk"},
                   {"model", params_.model},
                   {"choices", std::vector<Json>{choice}}};
  return "data: " + chunk.to_text() + "\n\n";
}

std::string AnswerStream::last_events() const {
  std::string events = event(std::initializer_list<llmtrace::JsonMember>{}, params_.finish_reason);
  if (!params_.usage.is_absent()) {
    const Json chunk{{"id", params_.id},
                     {"model", params_.model},
                     {"choices", std::vector<Json>{}},
                     {"usage", params_.usage}};
    events += "data: " + chunk.to_text() + "\n\n";
  }
  return events + "data: [DONE]\n\n";
}

}  // namespace stand_in
