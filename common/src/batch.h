// Batch is the unit of retry: fragments of one lane, sealed, with what is known of its attempts.
// Once sealed its bytes never change.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "common/src/destination.h"
#include "common/src/id_types.h"

namespace llmtrace {
inline namespace v0 {

struct Fragment {
  std::uint32_t begin = 0;  // in Batch::payload
  std::uint32_t end = 0;
  std::uint8_t slot = 0;  // the flush epoch that the item belongs to
  ItemKind kind = ItemKind::Observation;
  Phase phase = Phase::Complete;
  bool cut = false;             // to fit; counted once
  std::uint8_t unanswered = 0;  // how many replies with verdicts said nothing of it
  Uuid id{};
  std::shared_ptr<const Record>
      original{};  // of a large one: to cut it, should the server ask for it
  std::shared_ptr<const std::string>
      given_id{};  // of a score whose id is no UUID: what its user knows it by
};

enum class AttemptState : unsigned char { NotSent, PossiblySent };

struct Batch {
  // Room in front of the first fragment, where the envelope's prefix goes without moving the rest.
  static constexpr std::size_t kHeadRoom = 512;

  std::string payload;
  std::vector<Fragment> fragments;
  std::string_view body;  // what is sent: in `payload`, or `assembled`
  std::string assembled;  // a body built or compressed for the attempt under way
  AttemptState state = AttemptState::NotSent;
  std::uint32_t attempts = 0;
  std::uint32_t outage = 0;       // how many outages the lane knew of when the attempt began
  std::uint32_t form = 0;         // Encoder::form of the attempt under way
  std::uint32_t tried_forms = 0;  // bits: those of its attempts since it was last retried
  std::chrono::steady_clock::time_point due{};  // of one that is sent later
  std::uint64_t request_id = 0;                 // of the attempt under way
  std::size_t original_bytes = 0;               // of the fragments' originals

  /// The fragments and what stands between them.
  std::size_t payload_bytes() const noexcept {
    return fragments.empty() ? 0 : fragments.back().end - kHeadRoom;
  }
  /// What it takes of the budget.
  std::size_t byte_size() const noexcept { return payload_bytes() + original_bytes; }
  std::string_view fragment(std::size_t index) const noexcept {
    return std::string_view(payload).substr(fragments[index].begin,
                                            fragments[index].end - fragments[index].begin);
  }
};

}  // namespace v0
}  // namespace llmtrace
