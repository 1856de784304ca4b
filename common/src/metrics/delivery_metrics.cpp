#include "common/src/metrics/delivery_metrics.h"

#include <algorithm>
#include <set>

#include "common/src/registry.h"
#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

struct Column {
  std::string_view name;
  std::string_view help;
  std::string_view type;
  std::uint64_t DestinationStats::*value;
};

constexpr Column kColumns[] = {
    {"llmtrace_items_submitted_total", "Observations and scores handed to llmtrace.", "counter",
     &DestinationStats::submitted},
    {"llmtrace_items_delivered_total", "Items that the server acknowledged.", "counter",
     &DestinationStats::delivered},
    {"llmtrace_items_in_memory", "Items that are neither delivered nor dropped yet.", "gauge",
     &DestinationStats::in_memory},
    {"llmtrace_requests_total", "HTTP attempts.", "counter", &DestinationStats::requests},
    {"llmtrace_retries_total", "HTTP attempts that followed a failed one.", "counter",
     &DestinationStats::retries},
    {"llmtrace_ambiguous_resends_total",
     "Attempts after one whose request was sent and whose answer was not read.", "counter",
     &DestinationStats::ambiguous_resends},
    {"llmtrace_sent_bytes_total", "Request bodies, as sent.", "counter",
     &DestinationStats::bytes_sent},
    {"llmtrace_late_updates_total", "Updates that came after the end.", "counter",
     &DestinationStats::late_updates},
    {"llmtrace_invalid_numbers_total", "Usage, cost and score values that are no valid numbers.",
     "counter", &DestinationStats::invalid_numbers},
    {"llmtrace_invalid_attributes_total", "Attributes of a trace that were left out or changed.",
     "counter", &DestinationStats::invalid_attributes},
    {"llmtrace_user_code_failures_total", "Exceptions out of masks, callbacks and log sinks.",
     "counter", &DestinationStats::user_code_failures},
    {"llmtrace_truncated_items_total", "Items cut to their destination's limit.", "counter",
     &DestinationStats::truncated_items},
};

const std::vector<std::string> kByDestination = {"destination"};
const std::vector<std::string> kByReason = {"destination", "reason"};

void add(DestinationStats& total, const DestinationStats& stats) {
  for (const Column& column : kColumns) total.*column.value += stats.*column.value;
  for (std::size_t i = 0; i < kDropReasonCount; ++i) total.dropped[i] += stats.dropped[i];
}

void write_gauge(PrometheusWriter& writer, std::string_view name, std::string_view help,
                 std::uint64_t value) {
  writer.family(name, help, "gauge");
  writer.sample(name, {}, {}, static_cast<double>(value));
}

}  // namespace

DeliverySnapshot delivery_snapshot() {
  DeliverySnapshot snapshot;
  std::set<const TransportImpl*> transports;
  for (const Ref<Destination>& destination : live_destinations()) {
    add(snapshot.destinations[destination->options().name], destination->stats());
    const TransportImpl& transport = destination->transport();
    if (!transports.insert(&transport).second) continue;
    const Flusher::Load load = transport.load();
    snapshot.queued_items +=
        static_cast<std::uint64_t>(std::max<std::int64_t>(load.queued_items, 0));
    snapshot.held_bytes += static_cast<std::uint64_t>(std::max<std::int64_t>(load.held_bytes, 0));
    snapshot.max_bytes += transport.options().max_bytes;
  }
  return snapshot;
}

void write_delivery(PrometheusWriter& writer, const DeliverySnapshot& snapshot) {
  for (const Column& column : kColumns) {
    writer.family(column.name, column.help, column.type);
    for (const auto& [name, stats] : snapshot.destinations) {
      writer.sample(column.name, kByDestination, {name}, static_cast<double>(stats.*column.value));
    }
  }
  constexpr std::string_view kDropped = "llmtrace_items_dropped_total";
  writer.family(kDropped, "Items that were dropped, by reason.", "counter");
  for (const auto& [name, stats] : snapshot.destinations) {
    for (std::size_t i = 0; i < kDropReasonCount; ++i) {
      const std::string reason(to_string(static_cast<DropReason>(i)));
      writer.sample(kDropped, kByReason, {name, reason}, static_cast<double>(stats.dropped[i]));
    }
  }
  write_gauge(writer, "llmtrace_queue_items", "Items in the queues of all transports.",
              snapshot.queued_items);
  write_gauge(writer, "llmtrace_memory_bytes", "What the transports hold, about.",
              snapshot.held_bytes);
  write_gauge(writer, "llmtrace_memory_limit_bytes", "What the transports may hold.",
              snapshot.max_bytes);
}

std::vector<Json> delivery_json(const DeliverySnapshot& snapshot) {
  std::vector<Json> all;
  for (const auto& [name, stats] : snapshot.destinations) {
    std::vector<std::pair<std::string, std::uint64_t>> reasons;
    for (std::size_t i = 0; i < kDropReasonCount; ++i) {
      if (stats.dropped[i] != 0) {
        reasons.emplace_back(to_string(static_cast<DropReason>(i)), stats.dropped[i]);
      }
    }
    Json dropped = std::initializer_list<JsonMember>{};
    for (const auto& [reason, count] : reasons) dropped.merge({{reason, count}});
    all.push_back({{"destination", name},
                   {"submitted", stats.submitted},
                   {"delivered", stats.delivered},
                   {"dropped", std::move(dropped)},
                   {"in_memory", stats.in_memory},
                   {"requests", stats.requests},
                   {"retries", stats.retries}});
  }
  return all;
}

}  // namespace v0
}  // namespace llmtrace
