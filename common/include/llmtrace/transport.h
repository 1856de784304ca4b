// Transport is the one bounded queue, the one flusher thread and the one HTTP client that the
// clients of a process share. Most programs never name it: the first client makes the process's
// default transport. A program gives its own in a client's Config to choose bounds or to inject a
// clock or an HTTP client.
//
// The thread lives while a client lives. At a normal exit the default transport drains for at most
// 2 s.
#pragma once

#include <llmtrace/clock.h>
#include <llmtrace/export.h>
#include <llmtrace/http_client.h>
#include <llmtrace/log_sink.h>
#include <llmtrace/overflow.h>
#include <llmtrace/stats.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

namespace llmtrace {
inline namespace v0 {

struct TransportOptions {
  /// For everything in memory: queued, being batched, in flight and waiting to be retried.
  std::size_t max_bytes = std::size_t{64} << 20;
  std::size_t max_items = 100'000;
  Overflow overflow = Overflow::drop_newest();
  /// Null: libcurl.
  std::shared_ptr<HttpClient> http_client{};
  /// Null: the system's clocks.
  std::shared_ptr<Clock> clock{};
  /// Null: standard error.
  std::shared_ptr<LogSink> log_sink{};
  /// Given: ids come from this seed in a fixed order, for reproducible tests.
  std::optional<std::uint64_t> id_seed{};
  /// Called on the flusher thread when items were dropped; may call nothing that waits for it. What
  /// comes to a client after its shutdown is counted and logged only: no thread is left to tell.
  std::function<void(const DeliveryError&)> on_error{};
};

class TransportImpl;

class LLMTRACE_EXPORT Transport {
 public:
  /// Throws std::invalid_argument when a bound is zero.
  static std::shared_ptr<Transport> create(TransportOptions options = {});
  /// The transport of clients that name none; made at the first call.
  static std::shared_ptr<Transport> process_default();

  ~Transport();
  Transport(const Transport&) = delete;
  Transport& operator=(const Transport&) = delete;

  TransportImpl& impl() const noexcept { return *impl_; }

 private:
  explicit Transport(std::shared_ptr<TransportImpl> impl) noexcept;
  std::shared_ptr<TransportImpl> impl_;
};

/// Flushes every live client: waits until all that was submitted before the call is settled. True
/// when that happened in time and nothing was dropped since the previous flush.
LLMTRACE_EXPORT bool flush(std::chrono::milliseconds timeout) noexcept;

}  // namespace v0
}  // namespace llmtrace
