// The counts of a llmtrace_bench_sink, asked for over HTTP.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace llmtrace::bench {

struct SinkStats {
  std::uint64_t requests = 0;
  std::uint64_t connections = 0;
  std::uint64_t bytes = 0;
  std::uint64_t spans = 0;
  std::uint64_t unique = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t refused = 0;
};

/// Nothing when the server at `base_url` is not the sink.
std::optional<SinkStats> fetch_sink_stats(const std::string& base_url);

}  // namespace llmtrace::bench
