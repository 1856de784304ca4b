#include "common/src/lane.h"

#include <algorithm>
#include <array>
#include <exception>

#include "common/src/compression.h"
#include "common/src/credentials.h"
#include "common/src/rate_limited_log.h"
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

std::string item_id(ItemKind kind, const Uuid& id) {
  return kind == ItemKind::Score ? uuid_text(id) : to_hex(span_id_of(id));
}

}  // namespace

Lane::Lane(const Destination& destination, std::unique_ptr<Encoder> encoder, LaneHost host)
    : destination_(destination),
      encoder_(std::move(encoder)),
      host_(host),
      max_bytes_(std::min(encoder_->limits().max_bytes, kLargestBatchBytes)),
      max_item_bytes_(encoder_->limits().max_item_bytes) {}

void Lane::add(const Record& record, std::size_t slot, SteadyTime arrival, std::size_t room) {
  if (held_bytes_ >= room) {
    refuse_full(slot, ItemKind::Observation, record.uuid);
    if (!open_starts_.empty()) open_starts_.erase(record.uuid);
    return;
  }
  Fragment fragment{.slot = static_cast<std::uint8_t>(slot), .id = record.uuid};
  if (!open_starts_.empty()) {
    const auto found = open_starts_.find(record.uuid);
    if (found != open_starts_.end()) {
      OpenStart& start = found->second;
      if (!start.delivered) {
        const std::size_t bytes = record.byte_size();
        start.end = std::make_unique<const Record>(record);
        start.end_bytes = bytes;
        start.slot = slot;
        start.arrival = arrival;
        held_bytes_ += bytes;
        ++held_items_;
        return;
      }
      open_starts_.erase(found);
      fragment.phase = Phase::End;
    }
  }
  add_item(record, std::move(fragment), arrival);
}

void Lane::add(const Score& score, std::size_t slot, SteadyTime arrival, std::size_t room) {
  const Uuid id = uuid_from(score.id);
  if (held_bytes_ >= room) {
    refuse_full(slot, ItemKind::Score, id);
    return;
  }
  add_item(score, {.slot = static_cast<std::uint8_t>(slot), .kind = ItemKind::Score, .id = id},
           arrival);
}

void Lane::add_open(const Record& record, SteadyTime arrival, std::size_t room) {
  // The end of one that the full queue refused never comes here: what is known of it is bounded, too.
  if (held_bytes_ >= room || open_starts_.size() >= host_.options.max_items) return;
  open_starts_.try_emplace(record.uuid);  // before it may be settled
  add_item(record, {.phase = Phase::Start, .id = record.uuid}, arrival);
}

void Lane::refuse_full(std::size_t slot, ItemKind kind, const Uuid& id) {
  destination_.settle_dropped(slot, DropReason::DestinationFull);
  report(DropReason::DestinationFull, 0, 1, {item_id(kind, id)},
         "it holds its share of the transport's budget already");
}

template <class Item>
void Lane::add_item(const Item& item, Fragment fragment, SteadyTime arrival) {
  const std::size_t begin = begin_fragment();
  DropReason failure = DropReason::EncodeFailed;
  bool encoded = encode_guarded(item, fragment.phase, building_.payload);
  if (encoded && building_.payload.size() - begin > max_item_bytes_) {
    failure = DropReason::TooLarge;
    encoded = fit_item(item, fragment.phase, begin);
    fragment.cut = encoded;
  }
  const std::uint64_t invalid = encoder_->take_invalid_numbers();
  if (invalid != 0) destination_.counters().invalid_numbers.fetch_add(invalid, kRelaxed);
  if (!encoded) {
    abort_fragment();
    settle_dropped(fragment, failure);
    if (fragment.phase == Phase::Start) return;
    report(failure, 0, 1, {item_id(fragment.kind, fragment.id)},
           failure == DropReason::TooLarge ? "the item is larger than the server takes"
                                           : "the item could not be encoded");
    return;
  }
  if (building_.payload.size() - begin >= kWorthKeeping) keep_original(item, fragment);
  accept_fragment(begin, std::move(fragment), arrival);
}

// No memory, most likely: the caller counts it as EncodeFailed.
bool Lane::encode_guarded(const Record& record, Phase phase, std::string& out) {
  try {
    switch (phase) {
      case Phase::Complete:
        encoder_->encode(record, out);
        break;
      case Phase::Start:
        encoder_->encode_start(record, out);
        break;
      case Phase::End:
        encoder_->encode_end(record, out);
        break;
    }
    return true;
  } catch (const std::exception&) {
    return false;
  }
}

bool Lane::encode_guarded(const Score& score, Phase /*phase*/, std::string& out) {
  try {
    encoder_->encode(score, out);
    return true;
  } catch (const std::exception&) {
    return false;
  }
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
    if (!encode_guarded(shorter, phase, building_.payload)) return false;
  }
  return false;
}

// Without it a 413 for this item alone could only be answered by dropping it.
void Lane::keep_original(const Record& record, Fragment& fragment) {
  try {
    fragment.original = std::make_unique<const Record>(record);
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
  building_.payload.resize(building_.fragments.empty() ? Batch::kHeadRoom
                                                       : building_.fragments.back().end);
}

void Lane::accept_fragment(std::size_t begin, Fragment fragment, SteadyTime arrival) {
  if (!building_.fragments.empty() && building_.payload.size() - Batch::kHeadRoom > max_bytes_) {
    const std::string last = building_.payload.substr(begin);
    abort_fragment();
    seal();
    begin = begin_fragment();
    building_.payload.append(last);
  }
  if (building_.fragments.empty()) building_since_ = arrival;
  if (held_items_ == 0) occupied_since_ = arrival;
  const std::size_t size_before = building_.byte_size();
  fragment.begin = static_cast<std::uint32_t>(begin);
  fragment.end = static_cast<std::uint32_t>(building_.payload.size());
  if (fragment.original) building_.original_bytes += fragment.original->byte_size();
  building_.fragments.push_back(std::move(fragment));
  held_bytes_ += building_.byte_size() - size_before;
  ++held_items_;
  if (building_.fragments.size() >= encoder_->limits().max_items) seal();
}

void Lane::seal() {
  const std::size_t typical = building_.payload.size();
  ready_.emplace_back();  // first what may fail, then the move, which cannot
  ready_.back() = std::exchange(building_, Batch());
  building_.payload.reserve(std::min(typical + typical / 16, max_bytes_ + Batch::kHeadRoom));
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

bool Lane::start_preflight() {
  std::optional<HttpRequest> request = encoder_->preflight(host_.clock.now());
  if (!request) return false;
  const std::uint64_t id = host_.next_request_id++;
  try {
    host_.request_lanes[id] = this;
    host_.http.send(id, *request);
  } catch (const std::exception& error) {  // no memory for it: as if nobody answered
    HttpReply none;
    none.error = error.what();
    encoder_->on_preflight(none, host_.clock.now());
    return false;
  }
  preflight_id_ = id;
  destination_.counters().requests.fetch_add(1, kRelaxed);
  return true;
}

bool Lane::may_send(SteadyTime now) const noexcept {
  if (preflight_id_ != 0 || encoder_->is_waiting()) return false;
  const std::size_t allowed = failures_ > 0 ? 1 : encoder_->limits().max_in_flight;
  return now >= not_before_ && now >= backoff_until_ && now >= hold_until_ &&
         in_flight_.size() < allowed;
}

void Lane::send_next() {
  const std::uint64_t id = host_.next_request_id++;
  Batch& batch = in_flight_.emplace(id, std::move(ready_.front())).first->second;
  ready_.pop_front();
  try {
    start_attempt(id, batch);
  } catch (const std::exception& error) {  // no memory for it: one more failed attempt
    host_.http.cancel(id);
    host_.request_lanes.erase(id);
    Batch failed = std::move(batch);
    in_flight_.erase(id);
    retry(std::move(failed), {.kind = Verdict::Kind::Retry, .message = error.what()});
  }
}

void Lane::start_attempt(std::uint64_t id, Batch& batch) {
  batch.outage = outages_;
  prepare_body(batch);
  HttpRequest request = encoder_->request();
  credentials_ = credentials_of(request);
  if (const std::string_view encoding = content_encoding(encoder_->limits().compression);
      !encoding.empty()) {
    request.headers.push_back({"Content-Encoding", std::string(encoding)});
  }
  request.body = batch.body;
  host_.request_lanes[id] = this;
  host_.http.send(id, request);

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

void Lane::on_reply(std::uint64_t request_id, const HttpReply& reply) {
  if (request_id == preflight_id_) {
    preflight_id_ = 0;
    encoder_->on_preflight(reply, host_.clock.now());
    adopt_limits();
    return;
  }
  const auto found = in_flight_.find(request_id);
  if (found == in_flight_.end()) return;
  Batch batch = std::move(found->second);
  in_flight_.erase(found);
  batch.body = {};
  batch.assembled = std::string();  // gives the memory back
  if (reply.status == 0 && reply.request_sent) batch.state = AttemptState::PossiblySent;

  const Verdict verdict = judge(batch, reply);
  if (destination_.options().debug) {
    host_.log.write(LogLevel::Debug, destination_.options().name + ": " +
                                         std::to_string(batch.fragments.size()) + " items, " +
                                         std::to_string(batch.byte_size()) +
                                         " bytes: " + redacted(describe(reply), credentials_));
  }
  apply(std::move(batch), verdict, reply.status);
}

// What was sealed before the limits were known is cut to them.
void Lane::adopt_limits() {
  max_bytes_ = std::min(encoder_->limits().max_bytes, kLargestBatchBytes);
  max_item_bytes_ = encoder_->limits().max_item_bytes;
  for (std::size_t left = ready_.size(); left > 0; --left) {
    Batch batch = std::move(ready_.front());
    ready_.pop_front();
    forget_bytes(batch);
    while (!batch.fragments.empty()) {
      ready_.push_back(take_fitting(batch));
      held_bytes_ += ready_.back().byte_size();
      held_items_ += ready_.back().fragments.size();
    }
  }
}

// As many of the first fragments as fit into one request; one at least.
Batch Lane::take_fitting(Batch& batch) const {
  std::vector<std::size_t> first;
  std::vector<std::size_t> rest;
  const std::size_t begin = batch.fragments.front().begin;
  for (std::size_t i = 0; i < batch.fragments.size(); ++i) {
    const bool fits = i < encoder_->limits().max_items &&
                      batch.fragments[i].end - begin <= max_bytes_ && rest.empty();
    (fits || i == 0 ? first : rest).push_back(i);
  }
  if (rest.empty()) return std::exchange(batch, Batch());
  Batch result = part(batch, first);
  batch = part(batch, rest);
  return result;
}

Verdict Lane::judge(const Batch& batch, const HttpReply& reply) {
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
    return {.kind = Verdict::Kind::Retry, .message = error.what()};
  }
}

void Lane::apply(Batch batch, const Verdict& verdict, int http_status) {
  constexpr unsigned kMaxResends = 3;  // then the server knows none of the encoder's forms
  switch (verdict.kind) {
    case Verdict::Kind::Delivered:
      failures_ = 0;
      settle_delivered(std::move(batch), verdict, http_status);
      return;
    case Verdict::Kind::PerItem:
      settle_items(std::move(batch), verdict, http_status);
      return;
    case Verdict::Kind::Drop:
      failures_ = 0;
      drop(std::move(batch), verdict.reason, verdict.message, http_status);
      return;
    case Verdict::Kind::Split:
      failures_ = 0;
      split(std::move(batch), verdict, http_status);
      return;
    case Verdict::Kind::Resend:
      if (batch.resends++ < kMaxResends) {
        ready_.push_front(std::move(batch));
        return;
      }
      drop(std::move(batch), verdict.reason, verdict.message, http_status);
      return;
    case Verdict::Kind::Retry:
      retry(std::move(batch), verdict);
      return;
  }
}

void Lane::settle_delivered(Batch batch, const Verdict& verdict, int http_status) {
  // Which items were refused is not known: the last ones stand for them.
  const std::size_t refused = std::min<std::size_t>(verdict.rejected, batch.fragments.size());
  const std::size_t accepted = batch.fragments.size() - refused;
  for (std::size_t i = 0; i < batch.fragments.size(); ++i) {
    if (i < accepted) {
      settle_delivered(batch.fragments[i]);
    } else {
      settle_dropped(batch.fragments[i], verdict.reason);
    }
  }
  forget_bytes(batch);
  if (refused > 0) report(verdict.reason, http_status, refused, {}, verdict.message);
}

void Lane::settle_items(Batch batch, const Verdict& verdict, int http_status) {
  std::vector<std::size_t> again;
  std::array<std::vector<std::string>, kDropReasonCount> dropped;
  for (std::size_t i = 0; i < batch.fragments.size(); ++i) {
    const Fragment& fragment = batch.fragments[i];
    switch (verdict.items[i].kind) {
      case ItemVerdict::Kind::Delivered:
        settle_delivered(fragment);
        break;
      case ItemVerdict::Kind::Retry:
        again.push_back(i);
        break;
      case ItemVerdict::Kind::Drop:
        settle_dropped(fragment, verdict.items[i].reason);
        if (fragment.phase == Phase::Start) break;
        dropped[static_cast<std::size_t>(verdict.items[i].reason)].push_back(
            item_id(fragment.kind, fragment.id));
        break;
    }
  }
  forget_bytes(batch);
  Batch rest = part(batch, again);
  for (std::size_t reason = 0; reason < kDropReasonCount; ++reason) {
    const std::size_t count = dropped[reason].size();
    if (count == 0) continue;
    dropped[reason].resize(std::min(count, kReportedIds));
    report(static_cast<DropReason>(reason), http_status, count, std::move(dropped[reason]),
           verdict.message);
  }
  if (again.empty()) {
    failures_ = 0;
    return;
  }
  held_bytes_ += rest.byte_size();
  held_items_ += rest.fragments.size();
  retry(std::move(rest), verdict);
}

void Lane::retry(Batch batch, const Verdict& verdict) {
  const SteadyTime now = host_.clock.steady_now();
  if (batch.outage == outages_) {  // not the one that a request beside it has met already
    ++outages_;
    backoff_until_ = now + full_jitter(failures_++);
  }
  if (verdict.retry_after) not_before_ = std::max(not_before_, now + *verdict.retry_after);
  host_.log.log(
      LogKind::Retry, LogLevel::Warning,
      destination_.options().name + ": not delivered yet, will retry: " + verdict.message);
  ready_.push_front(std::move(batch));
}

void Lane::split(Batch batch, const Verdict& verdict, int http_status) {
  if (verdict.reason == DropReason::TooLarge) {
    // The server's limit is below ours: no need to meet it with every batch.
    max_bytes_ = std::max(kSmallestBatchBytes, std::min(max_bytes_, batch.payload_bytes() / 2));
  }
  if (batch.fragments.size() == 1) {
    if (verdict.reason == DropReason::TooLarge && cut_and_put_back(batch)) return;
    drop(std::move(batch), verdict.reason, verdict.message, http_status);
    return;
  }
  std::vector<std::size_t> first;
  std::vector<std::size_t> second;
  for (std::size_t i = 0; i < batch.fragments.size(); ++i) {
    (i < batch.fragments.size() / 2 ? first : second).push_back(i);
  }
  forget_bytes(batch);
  put_back(part(batch, second));
  put_back(part(batch, first));
}

// The server did not take one item alone. Its limit is not known: half of it, and so on.
bool Lane::cut_and_put_back(Batch& batch) {
  Fragment& fragment = batch.fragments.front();
  const std::size_t size = fragment.end - fragment.begin;
  const std::size_t limit = size / 2;
  if (!fragment.original || limit < kSmallestItemBytes) return false;
  auto shorter = std::make_unique<Record>(*fragment.original);
  Batch result;
  result.state = batch.state;
  result.attempts = batch.attempts;
  result.payload.assign(Batch::kHeadRoom, '\0');
  if (!truncate_largest(*shorter, size - limit) ||
      !encode_guarded(*shorter, fragment.phase, result.payload) ||
      result.payload.size() - Batch::kHeadRoom >= size) {
    return false;
  }
  max_item_bytes_ = std::min(max_item_bytes_, std::max(limit, kSmallestItemBytes));
  if (!fragment.cut) destination_.counters().truncated_items.fetch_add(1, kRelaxed);
  forget_bytes(batch);
  fragment.cut = true;
  fragment.begin = Batch::kHeadRoom;
  fragment.end = static_cast<std::uint32_t>(result.payload.size());
  fragment.original = std::move(shorter);
  result.original_bytes = fragment.original->byte_size();
  result.fragments.push_back(std::move(fragment));
  put_back(std::move(result));
  return true;
}

void Lane::settle_delivered(const Fragment& fragment) {
  if (fragment.phase == Phase::Start) {
    settle_start(fragment.id, true);
  } else {
    destination_.settle_delivered(fragment.slot);
  }
}

void Lane::settle_dropped(const Fragment& fragment, DropReason reason) {
  if (fragment.phase == Phase::Start) {
    settle_start(fragment.id, false);
  } else {
    destination_.settle_dropped(fragment.slot, reason);
  }
}

// The end that waited goes now: as an end when the server has the start, else as the whole.
void Lane::settle_start(const Uuid& id, bool delivered) {
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
  add_item(*start.end,
           {.slot = static_cast<std::uint8_t>(start.slot),
            .phase = delivered ? Phase::End : Phase::Complete,
            .id = id},
           start.arrival);
}

void Lane::put_back(Batch batch) {
  held_bytes_ += batch.byte_size();
  held_items_ += batch.fragments.size();
  ready_.push_front(std::move(batch));
}

Batch Lane::part(Batch& batch, const std::vector<std::size_t>& indices) const {
  Batch result;
  result.state = batch.state;
  result.attempts = batch.attempts;
  result.outage = batch.outage;
  result.payload.assign(Batch::kHeadRoom, '\0');
  for (const std::size_t index : indices) {
    if (!result.fragments.empty() && encoder_->limits().separator != 0) {
      result.payload.push_back(encoder_->limits().separator);
    }
    const auto begin = static_cast<std::uint32_t>(result.payload.size());
    result.payload.append(batch.fragment(index));
    Fragment fragment = std::move(batch.fragments[index]);
    fragment.begin = begin;
    fragment.end = static_cast<std::uint32_t>(result.payload.size());
    if (fragment.original) result.original_bytes += fragment.original->byte_size();
    result.fragments.push_back(std::move(fragment));
  }
  return result;
}

void Lane::drop(Batch batch, DropReason reason, const std::string& message, int http_status) {
  std::vector<std::string> ids;
  std::uint64_t count = 0;
  for (const Fragment& fragment : batch.fragments) {
    settle_dropped(fragment, reason);
    if (fragment.phase == Phase::Start) continue;  // its end will be sent, complete
    ++count;
    if (ids.size() < kReportedIds) ids.push_back(item_id(fragment.kind, fragment.id));
  }
  forget_bytes(batch);
  if (count > 0) report(reason, http_status, count, std::move(ids), message);
}

void Lane::report_refused(std::uint64_t count) {
  report(DropReason::QueueFull, 0, count, {},
         "the transport's budget is used up; raise TransportOptions::max_bytes or max_items, or "
         "choose "
         "Overflow::block");
}

void Lane::drop_all(DropReason reason) {
  const std::string message = "the time of the shutdown was over";
  if (preflight_id_ != 0) {
    host_.http.cancel(preflight_id_);
    host_.request_lanes.erase(preflight_id_);
    preflight_id_ = 0;
  }
  for (auto& [id, batch] : std::exchange(in_flight_, {})) {
    host_.http.cancel(id);
    host_.request_lanes.erase(id);
    drop(std::move(batch), reason, message, 0);
  }
  // An end that waited for one of the starts becomes a whole item, behind the others.
  while (!ready_.empty() || !building_.fragments.empty()) {
    if (ready_.empty()) seal();
    Batch batch = std::move(ready_.front());
    ready_.pop_front();
    drop(std::move(batch), reason, message, 0);
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

void Lane::report(DropReason reason, int http_status, std::uint64_t count,
                  std::vector<std::string> ids, const std::string& message) {
  const std::string& name = destination_.options().name;
  host_.log.log(reason, LogLevel::Error,
                name + ": dropped " + std::to_string(count) + (count == 1 ? " item" : " items") +
                    " (" + std::string(to_string(reason)) + "): " + message);
  if (!host_.options.on_error) return;
  try {
    host_.options.on_error({name, reason, http_status, count, std::move(ids), message});
  } catch (...) {  // the user's code, on our thread: it may fail, we may not
    destination_.counters().user_code_failures.fetch_add(1, kRelaxed);
    host_.log.log(LogKind::UserCode, LogLevel::Error, name + ": the error callback threw");
  }
}

}  // namespace v0
}  // namespace llmtrace
