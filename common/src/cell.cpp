#include "common/src/cell.h"

#include <algorithm>
#include <cstddef>
#include <new>

#include "common/src/flusher.h"
#include "common/src/fork.h"
#include "common/src/guard.h"
#include "common/src/observer.h"
#include "common/src/propagator.h"
#include "common/src/registry.h"
#include "common/src/transport_impl.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
// What a header says of a time further ahead is no difference between two clocks.
constexpr std::chrono::hours kMostClockSkew(1);

// The thread's node is owned here; what is left when the thread ends is released.
struct ThreadContext {
  ContextNode* node = nullptr;
  std::uint64_t scope = 0;       // the innermost ContextScope's number
  std::uint64_t last_scope = 0;  // numbers are not used twice on a thread
  ~ThreadContext() {
    if (node != nullptr) node->release();
    node = nullptr;
  }
};
thread_local ThreadContext thread_context;

Ref<const DestinationSet> root_destinations(const StartOptions& options) {
  if (options.destinations != nullptr) {
    return Ref<const DestinationSet>::share(options.destinations);
  }
  return global_destinations();
}

template <class Value>
void take(std::string& target, Value&& value) {
  if (!value.empty()) target = std::forward<Value>(value);
}

template <class Value>
void take(Json& target, Value&& value) {
  if (!value.is_absent()) target = std::forward<Value>(value);
}

template <class Value>
void take(std::optional<Value>& target, std::optional<Value>&& value) {
  if (value) target = value;
}

void take(Ref<const SharedPrompt>& target, PromptReference&& value) {
  if (value.name.empty()) return;
  target = Ref<const SharedPrompt>::adopt(Ref<SharedPrompt>::make(std::move(value)).detach());
}

void apply(Record& record, ObservationUpdate&& update) {
  take(record.name, std::move(update.name));
  record.input_updated = record.input_updated || !update.input.is_absent();
  take(record.input, std::move(update.input));
  take(record.output, std::move(update.output));
  record.metadata.merge(as_object(std::move(update.metadata)));
  take(record.version, std::move(update.version));
  take(record.level, std::move(update.level));
  take(record.status_message, std::move(update.status_message));
  take(record.completion_start_time, std::move(update.completion_start_time));
  take(record.model, std::move(update.model));
  take(record.provider, std::move(update.provider));
  record.model_parameters.merge(std::move(update.model_parameters));
  record.usage_details.merge(std::move(update.usage_details));
  record.cost_details.merge(std::move(update.cost_details));
  take(record.prompt, std::move(update.prompt));
  if (update.end_time) record.end_time = *update.end_time;
}

void fill(Record& record, ObservationParams&& params) {
  record.name = std::move(params.name);
  record.type = params.as_type;
  record.input = std::move(params.input);
  record.output = std::move(params.output);
  record.metadata = as_object(std::move(params.metadata));
  record.version = std::move(params.version);
  record.level = params.level;
  record.status_message = std::move(params.status_message);
  record.completion_start_time = params.completion_start_time;
  record.model = std::move(params.model);
  record.provider = std::move(params.provider);
  record.model_parameters = std::move(params.model_parameters);
  record.usage_details = std::move(params.usage_details);
  record.cost_details = std::move(params.cost_details);
  take(record.prompt, std::move(params.prompt));
}

}  // namespace

Cell::~Cell() {
  // The last of a long line of descendants must not take its ancestors along one inside the other.
  Ref<RefCounted> ancestor = std::move(record.parent_owner);
  while (ancestor && ancestor->is_unique()) {
    Record& last = static_cast<Cell*>(ancestor.get())->record;
    Ref<RefCounted> next = std::move(last.parent_owner);
    ancestor = std::move(next);
  }
}

ContextNode* current_node() noexcept { return thread_context.node; }

ContextNode* exchange_current_node(ContextNode* node) noexcept {
  return std::exchange(thread_context.node, node);
}

detail::ContextPlace current_place() noexcept { return {&thread_context, thread_context.scope}; }

std::uint64_t enter_scope() noexcept {
  return std::exchange(thread_context.scope, ++thread_context.last_scope);
}

void leave_scope(std::uint64_t outer) noexcept { thread_context.scope = outer; }

Ref<const TraceAttributes> inherited_attributes(ContextNode& node) {
  Cell* const cell = node.cell();
  const bool asks_cell = cell == &node || (cell != nullptr && node.follows_cell_);
  // After a fork the lock may be held by a thread that does not exist here.
  if (asks_cell && cell->attributes_replaced.load(std::memory_order_acquire) &&
      is_of_this_process(*cell)) {
    const std::lock_guard lock(cell->lock);
    return cell->inherited;
  }
  return node.attributes_;
}

namespace {

// The parent that headers name. A run that starts later than clocks differ is none to stand under:
// its server would refuse what starts before it.
Ref<const RemoteParent> believable(const Ref<const RemoteParent>& remote, Timestamp now) {
  if (remote->run_start <= now + kMostClockSkew) return remote;
  auto without = Ref<RemoteParent>::make();
  static_cast<TraceParent&>(*without) = *remote;
  without->trace_state = remote->trace_state;
  without->project = remote->project;
  return Ref<const RemoteParent>::adopt(without.detach());
}

// What a root that starts here is a child of: what headers named, else what the host's tracer has.
Ref<const RemoteParent> parent_of_root(const StartOptions& options,
                                       const DestinationSet& destinations) {
  if (options.trace_id) return {};
  if (options.parent != nullptr && options.parent->remote_) return options.parent->remote_;
  return options.begins_trace ? Ref<const RemoteParent>() : provided_parent(destinations);
}

}  // namespace

namespace {

void make_unrecorded(Cell& cell) noexcept {
  cell.suppressed_ = true;
  cell.record.start_time = std::chrono::system_clock::now();
  cell.record.uuid = IdSource().next(cell.record.start_time);
  cell.record.span_id = span_id_of(cell.record.uuid);
  cell.record.trace_id = cell.record.uuid;
  cell.record.has_random_trace_id = true;
  cell.fork_generation = current_fork_generation();
}

// By a disabled client a trace is not torn: what headers named goes on to whom it calls.
void continue_current(Cell& cell) noexcept {
  ContextNode* const outer = current_node();
  if (outer == nullptr) return;
  const Cell* const observation = outer->cell();
  const bool is_recorded = observation != nullptr && observation->destinations_;
  if (is_recorded || (observation == nullptr && outer->suppressed_)) return;
  cell.remote_ = outer->remote_;
  cell.attributes_ = inherited_attributes(*outer);
  if (cell.remote_ && cell.remote_->trace_id != TraceId()) {
    cell.record.trace_id = cell.remote_->trace_id;
    cell.record.has_random_trace_id = cell.remote_->random_trace_id;
  }
}

// In memory that is always there: what must not be recorded never is.
Cell& shared_unrecorded() noexcept {
  alignas(Cell) static std::byte memory[sizeof(Cell)];
  static Cell& cell = [&]() -> Cell& {
    auto& made = *new (memory) Cell;
    make_unrecorded(made);
    return made;
  }();
  return cell;
}

}  // namespace

Ref<Cell> start_unrecorded() noexcept {
  try {
    auto cell = Ref<Cell>::make();
    make_unrecorded(*cell);
    continue_current(*cell);
    return cell;
  } catch (const std::exception&) {  // no memory
    return Ref<Cell>::share(&shared_unrecorded());
  }
}

Ref<Cell> start_cell(ObservationParams&& params, const StartOptions& options) {
  ContextNode* const parent_node = options.parent;
  if (parent_node != nullptr && parent_node->suppressed_) return {};
  Cell* const parent = parent_node != nullptr ? parent_node->cell() : nullptr;

  Ref<const DestinationSet> destinations;
  if (options.destinations != nullptr) {
    destinations = root_destinations(options);
  } else if (parent_node != nullptr && parent_node->destinations_) {
    destinations = parent_node->destinations_;
  } else {
    destinations = global_destinations();
  }
  const ObserverList& observers = current_observers();
  if (destinations->empty() && observers.observers.empty() && options.destinations == nullptr) {
    return {};
  }

  TransportImpl& transport = destinations->keeper();
  auto cell = Ref<Cell>::make();
  Record& record = cell->record;
  if (parent_node != nullptr) cell->log_fields_ = parent_node->log_fields_;
  const bool given_start = params.start_time.has_value();
  record.start_time = given_start ? *params.start_time : transport.clock().now();
  cell->open.since = record.start_time;
  if (destinations->wants_run_tree() && parent != nullptr) {
    record.parent = &parent->record;
    record.parent_owner = Ref<RefCounted>::share(parent);
    record.start_time = std::max(record.start_time, parent->record.start_time);
  }
  if (parent != nullptr) {
    cell->remote_ = parent->remote_;
  } else if (cell->remote_ = parent_of_root(options, *destinations); cell->remote_) {
    record.remote = believable(cell->remote_, transport.clock().now());
    record.start_time = std::max(record.start_time, record.remote->run_start);
  }
  record.origin = cell->remote_;
  record.uuid = transport.ids().next(record.start_time);
  record.span_id = span_id_of(record.uuid);
  if (parent != nullptr) {
    record.trace_id = parent->record.trace_id;
    record.has_random_trace_id = parent->record.has_random_trace_id;
    record.parent_span_id = parent->record.span_id;
    record.has_parent = true;
  } else if (record.remote) {
    record.trace_id = record.remote->trace_id;
    record.has_random_trace_id = record.remote->random_trace_id;
    record.parent_span_id = record.remote->span_id;
    record.has_parent = true;
  } else {
    record.trace_id = options.trace_id.value_or(record.uuid);
    record.has_random_trace_id = !options.trace_id;
  }
  if (options.attributes) {
    cell->attributes_ = options.attributes;
  } else if (parent_node != nullptr) {
    cell->attributes_ = inherited_attributes(*parent_node);
  }
  // Drawn once, at the local root; a client that joins the trace later draws from the same id.
  if (parent == nullptr || options.destinations != nullptr) {
    destinations = destinations->sampled(record.trace_id, cell->remote_.get());
    if (destinations->empty() && observers.observers.empty()) {
      cell->suppressed_ = true;
      cell->destinations_ = std::move(destinations);
      cell->fork_generation = current_fork_generation();
      return cell;
    }
  }
  fill(record, std::move(params));
  record.input_from_macro = options.input_from_macro;
  record.run = options.run;
  const std::string& project =
      options.project.empty() && record.remote ? record.remote->project : options.project;
  if (!project.empty()) {
    record.project = Ref<const SharedText>::adopt(Ref<SharedText>::make(project).detach());
  } else if (parent != nullptr) {
    record.project = parent->record.project;
  }
  record.attributes = cell->attributes_;
  cell->destinations_ = std::move(destinations);
  cell->fork_generation = current_fork_generation();
  if (TransportImpl* const open = cell->destinations_->open_transport()) {
    if (given_start) cell->open.since = transport.clock().now();
    open->open_observations().link(*cell);
    open->note_open();
  }
  cell->observed = !observers.observers.empty();
  for (const Ref<Observer>& observer : observers.observers) observer->started(record);
  return cell;
}

Ref<Cell> start_child(Cell* parent, ObservationParams&& params, StartOptions options) noexcept {
  const ContextNode* const current = current_node();
  if (parent == nullptr || (current != nullptr && current->handles_too_)) return {};
  if (!parent->is_recording()) return Ref<Cell>::share(parent);
  Ref<Cell> child;
  options.parent = parent;
  guarded(*parent, [&] { child = start_cell(std::move(params), options); });
  return child;
}

void count_late_update(const Cell& cell) noexcept {
  for (const Ref<Destination>& destination : cell.destinations_->destinations()) {
    destination->counters().late_updates.fetch_add(1, kRelaxed);
  }
}

bool is_of_this_process(const Cell& cell) noexcept {
  return cell.fork_generation == current_fork_generation();
}

void update_cell(Cell& cell, ObservationUpdate&& update) {
  change_open(cell, [&](Record& record) { apply(record, std::move(update)); });
}

bool end_cell(Cell& cell, ObservationUpdate&& update) {
  if (!cell.is_recording()) return false;
  if (cell.fork_generation != current_fork_generation()) {
    // Open at the fork: the parent process will send it. Its lock may be held by a thread that does
    // not exist here, so it is not touched. Counted once, for `ended` is this process's own copy.
    if (!std::exchange(cell.ended, true)) {
      for (const Ref<Destination>& destination : cell.destinations_->destinations()) {
        destination->refuse(DropReason::Forked);
      }
    }
    return false;
  }
  // Under no lock of the cell: the flusher takes the list's first and the cell's after it. Before
  // anything that may fail, for a cell that is gone must not stay in the list.
  if (TransportImpl* const open = cell.destinations_->open_transport()) {
    open->open_observations().unlink(cell);
  }
  std::size_t bytes = 0;
  {
    const std::lock_guard lock(cell.lock);
    if (std::exchange(cell.ended, true)) return false;
    apply(cell.record, std::move(update));
    if (cell.record.end_time == Timestamp()) {
      cell.record.end_time = cell.destinations_->keeper().clock().now();
    }
    // A clock that was set back must not make a negative duration.
    cell.record.end_time = std::max(cell.record.end_time, cell.record.start_time);
    bytes = cell.record.byte_size();
  }
  if (cell.observed) {
    for (const Ref<Observer>& observer : current_observers().observers) {
      observer->ended(cell.record);
    }
  }
  for (TransportImpl* transport : cell.destinations_->transports()) {
    transport->submit(ItemKind::Observation, cell, *cell.destinations_, bytes);
  }
  return true;
}

}  // namespace v0
}  // namespace llmtrace
