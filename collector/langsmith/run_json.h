// A run as the API gives it out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "collector/langsmith/attachment.h"
#include "collector/langsmith/feedback.h"
#include "collector/langsmith/run.h"

namespace llmtrace {
inline namespace v0 {
class JsonWriter;
}
}  // namespace llmtrace

namespace llmtrace::collector {

/// What stands beside a run in its JSON; of other runs' too, which are passed over.
struct RunSurroundings {
  std::vector<Feedback> feedback{};
  std::vector<AttachmentInfo> attachments{};
  std::string base_url{};  // where attachments can be fetched, "http://127.0.0.1:1984"
};

void write_run(const Run& run, const RunSurroundings& surroundings, JsonWriter& writer);

}  // namespace llmtrace::collector
