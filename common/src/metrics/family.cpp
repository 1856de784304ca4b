#include "common/src/metrics/family.h"

#include <charconv>
#include <cmath>
#include <exception>
#include <mutex>

#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {
namespace {

std::string number_text(double value) {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "+Inf" : "-Inf";
  std::array<char, 32> buffer{};
  const auto result = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value);
  return {buffer.data(), result.ptr};
}

void append_escaped(std::string& out, std::string_view text, bool quotes) {
  for (const char c : text) {
    if (c == '\\') {
      out += "\\\\";
    } else if (c == '\n') {
      out += "\\n";
    } else if (c == '"' && quotes) {
      out += "\\\"";
    } else {
      out += c;
    }
  }
}

void append_label(std::string& out, std::string_view name, std::string_view value) {
  out.append(out.back() == '{' ? "" : ",").append(name).append("=\"");
  append_escaped(out, value, true);
  out += '"';
}

Json statistics_json(const Statistics& statistics) {
  return {{"count", statistics.count},   {"sum", statistics.sum}, {"mean", statistics.mean},
          {"median", statistics.median}, {"min", statistics.min}, {"max", statistics.max},
          {"p95", statistics.p95},       {"p99", statistics.p99}};
}

Json value_json(const CounterSeries& series) { return series.value(); }
Json value_json(const GaugeSeries& series) { return series.value(); }
Json value_json(const HistogramSeries& series) {
  return statistics_json(series.snapshot().statistics());
}

void write_series(PrometheusWriter& writer, const MetricParams& params, const LabelValues& labels,
                  double value) {
  writer.sample(params.name, params.labels.items(), labels, value);
}

void write_series(PrometheusWriter& writer, const MetricParams& params, const LabelValues& labels,
                  const HistogramSnapshot& values) {
  const std::vector<std::string>& names = params.labels.items();
  for (std::size_t i = 0; i < params.buckets.size(); ++i) {
    writer.sample(params.name + "_bucket", names, labels, static_cast<double>(values.at_most[i]),
                  "le", number_text(params.buckets[i]));
  }
  const auto count = static_cast<double>(values.count);
  writer.sample(params.name + "_bucket", names, labels, count, "le", "+Inf");
  writer.sample(params.name + "_sum", names, labels, values.sum);
  writer.sample(params.name + "_count", names, labels, count);
}

void fill(MetricPoint& point, double value) { point.value = value; }

// Prometheus's buckets hold all that is at most their bound; OpenTelemetry's only what is above the
// bound before it.
void fill(MetricPoint& point, const HistogramSnapshot& values) {
  point.count = values.count;
  point.sum = values.sum;
  point.min = values.min;
  point.max = values.max;
  std::uint64_t below = 0;
  for (const std::uint64_t at_most : values.at_most) {
    point.buckets.push_back(at_most - below);
    below = at_most;
  }
  point.buckets.push_back(values.count - below);
}

double shown(const CounterSeries& series) { return series.value(); }
double shown(const GaugeSeries& series) { return series.value(); }
HistogramSnapshot shown(const HistogramSeries& series) { return series.snapshot(); }

}  // namespace

void PrometheusWriter::family(std::string_view name, std::string_view help, std::string_view type) {
  text_.append("# HELP ").append(name).append(" ");
  append_escaped(text_, help, false);
  text_.append("\n# TYPE ").append(name).append(" ").append(type).append("\n");
}

void PrometheusWriter::sample(std::string_view name, const std::vector<std::string>& labels,
                              const LabelValues& values, double value, std::string_view extra,
                              std::string_view extra_value) {
  text_.append(name);
  if (!labels.empty() || !extra.empty()) {
    text_ += '{';
    for (std::size_t i = 0; i < labels.size(); ++i) append_label(text_, labels[i], values[i]);
    if (!extra.empty()) append_label(text_, extra, extra_value);
    text_ += '}';
  }
  text_.append(" ").append(number_text(value)).append("\n");
}

LabelValues Family::label_values(LabelViews given) const {
  LabelValues labels(params_.labels.items().size());
  for (std::size_t i = 0; i < labels.size() && i < given.size(); ++i) {
    append_utf8(labels[i], utf8_prefix(given[i], kMaxLabelBytes));
  }
  return labels;
}

bool Family::are_label_values(LabelViews given) const noexcept {
  return given.size() == params_.labels.items().size() &&
         std::all_of(given.begin(), given.end(), [](std::string_view value) {
           return value.size() <= kMaxLabelBytes && is_utf8(value);
         });
}

Json Family::labels_json(const LabelValues& values) const {
  Json labels = std::initializer_list<JsonMember>{};
  for (std::size_t i = 0; i < values.size(); ++i)
    labels.merge({{params_.labels.items()[i], values[i]}});
  return labels;
}

MetricPoint Family::point(const LabelValues& values) const {
  const auto& given = params_.otlp.attributes.items();
  const auto& names = given.empty() ? params_.labels.items() : given;
  MetricPoint point;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!values[i].empty()) point.attributes.emplace_back(names[i], values[i]);
  }
  return point;
}

namespace {

template <class Handle>
constexpr MetricType kMetricType = MetricType::Counter;
template <>
constexpr MetricType kMetricType<Gauge> = MetricType::Gauge;
template <>
constexpr MetricType kMetricType<Histogram> = MetricType::Histogram;

}  // namespace

template <>
std::string_view FamilyOf<Counter>::type() const noexcept {
  return "counter";
}
template <>
std::string_view FamilyOf<Gauge>::type() const noexcept {
  return "gauge";
}
template <>
std::string_view FamilyOf<Histogram>::type() const noexcept {
  return "histogram";
}

template <class Handle>
Handle FamilyOf<Handle>::find(const std::string_view* values, std::size_t count) noexcept {
  try {
    return Handle(&find_or_make({values, count}));
  } catch (const std::exception&) {  // no memory for another one
    other_used_.store(true, std::memory_order_relaxed);
    return Handle(&other_);
  }
}

template <class Handle>
template <class Values>
typename Handle::Series* FamilyOf<Handle>::find_known(const Values& values) noexcept {
  const std::shared_lock lock(mutex_);
  const auto known = series_.find(values);
  if (known != series_.end()) return known->second.get();
  if (series_.size() < params_.max_series) return nullptr;
  other_used_.store(true, std::memory_order_relaxed);
  return &other_;
}

// A series that is there is found without copying its labels.
template <class Handle>
typename Handle::Series& FamilyOf<Handle>::find_or_make(LabelViews given) {
  if (are_label_values(given)) {
    if (Series* const known = find_known(given); known != nullptr) return *known;
  }
  LabelValues labels = label_values(given);
  if (Series* const known = find_known(labels); known != nullptr) return *known;
  auto fresh = std::make_unique<Series>(params_);
  const std::unique_lock lock(mutex_);
  const bool is_full = series_.size() >= params_.max_series && !series_.contains(labels);
  // Who gives all labels the value for the others means those: there is one such series.
  if (is_full || (!labels.empty() && labels == other_labels_)) {
    other_used_.store(true, std::memory_order_relaxed);
    return other_;
  }
  return *series_.try_emplace(std::move(labels), std::move(fresh)).first->second;
}

template <class Handle>
void FamilyOf<Handle>::write(PrometheusWriter& writer) const {
  writer.family(params_.name, params_.help, type());
  for_each([&](const LabelValues& labels, const Series& series) {
    write_series(writer, params_, labels, shown(series));
  });
}

template <class Handle>
std::vector<Json> FamilyOf<Handle>::snapshot() const {
  std::vector<Json> all;
  for_each([&](const LabelValues& labels, const Series& series) {
    all.push_back({{"labels", labels_json(labels)}, {"value", value_json(series)}});
  });
  return all;
}

template <class Handle>
MetricData FamilyOf<Handle>::data() const {
  MetricData data;
  data.name = params_.otlp.name.empty() ? params_.name : params_.otlp.name;
  data.description = params_.help;
  data.unit = params_.otlp.unit;
  data.type = kMetricType<Handle>;
  data.bounds = params_.buckets;
  for_each([&](const LabelValues& labels, const Series& series) {
    fill(data.points.emplace_back(point(labels)), shown(series));
    // A distribution of no values tells nothing.
    if (data.type == MetricType::Histogram && data.points.back().count == 0) data.points.pop_back();
  });
  return data;
}

template class FamilyOf<Counter>;
template class FamilyOf<Gauge>;
template class FamilyOf<Histogram>;

}  // namespace v0
}  // namespace llmtrace
