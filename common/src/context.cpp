#include <llmtrace/await.h>
#include <llmtrace/context.h>
#include <llmtrace/observed_scope.h>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <new>

#include "common/src/cell.h"
#include "common/src/guard.h"

namespace llmtrace {
inline namespace v0 {

Context::Context(const Context& other) noexcept : node_(other.node_) {
  if (node_ != nullptr) node_->retain();
}

Context& Context::operator=(Context other) noexcept {
  std::swap(node_, other.node_);
  return *this;
}

Context::~Context() {
  if (node_ != nullptr) node_->release();
}

Context Context::current() noexcept {
  ContextNode* const node = current_node();
  if (node != nullptr) node->retain();
  return Context(node);
}

ContextScope::ContextScope(Context context) noexcept
    : mine_(context.node()), outer_scope_(enter_scope()) {
  if (mine_ != nullptr) mine_->retain();  // the thread's reference; mine_ only identifies
  previous_ = exchange_current_node(mine_);
}

ContextScope::~ContextScope() {
  leave_scope(outer_scope_);
  // Restores only what it set: a scope that ends out of order must not undo another's.
  ContextNode* dropped = previous_;
  if (current_node() == mine_) dropped = exchange_current_node(previous_);
  if (dropped != nullptr) dropped->release();
}

Ref<TraceAttributes> copy_attributes(const TraceAttributes* original) {
  auto copy = Ref<TraceAttributes>::make();
  if (original != nullptr) static_cast<TraceFields&>(*copy) = *original;
  return copy;
}

void add_tags(TraceAttributes& attributes, const StringList& tags) {
  for (const std::string& tag : tags.items()) {
    const bool known =
        std::find(attributes.tags.begin(), attributes.tags.end(), tag) != attributes.tags.end();
    if (!known) attributes.tags.push_back(tag);
  }
}

namespace {

void overwrite(std::string& target, std::string&& value) {
  if (!value.empty()) target = std::move(value);
}

}  // namespace

Ref<TraceAttributes> merge_attributes(const TraceAttributes* outer, PropagateParams params) {
  Ref<TraceAttributes> merged = copy_attributes(outer);
  overwrite(merged->user_id, std::move(params.user_id));
  overwrite(merged->session_id, std::move(params.session_id));
  overwrite(merged->version, std::move(params.version));
  overwrite(merged->trace_name, std::move(params.trace_name));
  overwrite(merged->environment, std::move(params.environment));
  add_tags(*merged, params.tags);
  merged->metadata.merge(std::move(params.metadata));
  if (!params.prompt.name.empty()) merged->prompt = std::move(params.prompt);
  return merged;
}

void replace_attributes(Cell& cell, Ref<const TraceAttributes> attributes) {
  if (!cell.is_recording() || !is_of_this_process(cell)) return;
  const std::lock_guard lock(cell.lock);
  if (cell.ended) return;
  cell.record.attributes = attributes;
  cell.inherited = std::move(attributes);
  cell.attributes_replaced.store(true, std::memory_order_release);
}

namespace {

// Adds to what the open observation itself says. Its children are not its scope's business: they
// inherit from the context that they start in.
void add_attributes(Cell& cell, PropagateParams params) {
  if (!is_of_this_process(cell)) return;
  const std::lock_guard lock(cell.lock);
  if (cell.ended) return;
  cell.record.attributes = merge_attributes(cell.record.attributes.get(), std::move(params));
}

}  // namespace

Ref<ContextNode> copy_node(ContextNode* outer) {
  auto node = Ref<ContextNode>::make();
  if (outer == nullptr) return node;
  node->observation_ = Ref<Cell>::share(outer->cell());
  node->attributes_ = inherited_attributes(*outer);
  node->destinations_ = outer->destinations_;
  node->remote_ = outer->remote_;
  node->log_fields_ = outer->log_fields_;
  node->follows_cell_ = outer->cell() == outer || outer->follows_cell_;
  node->suppressed_ = outer->suppressed_;
  node->handles_too_ = outer->handles_too_;
  return node;
}

Context cell_context(Cell& cell) noexcept {
  Ref<ContextNode> node = Ref<ContextNode>::share(&cell);
  const ContextNode* const outer = current_node();
  // What the thread says in its logs is its own, whatever it makes current.
  if (outer != nullptr && outer->log_fields_ && outer->log_fields_ != cell.log_fields_) {
    guarded([&] {
      Ref<ContextNode> speaking = copy_node(&cell);
      speaking->log_fields_ = outer->log_fields_;
      node = std::move(speaking);
    });
  }
  return Context(node.detach());
}

ContextScope propagate(PropagateParams params) noexcept {
  ContextNode* const outer = current_node();
  if (!detail::listening() || (outer != nullptr && outer->suppressed_)) {
    return ContextScope(Context::current());
  }
  Ref<ContextNode> node;
  guarded([&] {
    Ref<ContextNode> inner = copy_node(outer);
    inner->attributes_ = merge_attributes(inner->attributes_.get(), params);
    inner->follows_cell_ = false;
    if (inner->observation_) add_attributes(*inner->observation_, std::move(params));
    node = std::move(inner);
  });
  return ContextScope(node ? Context(node.detach()) : Context::current());
}

ContextScope suppress() noexcept {
  // One for all, in memory that is always there: what must not be recorded never is.
  alignas(ContextNode) static std::byte memory[sizeof(ContextNode)];
  static ContextNode& node = [&]() -> ContextNode& {
    auto& made = *new (memory) ContextNode;
    made.suppressed_ = true;
    made.handles_too_ = true;
    return made;
  }();
  Ref<ContextNode> inner = Ref<ContextNode>::share(&node);
  if (const ContextNode* const outer = current_node(); outer != nullptr && outer->log_fields_) {
    guarded([&] {
      auto speaking = Ref<ContextNode>::make();
      speaking->suppressed_ = true;
      speaking->handles_too_ = true;
      speaking->log_fields_ = outer->log_fields_;
      inner = std::move(speaking);
    });
  }
  return ContextScope(Context(inner.detach()));
}

Context destination_context(const Ref<const DestinationSet>& destinations) {
  Ref<ContextNode> node = copy_node(current_node());
  node->observation_ = {};
  node->follows_cell_ = false;
  node->destinations_ = destinations;
  return Context(node.detach());
}

// ---- ObservedScope
// ---------------------------------------------------------------------------------

void ObservedScope::begin(const char* name, ObservationType type) noexcept {
  start(name, {.as_type = type});
}

void ObservedScope::start(const char* name, ObservationParams params) noexcept {
  if (node_ != nullptr) return;
  guarded([&] {
    if (params.name.empty()) params.name = name;
    const bool capture_input = params.capture_input;
    capture_output_ = params.capture_output;
    Ref<Cell> cell = start_cell(std::move(params),
                                {.parent = current_node(), .input_from_macro = capture_input});
    if (!cell) return;
    if (cell->is_recording()) cell_ = cell.get();
    exceptions_ = std::uncaught_exceptions();
    cell->retain();  // one for the thread, one for the scope
    node_ = cell.detach();
    previous_ = exchange_current_node(node_);
  });
}

void ObservedScope::finish() noexcept {
  if (cell_ != nullptr) {
    guarded(*cell_, [&] {
      ObservationUpdate update;
      // Only that something was thrown is known here, not what: no text is guessed.
      if (!error_recorded_ && std::uncaught_exceptions() > exceptions_) update.level = Level::Error;
      end_cell(*cell_, std::move(update));
    });
  }
  ContextNode* dropped = previous_;
  if (current_node() == node_) dropped = exchange_current_node(previous_);
  if (dropped != nullptr) dropped->release();
  node_->release();
}

void ObservedScope::set_input(Json input) noexcept {
  // Nobody else knows the cell yet but the thread's own context: the start half may still be
  // written.
  guarded(*cell_, [&] {
    const std::lock_guard lock(cell_->lock);  // the flusher may look at what is open
    if (cell_->record.input_from_macro && cell_->record.input.is_absent()) {
      cell_->record.input = std::move(input);
      cell_->record.input_updated = cell_->start_copied;  // the start went without it
    }
  });
}

void ObservedScope::set_output(detail::JsonRef value) noexcept {
  guarded(*cell_, [&] {
    Json output(value);
    {
      const std::lock_guard lock(cell_->lock);
      cell_->record.output_from_macro = true;
    }
    update_cell(*cell_, {.output = std::move(output)});
  });
}

void ObservedScope::record_current_exception() noexcept {
  // A thread that is being cancelled or has called pthread_exit unwinds without an exception; to
  // catch and keep that would end the process.
  if (cell_ == nullptr || !std::current_exception()) return;
  guarded(*cell_, [&] {
    error_recorded_ = true;
    std::string text;
    try {
      throw;
    } catch (const std::exception& exception) {
      text = detail::exception_type_name(exception) + ": " + exception.what();
    } catch (...) {
      text = "an exception that is not a std::exception";
    }
    update_cell(*cell_, {.level = Level::Error, .status_message = std::move(text)});
  });
}

// ---- Awaiting
// ---------------------------------------------------------------------------------------

namespace detail {

AwaitContext::AwaitContext(ObservedScope& scope) noexcept : scope_(&scope), node_(nullptr) {
  // The innermost context of the coroutine: the scope's own, or a propagate inside it.
  if (scope.node_ == nullptr) return;
  node_ = current_node();
  if (node_ != nullptr) node_->retain();
}

AwaitContext::~AwaitContext() {
  forget_outer();
  if (node_ != nullptr) node_->release();
}

void AwaitContext::forget_outer() noexcept {
  if (outer_ != nullptr) std::exchange(outer_, nullptr)->release();
}

ContextNode* AwaitContext::lend() noexcept {
  if (scope_->node_ == nullptr) {
    // Nothing is recorded: what is current stays so, and is put back to the same.
    ContextNode* const same = current_node();
    if (same != nullptr) same->retain();
    return same;
  }
  lent_ = true;
  place_ = current_place();
  outer_ = scope_->previous_;
  if (outer_ != nullptr) outer_->retain();
  return std::exchange(scope_->previous_, nullptr);
}

void AwaitContext::undo_lend(ContextNode* outer) noexcept {
  if (!lent_) {
    release_context(outer);
    return;
  }
  lent_ = false;
  forget_outer();
  scope_->previous_ = outer;
}

void AwaitContext::take_back() noexcept {
  if (!lent_) return;
  lent_ = false;
  if (node_ != nullptr) node_->retain();
  scope_->previous_ = exchange_current_node(node_);
  if (scope_->previous_ == node_ && current_place() == place_) {
    // Resumed before the thread left the place where the context was lent: what is current there is
    // our own. What must follow the scope is what was current outside.
    std::swap(scope_->previous_, outer_);
  }
  forget_outer();
}

OuterContext::~OuterContext() {
  if (armed_) release_context(exchange_current_node(outer_));
}

void release_context(ContextNode* node) noexcept {
  if (node != nullptr) node->release();
}

namespace {
constexpr int kMaxNestedResumes = 64;
thread_local int nested_resumes = 0;
}  // namespace

NestedResume::NestedResume() noexcept : allowed_(nested_resumes < kMaxNestedResumes) {
  ++nested_resumes;
}

NestedResume::~NestedResume() { --nested_resumes; }

}  // namespace detail
}  // namespace v0
}  // namespace llmtrace
