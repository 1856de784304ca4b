// MetricSource gives the numbers of this moment to who sends them away: OtlpConfig::metrics. The
// registry is one (Metrics::source); a program may write its own, over another library's registry.
// Exporters know no registry and registries no exporter: both know this.
//
// Numbers are totals since the source began; an exporter that sends differences makes them itself.
#pragma once

#include <llmtrace/export.h>

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace llmtrace {
inline namespace v0 {

enum class MetricType : unsigned char {
  Counter,        ///< a total that only grows
  UpDownCounter,  ///< a total that also falls: entries of a queue
  Gauge,          ///< a value of this moment
  Histogram,
};

/// Which numbers an exporter sends as what was added since it last asked, not as totals.
enum class MetricTemporality : unsigned char {
  Cumulative,  ///< none
  Delta,       ///< counters and histograms
  LowMemory,   ///< the same, but not counters that are looked up (MetricData::observed)
};

/// One series. A histogram has all but `value`; the others have it alone.
struct MetricPoint {
  std::vector<std::pair<std::string, std::string>> attributes{};  ///< those with an empty value are
                                                                  ///< not sent
  double value = 0;
  std::uint64_t count = 0;
  double sum = 0;
  double min = 0;
  double max = 0;
  std::vector<std::uint64_t> buckets{};  ///< one more than MetricData::bounds: those above the last
};

struct MetricData {
  std::string name{};
  std::string description{};
  std::string unit{};  ///< UCUM: "s", "By", "{token}"
  MetricType type = MetricType::Counter;
  /// Not counted as it happened but looked up: the exporter's lowmemory temporality asks for it.
  bool observed = false;
  std::vector<double> bounds{};  ///< of a histogram: ascending upper bounds
  std::vector<MetricPoint> points{};
};

class LLMTRACE_EXPORT MetricSource {
 public:
  virtual ~MetricSource() = default;
  /// On the flusher thread. May throw: then the next call tells of it.
  virtual std::vector<MetricData> collect() const = 0;
};

}  // namespace v0
}  // namespace llmtrace
