// Feedback: LangSmith's word for a score on a run, a trace or a project.
#pragma once

#include <llmtrace/observation_params.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

namespace langsmith {
inline namespace v0 {

using llmtrace::Json;

/// Where feedback comes from.
enum class FeedbackSource : unsigned char { Api, Model, AutoEval, App };

/// What values a key has, told with its first feedback.
struct FeedbackConfig {
  enum class Type : unsigned char { None, Continuous, Categorical, Freeform };
  struct Category {
    double value = 0;
    std::string label{};
  };
  Type type = Type::None;
  std::optional<double> min{};
  std::optional<double> max{};
  std::vector<Category> categories{};
};

struct FeedbackParams {
  std::string run_id{};
  std::string key{};  ///< at most 180 characters
  std::optional<double> score{};
  Json value{};  ///< a text or any other JSON, beside or instead of the score
  std::string comment{};
  Json correction{};  ///< what the right answer would have been
  std::string
      trace_id{};  ///< with run_id: it travels with the runs; alone: feedback on the root run
  std::string project_id{};  ///< alone: feedback on a project
  FeedbackSource source = FeedbackSource::Api;
  Json source_info{};
  std::string source_run_id{};  ///< the run that made it, e.g. of an evaluator
  std::string feedback_id{};    ///< default: a new one
  FeedbackConfig feedback_config{};
  std::string feedback_group_id{};
  std::string comparative_experiment_id{};
  std::string project_name{};  ///< of the run, where a server asks for it; default: the client's
};

/// What is given replaces what was there.
struct FeedbackUpdate {
  std::optional<double> score{};
  Json value{};
  std::string comment{};
  Json correction{};
};

struct PresignedFeedbackParams {
  std::string run_id{};
  std::string feedback_key{};
  std::chrono::minutes expires_in{180};
  FeedbackConfig feedback_config{};
};

struct PresignedFeedback {
  std::string id{};
  std::string url{};
  std::string expires_at{};
};

/// What a presigned URL takes.
struct TokenFeedback {
  std::optional<double> score{};
  Json value{};
  std::string comment{};
  Json correction{};
  Json metadata{};
};

}  // namespace v0
}  // namespace langsmith
