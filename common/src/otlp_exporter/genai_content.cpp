#include <vector>

#include "common/src/json_value.h"
#include "common/src/otlp_exporter/genai_messages.h"
#include "common/src/otlp_exporter/genai_view.h"

namespace llmtrace {
inline namespace v0 {
namespace {

std::vector<std::string> finish_reasons_of(const GenAiView& view) {
  std::vector<std::string> reasons;
  const auto json = JsonValue::parse(view.metadata_json("finish_reasons"));
  if (!json) return reasons;
  for (const JsonValue& reason : json->elements()) reasons.push_back(reason.as_string());
  return reasons;
}

void map_messages(const GenAiView& view, AttributeSink& sink) {
  const Record& record = view.record;
  if (!record.input.is_absent()) {
    sink.text(view.name(GenAi::SystemInstructions), instructions_of(record.input));
    sink.string(view.name(GenAi::InputMessages), messages_of(record.input, Direction::Input));
  }
  if (!record.output.is_absent()) {
    sink.string(view.name(GenAi::OutputMessages),
                messages_of(record.output, Direction::Output, finish_reasons_of(view),
                            record.level == Level::Error ? "error" : "stop"));
  }
  sink.text(view.name(GenAi::ToolDefinitions), view.metadata_json("tools"));
}

// OpenInference's names, which many backends show: the conventions have none for what goes into
// and comes out of any function.
void map_value(std::string_view side, const Json& value, AttributeSink& sink) {
  if (value.is_absent()) return;
  const std::string key(side);
  sink.string(key + ".value", value.text());
  sink.string(key + ".mime_type", value.is_string() ? "text/plain" : "application/json");
}

void map_either(std::string_view key, std::string_view side, const Json& value,
                AttributeSink& sink) {
  if (key.empty()) {  // this version of the conventions has no such name
    map_value(side, value, sink);
  } else {
    sink.json(key, value);
  }
}

}  // namespace

void map_content(const GenAiView& view, AttributeSink& sink) {
  const Record& record = view.record;
  switch (record.type) {
    case ObservationType::Generation:
    case ObservationType::Agent:
      map_messages(view, sink);
      return;
    case ObservationType::Tool:
      map_either(view.name(GenAi::ToolArguments), "input", record.input, sink);
      map_either(view.name(GenAi::ToolResult), "output", record.output, sink);
      return;
    case ObservationType::Retriever:
      map_either(view.name(GenAi::RetrievalQuery), "input", record.input, sink);
      map_either(view.name(GenAi::RetrievalDocuments), "output", record.output, sink);
      return;
    default:
      map_value("input", record.input, sink);
      map_value("output", record.output, sink);
  }
}

}  // namespace v0
}  // namespace llmtrace
