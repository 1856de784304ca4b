// Usage and cost as clients give them, brought into the one shape in which they are stored: a JSON
// object from bucket to number.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "common/src/json_value.h"

namespace llmtrace::collector {

using UsageDetails = std::map<std::string, std::int64_t, std::less<>>;

/// Reads a map of counts, or one of OpenAI's two shapes (prompt_tokens..., input_tokens...), which
/// are flattened to input, output and total. Fractions, negative numbers and other values are left
/// out.
UsageDetails read_usage_details(const JsonValue& object);
/// Reads the deprecated `usage` of the legacy protocol: {input, output, total} or {promptTokens,
/// ...}.
UsageDetails read_legacy_usage(const JsonValue& object);
/// The stored form; the sum of the buckets becomes `total` if none was given. Nothing when empty.
std::optional<std::string> usage_json(UsageDetails usage);

/// Reads a map of costs; negative numbers are left out. The sum becomes `total` only when nothing
/// but `input` and `output` was given. Nothing when empty.
std::optional<std::string> cost_json(const JsonValue& object);
/// The costs inside the deprecated `usage`: inputCost, outputCost, totalCost.
std::optional<std::string> legacy_cost_json(const JsonValue& object);

}  // namespace llmtrace::collector
