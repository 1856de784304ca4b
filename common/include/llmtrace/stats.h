// What became of everything that was submitted. One item is one observation or score for one
// destination. At every moment: submitted = delivered + dropped (by reason) + in_memory.
#pragma once

#include <llmtrace/export.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace {
inline namespace v0 {

enum class DropReason : unsigned char {
  QueueFull,        ///< the transport's budget was used up when the item was submitted
  DestinationFull,  ///< this destination held its share of the budget already
  TooLarge,         ///< the item alone is more than the server takes
  Rejected,         ///< the server said that it will never take it (4xx, or a verdict in the reply)
  Unauthorized,     ///< 401 or 403: wrong keys, or no right to write
  ClientClosed,     ///< submitted after its client was closed
  Shutdown,         ///< still in memory when a shutdown's time was over
  Forked,           ///< begun before a fork, ended in the child
  EncodeFailed,     ///< could not be turned into bytes (out of memory, an exception in user code)
};
inline constexpr std::size_t kDropReasonCount = 9;

/// The reason in snake_case, e.g. "queue_full": the label used in logs and metrics.
LLMTRACE_EXPORT std::string_view to_string(DropReason reason) noexcept;

struct DestinationStats {
  std::string destination{};
  std::uint64_t submitted = 0;
  std::uint64_t delivered = 0;
  std::array<std::uint64_t, kDropReasonCount> dropped{};  ///< by DropReason
  std::uint64_t in_memory = 0;

  std::uint64_t requests = 0;            ///< HTTP attempts
  std::uint64_t retries = 0;             ///< attempts that followed a failed one
  std::uint64_t ambiguous_resends = 0;   ///< re-sent although the first attempt may have arrived
  std::uint64_t bytes_sent = 0;          ///< request bodies, as sent (compressed if they were)
  std::uint64_t late_updates = 0;        ///< updates after end(), ignored
  std::uint64_t invalid_numbers = 0;     ///< NaN, infinite or negative usage, cost or score values
  std::uint64_t invalid_attributes = 0;  ///< of a trace, left out or changed: the vendor's limits
  std::uint64_t user_code_failures = 0;  ///< exceptions out of a mask, callback or log sink
  std::uint64_t truncated_items = 0;     ///< items cut to their destination's size limit

  /// All drops, whatever the reason.
  LLMTRACE_EXPORT std::uint64_t dropped_total() const noexcept;
  std::uint64_t dropped_by(DropReason reason) const noexcept {
    return dropped[static_cast<std::size_t>(reason)];
  }
};

/// Given to TransportOptions::on_error when items were dropped, on the flusher thread with no lock
/// held.
struct DeliveryError {
  std::string destination{};
  DropReason reason = DropReason::Rejected;
  int http_status = 0;      ///< 0 when no server answered
  std::uint64_t count = 0;  ///< how many items
  /// Their ids, as far as known (at most 100), as their vendor names observations and scores.
  std::vector<std::string> ids{};
  std::string message{};  ///< for a person; what to do about it
};

}  // namespace v0
}  // namespace llmtrace
