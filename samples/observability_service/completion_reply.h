// What the service says of a completion beside its text.
#pragma once

#include <llmtrace/openai/chat.h>

#include <chrono>
#include <string>

namespace service {

/// {"model", "usage", "cost_usd", "latency_ms", "trace_id"}; null for what is not known.
llmtrace::Json facts_of(const llmtrace::openai::ChatCompletion& completion,
                        std::chrono::nanoseconds latency, const std::string& trace_id);

}  // namespace service
