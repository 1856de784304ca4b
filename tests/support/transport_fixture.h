// What the transport's tests share: an encoder whose batches are lines of text, and a fixture with
// a transport on a fake clock, a fake HTTP client and recorded logs and errors.
#pragma once

#include <gtest/gtest.h>
#include <llmtrace/transport.h>

#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "common/src/cell.h"
#include "common/src/encoder.h"
#include "common/src/transport_impl.h"
#include "common/src/verdict.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/recording_log_sink.h"

namespace llmtrace::tests {

/// One line per item: the observation's name, or "score " and the score's name.
class LineEncoder : public Encoder {
 public:
  explicit LineEncoder(std::string url, LaneLimits limits)
      : url_(std::move(url)), limits_(limits) {}

  bool takes(ItemKind /*kind*/) const noexcept override { return true; }
  const LaneLimits& limits() const noexcept override { return limits_; }
  using Encoder::encode;
  void encode(const Record& record, std::string& out) override {
    out.append(record.name);
    if (!record.input.is_absent()) out.append(" ").append(record.input.to_text());
    out.append("\n");
  }
  void encode(const Score& score, std::string& out) override {
    out.append("score ").append(score.name).append("\n");
  }
  Envelope envelope(std::size_t /*payload_bytes*/) const override { return {}; }
  HttpRequest request() override {
    HttpRequest request;
    request.url = url_;
    return request;
  }
  Verdict judge(const Attempt& /*attempt*/, const HttpReply& reply, Timestamp now) override {
    return judge_status(reply, now);
  }

 private:
  std::string url_;
  LaneLimits limits_;
};

/// Starts and ends an observation for all of `destinations`.
inline void submit_to(const DestinationSet& destinations, std::string name, Json input = {}) {
  const Ref<Cell> cell = start_cell({.name = std::move(name), .input = std::move(input)},
                                    {.destinations = &destinations});
  if (cell) end_cell(*cell, {});
}

inline std::vector<std::string> lines_of(const std::string& body) {
  std::vector<std::string> lines;
  std::istringstream in(body);
  for (std::string line; std::getline(in, line);) lines.push_back(line);
  return lines;
}

/// A destination as a client holds one. Closes itself.
class Target {
 public:
  using Encoders = std::function<std::vector<std::unique_ptr<Encoder>>()>;

  Target(std::shared_ptr<Transport> transport, DestinationOptions options)
      : transport_(std::move(transport)),
        destination_(transport_->impl().open(std::move(options))),
        set_(Ref<const DestinationSet>::adopt(new DestinationSet({destination_}))) {}
  ~Target() { close(std::chrono::milliseconds(0)); }
  Target(const Target&) = delete;
  Target& operator=(const Target&) = delete;

  void submit(std::string name, Json input = {}) {
    submit_to(*set_, std::move(name), std::move(input));
  }
  void submit_many(std::size_t count, const std::string& prefix = "item-") {
    for (std::size_t i = 0; i < count; ++i) submit(prefix + std::to_string(i));
  }
  bool flush(std::chrono::milliseconds timeout) {
    return transport_->impl().flush({destination_}, timeout);
  }
  bool close(std::chrono::milliseconds timeout) {
    return transport_->impl().close({destination_}, timeout);
  }
  DestinationStats stats() const { return destination_->stats(); }
  const Ref<Destination>& destination() const { return destination_; }
  const DestinationSet& set() const { return *set_; }

 private:
  std::shared_ptr<Transport> transport_;
  Ref<Destination> destination_;
  Ref<const DestinationSet> set_;
};

/// With `Lines`, another LineEncoder than the plain one.
template <class Lines = LineEncoder>
DestinationOptions line_destination(std::string name, std::string url, LaneLimits limits = {}) {
  DestinationOptions options;
  options.name = std::move(name);
  options.unauthorized_hint = "check TEST_KEY";
  options.make_encoders = [url = std::move(url), limits] {
    std::vector<std::unique_ptr<Encoder>> encoders;
    encoders.push_back(std::make_unique<Lines>(url, limits));
    return encoders;
  };
  return options;
}

inline void expect_conserved(const DestinationStats& stats) {
  EXPECT_EQ(stats.submitted, stats.delivered + stats.dropped_total() + stats.in_memory)
      << stats.destination;
}

/// Nothing is left and everything is accounted for.
inline void expect_settled(const DestinationStats& stats) {
  EXPECT_EQ(stats.in_memory, 0U) << stats.destination;
  expect_conserved(stats);
}

class TransportTest : public ::testing::Test {
 protected:
  using milliseconds = std::chrono::milliseconds;
  using seconds = std::chrono::seconds;

  TransportOptions options() {
    return {.http_client = http,
            .clock = clock,
            .log_sink = log,
            .on_error = [this](const DeliveryError& error) {
              const std::lock_guard lock(errors_mutex_);
              errors_.push_back(error);
            }};
  }
  std::shared_ptr<Transport> make_transport() { return Transport::create(options()); }
  std::vector<DeliveryError> errors() const {
    const std::lock_guard lock(errors_mutex_);
    return errors_;
  }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FakeHttpClient> http = std::make_shared<FakeHttpClient>(clock);
  std::shared_ptr<RecordingLogSink> log = std::make_shared<RecordingLogSink>();

 private:
  mutable std::mutex errors_mutex_;  // guards errors_
  std::vector<DeliveryError> errors_;
};

}  // namespace llmtrace::tests
