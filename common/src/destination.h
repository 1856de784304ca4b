// Destination is one live client as producers see it: where items may go, whether a trace is kept,
// and the counters. DestinationSet is an immutable set of them, fixed at a trace's root and
// inherited by every observation below. Any thread.
#pragma once

#include <llmtrace/observation.h>
#include <llmtrace/stats.h>

#include <array>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "common/src/encoder.h"
#include "common/src/rate_limited_log.h"
#include "common/src/ref.h"

namespace llmtrace {
inline namespace v0 {

class Propagator;
class TransportImpl;

/// OpenTelemetry's kinds of telemetry.
enum class Signal : unsigned char { Traces, Logs, Metrics };

struct DestinationOptions {
  std::string name;        ///< in statistics, logs and errors
  double sample_rate = 1;  ///< in [0, 1]
  bool observe = true;     ///< takes the observations that no handle or scope directs elsewhere
  Mask mask;               ///< runs on the flusher thread, after the process-wide one
  std::string unauthorized_hint;  ///< what to check on a 401, e.g. which variables
  bool takes_scores = true;       ///< false: they have no place there, and pass it by
  bool debug = false;             ///< says in the log what became of each request
  bool hide_metadata = false;     ///< headers for other services tell no metadata, user and session
  bool run_tree =
      false;  ///< its encoders read Record::parent: a start time is never before the parent's
  /// Of a trace that came from outside it keeps what the caller's traceparent calls sampled, and
  /// nothing else; the rate is for traces that begin here. The rule of OpenTelemetry's tracers,
  /// whose other parts of the trace are kept or not by the same flag.
  bool follows_remote_sampling = false;
  std::shared_ptr<const Propagator> propagator;  ///< its own headers and baggage; null: none
  /// When an observation that is still open is sent; nothing: at its end only.
  std::optional<std::chrono::milliseconds> open_after{};
  /// It takes no items: its one lane asks its encoder for them, so often, at a flush and at a
  /// shutdown (Encoder::collect). It has no share of the budget that others would lack.
  std::optional<std::chrono::milliseconds> collect_every{};
  /// What its items are, for the metrics of llmtrace itself.
  Signal signal = Signal::Traces;
  /// The lanes. Called again in a forked child, so it must depend on nothing that may be
  /// mid-change.
  std::function<std::vector<std::unique_ptr<Encoder>>()> make_encoders;
};

/// How many flushes can be told apart at once; see Flusher.
inline constexpr std::size_t kEpochSlots = 4;

/// Monotonic counters. `submitted` is written by producers before an item is queued, `settled` when
/// it was delivered or dropped; both by the flush epoch that the item belongs to.
struct DestinationCounters {
  std::array<std::atomic<std::uint64_t>, kEpochSlots> submitted{};
  std::array<std::atomic<std::uint64_t>, kEpochSlots> settled{};
  std::array<std::atomic<std::uint64_t>, kDropReasonCount> dropped{};
  // Of those, what callers dropped and the flusher has not told the error callback yet.
  std::array<std::atomic<std::uint64_t>, kDropReasonCount> untold{};
  std::atomic<std::uint64_t> delivered{0};
  std::atomic<std::uint64_t> requests{0};
  std::atomic<std::uint64_t> retries{0};
  std::atomic<std::uint64_t> ambiguous_resends{0};
  std::atomic<std::uint64_t> bytes_sent{0};
  std::atomic<std::uint64_t> late_updates{0};
  std::atomic<std::uint64_t> invalid_numbers{0};
  std::atomic<std::uint64_t> invalid_attributes{0};
  std::atomic<std::uint64_t> user_code_failures{0};
  std::atomic<std::uint64_t> truncated_items{0};
  std::atomic<std::uint64_t> flushed_drops{0};  // dropped_total() at the last flush that settled

  std::uint64_t dropped_total() const noexcept;
  void reset() noexcept;
};

class LLMTRACE_EXPORT Destination : public RefCounted {
 public:
  Destination(DestinationOptions options, std::shared_ptr<TransportImpl> transport);

  const DestinationOptions& options() const noexcept { return options_; }
  TransportImpl& transport() const noexcept { return *transport_; }
  const std::shared_ptr<TransportImpl>& shared_transport() const noexcept { return transport_; }
  DestinationCounters& counters() const noexcept { return counters_; }

  bool is_closed() const noexcept { return closed_.load(std::memory_order_acquire); }
  void close() noexcept { closed_.store(true, std::memory_order_release); }

  /// Its flusher holds nothing of it any more, and settles at once what still comes. Lets go of
  /// what makes its encoders, and so of its keys: a thread's copy of the global set may keep the
  /// destination for long. Flusher thread only, as is_forgotten; after close.
  void forget() noexcept {
    forgotten_ = true;
    options_.make_encoders = nullptr;
  }
  bool is_forgotten() const noexcept { return forgotten_; }

  /// Counts an item that was submitted in `slot` as delivered or dropped.
  void settle_delivered(std::size_t slot, std::uint64_t count = 1) const noexcept;
  void settle_dropped(std::size_t slot, DropReason reason, std::uint64_t count = 1) const noexcept;
  /// Whether all that was submitted in `slot` is settled.
  bool is_settled(std::size_t slot) const noexcept;
  /// On a caller's thread: the same for what the queue did not take. The flusher tells of it.
  void settle_untold(std::size_t slot, DropReason reason) const noexcept;
  /// An item that never reaches the queue: submitted and dropped at once.
  void refuse(DropReason reason) const noexcept;

  DestinationStats stats() const;

  /// What the log has told of a key that the server refuses. Flusher thread only.
  struct KeyOutage {
    LogLimit limit{std::chrono::minutes(1)};
    bool is_told = false;  // of the outage that lasts
  };
  KeyOutage& key_outage() const noexcept { return key_outage_; }

 private:
  DestinationOptions options_;
  const std::shared_ptr<TransportImpl> transport_;
  mutable DestinationCounters counters_;
  mutable KeyOutage key_outage_;
  std::atomic<bool> closed_{false};
  bool forgotten_ = false;
};

class LLMTRACE_EXPORT DestinationSet : public RefCounted {
 public:
  /// The keeper of an empty set is `keeper`; of any other the first destination's transport.
  explicit DestinationSet(std::vector<Ref<Destination>> destinations,
                          std::shared_ptr<TransportImpl> keeper = {});

  const std::vector<Ref<Destination>>& destinations() const noexcept { return destinations_; }
  /// The transports behind them, each once.
  const std::vector<TransportImpl*>& transports() const noexcept { return transports_; }
  bool empty() const noexcept { return destinations_.empty(); }
  bool contains(const Destination& destination) const noexcept;
  /// The transport that keeps the time and makes the ids of a trace. An empty set has one when it
  /// is what was left of another, or when observers listen.
  TransportImpl& keeper() const noexcept { return *keeper_; }
  /// Whether a destination wants the observations' ancestors.
  bool wants_run_tree() const noexcept { return run_tree_; }
  /// The transport that sends observations while they are open; null: none does.
  TransportImpl* open_transport() const noexcept { return open_transport_; }
  /// Whether a destination keeps only some traces.
  bool samples() const noexcept { return samples_; }

  /// Whether this is empty because none of another set keeps the trace.
  bool is_sampled_out() const noexcept { return sampled_out_; }

  /// Those that keep the trace; the set itself when all do. `remote` is what it came from, or null.
  Ref<const DestinationSet> sampled(const TraceId& trace_id,
                                    const RemoteParent* remote = nullptr) const;
  /// Those that take scores; the set itself when all do.
  Ref<const DestinationSet> scored() const;

 private:
  template <class Keep>
  Ref<DestinationSet> only(Keep keep) const;

  std::vector<Ref<Destination>> destinations_;
  std::vector<TransportImpl*> transports_;
  std::shared_ptr<TransportImpl> keeper_;
  bool samples_ = false;
  bool takes_scores_ = true;  // all of them
  bool follows_remote_ = false;
  bool sampled_out_ = false;
  bool run_tree_ = false;
  TransportImpl* open_transport_ = nullptr;
};

}  // namespace v0
}  // namespace llmtrace
