// How many data points an export of OTLP metrics has: all that the collector wants to know of it.
#pragma once

#include <cstddef>
#include <string_view>

namespace llmtrace::collector {

/// Throw BadRequest for what is not of that encoding.
std::size_t count_points_protobuf(std::string_view body);
std::size_t count_points_json(std::string_view body);

}  // namespace llmtrace::collector
