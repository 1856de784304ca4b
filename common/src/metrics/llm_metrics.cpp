#include <llmtrace/llm_metrics.h>

#include <array>
#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <tuple>
#include <vector>

#include "common/src/error_type.h"
#include "common/src/metrics/delivery_metrics.h"
#include "common/src/metrics/family.h"
#include "common/src/observer.h"
#include "common/src/token_counts.h"
#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::nanoseconds;

// Operations, providers and models together, the one for all others among them. A family has room
// for each: one that ran full before would count a success as an outcome that is none.
constexpr std::size_t kMostSeries = 201;

// Bounds of OpenTelemetry's GenAI conventions 1.41.
std::vector<double> duration_buckets() {
  return {0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92};
}
std::vector<double> token_buckets() {
  return {1,      4,      16,      64,        256,       1024,       4096,
          16'384, 65'536, 262'144, 1'048'576, 4'194'304, 16'777'216, 67'108'864};
}

StringList call_labels() {
  return {"gen_ai_operation_name", "gen_ai_provider_name", "gen_ai_request_model"};
}
StringList call_labels_and(std::string_view last) {
  std::vector<std::string> labels = call_labels().items();
  labels.emplace_back(last);
  return labels;
}

double seconds(nanoseconds duration) { return std::chrono::duration<double>(duration).count(); }

// The conventions' names for them, with dots; `last` alone has another one.
OtlpMetricName otlp_name(std::string_view name, std::string_view unit, std::string_view last = {}) {
  std::vector<std::string> attributes = {"gen_ai.operation.name", "gen_ai.provider.name",
                                         "gen_ai.request.model"};
  if (!last.empty()) attributes.emplace_back(last);
  return {std::string(name), std::string(unit), std::move(attributes)};
}

// A count below zero is none.
double count_of(std::optional<std::int64_t> tokens) {
  return tokens && *tokens > 0 ? static_cast<double>(*tokens) : 0;
}

}  // namespace

// The series of one operation, provider and model: looked up once, then known by address.
struct LlmSeries {
  std::string operation;
  std::string provider;
  std::string model;
  Counter succeeded;
  Counter failed;
  Histogram duration;  // of those that succeeded
  Histogram first_token;
  Histogram input_tokens;
  Histogram output_tokens;
  Counter cached_tokens;
  Counter reasoning_tokens;
  Counter cost;

  bool is_of(const LlmCall& call) const noexcept {
    return operation == call.operation && model == call.model && provider == call.provider;
  }
};

class LlmMetrics::Impl {
 public:
  /// `owned` keeps the series, whatever becomes of the registry itself.
  Impl(Metrics& registry, std::shared_ptr<const void> owned)
      : owned_(std::move(owned)),
        requests_(
            registry.counter({.name = "llm_requests_total",
                              .help = "LLM calls by outcome.",
                              .labels = call_labels_and("outcome"),
                              .max_series = 2 * kMostSeries,
                              .otlp = otlp_name("llm_requests_total", "{request}", "outcome")})),
        errors_(
            registry.counter({.name = "llm_errors_total",
                              .help = "Failed LLM calls by type of error.",
                              .labels = call_labels_and("error_type"),
                              .otlp = otlp_name("llm_errors_total", "{request}", "error.type")})),
        durations_(registry.histogram(
            {.name = "gen_ai_client_operation_duration_seconds",
             .help = "Duration of LLM calls.",
             .labels = call_labels_and("error_type"),
             .buckets = duration_buckets(),
             .max_series = 2 * kMostSeries,
             .otlp = otlp_name("gen_ai.client.operation.duration", "s", "error.type")})),
        first_tokens_(registry.histogram(
            {.name = "gen_ai_client_operation_time_to_first_chunk_seconds",
             .help = "Time until the first token arrived.",
             .labels = call_labels(),
             .buckets = duration_buckets(),
             .max_series = kMostSeries,
             .otlp = otlp_name("gen_ai.client.operation.time_to_first_chunk", "s")})),
        tokens_(registry.histogram(
            {.name = "gen_ai_client_token_usage",
             .help = "Tokens of an LLM call; input includes cached ones.",
             .labels = call_labels_and("gen_ai_token_type"),
             .buckets = token_buckets(),
             .max_series = 2 * kMostSeries,
             .otlp = otlp_name("gen_ai.client.token.usage", "{token}", "gen_ai.token.type")})),
        cached_(registry.counter({.name = "llm_cached_input_tokens_total",
                                  .help = "Input tokens that the provider had cached.",
                                  .labels = call_labels(),
                                  .max_series = kMostSeries,
                                  .otlp = otlp_name("llm_cached_input_tokens_total", "{token}")})),
        reasoning_(registry.counter({.name = "llm_reasoning_tokens_total",
                                     .help = "Output tokens spent on reasoning.",
                                     .labels = call_labels(),
                                     .max_series = kMostSeries,
                                     .otlp = otlp_name("llm_reasoning_tokens_total", "{token}")})),
        costs_(registry.counter({.name = "llm_cost_usd_total",
                                 .help = "Cost of LLM calls in US dollars.",
                                 .labels = call_labels(),
                                 .max_series = kMostSeries,
                                 .otlp = otlp_name("llm_cost_usd_total", "{USD}")})),
        cache_(registry.counter({.name = "llm_cache_lookups_total",
                                 .help = "Look-ups in the program's own cache of answers.",
                                 .labels = {"result"}})),
        in_flight_(registry.gauge(
            {.name = "llm_in_flight",
             .help = "LLM calls that have begun and not ended.",
             .labels = {"gen_ai_operation_name"},
             .otlp = {.unit = "{request}", .attributes = {"gen_ai.operation.name"}}})),
        hits_(cache_.with("hit")),
        misses_(cache_.with("miss")) {}

  void record(const LlmCall& call) noexcept {
    const LlmSeries* const known = find(call);
    if (known == nullptr) return;  // no memory
    const LlmSeries& series = *known;
    if (call.error_type.empty()) {
      series.succeeded.add();
      series.duration.record(seconds(call.latency));
    } else {
      series.failed.add();
      errors_.with(call.operation, call.provider, call.model, call.error_type).add();
      durations_.with(call.operation, call.provider, call.model, call.error_type)
          .record(seconds(call.latency));
    }
    if (call.time_to_first_token) series.first_token.record(seconds(*call.time_to_first_token));
    if (call.input_tokens) series.input_tokens.record(count_of(call.input_tokens));
    if (call.output_tokens) series.output_tokens.record(count_of(call.output_tokens));
    if (call.cached_tokens) series.cached_tokens.add(count_of(call.cached_tokens));
    if (call.reasoning_tokens) series.reasoning_tokens.add(count_of(call.reasoning_tokens));
    if (call.cost) series.cost.add(*call.cost);
    if (call.cache_hit) count_cache_lookup(*call.cache_hit);
  }

  void count_cache_lookup(bool hit) noexcept { (hit ? hits_ : misses_).add(); }

  void count_in_flight(std::string_view operation, double change) noexcept {
    in_flight_.with(operation).add(change);
  }

  Statistics latency() const;
  Json dashboard() const;

 private:
  // A thread's last series: one call after the other is most often of the same model. An entry is
  // known by the address of the Impl and its number, for addresses are used again.
  struct Recent {
    const Impl* owner = nullptr;
    std::uint64_t number = 0;
    const LlmSeries* series = nullptr;
  };
  static Recent& recent_of(const LlmCall& call) noexcept {
    constexpr std::size_t kPlaces = 16;
    thread_local std::array<Recent, kPlaces> recent{};
    const std::size_t last = call.model.empty() ? 0 : static_cast<unsigned char>(call.model.back());
    return recent[(last + call.model.size() + call.provider.size() + call.operation.size()) %
                  kPlaces];
  }

  const LlmSeries* find(LlmCall call) noexcept;
  const LlmSeries* look_up(const LlmCall& call);
  LlmSeries* among_known(const LlmCall& call) const noexcept;
  std::unique_ptr<LlmSeries> made(const LlmCall& call) const;

  static std::uint64_t next_number() noexcept {
    static std::atomic<std::uint64_t> last{0};
    return ++last;
  }

  static constexpr std::string_view kOther = "_other";

  const std::uint64_t number_ = next_number();
  const std::shared_ptr<const void> owned_;
  const MetricFamily<Counter> requests_;
  const MetricFamily<Counter> errors_;
  const MetricFamily<Histogram> durations_;
  const MetricFamily<Histogram> first_tokens_;
  const MetricFamily<Histogram> tokens_;
  const MetricFamily<Counter> cached_;
  const MetricFamily<Counter> reasoning_;
  const MetricFamily<Counter> costs_;
  const MetricFamily<Counter> cache_;
  const MetricFamily<Gauge> in_flight_;
  const Counter hits_;
  const Counter misses_;

  std::shared_mutex mutex_;  // guards series_, not what its elements count
  std::vector<std::unique_ptr<LlmSeries>> series_;
};

const LlmSeries* LlmMetrics::Impl::find(LlmCall call) noexcept {
  call.operation = utf8_prefix(call.operation, kMaxLabelBytes);
  call.provider = utf8_prefix(call.provider, kMaxLabelBytes);
  call.model = utf8_prefix(call.model, kMaxLabelBytes);
  Recent& recent = recent_of(call);
  if (recent.owner == this && recent.number == number_ && recent.series->is_of(call)) {
    return recent.series;
  }
  try {
    const LlmSeries* const series = look_up(call);
    recent = {this, number_, series};
    return series;
  } catch (const std::exception&) {  // no memory for a new one
    return nullptr;
  }
}

const LlmSeries* LlmMetrics::Impl::look_up(const LlmCall& call) {
  {
    const std::shared_lock lock(mutex_);
    if (const LlmSeries* const known = among_known(call)) return known;
  }
  const std::unique_lock lock(mutex_);
  LlmCall kept = call;
  if (series_.size() + 1 >= kMostSeries) kept.operation = kept.provider = kept.model = kOther;
  if (const LlmSeries* const known = among_known(kept)) return known;
  series_.push_back(made(kept));
  return series_.back().get();
}

LlmSeries* LlmMetrics::Impl::among_known(const LlmCall& call) const noexcept {
  for (const auto& series : series_) {
    if (series->is_of(call)) return series.get();
  }
  return nullptr;
}

std::unique_ptr<LlmSeries> LlmMetrics::Impl::made(const LlmCall& call) const {
  const auto& [operation, provider, model] = std::tie(call.operation, call.provider, call.model);
  return std::make_unique<LlmSeries>(
      LlmSeries{.operation = std::string(operation),
                .provider = std::string(provider),
                .model = std::string(model),
                .succeeded = requests_.with(operation, provider, model, "success"),
                .failed = requests_.with(operation, provider, model, "error"),
                .duration = durations_.with(operation, provider, model, ""),
                .first_token = first_tokens_.with(operation, provider, model),
                .input_tokens = tokens_.with(operation, provider, model, "input"),
                .output_tokens = tokens_.with(operation, provider, model, "output"),
                .cached_tokens = cached_.with(operation, provider, model),
                .reasoning_tokens = reasoning_.with(operation, provider, model),
                .cost = costs_.with(operation, provider, model)});
}

namespace {

// What the dashboard says of one operation, provider and model, or of all of them.
struct Row {
  double succeeded = 0;
  double failed = 0;
  HistogramSnapshot duration;
  HistogramSnapshot first_token;
  HistogramSnapshot input;
  HistogramSnapshot output;
  double cached = 0;
  double reasoning = 0;
  double cost = 0;

  void add(const Row& other) {
    succeeded += other.succeeded;
    failed += other.failed;
    duration.merge(other.duration);
    first_token.merge(other.first_token);
    input.merge(other.input);
    output.merge(other.output);
    cached += other.cached;
    reasoning += other.reasoning;
    cost += other.cost;
  }
};

Json milliseconds_json(const HistogramSnapshot& durations) {
  const Statistics statistics = durations.statistics();
  return {{"count", statistics.count},         {"mean", statistics.mean * 1e3},
          {"median", statistics.median * 1e3}, {"min", statistics.min * 1e3},
          {"max", statistics.max * 1e3},       {"p95", statistics.p95 * 1e3},
          {"p99", statistics.p99 * 1e3}};
}

double share_of(double part, double whole) { return whole > 0 ? part / whole : 0; }

Json row_json(const Row& row) {
  const double requests = row.succeeded + row.failed;
  return {{"requests", requests},
          {"errors", row.failed},
          {"error_rate", share_of(row.failed, requests)},
          {"latency_ms", milliseconds_json(row.duration)},
          {"time_to_first_token_ms", milliseconds_json(row.first_token)},
          {"tokens", Json{{"input", row.input.sum},
                          {"output", row.output.sum},
                          {"cached_input", row.cached},
                          {"reasoning", row.reasoning}}},
          {"cost_usd", row.cost}};
}

// The first three labels: operation, provider, model.
using Rows = std::map<LabelValues, Row>;

template <class Handle, class Add>
void collect(const MetricFamily<Handle>& family, Rows& rows, Add add) {
  family.family()->for_each([&](const LabelValues& labels, const auto& series) {
    add(rows[LabelValues(labels.begin(), labels.begin() + 3)], labels.back(), series);
  });
}

}  // namespace

Statistics LlmMetrics::Impl::latency() const {
  HistogramSnapshot all;
  durations_.family()->for_each(
      [&](const LabelValues&, const HistogramSeries& series) { all.merge(series.snapshot()); });
  return all.statistics();
}

Json LlmMetrics::Impl::dashboard() const {
  Rows rows;
  collect(requests_, rows, [](Row& row, const std::string& outcome, const CounterSeries& series) {
    (outcome == "success" ? row.succeeded : row.failed) += series.value();
  });
  collect(durations_, rows, [](Row& row, const std::string&, const HistogramSeries& series) {
    row.duration.merge(series.snapshot());
  });
  collect(first_tokens_, rows, [](Row& row, const std::string&, const HistogramSeries& series) {
    row.first_token.merge(series.snapshot());
  });
  collect(tokens_, rows, [](Row& row, const std::string& type, const HistogramSeries& series) {
    (type == "input" ? row.input : row.output).merge(series.snapshot());
  });
  collect(cached_, rows, [](Row& row, const std::string&, const CounterSeries& series) {
    row.cached += series.value();
  });
  collect(reasoning_, rows, [](Row& row, const std::string&, const CounterSeries& series) {
    row.reasoning += series.value();
  });
  collect(costs_, rows, [](Row& row, const std::string&, const CounterSeries& series) {
    row.cost += series.value();
  });

  Row total;
  std::vector<Json> models;
  for (const auto& [labels, row] : rows) {
    total.add(row);
    Json line{{"operation", labels[0]}, {"provider", labels[1]}, {"model", labels[2]}};
    line.merge(row_json(row));
    models.push_back(std::move(line));
  }
  std::map<std::string, double> errors;
  errors_.family()->for_each([&](const LabelValues& labels, const CounterSeries& series) {
    errors[labels.back()] += series.value();
  });
  double in_flight = 0;
  in_flight_.family()->for_each(
      [&](const LabelValues&, const GaugeSeries& series) { in_flight += series.value(); });

  Json dashboard = row_json(total);
  dashboard.merge(
      {{"in_flight", in_flight},
       {"cache", Json{{"hits", hits_.value()},
                      {"misses", misses_.value()},
                      {"hit_rate", share_of(hits_.value(), hits_.value() + misses_.value())}}},
       {"errors_by_type", errors},
       {"models", models},
       {"delivery", delivery_json(delivery_snapshot())}});
  return dashboard;
}

namespace {

// OpenTelemetry's name for what an observation of that type does.
std::string_view operation_of(ObservationType type) noexcept {
  return type == ObservationType::Embedding ? "embeddings" : "chat";
}

bool is_llm_call(const Record& record) noexcept {
  return record.type == ObservationType::Generation || record.type == ObservationType::Embedding;
}

}  // namespace

// Fills an LlmMetrics from what is traced; may outlive it by a call.
class LlmMetrics::Watcher final : public Observer {
 public:
  explicit Watcher(std::shared_ptr<Impl> target) : target_(std::move(target)) {}

  void started(const Record& record) noexcept override {
    if (is_llm_call(record)) target_->count_in_flight(operation_of(record.type), 1);
  }
  void ended(const Record& record) noexcept override {
    if (!is_llm_call(record)) return;
    target_->count_in_flight(operation_of(record.type), -1);
    const TokenCounts tokens = token_counts(record.usage_details);
    LlmCall call;
    call.operation = operation_of(record.type);
    call.provider = record.provider;
    call.model = record.model;
    call.error_type = error_type_of(record);
    call.latency = record.end_time - record.start_time;
    if (record.completion_start_time) {
      call.time_to_first_token = *record.completion_start_time - record.start_time;
    }
    call.input_tokens = tokens.input;
    call.output_tokens = tokens.output;
    call.cached_tokens = tokens.cache_read;
    call.reasoning_tokens = tokens.reasoning;
    call.cost = total_cost(record.cost_details);
    target_->record(call);
  }

 private:
  const std::shared_ptr<Impl> target_;
};

LlmMetrics::LlmMetrics(LlmMetricsOptions options) {
  Metrics& registry = options.registry != nullptr ? *options.registry : Metrics::process_default();
  impl_ = std::make_shared<Impl>(registry, registry.impl_);
  if (!options.observe) return;
  // The watcher's own reference counts; the shared pointer hides it from the header.
  watcher_ =
      std::shared_ptr<Watcher>(new Watcher(impl_), [](Watcher* watcher) { watcher->release(); });
  add_observer(Ref<Observer>::share(watcher_.get()));
}

LlmMetrics::~LlmMetrics() {
  if (watcher_) remove_observer(Ref<Observer>::share(watcher_.get()));
}

void LlmMetrics::record(const LlmCall& call) noexcept { impl_->record(call); }
void LlmMetrics::begin(std::string_view operation) noexcept {
  impl_->count_in_flight(operation, 1);
}
void LlmMetrics::end(std::string_view operation) noexcept { impl_->count_in_flight(operation, -1); }
void LlmMetrics::cache_lookup(bool hit) noexcept { impl_->count_cache_lookup(hit); }
Statistics LlmMetrics::latency() const { return impl_->latency(); }
Json LlmMetrics::dashboard() const { return impl_->dashboard(); }

}  // namespace v0
}  // namespace llmtrace
