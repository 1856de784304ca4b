// Observations as spans, on their way to one backend.
#include "common/src/otlp/span_encoder.h"
#include "common/src/otlp_exporter/genai_mapper.h"
#include "common/src/otlp_exporter/wire.h"

namespace llmtrace {
inline namespace v0 {
namespace {

class SpanLaneEncoder final : public Encoder {
 public:
  explicit SpanLaneEncoder(std::shared_ptr<const ResolvedOtlpConfig> config)
      : config_(std::move(config)),
        spans_(SpanEncoder::make(
            config_->traces.protocol == OtlpProtocol::HttpJson ? OtlpEncoding::Json
                                                               : OtlpEncoding::Protobuf,
            resource_of(*config_),
            std::make_unique<GenAiMapper>(
                GenAiOptions{config_->conventions, config_->capture_content, config_->limits}))) {
    limits_.max_items = config_->spans.max_items;
    limits_.max_bytes = config_->max_batch_bytes;
    limits_.max_item_bytes = config_->max_item_bytes;
    limits_.max_held_items = config_->spans.max_waiting_items;
    limits_.linger = config_->spans.interval;
    limits_.separator = spans_->separator();
    limits_.compression = compression_of(config_->traces);
  }

  bool takes(ItemKind kind) const noexcept override { return kind == ItemKind::Observation; }
  const LaneLimits& limits() const noexcept override { return limits_; }

  using Encoder::encode;
  void encode(const Record& record, std::string& out) override {
    invalid_numbers_ += spans_->encode(record, out);
  }
  Envelope envelope(std::size_t payload_bytes) const override {
    return spans_->envelope(payload_bytes);
  }
  HttpRequest request() override { return otlp_request(*config_, config_->traces); }
  Verdict judge(const Attempt& /*attempt*/, const HttpReply& reply, Timestamp now) override {
    return judge_export(config_->traces, reply, now);
  }

 private:
  std::shared_ptr<const ResolvedOtlpConfig> config_;
  std::unique_ptr<SpanEncoder> spans_;
  LaneLimits limits_;
};

}  // namespace

std::unique_ptr<Encoder> make_span_lane_encoder(std::shared_ptr<const ResolvedOtlpConfig> config) {
  return std::make_unique<SpanLaneEncoder>(std::move(config));
}

}  // namespace v0
}  // namespace llmtrace
