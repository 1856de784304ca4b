#include <llmtrace/testing.h>

#include <mutex>

#include "common/src/client_core.h"
#include "common/src/encoder.h"
#include "common/src/instant_http_client.h"
#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace testing {
namespace {

constexpr std::chrono::milliseconds kFlushTimeout = std::chrono::seconds(10);

std::string text_of(const Json& value) {
  return value.is_absent() ? std::string() : value.to_text();
}

struct Recorded {
  std::mutex mutex;  // guards both
  std::vector<RecordedObservation> observations;
  std::vector<RecordedScore> scores;
};

RecordedObservation recorded(const Record& record) {
  RecordedObservation result;
  result.id = to_hex(record.span_id);
  result.trace_id = to_hex(record.trace_id);
  if (record.has_parent) result.parent_id = to_hex(record.parent_span_id);
  result.name = record.name;
  result.type = record.type;
  result.level = record.level.value_or(Level::Default);
  result.status_message = record.status_message;
  result.input = text_of(record.input);
  result.output = text_of(record.output);
  result.metadata = text_of(record.metadata);
  result.model = record.model;
  result.provider = record.provider;
  result.model_parameters = text_of(record.model_parameters);
  result.version = record.version;
  result.usage_details = record.usage_details;
  result.cost_details = record.cost_details;
  if (record.prompt) result.prompt = record.prompt->reference;
  result.start_time = record.start_time;
  result.end_time = record.end_time;
  result.completion_start_time = record.completion_start_time;
  if (record.attributes) {
    result.user_id = record.attributes->user_id;
    result.session_id = record.attributes->session_id;
    result.trace_name = record.attributes->trace_name;
    result.environment = record.attributes->environment;
    result.tags = record.attributes->tags;
    result.trace_metadata = text_of(record.attributes->metadata);
  }
  return result;
}

class RecordingEncoder final : public Encoder {
 public:
  explicit RecordingEncoder(std::shared_ptr<Recorded> target) : target_(std::move(target)) {}

  bool takes(ItemKind /*kind*/) const noexcept override { return true; }
  const LaneLimits& limits() const noexcept override { return limits_; }
  void encode(const Record& record, std::string& out) override {
    const std::lock_guard lock(target_->mutex);
    target_->observations.push_back(recorded(record));
    out.push_back('o');
  }
  void encode(const Score& score, std::string& out) override {
    const std::lock_guard lock(target_->mutex);
    target_->scores.push_back({score.id, score.name, score.value, score.trace_id,
                               score.observation_id, score.session_id, score.comment});
    out.push_back('s');
  }
  Envelope envelope(std::size_t /*payload_bytes*/) const override { return {}; }
  HttpRequest request() override { return {}; }
  Verdict judge(const Attempt& /*attempt*/, const HttpReply& /*reply*/,
                Timestamp /*now*/) override {
    return {};
  }

 private:
  std::shared_ptr<Recorded> target_;
  LaneLimits limits_;
};

}  // namespace

struct MemoryDestination::Impl {
  std::shared_ptr<Recorded> recorded = std::make_shared<Recorded>();
  ClientCore core{"memory",
                  Transport::create({.http_client = std::make_shared<InstantHttpClient>()}),
                  kFlushTimeout};

  void flush() { core.flush(kFlushTimeout); }
};

MemoryDestination::MemoryDestination() : impl_(std::make_unique<Impl>()) {
  DestinationOptions options;
  options.name = "memory";
  options.make_encoders = [recorded = impl_->recorded] {
    std::vector<std::unique_ptr<Encoder>> encoders;
    encoders.push_back(std::make_unique<RecordingEncoder>(recorded));
    return encoders;
  };
  impl_->core.open({std::move(options)});
}

MemoryDestination::~MemoryDestination() = default;

std::vector<RecordedObservation> MemoryDestination::observations() const {
  impl_->flush();
  const std::lock_guard lock(impl_->recorded->mutex);
  return impl_->recorded->observations;
}

std::vector<RecordedScore> MemoryDestination::scores() const {
  impl_->flush();
  const std::lock_guard lock(impl_->recorded->mutex);
  return impl_->recorded->scores;
}

void MemoryDestination::clear() {
  impl_->flush();
  const std::lock_guard lock(impl_->recorded->mutex);
  impl_->recorded->observations.clear();
  impl_->recorded->scores.clear();
}

ContextScope MemoryDestination::activate() const noexcept { return impl_->core.activate(); }

DestinationStats MemoryDestination::stats() const { return impl_->core.stats(); }

}  // namespace testing
}  // namespace v0
}  // namespace llmtrace
