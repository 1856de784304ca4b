#include "collector/observation_type.h"

#include <algorithm>
#include <array>
#include <utility>

namespace llmtrace::collector {
namespace {

using NamePair = std::pair<std::string_view, std::string_view>;

constexpr std::array<NamePair, 10> kTypes = {{{"span", "SPAN"},
                                              {"generation", "GENERATION"},
                                              {"event", "EVENT"},
                                              {"embedding", "EMBEDDING"},
                                              {"agent", "AGENT"},
                                              {"tool", "TOOL"},
                                              {"chain", "CHAIN"},
                                              {"retriever", "RETRIEVER"},
                                              {"guardrail", "GUARDRAIL"},
                                              {"evaluator", "EVALUATOR"}}};

constexpr std::array<NamePair, 8> kOpenInferenceKinds = {{{"LLM", "GENERATION"},
                                                          {"EMBEDDING", "EMBEDDING"},
                                                          {"AGENT", "AGENT"},
                                                          {"TOOL", "TOOL"},
                                                          {"CHAIN", "CHAIN"},
                                                          {"RETRIEVER", "RETRIEVER"},
                                                          {"GUARDRAIL", "GUARDRAIL"},
                                                          {"EVALUATOR", "EVALUATOR"}}};

constexpr std::array<NamePair, 9> kGenAiOperations = {{{"chat", "GENERATION"},
                                                       {"completion", "GENERATION"},
                                                       {"text_completion", "GENERATION"},
                                                       {"generate_content", "GENERATION"},
                                                       {"generate", "GENERATION"},
                                                       {"embeddings", "EMBEDDING"},
                                                       {"invoke_agent", "AGENT"},
                                                       {"create_agent", "AGENT"},
                                                       {"execute_tool", "TOOL"}}};

template <std::size_t Size>
std::optional<std::string> look_up(const std::array<NamePair, Size>& table, std::string_view name) {
  const auto found = std::find_if(table.begin(), table.end(),
                                  [name](const NamePair& pair) { return pair.first == name; });
  if (found == table.end()) return std::nullopt;
  return std::string(found->second);
}

}  // namespace

std::string observation_type(SpanAttributes& attributes) {
  const auto given = attributes.text({"langfuse.observation.type"});
  if (const auto type = type_from_name(given.value_or(""))) return *type;
  const auto kind = attributes.text({"openinference.span.kind"});
  if (const auto type = look_up(kOpenInferenceKinds, kind.value_or(""))) return *type;
  const auto operation = attributes.text({"gen_ai.operation.name"});
  if (const auto type = look_up(kGenAiOperations, operation.value_or(""))) return *type;
  if (attributes.text({"gen_ai.tool.name", "gen_ai.tool.call.id"})) return "TOOL";
  const bool names_a_model =
      attributes
          .text({"langfuse.observation.model.name", "gen_ai.response.model", "ai.model.id",
                 "gen_ai.request.model", "llm.response.model", "llm.model_name", "model"})
          .has_value();
  return names_a_model ? "GENERATION" : "SPAN";
}

std::optional<std::string> type_from_name(std::string_view lower_case_name) {
  return look_up(kTypes, lower_case_name);
}

}  // namespace llmtrace::collector
