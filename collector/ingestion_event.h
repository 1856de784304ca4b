// One event of POST /api/public/ingestion: its envelope, and the row that its body asks for.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "collector/store.h"
#include "collector/validation_issue.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {

enum class EventKind { Trace, Observation, Score, SdkLog };

struct IngestionEvent {
  std::string id = "unknown";  // the envelope's, which is what the reply speaks of
  std::string type{};
  std::int64_t timestamp_ms = 0;
  EventKind kind = EventKind::SdkLog;
  bool is_update = false;  // an *-update event
  StoreBatch rows{};       // empty when the body has no id: counted as success, not stored
  std::vector<ValidationIssue> issues{};
};

/// Never fails: what is wrong is in `issues`. `received_ms` is when the batch came.
IngestionEvent read_ingestion_event(const JsonValue& json, std::int64_t received_ms);

}  // namespace llmtrace::collector
