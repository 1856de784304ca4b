#include "common/src/destination.h"

#include <algorithm>

#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;

bool keeps(const DestinationOptions& options, const TraceId& trace_id,
           const RemoteParent* remote) noexcept {
  if (remote != nullptr && options.follows_remote_sampling) return remote->sampled;
  return is_sampled(trace_id, options.sample_rate);
}

}  // namespace

std::string_view to_string(DropReason reason) noexcept {
  switch (reason) {
    case DropReason::QueueFull:
      return "queue_full";
    case DropReason::DestinationFull:
      return "destination_full";
    case DropReason::TooLarge:
      return "too_large";
    case DropReason::Rejected:
      return "rejected";
    case DropReason::Unauthorized:
      return "unauthorized";
    case DropReason::ClientClosed:
      return "client_closed";
    case DropReason::Shutdown:
      return "shutdown";
    case DropReason::Forked:
      return "forked";
    case DropReason::EncodeFailed:
      return "encode_failed";
  }
  return "unknown";
}

std::uint64_t DestinationStats::dropped_total() const noexcept {
  std::uint64_t total = 0;
  for (const std::uint64_t count : dropped) total += count;
  return total;
}

std::uint64_t DestinationCounters::dropped_total() const noexcept {
  std::uint64_t total = 0;
  for (const auto& count : dropped) total += count.load(std::memory_order_acquire);
  return total;
}

void DestinationCounters::reset() noexcept {
  for (auto& count : submitted) count.store(0, kRelaxed);
  for (auto& count : settled) count.store(0, kRelaxed);
  for (auto& count : dropped) count.store(0, kRelaxed);
  for (auto& count : untold) count.store(0, kRelaxed);
  for (auto* count : {&delivered, &requests, &retries, &ambiguous_resends, &bytes_sent,
                      &late_updates, &invalid_numbers, &invalid_attributes, &user_code_failures,
                      &truncated_items, &flushed_drops}) {
    count->store(0, kRelaxed);
  }
}

Destination::Destination(DestinationOptions options, std::shared_ptr<TransportImpl> transport)
    : options_(std::move(options)), transport_(std::move(transport)) {}

// Release, so that who sees an item settled (a flush, stats) also sees all that led to it.
void Destination::settle_delivered(std::size_t slot, std::uint64_t count) const noexcept {
  counters_.delivered.fetch_add(count, std::memory_order_release);
  counters_.settled[slot].fetch_add(count, std::memory_order_release);
}

void Destination::settle_dropped(std::size_t slot, DropReason reason,
                                 std::uint64_t count) const noexcept {
  counters_.dropped[static_cast<std::size_t>(reason)].fetch_add(count, std::memory_order_release);
  counters_.settled[slot].fetch_add(count, std::memory_order_release);
}

// Settled is read first: that it equals the later look at submitted means that nothing was on its
// way.
bool Destination::is_settled(std::size_t slot) const noexcept {
  const std::uint64_t settled = counters_.settled[slot].load(std::memory_order_acquire);
  return settled == counters_.submitted[slot].load(std::memory_order_acquire);
}

void Destination::settle_untold(std::size_t slot, DropReason reason) const noexcept {
  counters_.untold[static_cast<std::size_t>(reason)].fetch_add(1, kRelaxed);
  settle_dropped(slot, reason);
}

void Destination::refuse(DropReason reason) const noexcept {
  counters_.submitted[0].fetch_add(1, kRelaxed);
  settle_untold(0, reason);
  transport_->wake();
}

DestinationStats Destination::stats() const {
  DestinationStats stats;
  stats.destination = options_.name;
  // Settled before submitted: an item is submitted before it is settled, so what is read here never
  // shows more settled than submitted, and the difference is what is in memory.
  stats.delivered = counters_.delivered.load(std::memory_order_acquire);
  for (std::size_t i = 0; i < kDropReasonCount; ++i) {
    stats.dropped[i] = counters_.dropped[i].load(std::memory_order_acquire);
  }
  for (const auto& count : counters_.submitted) {
    stats.submitted += count.load(std::memory_order_acquire);
  }
  stats.in_memory = stats.submitted - stats.delivered - stats.dropped_total();
  stats.requests = counters_.requests.load(kRelaxed);
  stats.retries = counters_.retries.load(kRelaxed);
  stats.ambiguous_resends = counters_.ambiguous_resends.load(kRelaxed);
  stats.bytes_sent = counters_.bytes_sent.load(kRelaxed);
  stats.late_updates = counters_.late_updates.load(kRelaxed);
  stats.invalid_numbers = counters_.invalid_numbers.load(kRelaxed);
  stats.invalid_attributes = counters_.invalid_attributes.load(kRelaxed);
  // The log sink serves all destinations of a transport: each of them shows its failures.
  stats.user_code_failures =
      counters_.user_code_failures.load(kRelaxed) + transport_->log().sink_failures();
  stats.truncated_items = counters_.truncated_items.load(kRelaxed);
  return stats;
}

DestinationSet::DestinationSet(std::vector<Ref<Destination>> destinations,
                               std::shared_ptr<TransportImpl> keeper)
    : destinations_(std::move(destinations)), keeper_(std::move(keeper)) {
  if (!destinations_.empty()) keeper_ = destinations_.front()->shared_transport();
  for (const Ref<Destination>& destination : destinations_) {
    TransportImpl* transport = &destination->transport();
    if (std::find(transports_.begin(), transports_.end(), transport) == transports_.end()) {
      transports_.push_back(transport);
    }
    takes_scores_ = takes_scores_ && destination->options().takes_scores;
    samples_ = samples_ || destination->options().sample_rate < 1;
    follows_remote_ = follows_remote_ || destination->options().follows_remote_sampling;
    run_tree_ = run_tree_ || destination->options().run_tree;
    // One list holds an open observation: with several such transports in a trace, the first one's.
    if (destination->options().open_after && open_transport_ == nullptr)
      open_transport_ = transport;
  }
}

bool DestinationSet::contains(const Destination& destination) const noexcept {
  return std::any_of(destinations_.begin(), destinations_.end(),
                     [&](const Ref<Destination>& ref) { return ref.get() == &destination; });
}

Ref<const DestinationSet> DestinationSet::sampled(const TraceId& trace_id,
                                                  const RemoteParent* remote) const {
  if (!samples_ && !(follows_remote_ && remote != nullptr)) {
    return Ref<const DestinationSet>::share(this);
  }
  Ref<DestinationSet> kept = only([&](const Destination& destination) {
    return keeps(destination.options(), trace_id, remote);
  });
  if (kept->destinations_.size() == destinations_.size()) {
    return Ref<const DestinationSet>::share(this);
  }
  kept->sampled_out_ = kept->empty();
  return Ref<const DestinationSet>::adopt(kept.detach());
}

Ref<const DestinationSet> DestinationSet::scored() const {
  if (takes_scores_) return Ref<const DestinationSet>::share(this);
  Ref<DestinationSet> kept =
      only([](const Destination& destination) { return destination.options().takes_scores; });
  return Ref<const DestinationSet>::adopt(kept.detach());
}

template <class Keep>
Ref<DestinationSet> DestinationSet::only(Keep keep) const {
  std::vector<Ref<Destination>> kept;
  for (const Ref<Destination>& destination : destinations_) {
    if (keep(*destination)) kept.push_back(destination);
  }
  return Ref<DestinationSet>::make(std::move(kept), keeper_);
}

}  // namespace v0
}  // namespace llmtrace
