// Metrics holds counters, gauges and histograms with labels, and shows them as Prometheus text or
// gives them to an exporter (`source`).
//
//   llmtrace::Metrics& metrics = llmtrace::Metrics::process_default();
//   auto requests = metrics.counter({.name = "app_requests_total", .help = "Requests.", .labels =
//   {"route"}}); requests.with("/complete").add();
//
// Any thread may use everything here. Handles are one pointer, cheap to copy, and valid as long as
// their Metrics; `with` looks a series up, so keep its result where it is used often. A family
// holds at most `max_series` label sets: what comes after is counted together under the label value
// "_other".
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/json.h>
#include <llmtrace/metric_source.h>

#include <array>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace {
inline namespace v0 {

/// Of the values of one series. Percentiles are within 1 %; all else is exact.
struct Statistics {
  std::uint64_t count = 0;
  double sum = 0;
  double mean = 0;
  double median = 0;
  double min = 0;
  double max = 0;
  double p95 = 0;
  double p99 = 0;
};

/// The most upper bounds that a histogram can show.
inline constexpr std::size_t kMaxBuckets = 64;
/// Longer label values are cut, on a code point.
inline constexpr std::size_t kMaxLabelBytes = 128;

/// What a metric is called where names have dots: at an OTLP backend.
struct OtlpMetricName {
  std::string name{};       ///< empty: MetricParams::name as it is
  std::string unit{};       ///< UCUM: "s", "By", "{token}"
  StringList attributes{};  ///< one for each label; empty: the labels as they are
};

struct MetricParams {
  std::string name{};  ///< [a-zA-Z_:][a-zA-Z0-9_:]*; counters end in "_total"
  std::string help{};
  StringList labels{};  ///< names, [a-zA-Z_][a-zA-Z0-9_]*
  /// Of a histogram: ascending, positive upper bounds for the exposition. Percentiles do not depend
  /// on them.
  std::vector<double> buckets{};
  std::size_t max_series = 200;
  OtlpMetricName otlp{};
};

class CounterSeries;
class GaugeSeries;
class HistogramSeries;
template <class Handle>
class FamilyOf;

/// A number that only grows.
class LLMTRACE_EXPORT Counter {
 public:
  using Series = CounterSeries;
  explicit Counter(Series* series) noexcept : series_(series) {}
  /// Negative and non-finite amounts are ignored.
  void add(double amount = 1) const noexcept;
  double value() const noexcept;

 private:
  Series* series_;
};

/// A number that goes up and down.
class LLMTRACE_EXPORT Gauge {
 public:
  using Series = GaugeSeries;
  explicit Gauge(Series* series) noexcept : series_(series) {}
  void set(double value) const noexcept;
  void add(double amount) const noexcept;
  double value() const noexcept;

 private:
  Series* series_;
};

/// A distribution: durations in seconds, sizes, token counts.
class LLMTRACE_EXPORT Histogram {
 public:
  using Series = HistogramSeries;
  explicit Histogram(Series* series) noexcept : series_(series) {}
  /// Negative and non-finite values are ignored.
  void record(double value) const noexcept;
  Statistics statistics() const;

 private:
  Series* series_;
};

/// All series of one name.
template <class Handle>
class MetricFamily {
 public:
  explicit MetricFamily(FamilyOf<Handle>* family) noexcept : family_(family) {}

  /// The series of these label values, in the order of the names. Missing ones are empty, surplus
  /// ones are ignored. Without memory for a new series: the one for "_other".
  template <class... Values>
  requires(std::convertible_to<const Values&, std::string_view>&&...) Handle
      with(const Values&... values)
  const noexcept {
    const std::array<std::string_view, sizeof...(Values)> texts{std::string_view(values)...};
    return find(texts.data(), texts.size());
  }

  /// For llmtrace itself.
  FamilyOf<Handle>* family() const noexcept { return family_; }

 private:
  LLMTRACE_EXPORT Handle find(const std::string_view* values, std::size_t count) const noexcept;

  FamilyOf<Handle>* family_;
};

class LLMTRACE_EXPORT Metrics {
 public:
  Metrics();
  ~Metrics();
  Metrics(const Metrics&) = delete;
  Metrics& operator=(const Metrics&) = delete;
  /// Never destroyed.
  static Metrics& process_default();

  /// The family of that name, made at the first call. Throw std::invalid_argument for a name, label
  /// or bucket that Prometheus does not know, and for a name that was given to something else.
  MetricFamily<Counter> counter(MetricParams params);
  MetricFamily<Gauge> gauge(MetricParams params);
  MetricFamily<Histogram> histogram(MetricParams params);

  /// Prometheus's text format 0.0.4, families in the order of their names; the counters of all live
  /// clients (llmtrace_items_..., llmtrace_transport_...) are among them.
  std::string prometheus_text() const;
  static constexpr std::string_view kContentType = "text/plain; version=0.0.4; charset=utf-8";
  /// The same as an object: {"app_requests_total": [{"labels": {...}, "value": 1}], ...}.
  Json snapshot() const;
  /// The same for OtlpConfig::metrics, under OpenTelemetry's names: those of MetricParams::otlp,
  /// and for what the clients count otel.sdk.* (see docs/metrics.md). Keeps the series alive.
  std::shared_ptr<const MetricSource> source() const;

 private:
  friend class LlmMetrics;
  struct Impl;
  class Source;
  std::shared_ptr<Impl> impl_;
};

}  // namespace v0
}  // namespace llmtrace
