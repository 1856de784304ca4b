// Log lines as items of the transport: bounded, batched, masked and counted as observations are.
#pragma once

#include <llmtrace/log_exporter.h>

#include <memory>

#include "common/src/destination.h"

namespace llmtrace {
inline namespace v0 {

/// Gives each line to the destinations of `set`, from any thread. Outlives their client: then lines
/// are counted as DropReason::ClientClosed.
LLMTRACE_EXPORT std::shared_ptr<LogExporter> make_log_exporter(Ref<const DestinationSet> set);

}  // namespace v0
}  // namespace llmtrace
