// GenAiMapper says what a record is as a span of OpenTelemetry's GenAI semantic conventions; what
// they have no word for is under "llmtrace.". The table of all of it is in docs/opentelemetry.md.
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/otlp_config.h>

#include <cstdint>
#include <string>

#include "common/src/json_members.h"
#include "common/src/otlp/span_mapper.h"
#include "common/src/otlp_exporter/resolved_config.h"

namespace llmtrace {
inline namespace v0 {

struct GenAiOptions {
  GenAiConventions conventions = GenAiConventions::V1_41;
  bool capture_content = false;
  AttributeLimits limits{};
};

class LLMTRACE_EXPORT GenAiMapper final : public SpanMapper {
 public:
  explicit GenAiMapper(GenAiOptions options) : options_(options) {}

  SpanHead head(const Record& record) override;
  std::uint64_t attributes(const Record& record, AttributeSink& sink) override;
  void events(const Record& record, EventSink& sink) override;
  DroppedCounts dropped() const noexcept override { return dropped_; }

 private:
  const GenAiOptions options_;
  // Of the record at hand.
  JsonMembers metadata_;
  std::string operation_;
  std::string name_;
  DroppedCounts dropped_;
};

}  // namespace v0
}  // namespace llmtrace
