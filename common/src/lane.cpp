#include "common/src/lane.h"

#include <algorithm>
#include <exception>
#include <iterator>

#include "common/src/compression.h"
#include "common/src/credentials.h"
#include "common/src/truncate.h"
#include "common/src/verdict.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr milliseconds kFirstBackoff = seconds(1);
constexpr milliseconds kMaxBackoff = seconds(60);
constexpr std::size_t kSmallestBatchBytes = 64 * 1024;
constexpr std::size_t kLargestBatchBytes = std::size_t{1} << 30;  // Fragment counts in 32 bits
constexpr std::size_t kSmallestItemBytes = 64 * 1024;
constexpr std::size_t kWorthKeeping = 256 * 1024;
constexpr std::size_t kReportedIds = 100;
constexpr int kTruncationRounds = 6;

// Full jitter (Brooker, "Exponential Backoff And Jitter", 2015): anywhere between now and the
// bound.
milliseconds full_jitter(unsigned failures) noexcept {
  const unsigned doublings = std::min(failures, 10U);
  const auto bound = std::min<milliseconds>(kFirstBackoff * (1U << doublings), kMaxBackoff);
  return milliseconds(random_bits() % static_cast<std::uint64_t>(bound.count() + 1));
}

// Something threw: no memory, most likely, so even its text may not be had.
Verdict failed_attempt(const std::exception& error) noexcept {
  Verdict verdict;
  verdict.kind = Verdict::Kind::Retry;
  try {
    verdict.message = error.what();
  } catch (const std::exception&) {  // then without a message
  }
  return verdict;
}

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
  if (held_bytes_ >= room) {
    open_starts_.erase(record.uuid);
    refuse(fragment, DropReason::DestinationFull,
           "it holds its share of the transport's budget already");
    return;
  }
  try {
    if (hold_end(record, fragment, arrival)) return;
  } catch (const std::exception&) {  // no memory to wait with: the whole may go beside its start
  }
  add_item(record, fragment, arrival);
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
  } catch (const std::exception&) {  // no memory to hash a text of its own: it stays without
  }
  if (held_bytes_ >= room) {
    refuse(fragment, DropReason::DestinationFull,
           "it holds its share of the transport's budget already");
    return;
  }
  add_item(score, fragment, arrival);
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
  report(reason, 0, 1, message, [&] { return std::vector<std::string>{item_id(fragment)}; });
}

template <class Item>
void Lane::add_item(const Item& item, const Fragment& fragment, SteadyTime arrival) noexcept {
  const std::optional<DropReason> failure = try_add(item, fragment, arrival);
  const std::uint64_t invalid = encoder_->take_invalid_numbers();
  if (invalid != 0) destination_.counters().invalid_numbers.fetch_add(invalid, kRelaxed);
  if (failure) {
    refuse(fragment, *failure,
           *failure == DropReason::TooLarge ? "the item is larger than the server takes"
                                            : "the item could not be encoded");
  }
}

// Why the item is not in the batch, which is then as it was before.
template <class Item>
std::optional<DropReason> Lane::try_add(const Item& item, Fragment fragment,
                                        SteadyTime arrival) noexcept {
  try {
    if (building_.fragments.size() >= encoder_->limits().max_items) seal();
    const std::size_t begin = begin_fragment();
    encode(item, fragment.phase, building_.payload);
    if (building_.payload.size() - begin > max_item_bytes_) {
      if (!fit_item(item, fragment.phase, begin)) {
        abort_fragment();
        return DropReason::TooLarge;
      }
      fragment.cut = true;
    }
    if (building_.payload.size() - begin >= kWorthKeeping) keep_original(item, fragment);
    accept_fragment(begin, std::move(fragment), arrival);
  } catch (const std::exception&) {  // no memory
    abort_fragment();
    return DropReason::EncodeFailed;
  }
  try {
    if (building_.fragments.size() >= encoder_->limits().max_items) seal();
  } catch (const std::exception&) {  // no memory for the list's node: the next item tries again
  }
  return std::nullopt;
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

// Encodes shorter and shorter copies until the item fits.
template <class Item>
bool Lane::fit_item(const Item& item, Phase phase, std::size_t begin) {
  Item shorter = item;
  for (int round = 0; round < kTruncationRounds; ++round) {
    const std::size_t size = building_.payload.size() - begin;
    if (size <= max_item_bytes_) {
      destination_.counters().truncated_items.fetch_add(1, kRelaxed);
      return true;
    }
    if (!truncate_largest(shorter, size - max_item_bytes_)) return false;
    building_.payload.resize(begin);
    encode(shorter, phase, building_.payload);
  }
  return false;
}

// Without it a 413 for this item alone could only be answered by dropping it.
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
  if (!building_.fragments.empty() && building_.payload.size() - Batch::kHeadRoom > max_bytes_) {
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

void Lane::follow(bool others_are_busy) noexcept {
  const bool waits = others_are_busy && encoder_->limits().patience > milliseconds(0);
  hold_until_ = waits ? occupied_since_ + encoder_->limits().patience : SteadyTime();
}

void Lane::pump(SteadyTime now, bool hurry) {
  // A batch that could not be sent anyway goes on filling.
  const bool due = hurry || now >= building_since_ + encoder_->limits().linger;
  if (!building_.fragments.empty() && due && ready_.empty() && may_send(now)) seal();
  while (!ready_.empty() && may_send(now)) {
    if (start_preflight()) return;
    send_next();
  }
}

bool Lane::start_preflight() noexcept {
  const std::uint64_t id = host_.next_request_id++;
  try {
    const std::optional<HttpRequest> request = encoder_->preflight(host_.clock.now());
    if (!request) return false;
    host_.request_lanes[id] = this;
    host_.http.send(id, *request);
  } catch (const std::exception&) {  // no memory for it: as if nobody answered
    host_.http.cancel(id);
    host_.request_lanes.erase(id);
    on_preflight(HttpReply());
    return false;
  }
  preflight_id_ = id;
  destination_.counters().requests.fetch_add(1, kRelaxed);
  return true;
}

void Lane::on_preflight(const HttpReply& reply) noexcept {
  preflight_id_ = 0;
  try {
    encoder_->on_preflight(reply, host_.clock.now());
  } catch (const std::exception&) {  // no memory to read it: it is asked again
  }
  adopt_limits();
}

// What was put together before the limits were known is cut to them.
void Lane::adopt_limits() noexcept {
  max_bytes_ = std::min(encoder_->limits().max_bytes, kLargestBatchBytes);
  max_item_bytes_ = encoder_->limits().max_item_bytes;
  try {
    if (building_.fragments.size() > encoder_->limits().max_items ||
        building_.payload_bytes() > max_bytes_) {
      seal();
    }
  } catch (const std::exception&) {  // no memory for the list's node: it is sealed later
  }
  for (Position batch = ready_.begin(); batch != ready_.end();) {
    BatchList parts;
    try {
      parts = fitting_parts(*batch);
    } catch (const std::exception&) {  // no memory: the server will say it
    }
    if (parts.empty()) {
      ++batch;
      continue;
    }
    forget_bytes(*batch);
    for (const Batch& piece : parts) {
      held_bytes_ += piece.byte_size();
      held_items_ += piece.fragments.size();
    }
    batch = ready_.erase(batch);
    ready_.splice(batch, parts);
  }
}

// Empty when the batch fits as it is.
Lane::BatchList Lane::fitting_parts(const Batch& batch) const {
  BatchList parts;
  std::vector<std::size_t> indices;
  for (std::size_t i = 0; i < batch.fragments.size(); ++i) {
    const bool fits =
        indices.empty() ||
        (indices.size() < encoder_->limits().max_items &&
         batch.fragments[i].end - batch.fragments[indices.front()].begin <= max_bytes_);
    if (!fits) {
      parts.push_back(part(batch, indices));
      indices.clear();
    }
    indices.push_back(i);
  }
  if (!parts.empty()) parts.push_back(part(batch, indices));
  return parts;
}

bool Lane::may_send(SteadyTime now) const noexcept {
  if (preflight_id_ != 0 || encoder_->is_waiting()) return false;
  const std::size_t allowed = failures_ > 0 ? 1 : encoder_->limits().max_in_flight;
  return now >= not_before_ && now >= backoff_until_ && now >= hold_until_ &&
         in_flight_.size() < allowed;
}

void Lane::send_next() {
  in_flight_.splice(in_flight_.begin(), ready_, ready_.begin());
  const Position batch = in_flight_.begin();
  batch->request_id = host_.next_request_id++;
  try {
    start_attempt(*batch);
  } catch (const std::exception& error) {  // no memory for it: one more failed attempt
    host_.http.cancel(batch->request_id);
    host_.request_lanes.erase(batch->request_id);
    retry(batch, failed_attempt(error));
  }
}

void Lane::start_attempt(Batch& batch) {
  batch.outage = outages_;
  prepare_body(batch);
  HttpRequest request = encoder_->request();
  credentials_ = credentials_of(request);
  if (const std::string_view encoding = content_encoding(encoder_->limits().compression);
      !encoding.empty()) {
    request.headers.push_back({"Content-Encoding", std::string(encoding)});
  }
  request.body = batch.body;
  host_.request_lanes[batch.request_id] = this;
  host_.http.send(batch.request_id, request);

  DestinationCounters& counters = destination_.counters();
  counters.requests.fetch_add(1, kRelaxed);
  counters.bytes_sent.fetch_add(request.body.size(), kRelaxed);
  if (batch.attempts++ > 0) counters.retries.fetch_add(1, kRelaxed);
  if (batch.state == AttemptState::PossiblySent) counters.ambiguous_resends.fetch_add(1, kRelaxed);
}

void Lane::prepare_body(Batch& batch) {
  std::vector<std::string_view> fragments;
  fragments.reserve(batch.fragments.size());
  for (std::size_t i = 0; i < batch.fragments.size(); ++i) fragments.push_back(batch.fragment(i));

  batch.assembled.clear();
  if (encoder_->assemble(fragments, batch.assembled)) {
    batch.body = batch.assembled;
  } else {
    const Envelope envelope = encoder_->envelope(batch.payload_bytes());
    const std::size_t content_end = batch.fragments.back().end;
    batch.payload.resize(content_end);
    if (envelope.prefix.size() <= Batch::kHeadRoom) {
      const std::size_t begin = Batch::kHeadRoom - envelope.prefix.size();
      envelope.prefix.copy(batch.payload.data() + begin, envelope.prefix.size());
      batch.payload.append(envelope.suffix);
      batch.body = std::string_view(batch.payload).substr(begin);
    } else {
      batch.assembled.append(envelope.prefix);
      batch.assembled.append(batch.payload, Batch::kHeadRoom);
      batch.assembled.append(envelope.suffix);
      batch.body = batch.assembled;
    }
  }
  if (encoder_->limits().compression != Compression::None) {
    batch.assembled = compress(encoder_->limits().compression, batch.body);
    batch.body = batch.assembled;
  }
}

void Lane::on_reply(std::uint64_t request_id, const HttpReply& reply) noexcept {
  if (request_id == preflight_id_) {
    on_preflight(reply);
    return;
  }
  const Position batch = std::find_if(
      in_flight_.begin(), in_flight_.end(),
      [request_id](const Batch& candidate) { return candidate.request_id == request_id; });
  if (batch == in_flight_.end()) return;
  batch->body = {};
  batch->assembled = std::string();  // gives the memory back
  if (reply.status == 0 && reply.request_sent) batch->state = AttemptState::PossiblySent;

  const Verdict verdict = judge(*batch, reply);
  if (destination_.options().debug) {
    try {
      host_.log.write(LogLevel::Debug, destination_.options().name + ": " +
                                           std::to_string(batch->fragments.size()) + " items, " +
                                           std::to_string(batch->byte_size()) +
                                           " bytes: " + redacted(describe(reply), credentials_));
    } catch (const std::exception&) {  // no memory to say so
    }
  }
  apply(batch, verdict, reply.status);
}

Verdict Lane::judge(const Batch& batch, const HttpReply& reply) noexcept {
  try {
    std::vector<Uuid> ids;
    ids.reserve(batch.fragments.size());
    for (const Fragment& fragment : batch.fragments) ids.push_back(fragment.id);
    Verdict verdict = encoder_->judge(ids, reply, host_.clock.now());
    verdict.message = redacted(verdict.message, credentials_);
    if (verdict.reason == DropReason::Unauthorized && verdict.kind == Verdict::Kind::Drop) {
      verdict.message += "; " + destination_.options().unauthorized_hint;
    }
    return verdict;
  } catch (const std::exception& error) {  // no memory to read the reply: as if there was none
    return failed_attempt(error);
  }
}

void Lane::apply(Position batch, const Verdict& verdict, int http_status) noexcept {
  constexpr unsigned kMaxResends = 3;  // then the server knows none of the encoder's forms
  switch (verdict.kind) {
    case Verdict::Kind::Delivered:
      settle_delivered(batch, verdict, http_status);
      return;
    case Verdict::Kind::PerItem:
      settle_items(batch, verdict, http_status);
      return;
    case Verdict::Kind::Drop:
      failures_ = 0;
      drop(batch, verdict, http_status);
      return;
    case Verdict::Kind::Split:
      split(batch, verdict, http_status);
      return;
    case Verdict::Kind::Resend:
      if (batch->resends++ < kMaxResends) {
        ready_.splice(ready_.begin(), in_flight_, batch);
        return;
      }
      drop(batch, verdict, http_status);
      return;
    case Verdict::Kind::Retry:
      retry(batch, verdict);
      return;
  }
}

void Lane::settle_delivered(Position batch, const Verdict& verdict, int http_status) noexcept {
  failures_ = 0;
  // Which items were refused is not known: the last ones stand for them.
  const std::size_t refused = std::min<std::size_t>(verdict.rejected, batch->fragments.size());
  const std::size_t accepted = batch->fragments.size() - refused;
  for (std::size_t i = 0; i < batch->fragments.size(); ++i) {
    if (i < accepted) {
      settle_delivered(batch->fragments[i]);
    } else {
      settle_dropped(batch->fragments[i], verdict.reason);
    }
  }
  forget_bytes(*batch);
  in_flight_.erase(batch);
  if (refused > 0) {
    report(verdict.reason, http_status, refused, verdict.message,
           [] { return std::vector<std::string>(); });
  }
}

void Lane::settle_items(Position batch, const Verdict& verdict, int http_status) noexcept {
  BatchList rest;
  try {  // first what may fail
    std::vector<std::size_t> again;
    for (std::size_t i = 0; i < batch->fragments.size(); ++i) {
      if (verdict.items[i].kind == ItemVerdict::Kind::Retry) again.push_back(i);
    }
    if (!again.empty()) rest.push_back(part(*batch, again));
  } catch (const std::exception& error) {  // no memory: all of it again, though some has arrived
    batch->state = AttemptState::PossiblySent;
    retry(batch, failed_attempt(error));
    return;
  }
  for (std::size_t i = 0; i < batch->fragments.size(); ++i) {
    const ItemVerdict& item = verdict.items[i];
    if (item.kind == ItemVerdict::Kind::Delivered) {
      settle_delivered(batch->fragments[i]);
    } else if (item.kind == ItemVerdict::Kind::Drop) {
      settle_dropped(batch->fragments[i], item.reason);
    }
  }
  report_items(*batch, verdict, http_status);
  if (rest.empty()) {
    failures_ = 0;
    forget_bytes(*batch);
    in_flight_.erase(batch);
    return;
  }
  replace(batch, std::move(rest));
  retry(in_flight_.begin(), verdict);
}

// Tells which items were dropped, once for each reason.
void Lane::report_items(const Batch& batch, const Verdict& verdict, int http_status) noexcept {
  for (std::size_t number = 0; number < kDropReasonCount; ++number) {
    const auto reason = static_cast<DropReason>(number);
    const auto is_dropped = [reason](const ItemVerdict& item) {
      return item.kind == ItemVerdict::Kind::Drop && item.reason == reason;
    };
    const auto count = std::count_if(verdict.items.begin(), verdict.items.end(), is_dropped);
    if (count == 0) continue;
    report(reason, http_status, static_cast<std::uint64_t>(count), verdict.message, [&] {
      std::vector<std::string> ids;
      for (std::size_t i = 0; i < batch.fragments.size() && ids.size() < kReportedIds; ++i) {
        if (!is_dropped(verdict.items[i])) continue;
        ids.push_back(item_id(batch.fragments[i]));
      }
      return ids;
    });
  }
}

void Lane::drop(Position batch, const Verdict& verdict, int http_status) noexcept {
  drop_items(*batch, verdict.reason, verdict.message, http_status);
  in_flight_.erase(batch);
}

void Lane::retry(Position batch, const Verdict& verdict) noexcept {
  const SteadyTime now = host_.clock.steady_now();
  if (batch->outage == outages_) {  // not the one that a request beside it has met already
    ++outages_;
    backoff_until_ = now + full_jitter(failures_++);
  }
  if (verdict.retry_after) not_before_ = std::max(not_before_, now + *verdict.retry_after);
  ready_.splice(ready_.begin(), in_flight_, batch);
  log(LogKind::Retry, LogLevel::Warning,
      [&] { return ": not delivered yet, will retry: " + verdict.message; });
}

void Lane::split(Position batch, const Verdict& verdict, int http_status) noexcept {
  if (verdict.reason == DropReason::TooLarge) {
    // The server's limit is below ours: no need to meet it with every batch.
    max_bytes_ = std::max(kSmallestBatchBytes, std::min(max_bytes_, batch->payload_bytes() / 2));
  }
  failures_ = 0;
  if (batch->fragments.size() == 1) {
    if (verdict.reason != DropReason::TooLarge || !cut(batch)) drop(batch, verdict, http_status);
    return;
  }
  BatchList halves;
  try {
    std::vector<std::size_t> first;
    std::vector<std::size_t> second;
    for (std::size_t i = 0; i < batch->fragments.size(); ++i) {
      (i < batch->fragments.size() / 2 ? first : second).push_back(i);
    }
    halves.push_back(part(*batch, first));
    halves.push_back(part(*batch, second));
  } catch (const std::exception& error) {  // no memory: the server will say it again
    retry(batch, failed_attempt(error));
    return;
  }
  const std::size_t parts = halves.size();
  replace(batch, std::move(halves));
  ready_.splice(ready_.begin(), in_flight_, in_flight_.begin(),
                std::next(in_flight_.begin(), static_cast<std::ptrdiff_t>(parts)));
}

// The server did not take one item alone. Its limit is not known: half of it, and so on.
bool Lane::cut(Position batch) noexcept {
  Fragment fragment = batch->fragments.front();
  const std::size_t size = fragment.end - fragment.begin;
  const std::size_t limit = size / 2;
  if (!fragment.original || limit < kSmallestItemBytes) return false;
  BatchList shorter;
  try {
    auto record = std::make_shared<Record>(*fragment.original);
    Batch& result = shorter.emplace_back();
    result.state = batch->state;
    result.attempts = batch->attempts;
    result.payload.assign(Batch::kHeadRoom, '\0');
    if (!truncate_largest(*record, size - limit)) return false;
    encode(*record, fragment.phase, result.payload);
    if (result.payload.size() - Batch::kHeadRoom >= size) return false;
    if (!fragment.cut) destination_.counters().truncated_items.fetch_add(1, kRelaxed);
    fragment.cut = true;
    fragment.begin = Batch::kHeadRoom;
    fragment.end = static_cast<std::uint32_t>(result.payload.size());
    result.original_bytes = record->byte_size();
    fragment.original = std::move(record);
    result.fragments.push_back(std::move(fragment));
  } catch (const std::exception&) {  // no memory to cut it
    return false;
  }
  max_item_bytes_ = std::min(max_item_bytes_, std::max(limit, kSmallestItemBytes));
  replace(batch, std::move(shorter));
  ready_.splice(ready_.begin(), in_flight_, in_flight_.begin());
  return true;
}

void Lane::settle_delivered(const Fragment& fragment) noexcept {
  if (fragment.phase == Phase::Start) {
    settle_start(fragment.id, true);
  } else {
    destination_.settle_delivered(fragment.slot);
  }
}

void Lane::settle_dropped(const Fragment& fragment, DropReason reason) noexcept {
  if (fragment.phase == Phase::Start) {
    settle_start(fragment.id, false);
  } else {
    destination_.settle_dropped(fragment.slot, reason);
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

// Puts what is left of a batch in its place, at the front of those in flight.
void Lane::replace(Position batch, BatchList parts) noexcept {
  for (const Batch& piece : parts) {
    held_bytes_ += piece.byte_size();
    held_items_ += piece.fragments.size();
  }
  forget_bytes(*batch);
  in_flight_.erase(batch);
  in_flight_.splice(in_flight_.begin(), parts);
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

std::string Lane::item_id(const Fragment& fragment) const {
  return fragment.kind == ItemKind::Score ? uuid_text(fragment.id)
                                          : encoder_->observation_id(fragment.id);
}

void Lane::drop_items(const Batch& batch, DropReason reason, std::string_view message,
                      int http_status) noexcept {
  std::uint64_t count = 0;
  for (const Fragment& fragment : batch.fragments) {
    settle_dropped(fragment, reason);
    count += fragment.phase == Phase::Start ? 0 : 1;  // its end will be sent, complete
  }
  forget_bytes(batch);
  if (count == 0) return;
  report(reason, http_status, count, message, [&] {
    std::vector<std::string> ids;
    for (const Fragment& fragment : batch.fragments) {
      if (fragment.phase == Phase::Start) continue;
      if (ids.size() < kReportedIds) ids.push_back(item_id(fragment));
    }
    return ids;
  });
}

void Lane::report_refused(std::uint64_t count) noexcept {
  report(DropReason::QueueFull, 0, count,
         "the transport's budget is used up; raise TransportOptions::max_bytes or max_items, or "
         "choose "
         "Overflow::block",
         [] { return std::vector<std::string>(); });
}

void Lane::drop_all(DropReason reason) noexcept {
  constexpr std::string_view kMessage = "the time of the shutdown was over";
  if (preflight_id_ != 0) {
    host_.http.cancel(preflight_id_);
    host_.request_lanes.erase(preflight_id_);
    preflight_id_ = 0;
  }
  for (const Batch& batch : in_flight_) {
    host_.http.cancel(batch.request_id);
    host_.request_lanes.erase(batch.request_id);
    drop_items(batch, reason, kMessage, 0);
  }
  in_flight_.clear();
  // An end that waited for one of the starts becomes a whole item, behind the others.
  while (!ready_.empty() || !building_.fragments.empty()) {
    const BatchList sealed = std::exchange(ready_, {});
    for (const Batch& batch : sealed) drop_items(batch, reason, kMessage, 0);
    const Batch last = std::exchange(building_, Batch());
    if (!last.fragments.empty()) drop_items(last, reason, kMessage, 0);
  }
  open_starts_.clear();
}

void Lane::forget_bytes(const Batch& batch) noexcept {
  held_bytes_ -= batch.byte_size();
  held_items_ -= batch.fragments.size();
}

std::optional<Lane::SteadyTime> Lane::next_deadline() const {
  const std::size_t allowed = failures_ > 0 ? 1 : encoder_->limits().max_in_flight;
  // A reply comes first.
  if (preflight_id_ != 0 || encoder_->is_waiting() || in_flight_.size() >= allowed) {
    return std::nullopt;
  }
  const SteadyTime allowed_from = std::max({not_before_, backoff_until_, hold_until_});
  if (!ready_.empty()) return allowed_from;
  if (building_.fragments.empty()) return std::nullopt;
  return std::max(allowed_from, building_since_ + encoder_->limits().linger);
}

template <class Text>
void Lane::log(LogKind kind, LogLevel level, Text text) noexcept {
  try {
    host_.log.log(kind, level, destination_.options().name + text());
  } catch (const std::exception&) {  // no memory to say so
  }
}

// What was dropped is counted already, so that an end of memory here hides nothing.
template <class Ids>
void Lane::report(DropReason reason, int http_status, std::uint64_t count, std::string_view message,
                  Ids ids) noexcept {
  log(static_cast<LogKind>(reason), LogLevel::Error, [&] {
    return ": dropped " + std::to_string(count) + (count == 1 ? " item" : " items") + " (" +
           std::string(to_string(reason)) + "): " + std::string(message);
  });
  if (!host_.options.on_error) return;
  try {
    call_on_error(
        {destination_.options().name, reason, http_status, count, ids(), std::string(message)});
  } catch (const std::exception&) {  // no memory to say so
  }
}

void Lane::call_on_error(const DeliveryError& error) noexcept {
  try {
    host_.options.on_error(error);
  } catch (...) {  // the user's code, on our thread: it may fail, we may not
    destination_.counters().user_code_failures.fetch_add(1, kRelaxed);
    log(LogKind::UserCode, LogLevel::Error, [] { return ": the error callback threw"; });
  }
}

}  // namespace v0
}  // namespace llmtrace
