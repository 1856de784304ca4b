// ClientCore is what a vendor's client is made of: its destinations on a transport, and the calls
// that every client has. Any thread.
#pragma once

#include <llmtrace/observation.h>
#include <llmtrace/result.h>
#include <llmtrace/stats.h>
#include <llmtrace/transport.h>

#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/cell.h"
#include "common/src/guard.h"
#include "common/src/json_value.h"
#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {

class LLMTRACE_EXPORT ClientCore {
 public:
  /// `vendor` stands in front of what is logged. A null transport is the process's default.
  ClientCore(std::string_view vendor, std::shared_ptr<Transport> transport,
             std::chrono::milliseconds shutdown_timeout);
  /// A bounded shutdown.
  ~ClientCore();
  ClientCore(const ClientCore&) = delete;
  ClientCore& operator=(const ClientCore&) = delete;

  void log(LogLevel level, std::string_view message) noexcept;
  /// Makes the destinations live; until then, and without any, the client records nothing.
  void open(std::vector<DestinationOptions> endpoints);

  /// Makes one more destination live, which shares flush and shutdown but gets none of the
  /// client's observations: only what is given to the set that this returns. Null before `open`
  /// and after a shutdown.
  Ref<const DestinationSet> open_beside(DestinationOptions options);

  /// Whether there is anything that takes observations.
  bool enabled() const noexcept { return static_cast<bool>(set_); }
  const DestinationSet& set() const noexcept { return *set_; }
  TransportImpl& transport() const noexcept { return transport_->impl(); }

  /// The handle of what `start` starts by one of the two below. When that is nothing, because the
  /// client is disabled, something suppressed or memory used up, what starts inside the handle's
  /// `activate` is not recorded either: it must not go to other clients instead.
  template <class Start>
  Observation handle(Start&& start) noexcept {
    Ref<Cell> cell;
    if (enabled()) guarded(set(), [&] { cell = std::forward<Start>(start)(); });
    if (!cell) cell = start_unrecorded();
    return Observation(cell.detach());
  }
  /// A child of the current observation if that goes here too, else a root.
  Ref<Cell> start(ObservationParams&& params, StartOptions options = {});
  /// A root here, whatever is current; null inside what is suppressed.
  Ref<Cell> start_root(ObservationParams&& params, StartOptions options);
  /// Inside the scope OBSERVE reaches this client alone.
  ContextScope activate() const noexcept;

  /// One request on the calling thread; its reply's JSON (null for none). `unauthorized_hint` says
  /// what to check on a 401 or 403. No error repeats a credential.
  Result<JsonValue> fetch(HttpRequest request, const std::string& body,
                          std::string_view unauthorized_hint);

  bool flush(std::chrono::milliseconds timeout) noexcept;
  bool shutdown(std::chrono::milliseconds timeout) noexcept;
  /// Of all destinations together, but not those beside them.
  DestinationStats stats() const;

 private:
  const std::string vendor_;
  const std::shared_ptr<Transport> transport_;
  const std::chrono::milliseconds shutdown_timeout_;
  Ref<const DestinationSet> set_;  // null when disabled

  std::mutex mutex_;                   // guards the others
  std::vector<Ref<Destination>> all_;  // those of the set, and those beside them
  bool is_open_ = false;
  bool closed_ = false;  // no more come: a shutdown must not need memory
};

}  // namespace v0
}  // namespace llmtrace
