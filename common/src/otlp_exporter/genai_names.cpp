#include "common/src/otlp_exporter/genai_names.h"

#include <array>
#include <cstddef>

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::size_t kVersions = 2;

// A row in the order of GenAi: the name in 1.36, the name in 1.41.
using Row = std::array<std::string_view, kVersions>;
constexpr std::array<Row, static_cast<std::size_t>(GenAi::kCount)> kNames{{
    {"gen_ai.operation.name", "gen_ai.operation.name"},
    {"gen_ai.system", "gen_ai.provider.name"},
    {"gen_ai.request.model", "gen_ai.request.model"},
    {"gen_ai.request.temperature", "gen_ai.request.temperature"},
    {"gen_ai.request.top_p", "gen_ai.request.top_p"},
    {"gen_ai.request.top_k", "gen_ai.request.top_k"},
    {"gen_ai.request.max_tokens", "gen_ai.request.max_tokens"},
    {"gen_ai.request.frequency_penalty", "gen_ai.request.frequency_penalty"},
    {"gen_ai.request.presence_penalty", "gen_ai.request.presence_penalty"},
    {"gen_ai.request.seed", "gen_ai.request.seed"},
    {"gen_ai.request.stop_sequences", "gen_ai.request.stop_sequences"},
    {"gen_ai.request.choice.count", "gen_ai.request.choice.count"},
    {"", "gen_ai.request.stream"},
    {"gen_ai.request.encoding_formats", "gen_ai.request.encoding_formats"},
    {"", "gen_ai.embeddings.dimension.count"},
    {"gen_ai.output.type", "gen_ai.output.type"},
    {"gen_ai.response.id", "gen_ai.response.id"},
    {"gen_ai.response.model", "gen_ai.response.model"},
    {"gen_ai.response.finish_reasons", "gen_ai.response.finish_reasons"},
    {"", "gen_ai.response.time_to_first_chunk"},
    {"gen_ai.usage.input_tokens", "gen_ai.usage.input_tokens"},
    {"gen_ai.usage.output_tokens", "gen_ai.usage.output_tokens"},
    {"", "gen_ai.usage.cache_read.input_tokens"},
    {"", "gen_ai.usage.cache_creation.input_tokens"},
    {"", "gen_ai.usage.reasoning.output_tokens"},
    {"gen_ai.conversation.id", "gen_ai.conversation.id"},
    {"gen_ai.agent.id", "gen_ai.agent.id"},
    {"gen_ai.agent.name", "gen_ai.agent.name"},
    {"gen_ai.agent.description", "gen_ai.agent.description"},
    {"", "gen_ai.agent.version"},
    {"gen_ai.tool.name", "gen_ai.tool.name"},
    {"gen_ai.tool.type", "gen_ai.tool.type"},
    {"gen_ai.tool.call.id", "gen_ai.tool.call.id"},
    {"gen_ai.tool.description", "gen_ai.tool.description"},
    {"", "gen_ai.tool.call.arguments"},
    {"", "gen_ai.tool.call.result"},
    {"", "gen_ai.tool.definitions"},
    {"gen_ai.data_source.id", "gen_ai.data_source.id"},
    {"", "gen_ai.retrieval.query.text"},
    {"", "gen_ai.retrieval.documents"},
    {"llmtrace.system_instructions", "gen_ai.system_instructions"},
    {"gen_ai.prompt", "gen_ai.input.messages"},
    {"gen_ai.completion", "gen_ai.output.messages"},
    {"", "gen_ai.evaluation.name"},
    {"", "gen_ai.evaluation.score.value"},
    {"", "gen_ai.evaluation.score.label"},
    {"", "gen_ai.evaluation.explanation"},
}};

}  // namespace

std::string_view name_of(GenAi attribute, GenAiConventions version) noexcept {
  return kNames[static_cast<std::size_t>(attribute)][static_cast<std::size_t>(version)];
}

}  // namespace v0
}  // namespace llmtrace
