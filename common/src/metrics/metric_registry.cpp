#include <llmtrace/metric_registry.h>
#include <pthread.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "common/src/metrics/delivery_metrics.h"
#include "common/src/metrics/family.h"

namespace llmtrace {
inline namespace v0 {

void Counter::add(double amount) const noexcept { series_->add(amount); }
double Counter::value() const noexcept { return series_->value(); }

void Gauge::set(double value) const noexcept { series_->set(value); }
void Gauge::add(double amount) const noexcept { series_->add(amount); }
double Gauge::value() const noexcept { return series_->value(); }

void Histogram::record(double value) const noexcept { series_->record(value); }
Statistics Histogram::statistics() const { return series_->snapshot().statistics(); }

template <class Handle>
Handle MetricFamily<Handle>::find(const std::string_view* values,
                                  std::size_t count) const noexcept {
  return family_->find(values, count);
}

template class MetricFamily<Counter>;
template class MetricFamily<Gauge>;
template class MetricFamily<Histogram>;

namespace {

[[noreturn]] void refuse(const MetricParams& params, const std::string& problem) {
  throw std::invalid_argument("the metric \"" + params.name + "\": " + problem);
}

bool is_name(std::string_view text, bool colons) {
  const auto is_start = [&](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (colons && c == ':');
  };
  return !text.empty() && is_start(text.front()) &&
         std::all_of(text.begin(), text.end(),
                     [&](char c) { return is_start(c) || (c >= '0' && c <= '9'); });
}

void check(const MetricParams& params) {
  if (!is_name(params.name, true)) refuse(params, "a name is [a-zA-Z_:][a-zA-Z0-9_:]*");
  if (params.name.starts_with("llmtrace_")) refuse(params, "names with llmtrace_ are its own");
  for (const std::string& label : params.labels.items()) {
    if (!is_name(label, false) || label.starts_with("__") || label == "le") {
      refuse(params, "\"" + label + "\" is no label: [a-zA-Z_][a-zA-Z0-9_]*, not le, not __...");
    }
    const auto& labels = params.labels.items();
    if (std::count(labels.begin(), labels.end(), label) > 1) {
      refuse(params, "the label \"" + label + "\" is given twice");
    }
  }
  const std::size_t attributes = params.otlp.attributes.items().size();
  if (attributes != 0 && attributes != params.labels.items().size()) {
    refuse(params, "OtlpMetricName::attributes has one name for each label, or none");
  }
  if (params.buckets.size() >= kMaxBuckets) refuse(params, "at most 63 buckets");
  double previous = 0;
  for (const double bound : params.buckets) {
    if (!(bound > previous) || std::isinf(bound)) {
      refuse(params, "buckets are ascending, positive upper bounds without +Inf");
    }
    previous = bound;
  }
}

}  // namespace

struct Metrics::Impl {
  Impl();
  ~Impl();
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  struct Live;
  static Live& live();
  static void before_fork();
  static void in_parent();
  static void in_child();

  mutable std::mutex mutex;  // guards the map; families have locks of their own
  std::map<std::string, std::unique_ptr<Family>> families;

  bool has_histogram(const std::string& name) const {
    return dynamic_cast<FamilyOf<Histogram>*>(find(name)) != nullptr;
  }
  Family* find(const std::string& name) const {
    const auto found = families.find(name);
    return found == families.end() ? nullptr : found->second.get();
  }

  // A histogram is written as three names more.
  void check_is_free(const MetricParams& params, bool is_histogram) const {
    for (const std::string_view suffix : {"_bucket", "_sum", "_count"}) {
      const std::string longer = params.name + std::string(suffix);
      if (is_histogram && find(longer) != nullptr) {
        refuse(params, "a histogram is written as \"" + longer + "\", too, which there is");
      }
      if (!params.name.ends_with(suffix)) continue;
      const std::string base = params.name.substr(0, params.name.size() - suffix.size());
      if (has_histogram(base)) refuse(params, "the histogram \"" + base + "\" is written so");
    }
  }

  template <class Handle>
  MetricFamily<Handle> family(MetricParams params) {
    check(params);
    const std::lock_guard lock(mutex);
    auto place = families.find(params.name);
    if (place == families.end()) {
      check_is_free(params, std::is_same_v<Handle, Histogram>);
      place = families.emplace(params.name, std::make_unique<FamilyOf<Handle>>(params)).first;
    }
    auto* const family = dynamic_cast<FamilyOf<Handle>*>(place->second.get());
    if (family == nullptr) {
      refuse(params, "there is a " + std::string(place->second->type()) + " of that name");
    }
    if (family->params().labels.items() != params.labels.items() ||
        family->params().buckets != params.buckets) {
      refuse(params, "it was made with other labels or buckets before");
    }
    return MetricFamily<Handle>(family);
  }
};

// All registries of the process; never destroyed. A forked child's flusher may be asked for their
// numbers at once, so that no lock of theirs may be a lost thread's.
struct Metrics::Impl::Live {
  std::mutex mutex;  // held over a fork, and with it those of all registries and families
  std::vector<Impl*> registries;
};

Metrics::Impl::Live& Metrics::Impl::live() {
  static Live& instance = *new Live;
  return instance;
}

void Metrics::Impl::before_fork() {
  live().mutex.lock();
  for (Impl* registry : live().registries) {
    registry->mutex.lock();
    for (const auto& [name, family] : registry->families) family->lock();
  }
}

void Metrics::Impl::in_parent() {
  for (Impl* registry : live().registries) {
    for (const auto& [name, family] : registry->families) family->unlock();
    registry->mutex.unlock();
  }
  live().mutex.unlock();
}

void Metrics::Impl::in_child() {
  for (Impl* registry : live().registries) {
    for (const auto& [name, family] : registry->families) family->renew_lock();
    registry->mutex.unlock();
  }
  live().mutex.unlock();
}

Metrics::Impl::Impl() {
  static std::once_flag once;
  std::call_once(once, [] { pthread_atfork(before_fork, in_parent, in_child); });
  const std::lock_guard lock(live().mutex);
  live().registries.push_back(this);
}

Metrics::Impl::~Impl() {
  const std::lock_guard lock(live().mutex);
  std::erase(live().registries, this);
}

Metrics::Metrics() : impl_(std::make_shared<Impl>()) {}
Metrics::~Metrics() = default;

Metrics& Metrics::process_default() {
  static Metrics& instance = *new Metrics;
  return instance;
}

MetricFamily<Counter> Metrics::counter(MetricParams params) {
  if (!params.name.ends_with("_total")) refuse(params, "a counter's name ends in _total");
  if (!params.buckets.empty()) refuse(params, "only histograms have buckets");
  return impl_->family<Counter>(std::move(params));
}

MetricFamily<Gauge> Metrics::gauge(MetricParams params) {
  if (!params.buckets.empty()) refuse(params, "only histograms have buckets");
  return impl_->family<Gauge>(std::move(params));
}

MetricFamily<Histogram> Metrics::histogram(MetricParams params) {
  return impl_->family<Histogram>(std::move(params));
}

std::string Metrics::prometheus_text() const {
  PrometheusWriter writer;
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [name, family] : impl_->families) family->write(writer);
  }
  write_delivery(writer, delivery_snapshot());
  return std::move(writer).text();
}

Json Metrics::snapshot() const {
  Json all = std::initializer_list<JsonMember>{};
  {
    const std::lock_guard lock(impl_->mutex);
    for (const auto& [name, family] : impl_->families) all.merge({{name, family->snapshot()}});
  }
  all.merge({{"llmtrace_delivery", delivery_json(delivery_snapshot())}});
  return all;
}

class Metrics::Source final : public MetricSource {
 public:
  explicit Source(std::shared_ptr<const Impl> impl) : impl_(std::move(impl)) {}

  std::vector<MetricData> collect() const override {
    std::vector<MetricData> all;
    {
      const std::lock_guard lock(impl_->mutex);
      for (const auto& [name, family] : impl_->families) all.push_back(family->data());
    }
    append_delivery(all, delivery_snapshot());
    return all;
  }

 private:
  const std::shared_ptr<const Impl> impl_;
};

std::shared_ptr<const MetricSource> Metrics::source() const {
  return std::make_shared<Source>(impl_);
}

}  // namespace v0
}  // namespace llmtrace
