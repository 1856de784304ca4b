// A family holds the series of one metric name, by their label values. Writing a new series takes a
// lock, finding a known one a shared one.
#pragma once

#include <llmtrace/metric_registry.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <new>
#include <shared_mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/metrics/log_linear_histogram.h"
#include "common/src/metrics/sharded.h"

namespace llmtrace {
inline namespace v0 {

class CounterSeries {
 public:
  explicit CounterSeries(const MetricParams& /*params*/) {}
  void add(double amount) noexcept {
    if (amount >= 0 && amount <= kLargest) {
      shards_.with_own([=](Shard& shard, bool own) { add_to(shard.value, amount, own); });
    }
  }
  double value() const noexcept {
    double total = 0;
    shards_.for_each(
        [&](const Shard& shard) { total += shard.value.load(std::memory_order_relaxed); });
    return total;
  }

 private:
  static constexpr double kLargest = 1e300;
  struct alignas(64) Shard {
    std::atomic<double> value{0};
  };
  Sharded<Shard> shards_;
};

class GaugeSeries {
 public:
  explicit GaugeSeries(const MetricParams& /*params*/) {}
  void set(double value) noexcept { value_.store(value, std::memory_order_relaxed); }
  void add(double amount) noexcept { value_.fetch_add(amount, std::memory_order_relaxed); }
  double value() const noexcept { return value_.load(std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<double> value_{0};
};

class HistogramSeries : public LogLinearHistogram {
 public:
  explicit HistogramSeries(const MetricParams& params) : LogLinearHistogram(params.buckets) {}
};

/// Label values, one for each name.
using LabelValues = std::vector<std::string>;
using LabelViews = std::span<const std::string_view>;

/// Orders label values, given as strings or as views of them.
struct LabelOrder {
  using is_transparent = void;
  template <class Left, class Right>
  bool operator()(const Left& left, const Right& right) const noexcept {
    return std::lexicographical_compare(left.begin(), left.end(), right.begin(), right.end());
  }
};

/// Writes Prometheus's text: one family after the other.
class PrometheusWriter {
 public:
  void family(std::string_view name, std::string_view help, std::string_view type);
  /// `extra`: one more label, e.g. le; its name is empty when there is none.
  void sample(std::string_view name, const std::vector<std::string>& labels,
              const LabelValues& values, double value, std::string_view extra = {},
              std::string_view extra_value = {});
  std::string text() && { return std::move(text_); }

 private:
  std::string text_;
};

class Family {
 public:
  explicit Family(MetricParams params) : params_(std::move(params)) {}
  virtual ~Family() = default;
  Family(const Family&) = delete;
  Family& operator=(const Family&) = delete;

  const MetricParams& params() const noexcept { return params_; }
  virtual std::string_view type() const noexcept = 0;
  virtual void write(PrometheusWriter& writer) const = 0;
  virtual std::vector<Json> snapshot() const = 0;
  /// Under OpenTelemetry's names.
  virtual MetricData data() const = 0;
  /// Over a fork, so that the child never inherits it locked.
  virtual void lock() const = 0;
  virtual void unlock() const = 0;
  /// In the child: glibc knows a writer by its thread's id, which is another one there.
  virtual void renew_lock() const noexcept = 0;

 protected:
  /// One for each name, as they may be kept: valid UTF-8, not too long.
  LabelValues label_values(LabelViews given) const;
  /// Whether they are that already.
  bool are_label_values(LabelViews given) const noexcept;
  Json labels_json(const LabelValues& values) const;
  MetricPoint point(const LabelValues& values) const;

  const MetricParams params_;
};

template <class Handle>
class FamilyOf final : public Family {
 public:
  using Series = typename Handle::Series;

  explicit FamilyOf(MetricParams params)
      : Family(std::move(params)),
        other_(params_),
        other_labels_(params_.labels.items().size(), "_other") {}

  std::string_view type() const noexcept override;
  Handle find(const std::string_view* values, std::size_t count) noexcept;
  void write(PrometheusWriter& writer) const override;
  std::vector<Json> snapshot() const override;
  MetricData data() const override;
  void lock() const override { mutex_.lock(); }
  void unlock() const override { mutex_.unlock(); }
  void renew_lock() const noexcept override { new (&mutex_) std::shared_mutex; }

  /// Calls `visit(labels, series)` for each there is.
  template <class Visit>
  void for_each(Visit&& visit) const {
    const std::shared_lock lock(mutex_);
    for (const auto& [labels, series] : series_) visit(labels, *series);
    if (other_used_.load(std::memory_order_relaxed)) visit(other_labels_, other_);
  }

 private:
  /// Null when there is none under these values, and there may be another one.
  template <class Values>
  Series* find_known(const Values& values) noexcept;
  Series& find_or_make(LabelViews given);

  mutable std::shared_mutex mutex_;  // guards series_; the series themselves need none
  std::map<LabelValues, std::unique_ptr<Series>, LabelOrder> series_;
  Series other_;
  const LabelValues other_labels_;
  std::atomic<bool> other_used_{false};
};

}  // namespace v0
}  // namespace llmtrace
