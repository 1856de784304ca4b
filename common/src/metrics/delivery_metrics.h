// What the clients themselves count, for the exposition: one series per destination's name.
#pragma once

#include <llmtrace/stats.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "common/src/destination.h"
#include "common/src/metrics/family.h"

namespace llmtrace {
inline namespace v0 {

struct DeliverySnapshot {
  std::map<std::string, DestinationStats> destinations{};  // those of one name together
  std::map<std::string, Signal> signals{};                 // of the same names
  std::uint64_t queued_items = 0;
  std::uint64_t held_bytes = 0;
  std::uint64_t max_bytes = 0;
  std::uint64_t max_items = 0;
};

/// Of all live clients.
DeliverySnapshot delivery_snapshot();
void write_delivery(PrometheusWriter& writer, const DeliverySnapshot& snapshot);
/// Under OpenTelemetry's names.
void append_delivery(std::vector<MetricData>& all, const DeliverySnapshot& snapshot);
/// An array, one object for each destination.
std::vector<Json> delivery_json(const DeliverySnapshot& snapshot);

}  // namespace v0
}  // namespace llmtrace
