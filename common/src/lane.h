// Lane is one stream of requests to one destination: a batch being built, sealed batches in order,
// those in flight, and the retry state. Flusher thread only.
//
// A healthy lane has up to `max_in_flight` requests under way. After a failure it sends one probe
// at a time, after full-jitter backoff or the server's Retry-After, until one is answered. A batch
// whose own time has not come yet (Verdict::Kind::Later) waits beside the others.
#pragma once

#include <llmtrace/clock.h>
#include <llmtrace/secret.h>
#include <llmtrace/transport.h>

#include <chrono>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "common/src/batch.h"
#include "common/src/encoder.h"
#include "common/src/rate_limited_log.h"

namespace llmtrace {
inline namespace v0 {

class Lane;

/// What a lane needs of its surroundings.
struct LaneHost {
  HttpClient& http;
  Clock& clock;
  RateLimitedLog& log;
  const TransportOptions& options;
  std::uint64_t& next_request_id;
  std::unordered_map<std::uint64_t, Lane*>& request_lanes;
};

class Lane {
 public:
  using SteadyTime = std::chrono::steady_clock::time_point;

  Lane(const Destination& destination, std::unique_ptr<Encoder> encoder, LaneHost host);
  Lane(const Lane&) = delete;
  Lane& operator=(const Lane&) = delete;

  bool takes(const Record& /*record*/) const noexcept {
    return encoder_->takes(ItemKind::Observation);
  }
  bool takes(const Score& score) const noexcept {
    return encoder_->takes(ItemKind::Score) && encoder_->takes(score);
  }
  bool takes(const LogRecord& /*record*/) const noexcept { return encoder_->takes(ItemKind::Log); }
  const LaneLimits& limits() const noexcept { return encoder_->limits(); }

  /// Encodes an item into the batch being built, or drops it when the lane already holds `room`
  /// bytes. `arrival` is when it came into the queue, about: the linger counts from there.
  void add(const Record& record, std::size_t slot, SteadyTime arrival, std::size_t room) noexcept;
  void add(const Score& score, std::size_t slot, SteadyTime arrival, std::size_t room) noexcept;
  void add(const LogRecord& record, std::size_t slot, SteadyTime arrival,
           std::size_t room) noexcept;
  /// Asks the encoder for what is to be told by now; see DestinationOptions::collect_every. Without
  /// `has_room` it stays where it is counted, and a later collection tells it.
  void collect(std::size_t slot, SteadyTime arrival, bool has_room) noexcept;

  /// Tells the server of an observation that is still open. No item of the counters: should it not
  /// arrive, the observation is sent complete at its end. An end waits here until the start's fate
  /// is known.
  void add_open(const Record& record, SteadyTime arrival, std::size_t room) noexcept;

  /// Seals what is due and starts what may be sent; in a hurry, a batch does not wait to become
  /// full.
  void pump(SteadyTime now, bool hurry);
  /// Tells before `pump` whether the destination's lanes before this one are busy; see
  /// LaneLimits::patience.
  void follow(bool others_are_busy) noexcept;
  /// The destination's next lane: takes the scores that cannot travel here; see
  /// Encoder::scores_ride.
  void precede(Lane& next) noexcept { next_ = &next; }
  /// Makes a waiting retry due now, unless the server asked for the delay.
  void skip_backoff() noexcept;
  void on_reply(std::uint64_t request_id, const HttpReply& reply) noexcept;
  /// Tells of items that never came into the queue.
  void report_refused(DropReason reason, std::uint64_t count) noexcept;
  /// Aborts requests and drops everything.
  void drop_all(DropReason reason) noexcept;

  /// When `pump` has something to do next; nothing: only a reply or a new item can tell.
  std::optional<SteadyTime> next_deadline() const;
  std::size_t held_bytes() const noexcept { return held_bytes_; }
  std::size_t held_items() const noexcept { return held_items_; }
  /// A healthy server has enough to do: what comes next stays in the queue. Encoding it now would
  /// only make large bodies out of memory that was freed in small pieces.
  /// A failing one takes all that it may hold: others must not wait for it, unless it is `alone`.
  /// So does one with a limit of its own: what is over it must not fill the queue.
  bool is_backed_up(bool alone) const noexcept {
    const bool is_limited = encoder_->limits().max_held_items != 0;
    return (alone || failures_ == 0) && !ready_.empty() && !is_limited;
  }
  bool in_flight() const noexcept { return !in_flight_.empty() || encoder_->is_waiting(); }
  bool is_empty() const noexcept { return held_items_ == 0; }

 private:
  // A batch stays in its node for life: moving it from list to list cannot fail.
  using BatchList = std::list<Batch>;
  using Position = BatchList::iterator;

  // What is known of an observation whose start was sent while it was open.
  struct OpenStart {
    bool delivered = false;
    std::unique_ptr<const Record> end{};  // came before the start's fate was known
    std::size_t end_bytes = 0;
    std::size_t slot = 0;
    SteadyTime arrival{};
  };

  std::string_view full_because(std::size_t room) const noexcept;
  bool hold_end(const Record& record, Fragment& fragment, SteadyTime arrival);
  template <class Item>
  void add_item(const Item& item, const Fragment& fragment, SteadyTime arrival) noexcept;
  template <class Item>
  std::optional<DropReason> try_add(const Item& item, Fragment fragment,
                                    SteadyTime arrival) noexcept;
  template <class Write>
  std::optional<DropReason> try_append(Fragment fragment, SteadyTime arrival, Write write) noexcept;
  void encode(const Record& record, Phase phase, std::string& out);
  void encode(const Score& score, Phase phase, std::string& out);
  void encode(const LogRecord& record, Phase phase, std::string& out);
  template <class Item>
  bool fit_item(const Item& item, Fragment& fragment, std::size_t begin, std::size_t size);
  void refuse(const Fragment& fragment, DropReason reason, std::string_view message) noexcept;
  std::size_t begin_fragment();
  void abort_fragment() noexcept;
  static void keep_original(const Record& record, Fragment& fragment) noexcept;
  static void keep_original(const Score& /*score*/, Fragment& /*fragment*/) noexcept {}
  static void keep_original(const LogRecord& /*record*/, Fragment& /*fragment*/) noexcept {}
  /// What was cut is as large as the server takes: its neighbours are not to share its fate.
  static bool must_be_alone(const Fragment& fragment) noexcept { return fragment.cut; }
  void accept_fragment(std::size_t begin, Fragment fragment, SteadyTime arrival);

  void seal();
  void hand_over_scores(Position batch);
  void take_over(std::string_view score, const Fragment& fragment) noexcept;
  void wake_due(SteadyTime now) noexcept;
  bool may_send(SteadyTime now) const noexcept;
  void send_next();
  void start_attempt(Batch& batch);
  void prepare_body(Batch& batch);
  bool start_preflight() noexcept;
  void on_preflight(const HttpReply& reply) noexcept;
  void adopt_limits() noexcept;
  BatchList fitting_parts(const Batch& batch) const;
  Verdict judge(const Batch& batch, const HttpReply& reply) noexcept;

  // What became of a batch in flight, which `batch` is.
  void apply(Position batch, const Verdict& verdict, int http_status) noexcept;
  void settle_delivered(Position batch, const Verdict& verdict, int http_status) noexcept;
  void settle_items(Position batch, const Verdict& verdict, int http_status) noexcept;
  void report_items(const Batch& batch, const Verdict& verdict, int http_status) noexcept;
  void drop(Position batch, const Verdict& verdict, int http_status) noexcept;
  void retry(Position batch, const Verdict& verdict) noexcept;
  void send_later(Position batch, const Verdict& verdict) noexcept;
  void resend(Position batch, const Verdict& verdict, int http_status) noexcept;
  void split(Position batch, const Verdict& verdict, int http_status) noexcept;
  bool cut(Position batch) noexcept;
  void replace(Position batch, BatchList parts) noexcept;
  void settle_delivered(const Fragment& fragment) noexcept;
  void settle_dropped(const Fragment& fragment, DropReason reason) noexcept;
  void settle_start(const Uuid& id, bool delivered) noexcept;

  Batch part(const Batch& batch, const std::vector<std::size_t>& indices) const;
  void drop_items(const Batch& batch, DropReason reason, std::string_view message,
                  int http_status) noexcept;
  void forget_bytes(const Batch& batch) noexcept;
  template <class Text>
  void log(LogKind kind, LogLevel level, Text text) noexcept;
  void log_drop(DropReason reason, std::uint64_t count, std::string_view message) noexcept;
  void append_id(std::vector<std::string>& ids, const Fragment& fragment) const;
  template <class Ids>
  void report(DropReason reason, int http_status, std::uint64_t count, std::string_view message,
              Ids ids) noexcept;
  void call_on_error(const DeliveryError& error) noexcept;

  const Destination& destination_;
  std::unique_ptr<Encoder> encoder_;
  LaneHost host_;
  Lane* next_ = nullptr;
  std::size_t max_bytes_;            // of a batch; shrinks when the server answers 413
  std::size_t max_item_bytes_;       // of an item; shrinks when the server answers it with 413
  std::vector<Secret> credentials_;  // of the last request, which no message may repeat

  Batch building_;
  SteadyTime building_since_{};
  BatchList ready_;
  BatchList in_flight_;
  BatchList later_;                 // each has a time of its own; no order
  std::uint64_t preflight_id_ = 0;  // the request under way that the encoder asked for; 0: none
  std::unordered_map<Uuid, OpenStart, UuidHash> open_starts_;

  SteadyTime occupied_since_{};  // the arrival of the first item since the lane was empty
  SteadyTime hold_until_{};      // for the lanes before it; see follow
  SteadyTime not_before_{};      // from Retry-After; nothing is sent earlier
  SteadyTime backoff_until_{};   // our own delay; a flush may skip it
  unsigned failures_ = 0;        // outages in a row, whose first probe failed too
  std::uint32_t outages_ = 0;    // all there were; requests that meet the same one count once
  std::size_t held_bytes_ = 0;
  std::size_t held_items_ = 0;
};

}  // namespace v0
}  // namespace llmtrace
