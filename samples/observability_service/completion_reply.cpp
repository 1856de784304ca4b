#include "samples/observability_service/completion_reply.h"

namespace service {
namespace {

using llmtrace::Json;

Json usage_json(const std::optional<llmtrace::openai::Usage>& usage) {
  if (!usage) return nullptr;
  return {{"prompt_tokens", usage->prompt_tokens},
          {"completion_tokens", usage->completion_tokens},
          {"total_tokens", usage->prompt_tokens + usage->completion_tokens},
          {"cached_tokens", usage->cached_tokens},
          {"reasoning_tokens", usage->reasoning_tokens}};
}

}  // namespace

Json facts_of(const llmtrace::openai::ChatCompletion& completion, std::chrono::nanoseconds latency,
              const std::string& trace_id) {
  return {{"model", completion.model},
          {"usage", usage_json(completion.usage)},
          {"cost_usd", completion.cost},
          {"latency_ms", std::chrono::duration<double, std::milli>(latency).count()},
          {"trace_id", trace_id.empty() ? Json(nullptr) : Json(trace_id)}};
}

}  // namespace service
