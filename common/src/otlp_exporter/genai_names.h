// The names of OpenTelemetry's GenAI semantic conventions, by version. The conventions are in
// development and rename attributes between releases: every name that is sent stands in this one
// table, and a release more is one column more.
#pragma once

#include <llmtrace/otlp_config.h>

#include <cstdint>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

enum class GenAi : std::uint8_t {
  OperationName,
  ProviderName,
  RequestModel,
  Temperature,
  TopP,
  TopK,
  MaxTokens,
  FrequencyPenalty,
  PresencePenalty,
  Seed,
  StopSequences,
  ChoiceCount,
  Stream,
  EncodingFormats,
  Dimensions,
  OutputType,
  ResponseId,
  ResponseModel,
  FinishReasons,
  TimeToFirstChunk,
  InputTokens,
  OutputTokens,
  CacheReadTokens,
  CacheCreationTokens,
  ReasoningTokens,
  ConversationId,
  AgentId,
  AgentName,
  AgentDescription,
  AgentVersion,
  ToolName,
  ToolType,
  ToolCallId,
  ToolDescription,
  ToolArguments,
  ToolResult,
  ToolDefinitions,
  DataSourceId,
  RetrievalQuery,
  RetrievalDocuments,
  SystemInstructions,
  InputMessages,
  OutputMessages,
  EvaluationName,
  EvaluationValue,
  EvaluationLabel,
  EvaluationExplanation,
  kCount,
};

/// The attribute's name in that version; empty where it has none.
LLMTRACE_EXPORT std::string_view name_of(GenAi attribute, GenAiConventions version) noexcept;

}  // namespace v0
}  // namespace llmtrace
