// Encoder is what a destination is made of: it turns items into bytes, says how a request looks,
// and judges the reply. One per lane (a kind of request with its own queue and retry state). It is
// pure but for what it learns from replies, does no I/O, and runs on the flusher thread only.
#pragma once

#include <llmtrace/http_client.h>
#include <llmtrace/log_exporter.h>
#include <llmtrace/stats.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/compression.h"
#include "common/src/record.h"

namespace llmtrace {
inline namespace v0 {

enum class ItemKind : unsigned char {
  Observation,
  Score,
  Log,
  Metric,  ///< never in the queue: what Encoder::collect gives
};

/// How much of an observation a fragment tells.
enum class Phase : unsigned char {
  Complete,
  Start,  ///< of one that is still open; its end follows
  End,    ///< of one whose start the server has
};

struct LaneLimits {
  std::size_t max_items = 1024;
  std::size_t max_bytes = 3'500'000;       ///< of a batch, before compression
  std::size_t max_item_bytes = 5'000'000;  ///< a larger item is cut to this
  /// Of the items that the lane holds; more are dropped. 0: the transport's budget alone bounds it.
  std::size_t max_held_items = 0;
  std::chrono::milliseconds linger{1000};  ///< how long a batch waits to become full
  unsigned max_in_flight = 4;
  /// How many items in the queue are worth waking the flusher for before the linger is over; 0:
  /// max_items. Where batches are small, a wake for each would cost the callers more than the
  /// items.
  std::size_t wake_items = 0;
  Compression compression = Compression::None;
  /// Not zero: its items refer to those of the destination's lanes before it. They wait, at most so
  /// long, until those are empty.
  std::chrono::milliseconds patience{0};
  char separator = 0;  ///< between the fragments of a batch; 0: none
};

/// What stands around the fragments of a batch.
struct Envelope {
  std::string prefix;
  std::string suffix;
};

struct ItemVerdict {
  enum class Kind : unsigned char {
    Delivered,
    Retry,
    Drop,
    Unknown,  ///< the reply says nothing of it: again, and dropped when no reply ever does
  } kind = Kind::Delivered;
  DropReason reason = DropReason::Rejected;
};

/// What a reply means for a batch.
struct Verdict {
  enum class Kind : unsigned char {
    Delivered,
    Retry,    ///< the same bytes again, after backoff or `retry_after`
    Later,    ///< the same bytes again after `retry_after`; the batches behind it do not wait
    Split,    ///< one of the items is at fault: halves; a single one is dropped for `reason`
    Drop,     ///< for `reason`
    PerItem,  ///< see `items`, one for each of the batch
    Resend,   ///< the encoder knows a form that it was not sent in yet: assemble, send at once
  } kind = Kind::Delivered;
  std::optional<std::chrono::milliseconds> retry_after{};
  DropReason reason = DropReason::Rejected;
  std::string message{};       ///< for a person; of a Delivered batch: a warning
  std::uint64_t rejected = 0;  ///< of a Delivered batch: refused by the server, unknown which
  std::vector<ItemVerdict> items{};
};

/// The request that a reply answers.
struct Attempt {
  std::vector<Uuid> ids{};  ///< of the batch's items, in order
  std::uint32_t form = 0;   ///< Encoder::form when it was sent
};

class LLMTRACE_EXPORT Encoder {
 public:
  virtual ~Encoder() = default;

  virtual bool takes(ItemKind kind) const noexcept = 0;
  /// Whether it takes this score, of those kinds that it takes.
  virtual bool takes(const Score& /*score*/) const noexcept { return true; }
  virtual const LaneLimits& limits() const noexcept = 0;

  /// Appends one fragment: the item's bytes as they stand in a batch.
  virtual void encode(const Record& /*record*/, std::string& /*out*/) {}
  virtual void encode(const Score& /*score*/, std::string& /*out*/) {}
  virtual void encode(const LogRecord& /*record*/, std::string& /*out*/) {}

  /// For destinations with DestinationOptions::collect_every: the fragments of what is to be told
  /// by now. What they tell is told: the next call goes on from there. When this throws, from where
  /// it was.
  virtual std::vector<std::string> collect(Timestamp /*now*/) { return {}; }

  /// For destinations with DestinationOptions::open_after: an observation that is still open, and
  /// its end when the server has that.
  virtual void encode_start(const Record& /*record*/, std::string& /*out*/) {}
  virtual void encode_end(const Record& /*record*/, std::string& /*out*/) {}

  /// What goes around fragments that are `payload_bytes` long together.
  virtual Envelope envelope(std::size_t payload_bytes) const = 0;
  /// For an encoder whose form changes between attempts: builds the whole body from the fragments
  /// and returns true. By default the body is the payload inside its envelope.
  virtual bool assemble(const std::vector<std::string_view>& /*fragments*/, std::string& /*body*/) {
    return false;
  }
  /// Method, URL, headers and limits of the next request; the lane adds the body.
  virtual HttpRequest request() = 0;

  /// For an encoder with several forms: which of them, below 32, the next request has. Several
  /// requests may be under way in different ones.
  virtual std::uint32_t form() const noexcept { return 0; }

  /// For an encoder of observations that takes scores, too: whether they may stand in the next
  /// body, beside an observation. Those that may not, and those that are left alone, are handed to
  /// the destination's next lane.
  virtual bool scores_ride() const noexcept { return true; }
  /// A score's fragment as the next lane's encoder writes it.
  virtual std::string score_alone(std::string_view fragment) const { return std::string(fragment); }

  /// A question that is to be asked before the next batch is sent, e.g. for the server's limits;
  /// nothing when there is none. Its answer, whatever it is, goes to `on_preflight`; `limits` may
  /// change by it.
  virtual std::optional<HttpRequest> preflight(Timestamp /*now*/) { return {}; }
  virtual void on_preflight(const HttpReply& /*reply*/, Timestamp /*now*/) {}
  /// Whether nothing may be sent before an answer is there: to its own question or to that of
  /// another encoder of this destination.
  virtual bool is_waiting() const noexcept { return false; }

  /// `now` is the wall clock, for HTTP dates.
  virtual Verdict judge(const Attempt& attempt, const HttpReply& reply, Timestamp now) = 0;

  /// What the vendor's users know an observation by, for reports of what was dropped.
  virtual std::string observation_id(const Uuid& id) const { return to_hex(span_id_of(id)); }

  /// Numbers left out because they were not valid (NaN, negative), since the last call.
  std::uint64_t take_invalid_numbers() noexcept { return std::exchange(invalid_numbers_, 0); }
  /// What is said of a trace and was left out or changed because the vendor would not take it,
  /// since the last call; `invalid_attribute` says of the last one what is wrong with it.
  std::uint64_t take_invalid_attributes() noexcept { return std::exchange(invalid_attributes_, 0); }
  const std::string& invalid_attribute() const noexcept { return invalid_attribute_; }

 protected:
  std::uint64_t invalid_numbers_ = 0;
  std::uint64_t invalid_attributes_ = 0;
  std::string invalid_attribute_;
};

}  // namespace v0
}  // namespace llmtrace
