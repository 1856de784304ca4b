// What the intakes stored, as nodes.
#pragma once

#include <llmtrace/observation_params.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "collector/langsmith/run.h"
#include "collector/observation.h"
#include "collector/otlp_trace.h"
#include "collector/traces/cost_estimator.h"
#include "collector/traces/node.h"

namespace llmtrace::collector {

/// What an observation does not hold of the span that it was made of.
struct SpanFacts {
  std::optional<std::int64_t> start_us{};
  std::optional<std::int64_t> end_us{};
  std::optional<std::string> provider{};
  std::string server{};  // host of the model's endpoint; "" = not known
};

SpanFacts facts_of(const OtlpSpan& span);

Node node_of(const Observation& row, Source source, const SpanFacts& facts,
             const CostEstimator& costs);

/// Nothing while the run's post is missing, for nobody knows its trace then.
std::optional<Node> node_of(const Run& run, const CostEstimator& costs);

/// Stored usage or cost, a JSON object of numbers.
llmtrace::UsageDetails usage_of_json(std::string_view json);
CostDetails cost_of_json(std::string_view json);

/// The usage of a run in buckets that add up, as observations have it.
llmtrace::UsageDetails usage_buckets(const Run& run);
/// The cost that the run tells.
CostDetails told_cost(const Run& run);

/// The model and the provider that a run's metadata and parameters name.
std::optional<std::string> model_of(const Run& run);
std::optional<std::string> provider_of(const Run& run);

}  // namespace llmtrace::collector
