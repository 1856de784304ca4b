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
  std::string_view unit;
  std::uint64_t DestinationStats::*value;
};

constexpr Column kColumns[] = {
    {"llmtrace_items_submitted_total", "Observations and scores handed to llmtrace.", "counter",
     "{item}", &DestinationStats::submitted},
    {"llmtrace_items_delivered_total", "Items that the server acknowledged.", "counter", "{item}",
     &DestinationStats::delivered},
    {"llmtrace_items_in_memory", "Items that are neither delivered nor dropped yet.", "gauge",
     "{item}", &DestinationStats::in_memory},
    {"llmtrace_requests_total", "HTTP attempts.", "counter", "{request}",
     &DestinationStats::requests},
    {"llmtrace_retries_total", "HTTP attempts that followed a failed one.", "counter", "{request}",
     &DestinationStats::retries},
    {"llmtrace_ambiguous_resends_total",
     "Attempts after one whose request was sent and whose answer was not read.", "counter",
     "{request}", &DestinationStats::ambiguous_resends},
    {"llmtrace_sent_bytes_total", "Request bodies, as sent.", "counter", "By",
     &DestinationStats::bytes_sent},
    {"llmtrace_late_updates_total", "Updates that came after the end.", "counter", "{update}",
     &DestinationStats::late_updates},
    {"llmtrace_invalid_numbers_total", "Usage, cost and score values that are no valid numbers.",
     "counter", "{value}", &DestinationStats::invalid_numbers},
    {"llmtrace_invalid_attributes_total", "Attributes of a trace that were left out or changed.",
     "counter", "{attribute}", &DestinationStats::invalid_attributes},
    {"llmtrace_user_code_failures_total", "Exceptions out of masks, callbacks and log sinks.",
     "counter", "{exception}", &DestinationStats::user_code_failures},
    {"llmtrace_truncated_items_total", "Items cut to their destination's limit.", "counter",
     "{item}", &DestinationStats::truncated_items},
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
    const DestinationOptions& options = destination->options();
    add(snapshot.destinations[options.name], destination->stats());
    snapshot.signals[options.name] = options.signal;
    const TransportImpl& transport = destination->transport();
    if (!transports.insert(&transport).second) continue;
    const Flusher::Load load = transport.load();
    snapshot.queued_items +=
        static_cast<std::uint64_t>(std::max<std::int64_t>(load.queued_items, 0));
    snapshot.held_bytes += static_cast<std::uint64_t>(std::max<std::int64_t>(load.held_bytes, 0));
    snapshot.max_bytes += transport.options().max_bytes;
    snapshot.max_items += transport.options().max_items;
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

namespace {

// What is looked up when it is asked for.
MetricData observed(std::string name, std::string_view help, std::string_view unit,
                    MetricType type) {
  MetricData data;
  data.name = std::move(name);
  data.description = help;
  data.unit = unit;
  data.type = type;
  data.observed = true;
  return data;
}

using Attributes = std::vector<std::pair<std::string, std::string>>;

void add_point(MetricData& data, Attributes attributes, std::uint64_t value) {
  MetricPoint& point = data.points.emplace_back();
  point.attributes = std::move(attributes);
  point.value = static_cast<double>(value);
}

// "llmtrace_items_submitted_total" is llmtrace.items_submitted.
std::string dotted(std::string_view name) {
  std::string text(name);
  text.replace(text.find('_'), 1, ".");
  if (text.ends_with("_total")) text.resize(text.size() - std::string_view("_total").size());
  return text;
}

// The conventions' own names for what an SDK counts of the items of one signal, "span" or "log".
void append_exporters(std::vector<MetricData>& all, const DeliverySnapshot& snapshot, Signal signal,
                      std::string_view item) {
  const std::string name = "otel.sdk.exporter." + std::string(item);
  const std::string unit = signal == Signal::Logs ? "{log_record}" : "{span}";
  MetricData exported = observed(
      name + ".exported", "What the backend acknowledged, or with an error.type did not get.", unit,
      MetricType::Counter);
  MetricData in_flight = observed(name + ".inflight", "What was handed over and has no fate yet.",
                                  unit, MetricType::UpDownCounter);
  for (const auto& [destination, stats] : snapshot.destinations) {
    if (snapshot.signals.at(destination) != signal) continue;
    add_point(exported, {{"otel.component.name", destination}}, stats.delivered);
    for (std::size_t i = 0; i < kDropReasonCount; ++i) {
      if (stats.dropped[i] == 0) continue;
      const std::string reason(to_string(static_cast<DropReason>(i)));
      add_point(exported, {{"otel.component.name", destination}, {"error.type", reason}},
                stats.dropped[i]);
    }
    add_point(in_flight, {{"otel.component.name", destination}}, stats.in_memory);
  }
  if (exported.points.empty()) return;
  all.push_back(std::move(exported));
  all.push_back(std::move(in_flight));
}

void append_gauge(std::vector<MetricData>& all, std::string name, std::string_view help,
                  std::string_view unit, std::uint64_t value) {
  all.push_back(observed(std::move(name), help, unit, MetricType::UpDownCounter));
  add_point(all.back(), {}, value);
}

}  // namespace

void append_delivery(std::vector<MetricData>& all, const DeliverySnapshot& snapshot) {
  if (snapshot.destinations.empty()) return;
  append_exporters(all, snapshot, Signal::Traces, "span");
  append_exporters(all, snapshot, Signal::Logs, "log");
  append_gauge(all, "otel.sdk.processor.span.queue.size", "Items in the transports' queues.",
               "{span}", snapshot.queued_items);
  append_gauge(all, "otel.sdk.processor.span.queue.capacity", "Items that transports may hold.",
               "{span}", snapshot.max_items);
  for (const Column& column : kColumns) {
    const bool is_counter = column.type == "counter";
    MetricData data = observed(dotted(column.name), column.help, column.unit,
                               is_counter ? MetricType::Counter : MetricType::UpDownCounter);
    for (const auto& [destination, stats] : snapshot.destinations) {
      add_point(data, {{"llmtrace.destination", destination}}, stats.*column.value);
    }
    all.push_back(std::move(data));
  }
  append_gauge(all, "llmtrace.memory", "What the transports hold, about.", "By",
               snapshot.held_bytes);
  append_gauge(all, "llmtrace.memory.limit", "What the transports may hold.", "By",
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
