// TransportImpl is what stands behind a Transport: its options with the defaults filled in, its
// live destinations, and the flusher. A forked child inherits the object but not the thread: it
// abandons the flusher untouched and makes a new one at the next use.
#pragma once

#include <llmtrace/transport.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <vector>

#include "common/src/destination.h"
#include "common/src/flusher.h"
#include "common/src/id_types.h"
#include "common/src/open_list.h"
#include "common/src/rate_limited_log.h"

namespace llmtrace {
inline namespace v0 {

class LLMTRACE_EXPORT TransportImpl : public std::enable_shared_from_this<TransportImpl> {
 public:
  explicit TransportImpl(TransportOptions options);
  ~TransportImpl();
  TransportImpl(const TransportImpl&) = delete;
  TransportImpl& operator=(const TransportImpl&) = delete;

  const TransportOptions& options() const noexcept { return options_; }
  Clock& clock() const noexcept { return *options_.clock; }
  IdSource& ids() noexcept { return ids_; }
  RateLimitedLog& log() noexcept { return log_; }
  HttpClient& http();

  /// Makes a destination live: OBSERVE and handles reach it from now on.
  Ref<Destination> open(DestinationOptions options);
  /// Refuses new items for them, drains until `timeout`, drops and counts the rest. False when
  /// something was dropped. The thread ends with the last destination.
  bool close(const std::vector<Ref<Destination>>& destinations,
             std::chrono::milliseconds timeout) noexcept;
  /// Closes all of them within `timeout` together.
  void close_all(std::chrono::milliseconds timeout);

  /// The observations that are open and go to a destination that wants to know of them. Of this
  /// process: a forked child has a new one.
  OpenList& open_observations() noexcept { return *open_observations_; }
  /// What is in memory now.
  Flusher::Load load() const noexcept;
  /// Makes the flusher look for what it has to tell.
  void wake() noexcept;
  /// Tells the flusher that there is an open observation again.
  void note_open() noexcept;

  void submit(ItemKind kind, RefCounted& item, const DestinationSet& set,
              std::size_t bytes) noexcept;
  bool flush(const std::vector<Ref<Destination>>& destinations,
             std::chrono::milliseconds timeout) noexcept;

  /// In a forked child, by the fork handler, with the registry's mutex held.
  void abandon_after_fork() noexcept;

 private:
  Flusher* flusher() noexcept;

  TransportOptions options_;
  const bool own_http_;  // the HTTP client is ours to replace after a fork
  IdSource ids_;
  RateLimitedLog log_;
  std::unique_ptr<std::mutex> lifecycle_ = std::make_unique<std::mutex>();  // open against close
  std::size_t open_count_ = 0;  // under lifecycle_: live, and closing but not drained yet
  std::unique_ptr<OpenList> open_observations_ = std::make_unique<OpenList>();
  std::atomic<Flusher*> flusher_{nullptr};  // made under the registry's mutex
  std::vector<Ref<Destination>> live_;      // under the registry's mutex
};

}  // namespace v0
}  // namespace llmtrace
