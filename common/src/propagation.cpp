#include <llmtrace/propagation.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <mutex>
#include <utility>

#include "common/src/cell.h"
#include "common/src/guard.h"
#include "common/src/http_text.h"
#include "common/src/masking.h"
#include "common/src/propagator.h"
#include "common/src/registry.h"
#include "common/src/trace_context.h"
#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using Propagators = std::vector<std::shared_ptr<const Propagator>>;

// Never changed and never freed, for `extract` reads it without a lock. There is a longer one for
// each vendor, not for each client.
struct PropagatorList {
  Propagators items;
  const PropagatorList* shorter = nullptr;
};

struct Registered {
  std::mutex mutex;  // guards `parent_provider` and the making of a longer list
  std::atomic<const PropagatorList*> list{new PropagatorList};
  std::shared_ptr<const ParentProvider> parent_provider;
};

// Whether there is a parent provider: all that a root costs without one. Relaxed, for who sets one
// while others start observations is not told which of these ask it.
std::atomic<bool> has_parent_provider{false};

// Never destroyed: it is used as long as anything runs.
Registered& registered() noexcept {
  static Registered& instance = *new Registered;
  return instance;
}

const PropagatorList& propagators() noexcept {
  return *registered().list.load(std::memory_order_acquire);
}

// What leaves by headers is masked as what is sent. Who will read it is not known: by every mask
// that one of the observation's destinations has.
void hide(Ref<const TraceAttributes>& attributes, const DestinationSet& destinations) {
  Record masked;
  masked.attributes = attributes;
  if (const auto mask = process_mask()) apply_mask(masked, *mask);
  for (const Ref<Destination>& destination : destinations.destinations()) {
    if (destination->options().mask) apply_mask(masked, destination->options().mask);
    if (!destination->options().hide_metadata) continue;
    const Ref<TraceAttributes> hidden = copy_attributes(masked.attributes.get());
    hidden->metadata = {};
    hidden->user_id.clear();
    hidden->session_id.clear();
    masked.attributes = Ref<const TraceAttributes>::share(hidden.get());
  }
  attributes = masked.attributes;
}

// Those of where the observation goes, one of a name.
std::vector<const Propagator*> propagators_of(const DestinationSet& destinations) {
  std::vector<const Propagator*> found;
  for (const Ref<Destination>& destination : destinations.destinations()) {
    const Propagator* const own = destination->options().propagator.get();
    if (own == nullptr) continue;
    const bool known = std::any_of(found.begin(), found.end(), [&](const Propagator* other) {
      return other->name() == own->name();
    });
    if (!known) found.push_back(own);
  }
  return found;
}

// What came and is no business of those who wrote the rest. After it, for a header has a limit.
void add_received(const TraceAttributes& attributes, const std::vector<const Propagator*>& writers,
                  Baggage& baggage) {
  for (const auto& [key, value] : attributes.baggage.items()) {
    const bool is_written = std::any_of(writers.begin(), writers.end(),
                                        [&key = key](const auto& one) { return one->owns(key); });
    if (!is_written) baggage.add(key, value);
  }
}

std::vector<HttpHeader> inject_cell(const Cell& cell, const TraceAttributes* attributes) {
  const Record& record = cell.record;
  const bool is_sent = !cell.destinations_->is_sampled_out();
  // A caller's "not sampled" is handed on: who goes by it must not take up the trace in its middle.
  const bool is_sampled = is_sent && (!cell.remote_ || cell.remote_->sampled);
  std::vector<HttpHeader> headers;
  headers.push_back({"traceparent", traceparent_of(record, is_sampled)});
  if (cell.remote_ && !cell.remote_->trace_state.empty()) {
    headers.push_back({"tracestate", cell.remote_->trace_state});
  }
  // Sampled out: the ids let the other side come to the same verdict, but no server knows them.
  std::vector<const Propagator*> writers;
  if (is_sent) writers = propagators_of(*cell.destinations_);
  Baggage baggage;
  for (const Propagator* propagator : writers) {
    propagator->inject(record, attributes, headers, baggage);
  }
  if (attributes != nullptr) add_received(*attributes, writers, baggage);
  if (std::string text = baggage.text(); !text.empty()) {
    headers.push_back({"baggage", std::move(text)});
  }
  return headers;
}

// Nothing is recorded here: the trace and the baggage go on as they came.
std::vector<HttpHeader> hand_on(const ContextNode& node, InjectOptions options) {
  std::vector<HttpHeader> headers;
  const RemoteParent* const remote = node.remote_.get();
  if (remote != nullptr && remote->trace_id != TraceId() && remote->span_id != SpanId()) {
    headers.push_back({"traceparent", traceparent_text(*remote)});
    if (!remote->trace_state.empty()) headers.push_back({"tracestate", remote->trace_state});
  }
  if (!options.baggage || !node.attributes_) return headers;
  if (std::string text = node.attributes_->baggage.text(); !text.empty()) {
    headers.push_back({"baggage", std::move(text)});
  }
  return headers;
}

// False when there is no traceparent, a malformed one, or more than one: W3C has a new trace begin
// then, and the tracestate ignored.
bool read_trace_context(const std::vector<HttpHeader>& headers, RemoteParent& parent) {
  std::vector<std::string_view> parents;
  std::vector<std::string_view> states;
  for (const HttpHeader& header : headers) {
    if (same_ignoring_case(header.name, "traceparent")) parents.push_back(header.value);
    if (same_ignoring_case(header.name, "tracestate")) states.push_back(header.value);
  }
  if (parents.size() != 1) return false;
  const auto said = parse_traceparent(parents.front());
  if (!said) return false;
  static_cast<TraceParent&>(parent) = *said;
  parent.trace_state = checked_trace_state(states);
  return true;
}

// Calls the user's function, under no lock.
Ref<const RemoteParent> ask_for_parent() {
  std::shared_ptr<const ParentProvider> provider;
  {
    const std::lock_guard lock(registered().mutex);
    provider = registered().parent_provider;
  }
  if (!provider) return {};
  const ParentContext said = (*provider)();
  auto parent = Ref<RemoteParent>::make();
  const auto trace_parent = parse_traceparent(said.traceparent);
  if (!trace_parent) return {};
  static_cast<TraceParent&>(*parent) = *trace_parent;
  parent->trace_state = checked_trace_state({said.tracestate});
  parent->is_remote = false;
  return Ref<const RemoteParent>::adopt(parent.detach());
}

void count_provider_failure(const DestinationSet& destinations) noexcept {
  for (const Ref<Destination>& destination : destinations.destinations()) {
    destination->counters().user_code_failures.fetch_add(1, std::memory_order_relaxed);
  }
  destinations.keeper().log().log(
      LogKind::UserCode, LogLevel::Warning,
      "the function given to set_parent_provider threw: an observation starts without a parent of "
      "the host's; return an empty text where there is none");
}

}  // namespace

std::mutex& propagators_mutex() noexcept { return registered().mutex; }

void register_propagator(std::shared_ptr<const Propagator> propagator) {
  const std::lock_guard lock(registered().mutex);
  const PropagatorList& list = propagators();
  const bool known = std::any_of(list.items.begin(), list.items.end(), [&](const auto& other) {
    return other->name() == propagator->name();
  });
  if (known) return;
  auto longer = std::make_unique<PropagatorList>(PropagatorList{list.items, &list});
  longer->items.push_back(std::move(propagator));
  registered().list.store(longer.release(), std::memory_order_release);
}

std::vector<HttpHeader> inject(InjectOptions options) noexcept {
  ContextNode* const node = current_node();
  if (node == nullptr || node->suppressed_ || node->cell() != nullptr) {
    return inject(current_observation(), options);
  }
  std::vector<HttpHeader> headers;
  guarded([&] { headers = hand_on(*node, options); });
  return headers;
}

std::vector<HttpHeader> inject(const ObservationHandle& observation,
                               InjectOptions options) noexcept {
  std::vector<HttpHeader> headers;
  Cell* const cell = observation.identity();
  if (cell == nullptr) return headers;
  if (!cell->destinations_) {  // a disabled client's
    guarded([&] { headers = hand_on(*cell, options); });
    return headers;
  }
  const DestinationSet& destinations = *cell->destinations_;
  if (destinations.empty() && !destinations.is_sampled_out()) return headers;  // only looked on
  guarded([&] {
    Ref<const TraceAttributes> attributes;
    if (options.baggage) attributes = inherited_attributes(*cell);
    if (options.baggage && !attributes) attributes = Ref<const TraceAttributes>::make();
    if (options.baggage) hide(attributes, *cell->destinations_);
    headers = inject_cell(*cell, attributes.get());
  });
  return headers;
}

Context extract(const std::vector<HttpHeader>& headers, ExtractOptions options) noexcept {
  Context context = Context::current();
  guarded([&] {
    auto parent = Ref<RemoteParent>::make();
    Baggage baggage;
    for (const HttpHeader& header : headers) {
      if (same_ignoring_case(header.name, "baggage")) baggage.parse(header.value);
    }
    bool found = read_trace_context(headers, *parent);
    PropagateParams attributes;
    for (const auto& propagator : propagators().items) {
      found = propagator->extract(headers, baggage, options, *parent, attributes) || found;
    }
    Ref<ContextNode> node = copy_node(current_node());
    if (found) {
      node->observation_ = {};
      node->remote_ = std::move(parent);
    }
    Ref<TraceAttributes> merged = merge_attributes(node->attributes_.get(), std::move(attributes));
    Baggage received;
    if (options.baggage) received = std::move(baggage);
    if (found || !received.items().empty()) merged->baggage = std::move(received);
    node->attributes_ = std::move(merged);
    node->follows_cell_ = false;
    context = Context(node.detach());
  });
  return context;
}

void set_parent_provider(ParentProvider provider) {
  auto next = provider ? std::make_shared<const ParentProvider>(std::move(provider)) : nullptr;
  const std::lock_guard lock(registered().mutex);
  has_parent_provider.store(next != nullptr, std::memory_order_relaxed);
  registered().parent_provider.swap(next);
}

Ref<const RemoteParent> provided_parent(const DestinationSet& destinations) noexcept {
  if (!has_parent_provider.load(std::memory_order_relaxed)) return {};
  // What the provider itself traces has no parent of the provider's.
  thread_local bool is_asking = false;
  if (std::exchange(is_asking, true)) return {};
  Ref<const RemoteParent> parent;
  try {
    parent = ask_for_parent();
  } catch (...) {  // counted: whatever it was, the observation starts without
    count_provider_failure(destinations);
  }
  is_asking = false;
  return parent;
}

}  // namespace v0
}  // namespace llmtrace
