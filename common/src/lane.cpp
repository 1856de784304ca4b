#include "common/src/lane.h"

#include <algorithm>
#include <exception>
#include <iterator>

#include "common/src/compression.h"
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

constexpr ItemKind kind_of(const Record&) noexcept { return ItemKind::Observation; }
constexpr ItemKind kind_of(const Score&) noexcept { return ItemKind::Score; }

}  // namespace

Lane::Lane(const Destination& destination, std::unique_ptr<Encoder> encoder, LaneHost host)
    : destination_(destination),
      encoder_(std::move(encoder)),
      host_(host),
      max_bytes_(std::min(encoder_->limits().max_bytes, kLargestBatchBytes)) {}

void Lane::add(const Record& record, std::size_t slot, SteadyTime arrival, std::size_t room) {
  add_item(record, record.uuid, slot, arrival, room);
}

void Lane::add(const Score& score, std::size_t slot, SteadyTime arrival, std::size_t room) {
  add_item(score, uuid_from(score.id), slot, arrival, room);
}

template <class Item>
void Lane::add_item(const Item& item, const Uuid& id, std::size_t slot, SteadyTime arrival,
                    std::size_t room) {
  const auto ids = [&] { return std::vector<std::string>{item_id(kind_of(item), id)}; };
  if (held_bytes_ >= room) {
    destination_.settle_dropped(slot, DropReason::DestinationFull);
    report(DropReason::DestinationFull, 0, 1,
           "it holds its share of the transport's budget already", ids);
    return;
  }
  const Fragment fragment{.slot = static_cast<std::uint8_t>(slot), .kind = kind_of(item), .id = id};
  const std::optional<DropReason> failure = try_add(item, fragment, arrival);
  const std::uint64_t invalid = encoder_->take_invalid_numbers();
  if (invalid != 0) destination_.counters().invalid_numbers.fetch_add(invalid, kRelaxed);
  if (failure) {
    destination_.settle_dropped(slot, *failure);
    report(*failure, 0, 1,
           *failure == DropReason::TooLarge ? "the item is larger than the server takes"
                                            : "the item could not be encoded",
           ids);
  }
}

// Why the item is not in the batch, which is then as it was before.
template <class Item>
std::optional<DropReason> Lane::try_add(const Item& item, const Fragment& fragment,
                                        SteadyTime arrival) noexcept {
  try {
    if (building_.fragments.size() >= encoder_->limits().max_items) seal();
    const std::size_t begin = begin_fragment();
    encoder_->encode(item, building_.payload);
    if (building_.payload.size() - begin > encoder_->limits().max_item_bytes &&
        !fit_item(item, begin)) {
      abort_fragment();
      return DropReason::TooLarge;
    }
    accept_fragment(begin, fragment, arrival);
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

// Encodes shorter and shorter copies until the item fits.
template <class Item>
bool Lane::fit_item(const Item& item, std::size_t begin) {
  const std::size_t limit = encoder_->limits().max_item_bytes;
  Item shorter = item;
  for (int round = 0; round < kTruncationRounds; ++round) {
    const std::size_t size = building_.payload.size() - begin;
    if (size <= limit) {
      destination_.counters().truncated_items.fetch_add(1, kRelaxed);
      return true;
    }
    if (!truncate_largest(shorter, size - limit)) return false;
    building_.payload.resize(begin);
    encoder_->encode(shorter, building_.payload);
  }
  return false;
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
  if (building_.fragments.empty()) building_since_ = arrival;
  const std::size_t size_before = building_.byte_size();
  fragment.begin = static_cast<std::uint32_t>(begin);
  fragment.end = static_cast<std::uint32_t>(building_.payload.size());
  building_.fragments.push_back(fragment);
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

void Lane::pump(SteadyTime now, bool hurry) {
  // A batch that could not be sent anyway goes on filling.
  const bool due = hurry || now >= building_since_ + encoder_->limits().linger;
  if (!building_.fragments.empty() && due && ready_.empty() && may_send(now)) seal();
  while (!ready_.empty() && may_send(now)) send_next();
}

bool Lane::may_send(SteadyTime now) const noexcept {
  const std::size_t allowed = failures_ > 0 ? 1 : encoder_->limits().max_in_flight;
  return now >= not_before_ && now >= backoff_until_ && in_flight_.size() < allowed;
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
  if (encoder_->limits().compression == Compression::Gzip) {
    request.headers.push_back({"Content-Encoding", "gzip"});
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
    const Envelope envelope = encoder_->envelope(batch.byte_size());
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
  if (encoder_->limits().compression == Compression::Gzip) {
    batch.assembled = gzip(batch.body);
    batch.body = batch.assembled;
  }
}

void Lane::on_reply(std::uint64_t request_id, const HttpReply& reply) noexcept {
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
                                           " bytes: " + describe(reply));
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
      destination_.settle_delivered(batch->fragments[i].slot);
    } else {
      destination_.settle_dropped(batch->fragments[i].slot, verdict.reason);
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
      destination_.settle_delivered(batch->fragments[i].slot);
    } else if (item.kind == ItemVerdict::Kind::Drop) {
      destination_.settle_dropped(batch->fragments[i].slot, item.reason);
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
        ids.push_back(item_id(batch.fragments[i].kind, batch.fragments[i].id));
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
    max_bytes_ = std::max(kSmallestBatchBytes, std::min(max_bytes_, batch->byte_size() / 2));
  }
  failures_ = 0;
  if (batch->fragments.size() == 1) {
    drop(batch, verdict, http_status);
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
    result.fragments.push_back(fragment);
  }
  return result;
}

void Lane::drop_items(const Batch& batch, DropReason reason, std::string_view message,
                      int http_status) noexcept {
  for (const Fragment& fragment : batch.fragments)
    destination_.settle_dropped(fragment.slot, reason);
  forget_bytes(batch);
  report(reason, http_status, batch.fragments.size(), message, [&] {
    std::vector<std::string> ids;
    for (std::size_t i = 0; i < std::min(batch.fragments.size(), kReportedIds); ++i) {
      ids.push_back(item_id(batch.fragments[i].kind, batch.fragments[i].id));
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
  for (const Batch& batch : in_flight_) {
    host_.http.cancel(batch.request_id);
    host_.request_lanes.erase(batch.request_id);
    drop_items(batch, reason, kMessage, 0);
  }
  in_flight_.clear();
  for (const Batch& batch : ready_) drop_items(batch, reason, kMessage, 0);
  ready_.clear();
  if (!building_.fragments.empty()) drop_items(building_, reason, kMessage, 0);
  building_ = Batch();
}

void Lane::forget_bytes(const Batch& batch) noexcept {
  held_bytes_ -= batch.byte_size();
  held_items_ -= batch.fragments.size();
}

std::optional<Lane::SteadyTime> Lane::next_deadline() const {
  const std::size_t allowed = failures_ > 0 ? 1 : encoder_->limits().max_in_flight;
  if (in_flight_.size() >= allowed) return std::nullopt;  // a reply comes first
  const SteadyTime allowed_from = std::max(not_before_, backoff_until_);
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
