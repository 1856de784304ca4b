// The counts of a llmtrace_bench_sink: it keeps them and tells them at GET /stats, the program that
// sends asks for them there.
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
  std::uint64_t scores = 0;
  std::uint64_t refused = 0;
};

struct SinkCount {
  const char* name;  ///< in the reply
  std::uint64_t SinkStats::*count;
};
inline constexpr SinkCount kSinkCounts[] = {
    {"requests", &SinkStats::requests}, {"connections", &SinkStats::connections},
    {"bytes", &SinkStats::bytes},       {"spans", &SinkStats::spans},
    {"unique", &SinkStats::unique},     {"duplicates", &SinkStats::duplicates},
    {"scores", &SinkStats::scores},     {"refused", &SinkStats::refused}};

/// Nothing when the server at `base_url` is not the sink.
std::optional<SinkStats> fetch_sink_stats(const std::string& base_url);

}  // namespace llmtrace::bench
