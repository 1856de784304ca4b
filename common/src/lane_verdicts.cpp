#include <algorithm>
#include <exception>
#include <iterator>

#include "common/src/credentials.h"
#include "common/src/lane_impl.h"
#include "common/src/truncate.h"
#include "common/src/verdict.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr milliseconds kFirstBackoff = seconds(1);
constexpr milliseconds kMaxBackoff = seconds(60);
constexpr std::size_t kSmallestBatchBytes = 64 * 1024;
constexpr std::size_t kSmallestItemBytes = 64 * 1024;
constexpr std::size_t kReportedIds = 100;
// A server that never speaks of an item would get it for ever.
constexpr unsigned kUnansweredTries = 5;

// Full jitter (Brooker, "Exponential Backoff And Jitter", 2015): anywhere up to the bound, never at
// once.
milliseconds full_jitter(unsigned failures) noexcept {
  const unsigned doublings = std::min(failures, 10U);
  const auto bound = std::min<milliseconds>(kFirstBackoff * (1U << doublings), kMaxBackoff);
  return milliseconds(1 + random_bits() % static_cast<std::uint64_t>(bound.count()));
}

}  // namespace

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

  const Verdict verdict = judge(*batch, reply);
  // Of a 2xx whose verdicts cannot be read the server has taken some part, too.
  const bool taken =
      reply.status >= 200 && reply.status < 300 && verdict.kind == Verdict::Kind::Retry;
  if (reply.request_sent && (reply.status == 0 || !reply.complete || taken)) {
    batch->state = AttemptState::PossiblySent;
  }
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
    Attempt attempt{.form = batch.form};
    attempt.ids.reserve(batch.fragments.size());
    for (const Fragment& fragment : batch.fragments) attempt.ids.push_back(fragment.id);
    Verdict verdict = encoder_->judge(attempt, reply, host_.clock.now());
    for (std::size_t i = 0; i < verdict.items.size(); ++i) {
      ItemVerdict& item = verdict.items[i];
      const bool last_try = batch.fragments[i].unanswered + 1U >= kUnansweredTries;
      if (item.kind == ItemVerdict::Kind::Unknown && last_try) item.kind = ItemVerdict::Kind::Drop;
    }
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
      resend(batch, verdict, http_status);
      return;
    case Verdict::Kind::Retry:
      retry(batch, verdict);
      return;
    case Verdict::Kind::Later:
      send_later(batch, verdict);
      return;
  }
}

void Lane::settle_delivered(Position batch, const Verdict& verdict, int http_status) noexcept {
  failures_ = 0;
  destination_.key_outage().is_told = false;
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
  } else if (!verdict.message.empty()) {
    log(LogKind::Reply, LogLevel::Warning, [&] { return ": " + verdict.message; });
  }
}

void Lane::settle_items(Position batch, const Verdict& verdict, int http_status) noexcept {
  BatchList rest;
  try {  // first what may fail
    std::vector<std::size_t> again;
    for (std::size_t i = 0; i < batch->fragments.size(); ++i) {
      const ItemVerdict::Kind kind = verdict.items[i].kind;
      if (kind != ItemVerdict::Kind::Retry && kind != ItemVerdict::Kind::Unknown) continue;
      again.push_back(i);
      if (kind == ItemVerdict::Kind::Retry) continue;
      ++batch->fragments[i].unanswered;
      batch->state = AttemptState::PossiblySent;
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
        if (is_dropped(verdict.items[i])) append_id(ids, batch.fragments[i]);
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
  batch->tried_forms = 0;
  ready_.splice(ready_.begin(), in_flight_, batch);
  log(LogKind::Retry, LogLevel::Warning,
      [&] { return ": not delivered yet, will retry: " + verdict.message; });
}

// The server works; what it lacks concerns this batch alone.
void Lane::send_later(Position batch, const Verdict& verdict) noexcept {
  failures_ = 0;
  batch->due = host_.clock.steady_now() + verdict.retry_after.value_or(kFirstBackoff);
  later_.splice(later_.end(), in_flight_, batch);
  log(LogKind::Retry, LogLevel::Warning,
      [&] { return ": not delivered yet, will retry: " + verdict.message; });
}

void Lane::resend(Position batch, const Verdict& verdict, int http_status) noexcept {
  // Again in a form that it was sent in: the server knows none of the encoder's.
  if (((batch->tried_forms >> encoder_->form()) & 1U) != 0) {
    drop(batch, verdict, http_status);
    return;
  }
  ready_.splice(ready_.begin(), in_flight_, batch);
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

// Log lines and metrics have none.
void Lane::append_id(std::vector<std::string>& ids, const Fragment& fragment) const {
  if (fragment.given_id) {
    ids.push_back(*fragment.given_id);
  } else if (fragment.kind == ItemKind::Score) {
    ids.push_back(uuid_text(fragment.id));
  } else if (fragment.kind == ItemKind::Observation) {
    ids.push_back(encoder_->observation_id(fragment.id));
  }
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
      if (ids.size() < kReportedIds) append_id(ids, fragment);
    }
    return ids;
  });
}

namespace {

// Why items never came into the queue, and the remedy.
std::string_view refusal(DropReason reason) noexcept {
  switch (reason) {
    case DropReason::QueueFull:
      return "the transport's budget is used up; raise TransportOptions::max_bytes or max_items, "
             "or "
             "choose Overflow::block";
    case DropReason::Rejected:
      return "it was refused where it was given; another line of the log says what is wrong with "
             "it";
    case DropReason::Forked:
      return "it was open at a fork and belongs to the parent process";
    default:
      return "there was no memory for it";
  }
}

}  // namespace

void Lane::report_refused(DropReason reason, std::uint64_t count) noexcept {
  if (reason == DropReason::Rejected) {  // who refused it has logged it, and better
    if (!host_.options.on_error) return;
    try {
      call_on_error(
          {destination_.options().name, reason, 0, count, {}, std::string(refusal(reason))});
    } catch (const std::exception&) {  // no memory to say so
    }
    return;
  }
  report(reason, 0, count, refusal(reason), [] { return std::vector<std::string>(); });
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
  ready_.splice(ready_.end(), later_);
  while (!ready_.empty() || !building_.fragments.empty()) {
    const BatchList sealed = std::exchange(ready_, {});
    for (const Batch& batch : sealed) drop_items(batch, reason, kMessage, 0);
    const Batch last = std::exchange(building_, Batch());
    if (!last.fragments.empty()) drop_items(last, reason, kMessage, 0);
  }
  open_starts_.clear();
}

// A wrong key is told of once as long as it is refused: it stays wrong until somebody sets another.
void Lane::log_drop(DropReason reason, std::uint64_t count, std::string_view message) noexcept {
  Destination::KeyOutage& outage = destination_.key_outage();
  const bool is_key = reason == DropReason::Unauthorized;
  if (is_key && outage.is_told) return;
  try {
    const std::string text = destination_.options().name + ": dropped " + std::to_string(count) +
                             (count == 1 ? " item" : " items") + " (" +
                             std::string(to_string(reason)) + "): " + std::string(message);
    if (is_key) {
      outage.is_told = host_.log.log(outage.limit, LogLevel::Error, text);
    } else {
      host_.log.log(reason, LogLevel::Error, text);
    }
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
