#include <algorithm>
#include <exception>

#include "common/src/lane_impl.h"
#include "common/src/truncate.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr std::size_t kWorthKeeping = 256 * 1024;
constexpr int kTruncationRounds = 6;

}  // namespace

Lane::Lane(const Destination& destination, std::unique_ptr<Encoder> encoder, LaneHost host)
    : destination_(destination),
      encoder_(std::move(encoder)),
      host_(host),
      max_bytes_(std::min(encoder_->limits().max_bytes, kLargestBatchBytes)),
      max_item_bytes_(encoder_->limits().max_item_bytes) {}

void Lane::add(const Record& record, std::size_t slot, SteadyTime arrival,
               std::size_t room) noexcept {
  Fragment fragment;
  fragment.slot = static_cast<std::uint8_t>(slot);
  fragment.id = record.uuid;
  if (const std::string_view why = full_because(room); !why.empty()) {
    open_starts_.erase(record.uuid);
    refuse(fragment, DropReason::DestinationFull, why);
    return;
  }
  try {
    if (hold_end(record, fragment, arrival)) return;
  } catch (const std::exception&) {  // no memory to wait with: the whole may go beside its start
  }
  add_item(record, fragment, arrival);
}

// Why nothing more may come in; empty when it may.
std::string_view Lane::full_because(std::size_t room) const noexcept {
  if (held_bytes_ >= room) return "it holds its share of the transport's budget already";
  const std::size_t most = encoder_->limits().max_held_items;
  return most != 0 && held_items_ >= most ? "as many as may wait for this destination do" : "";
}

// True when the end of `record` waits for the fate of its start.
bool Lane::hold_end(const Record& record, Fragment& fragment, SteadyTime arrival) {
  if (open_starts_.empty()) return false;
  const auto found = open_starts_.find(record.uuid);
  if (found == open_starts_.end()) return false;
  OpenStart& start = found->second;
  if (start.delivered) {
    open_starts_.erase(found);
    fragment.phase = Phase::End;
    return false;
  }
  start.end = std::make_unique<const Record>(record);
  start.end_bytes = record.byte_size();
  start.slot = fragment.slot;
  start.arrival = arrival;
  held_bytes_ += start.end_bytes;
  ++held_items_;
  return true;
}

void Lane::add(const Score& score, std::size_t slot, SteadyTime arrival,
               std::size_t room) noexcept {
  Fragment fragment;
  fragment.slot = static_cast<std::uint8_t>(slot);
  fragment.kind = ItemKind::Score;
  try {
    fragment.id = uuid_from(score.id);
    if (uuid_text(fragment.id) != score.id) {
      fragment.given_id = std::make_shared<const std::string>(score.id);
    }
  } catch (const std::exception&) {  // no memory for an id of its own: it stays without
  }
  if (const std::string_view why = full_because(room); !why.empty()) {
    refuse(fragment, DropReason::DestinationFull, why);
    return;
  }
  add_item(score, fragment, arrival);
}

void Lane::add(const LogRecord& record, std::size_t slot, SteadyTime arrival,
               std::size_t room) noexcept {
  Fragment fragment;
  fragment.slot = static_cast<std::uint8_t>(slot);
  fragment.kind = ItemKind::Log;
  if (const std::string_view why = full_because(room); !why.empty()) {
    refuse(fragment, DropReason::DestinationFull, why);
    return;
  }
  add_item(record, fragment, arrival);
}

void Lane::collect(std::size_t slot, SteadyTime arrival, bool has_room) noexcept {
  if (!has_room) return;
  std::vector<std::string> items;
  try {
    items = encoder_->collect(host_.clock.now());
  } catch (const std::exception&) {  // no memory: the next collection tells of it
    return;
  }
  Fragment fragment;
  fragment.slot = static_cast<std::uint8_t>(slot);
  fragment.kind = ItemKind::Metric;
  destination_.counters().submitted[slot].fetch_add(items.size(), kRelaxed);
  for (const std::string& item : items) {
    const auto failure = try_append(fragment, arrival, [&](std::size_t /*begin*/, Fragment&) {
      if (item.size() > max_item_bytes_) return false;
      building_.payload.append(item);
      return true;
    });
    if (failure) refuse(fragment, *failure, "what was collected does not fit into a request");
  }
}

void Lane::add_open(const Record& record, SteadyTime arrival, std::size_t room) noexcept {
  // The end of one that the full queue refused never comes here: what is known of it is bounded,
  // too.
  if (held_bytes_ >= room || open_starts_.size() >= host_.options.max_items) return;
  Fragment fragment;
  fragment.phase = Phase::Start;
  fragment.id = record.uuid;
  try {
    open_starts_.try_emplace(record.uuid);  // before it may be settled
  } catch (const std::exception&) {         // no memory: it is sent at its end
    return;
  }
  add_item(record, fragment, arrival);
}

void Lane::refuse(const Fragment& fragment, DropReason reason, std::string_view message) noexcept {
  settle_dropped(fragment, reason);
  if (fragment.phase == Phase::Start) return;  // its end will be sent, complete
  report(reason, 0, 1, message, [&] {
    std::vector<std::string> ids;
    append_id(ids, fragment);
    return ids;
  });
}

template <class Item>
void Lane::add_item(const Item& item, const Fragment& fragment, SteadyTime arrival) noexcept {
  const std::optional<DropReason> failure = try_add(item, fragment, arrival);
  const std::uint64_t invalid = encoder_->take_invalid_numbers();
  if (invalid != 0) destination_.counters().invalid_numbers.fetch_add(invalid, kRelaxed);
  if (const std::uint64_t attributes = encoder_->take_invalid_attributes(); attributes != 0) {
    destination_.counters().invalid_attributes.fetch_add(attributes, kRelaxed);
    log(LogKind::Attribute, LogLevel::Warning,
        [&] { return ": " + encoder_->invalid_attribute(); });
  }
  if (failure) {
    refuse(fragment, *failure,
           *failure == DropReason::TooLarge ? "the item is larger than the server takes"
                                            : "the item could not be encoded");
  }
}

template <class Item>
std::optional<DropReason> Lane::try_add(const Item& item, Fragment fragment,
                                        SteadyTime arrival) noexcept {
  return try_append(std::move(fragment), arrival, [&](std::size_t begin, Fragment& written) {
    // What is far too large is not encoded whole: that would take its size again, and more. What
    // stands around the value is guessed.
    std::size_t size = largest_value_bytes(item) + max_item_bytes_ / 256;
    if (size <= 2 * max_item_bytes_) {
      encode(item, written.phase, building_.payload);
      size = building_.payload.size() - begin;
    }
    if (size > max_item_bytes_) return fit_item(item, written, begin, size);
    if (size >= kWorthKeeping) keep_original(item, written);
    return true;
  });
}

// `write` puts the fragment behind the others; false when it is too large. Returns why it is not in
// the batch, which is then as it was before.
template <class Write>
std::optional<DropReason> Lane::try_append(Fragment fragment, SteadyTime arrival,
                                           Write write) noexcept {
  try {
    if (building_.fragments.size() >= encoder_->limits().max_items) seal();
    const std::size_t begin = begin_fragment();
    if (!write(begin, fragment)) {
      abort_fragment();
      return DropReason::TooLarge;
    }
    accept_fragment(begin, std::move(fragment), arrival);
  } catch (const std::exception&) {  // no memory
    abort_fragment();
    return DropReason::EncodeFailed;
  }
  try {
    const bool is_full = building_.fragments.size() >= encoder_->limits().max_items;
    if (is_full || must_be_alone(building_.fragments.back())) seal();
  } catch (const std::exception&) {  // no memory for the list's node: the next item tries again
  }
  return std::nullopt;
}

// From the lane before this one.
void Lane::take_over(std::string_view score, const Fragment& fragment) noexcept {
  const auto failure =
      try_append(fragment, host_.clock.steady_now(), [&](std::size_t /*begin*/, Fragment&) {
        building_.payload.append(score);
        return true;
      });
  if (failure) refuse(fragment, *failure, "the item could not be encoded");
}

void Lane::encode(const Record& record, Phase phase, std::string& out) {
  switch (phase) {
    case Phase::Complete:
      encoder_->encode(record, out);
      return;
    case Phase::Start:
      encoder_->encode_start(record, out);
      return;
    case Phase::End:
      encoder_->encode_end(record, out);
      return;
  }
}

void Lane::encode(const Score& score, Phase /*phase*/, std::string& out) {
  encoder_->encode(score, out);
}

void Lane::encode(const LogRecord& record, Phase /*phase*/, std::string& out) {
  encoder_->encode(record, out);
}

// Encodes shorter and shorter copies of an item of `size` bytes until one fits.
template <class Item>
bool Lane::fit_item(const Item& item, Fragment& fragment, std::size_t begin, std::size_t size) {
  Item shorter = item;
  for (int round = 0; round < kTruncationRounds; ++round) {
    if (!truncate_largest(shorter, size - max_item_bytes_)) return false;
    building_.payload.resize(begin);
    encode(shorter, fragment.phase, building_.payload);
    size = building_.payload.size() - begin;
    if (size > max_item_bytes_) continue;
    // A destination may hide the very value that was cut, mark and all.
    if (building_.payload.find("sha256", begin) == std::string::npos) return true;
    destination_.counters().truncated_items.fetch_add(1, kRelaxed);
    fragment.cut = true;
    keep_original(shorter, fragment);
    return true;
  }
  return false;
}

// Without it a 413 for this item alone could only be answered by dropping it. Of one that was cut
// what is left is enough: it will only be cut shorter.
void Lane::keep_original(const Record& record, Fragment& fragment) noexcept {
  try {
    fragment.original = std::make_shared<const Record>(record);
  } catch (const std::exception&) {  // no memory: then it goes without
  }
}

std::size_t Lane::begin_fragment() {
  if (building_.fragments.empty()) {
    building_.payload.assign(Batch::kHeadRoom, '\0');
  } else if (encoder_->limits().separator != 0) {
    building_.payload.push_back(encoder_->limits().separator);
  }
  return building_.payload.size();
}

void Lane::abort_fragment() noexcept {
  building_.payload.resize(building_.fragments.empty() ? 0 : building_.fragments.back().end);
}

void Lane::accept_fragment(std::size_t begin, Fragment fragment, SteadyTime arrival) {
  const bool fits =
      !must_be_alone(fragment) && building_.payload.size() - Batch::kHeadRoom <= max_bytes_;
  if (!building_.fragments.empty() && !fits) {
    const std::string last = building_.payload.substr(begin);
    abort_fragment();
    seal();
    begin = begin_fragment();
    building_.payload.append(last);
  }
  const std::size_t original_bytes = fragment.original ? fragment.original->byte_size() : 0;
  const std::size_t size_before = building_.byte_size();
  fragment.begin = static_cast<std::uint32_t>(begin);
  fragment.end = static_cast<std::uint32_t>(building_.payload.size());
  if (building_.fragments.empty()) building_since_ = arrival;
  building_.fragments.push_back(std::move(fragment));
  building_.original_bytes += original_bytes;
  if (held_items_ == 0) occupied_since_ = arrival;
  held_bytes_ += building_.byte_size() - size_before;
  ++held_items_;
}

void Lane::seal() {
  const std::size_t typical = building_.payload.size();
  ready_.emplace_back();  // first what may fail, then the move, which cannot
  ready_.back() = std::exchange(building_, Batch());
  try {
    building_.payload.reserve(std::min(typical + typical / 16, max_bytes_ + Batch::kHeadRoom));
  } catch (const std::exception&) {  // no memory: it grows as it fills
  }
}

// The end that waited goes now: as an end when the server has the start, else as the whole.
void Lane::settle_start(const Uuid& id, bool delivered) noexcept {
  const auto found = open_starts_.find(id);
  if (found == open_starts_.end()) return;
  if (!found->second.end) {
    found->second.delivered = true;
    if (!delivered) open_starts_.erase(found);
    return;
  }
  const OpenStart start = std::move(found->second);
  open_starts_.erase(found);
  held_bytes_ -= start.end_bytes;
  --held_items_;
  Fragment fragment;
  fragment.slot = static_cast<std::uint8_t>(start.slot);
  fragment.phase = delivered ? Phase::End : Phase::Complete;
  fragment.id = id;
  add_item(*start.end, fragment, start.arrival);
}

Batch Lane::part(const Batch& batch, const std::vector<std::size_t>& indices) const {
  Batch result;
  result.state = batch.state;
  result.attempts = batch.attempts;
  result.outage = batch.outage;
  result.payload.assign(Batch::kHeadRoom, '\0');
  for (const std::size_t index : indices) {
    if (!result.fragments.empty() && encoder_->limits().separator != 0) {
      result.payload.push_back(encoder_->limits().separator);
    }
    Fragment fragment = batch.fragments[index];
    fragment.begin = static_cast<std::uint32_t>(result.payload.size());
    result.payload.append(batch.fragment(index));
    fragment.end = static_cast<std::uint32_t>(result.payload.size());
    if (fragment.original) result.original_bytes += fragment.original->byte_size();
    result.fragments.push_back(std::move(fragment));
  }
  return result;
}

void Lane::forget_bytes(const Batch& batch) noexcept {
  held_bytes_ -= batch.byte_size();
  held_items_ -= batch.fragments.size();
}

}  // namespace v0
}  // namespace llmtrace
