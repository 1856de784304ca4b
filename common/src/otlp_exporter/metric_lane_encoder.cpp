// What a metric source counts, as one request for each interval.
#include <utility>

#include "common/src/otlp/metric_encoder.h"
#include "common/src/otlp_exporter/wire.h"

namespace llmtrace {
inline namespace v0 {
namespace {

class MetricLaneEncoder final : public Encoder {
 public:
  MetricLaneEncoder(std::shared_ptr<const ResolvedOtlpConfig> config,
                    std::shared_ptr<const MetricSource> source, Timestamp start)
      : config_(std::move(config)),
        source_(std::move(source)),
        metrics_(MetricEncoder::make(encoding_of(config_->metrics), resource_of(*config_))),
        intervals_(config_->metric_temporality, start) {
    limits_.max_bytes = config_->max_batch_bytes;
    limits_.max_item_bytes = config_->max_item_bytes;
    limits_.linger = std::chrono::milliseconds(0);  // all of a request comes at once
    limits_.max_in_flight = 1;                      // intervals arrive in their order
    limits_.separator = metrics_->separator();
    limits_.compression = compression_of(config_->metrics);
  }

  bool takes(ItemKind /*kind*/) const noexcept override { return false; }
  const LaneLimits& limits() const noexcept override { return limits_; }

  // Nothing is taken as told before all of it is encoded.
  std::vector<std::string> collect(Timestamp now) override {
    MetricIntervals intervals = intervals_;
    std::vector<std::string> items;
    for (const MetricInterval& metric : intervals.advance(source_->collect(), now)) {
      metrics_->encode(metric, items.emplace_back());
    }
    intervals_ = std::move(intervals);
    return items;
  }

  Envelope envelope(std::size_t payload_bytes) const override {
    return metrics_->envelope(payload_bytes);
  }
  HttpRequest request() override { return otlp_request(*config_, config_->metrics); }
  Verdict judge(const Attempt& /*attempt*/, const HttpReply& reply, Timestamp now) override {
    return judge_export(config_->metrics, reply, now);
  }

 private:
  const std::shared_ptr<const ResolvedOtlpConfig> config_;
  const std::shared_ptr<const MetricSource> source_;
  const std::unique_ptr<MetricEncoder> metrics_;
  LaneLimits limits_;
  MetricIntervals intervals_;
};

}  // namespace

std::unique_ptr<Encoder> make_metric_lane_encoder(std::shared_ptr<const ResolvedOtlpConfig> config,
                                                  std::shared_ptr<const MetricSource> source,
                                                  Timestamp start) {
  return std::make_unique<MetricLaneEncoder>(std::move(config), std::move(source), start);
}

}  // namespace v0
}  // namespace llmtrace
