#include <algorithm>
#include <exception>

#include "common/src/compression.h"
#include "common/src/credentials.h"
#include "common/src/lane_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::milliseconds;

constexpr auto kRelaxed = std::memory_order_relaxed;

}  // namespace

void Lane::follow(bool others_are_busy) noexcept {
  const bool waits = others_are_busy && encoder_->limits().patience > milliseconds(0);
  hold_until_ = waits ? occupied_since_ + encoder_->limits().patience : SteadyTime();
}

void Lane::pump(SteadyTime now, bool hurry) {
  wake_due(now);
  // A batch that could not be sent anyway goes on filling.
  const bool due = hurry || now >= building_since_ + encoder_->limits().linger;
  if (!building_.fragments.empty() && due && ready_.empty() && may_send(now)) seal();
  while (!ready_.empty() && may_send(now)) {
    if (start_preflight() && !may_send(now)) return;
    hand_over_scores(ready_.begin());
    if (!ready_.empty()) send_next();
  }
}

void Lane::wake_due(SteadyTime now) noexcept {
  for (Position batch = later_.begin(); batch != later_.end();) {
    const Position waiting = batch++;
    if (now >= waiting->due) ready_.splice(ready_.end(), later_, waiting);
  }
}

void Lane::skip_backoff() noexcept {
  backoff_until_ = {};
  for (Batch& batch : later_) batch.due = {};
}

// When a batch is to be sent it is known what stands in it: a score whose observations went, or
// were refused, is alone.
void Lane::hand_over_scores(Position batch) {
  const auto is_score = [](const Fragment& fragment) { return fragment.kind == ItemKind::Score; };
  const auto& fragments = batch->fragments;
  if (next_ == nullptr || !encoder_->takes(ItemKind::Observation)) return;
  if (std::none_of(fragments.begin(), fragments.end(), is_score)) return;
  if (encoder_->scores_ride() && !std::all_of(fragments.begin(), fragments.end(), is_score)) return;
  std::vector<std::size_t> staying;
  std::vector<std::string> scores;
  for (std::size_t i = 0; i < fragments.size(); ++i) {
    if (is_score(fragments[i])) {
      scores.push_back(encoder_->score_alone(batch->fragment(i)));
    } else {
      staying.push_back(i);
    }
  }
  BatchList rest;
  if (!staying.empty()) rest.push_back(part(*batch, staying));
  // From here on nothing fails: each of them is in one lane.
  auto score = scores.begin();
  for (const Fragment& fragment : fragments) {
    if (is_score(fragment)) next_->take_over(*score++, fragment);
  }
  forget_bytes(*batch);
  for (const Batch& piece : rest) {
    held_bytes_ += piece.byte_size();
    held_items_ += piece.fragments.size();
  }
  ready_.splice(ready_.erase(batch), rest);
}

bool Lane::start_preflight() noexcept {
  if (preflight_id_ != 0) return false;
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
  if (encoder_->is_waiting()) return false;
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
  batch.form = encoder_->form();
  batch.tried_forms |= std::uint32_t{1} << batch.form;
  prepare_body(batch);
  HttpRequest request = encoder_->request();
  const HeaderWiper wiper(request);
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

std::optional<Lane::SteadyTime> Lane::next_deadline() const {
  const std::size_t allowed = failures_ > 0 ? 1 : encoder_->limits().max_in_flight;
  // A reply comes first.
  if (encoder_->is_waiting() || in_flight_.size() >= allowed) return std::nullopt;
  const SteadyTime allowed_from = std::max({not_before_, backoff_until_, hold_until_});
  if (!ready_.empty()) return allowed_from;
  SteadyTime next = SteadyTime::max();
  if (!building_.fragments.empty()) next = building_since_ + encoder_->limits().linger;
  for (const Batch& batch : later_) next = std::min(next, batch.due);
  if (next == SteadyTime::max()) return std::nullopt;
  return std::max(allowed_from, next);
}

}  // namespace v0
}  // namespace llmtrace
