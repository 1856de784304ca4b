// Lane is one stream of requests to one destination: a batch being built, sealed batches in order,
// those in flight, and the retry state. Flusher thread only.
//
// A healthy lane has up to `max_in_flight` requests under way. After a failure it sends one probe
// at a time, after full-jitter backoff or the server's Retry-After, until one is answered.
#pragma once

#include <llmtrace/clock.h>
#include <llmtrace/secret.h>
#include <llmtrace/transport.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>

#include "common/src/batch.h"
#include "common/src/encoder.h"

namespace llmtrace {
inline namespace v0 {

class Lane;
class RateLimitedLog;

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
  const LaneLimits& limits() const noexcept { return encoder_->limits(); }

  /// Encodes an item into the batch being built, or drops it when the lane already holds `room`
  /// bytes. `arrival` is when it came into the queue, about: the linger counts from there.
  void add(const Record& record, std::size_t slot, SteadyTime arrival, std::size_t room);
  void add(const Score& score, std::size_t slot, SteadyTime arrival, std::size_t room);

  /// Tells the server of an observation that is still open. No item of the counters: should it not
  /// arrive, the observation is sent complete at its end. An end waits here until the start's fate
  /// is known.
  void add_open(const Record& record, SteadyTime arrival, std::size_t room);

  /// Seals what is due and starts what may be sent; in a hurry, a batch does not wait to become
  /// full.
  void pump(SteadyTime now, bool hurry);
  /// Tells before `pump` whether the destination's lanes before this one are busy; see
  /// LaneLimits::patience.
  void follow(bool others_are_busy) noexcept;
  /// Makes a waiting retry due now, unless the server asked for the delay.
  void skip_backoff() noexcept { backoff_until_ = {}; }
  void on_reply(std::uint64_t request_id, const HttpReply& reply);
  /// Tells of items that the transport had no room for.
  void report_refused(std::uint64_t count);
  /// Aborts requests and drops everything.
  void drop_all(DropReason reason);

  /// When `pump` has something to do next; nothing: only a reply or a new item can tell.
  std::optional<SteadyTime> next_deadline() const;
  std::size_t held_bytes() const noexcept { return held_bytes_; }
  std::size_t held_items() const noexcept { return held_items_; }
  /// A healthy server has enough to do: what comes next stays in the queue. Encoding it now would
  /// only make large bodies out of memory that was freed in small pieces.
  bool is_backed_up() const noexcept { return failures_ == 0 && ready_.size() >= kWaitingBatches; }
  bool in_flight() const noexcept { return !in_flight_.empty() || preflight_id_ != 0; }
  bool is_empty() const noexcept { return held_items_ == 0; }

 private:
  // What is known of an observation whose start was sent while it was open.
  struct OpenStart {
    bool delivered = false;
    std::unique_ptr<const Record> end{};  // came before the start's fate was known
    std::size_t end_bytes = 0;
    std::size_t slot = 0;
    SteadyTime arrival{};
  };

  template <class Item>
  void add_item(const Item& item, Fragment fragment, SteadyTime arrival);
  bool encode_guarded(const Record& record, Phase phase, std::string& out);
  bool encode_guarded(const Score& score, Phase phase, std::string& out);
  template <class Item>
  bool fit_item(const Item& item, Phase phase, std::size_t begin);
  void refuse_full(std::size_t slot, ItemKind kind, const Uuid& id);
  std::size_t begin_fragment();
  void abort_fragment() noexcept;
  void keep_original(const Record& record, Fragment& fragment);
  static void keep_original(const Score& /*score*/, Fragment& /*fragment*/) {}
  void accept_fragment(std::size_t begin, Fragment fragment, SteadyTime arrival);

  void seal();
  bool may_send(SteadyTime now) const noexcept;
  void send_next();
  void start_request(std::uint64_t id, Batch& batch);
  void start_attempt(std::uint64_t id, Batch& batch);
  void prepare_body(Batch& batch);
  bool start_preflight();
  void adopt_limits();
  Batch take_fitting(Batch& batch) const;
  Verdict judge(const Batch& batch, const HttpReply& reply);

  void apply(Batch batch, const Verdict& verdict, int http_status);
  void settle_delivered(Batch batch, const Verdict& verdict, int http_status);
  void settle_items(Batch batch, const Verdict& verdict, int http_status);
  void drop(Batch batch, DropReason reason, const std::string& message, int http_status);
  void retry(Batch batch, const Verdict& verdict);
  void split(Batch batch, const Verdict& verdict, int http_status);
  bool cut_and_put_back(Batch& batch);
  void settle_delivered(const Fragment& fragment);
  void settle_dropped(const Fragment& fragment, DropReason reason);
  void settle_start(const Uuid& id, bool delivered);
  Batch part(Batch& batch, const std::vector<std::size_t>& indices) const;
  void put_back(Batch batch);
  void forget_bytes(const Batch& batch) noexcept;
  void report(DropReason reason, int http_status, std::uint64_t count, std::vector<std::string> ids,
              const std::string& message);

  static constexpr std::size_t kWaitingBatches = 2;

  const Destination& destination_;
  std::unique_ptr<Encoder> encoder_;
  LaneHost host_;
  std::size_t max_bytes_;            // of a batch; shrinks when the server answers 413
  std::size_t max_item_bytes_;       // of an item; shrinks when the server answers it with 413
  std::vector<Secret> credentials_;  // of the last request, which no message may repeat

  Batch building_;
  SteadyTime building_since_{};
  std::deque<Batch> ready_;
  std::unordered_map<std::uint64_t, Batch> in_flight_;
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
