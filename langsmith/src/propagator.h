// LangSmith's part in distributed tracing: the langsmith-trace header and its baggage keys.
#pragma once

#include <memory>
#include <string_view>

#include "common/src/propagator.h"

namespace langsmith {
inline namespace v0 {

/// Whether `text` is a path of runs, as `dotted_order` and langsmith-trace have it.
LLMTRACE_EXPORT bool is_dotted_order(std::string_view text);

std::shared_ptr<const llmtrace::Propagator> make_propagator();

}  // namespace v0
}  // namespace langsmith
