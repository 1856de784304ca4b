// Cell is an open observation: one reference-counted object with a one-word lock, shared by its
// handle, the context and the queue. It is a context node itself, so making it current allocates
// nothing.
//
// The start half of the record is written before anybody else sees the cell. The end half is
// written under the lock until the first `end`, which sets `ended`; from then on the flusher thread
// alone reads it.
//
// A root that is sampled out everywhere, or whose client is disabled, is a cell that records
// nothing
// (`suppressed_`): it has ids, so that scores follow their trace, and nothing starts beneath it.
#pragma once

#include <llmtrace/context.h>

#include <atomic>
#include <cstdint>
#include <exception>
#include <mutex>
#include <string>
#include <utility>

#include "common/src/destination.h"
#include "common/src/record.h"
#include "common/src/word_lock.h"

namespace llmtrace {
inline namespace v0 {

class Cell;

/// What every log line written inside a context says: an object. Immutable, shared by the nodes.
struct LogFields : RefCounted {
  Json fields;
};

/// One link of the context: immutable once it is current anywhere.
class ContextNode : public RefCounted {
 public:
  /// The nearest observation, or null.
  virtual Cell* cell() noexcept { return observation_.get(); }

  Ref<Cell> observation_;                   // for a node that is no observation itself
  Ref<const TraceAttributes> attributes_;   // what observations started here inherit
  Ref<const DestinationSet> destinations_;  // where they go; null: to every global client
  Ref<const RemoteParent> remote_;          // whose children the roots that start here are; of a
                                            // cell: whose descendant it is
  Ref<const LogFields> log_fields_;         // what set_context says; null: nothing
  bool follows_cell_ = false;               // the attributes are those of `observation_`
  bool suppressed_ = false;                 // nothing starts here: sampled out, or by suppress()
  bool handles_too_ = false;                // by suppress(): nor does a handle start a child here
};

/// A cell's place in its transport's OpenList; guarded by the lock of its shard.
struct OpenLinks {
  Timestamp since{};  // when it was opened, whatever start time it was given
  Cell* newer = nullptr;
  Cell* older = nullptr;
  std::uint8_t shard = 0;
  bool linked = false;
};

class Cell final : public ContextNode {
 public:
  ~Cell() override;
  Cell* cell() noexcept override { return this; }
  bool is_recording() const noexcept { return !suppressed_; }

  Record record;
  WordLock lock;  // guards the end half of `record`, `ended`, `start_copied` and `inherited`
  bool ended = false;
  bool observed = false;      // observers know of it, and will be told of its end
  bool start_copied = false;  // the flusher has sent, or is about to send, what the start half says
  Ref<const TraceAttributes> inherited;          // by children, once attributes_replaced
  std::atomic<bool> attributes_replaced{false};  // `inherited` is newer than attributes_
  std::uint32_t fork_generation = 0;
  OpenLinks open;
};

/// The calling thread's current node; may be null. Not owned by the caller.
LLMTRACE_EXPORT ContextNode* current_node() noexcept;
/// Makes `node` (one reference given) current and returns the previous one (one reference taken).
ContextNode* exchange_current_node(ContextNode* node) noexcept;

/// Where the calling thread stands.
detail::ContextPlace current_place() noexcept;
/// Enters a new scope; returns the one it is in, which `leave_scope` takes.
std::uint64_t enter_scope() noexcept;
void leave_scope(std::uint64_t outer) noexcept;

/// How an observation starts.
struct StartOptions {
  ContextNode* parent = nullptr;  // null: a root
  const DestinationSet* destinations =
      nullptr;                              // null: the parent's; for a root, every global client
  Ref<const TraceAttributes> attributes{};  // null: the parent's
  std::optional<TraceId> trace_id{};        // of a root, given from outside
  Ref<RunDetails> run{};                    // of this observation alone
  std::string project{};  // empty: the parent's, or what the caller of this service named
  bool input_from_macro = false;
  bool begins_trace = false;  // a root is a trace of its own, whatever the host's tracer has
};

/// Starts an observation. Null when nobody listens and inside what is suppressed; a cell that
/// records nothing when the trace is sampled out everywhere.
LLMTRACE_EXPORT Ref<Cell> start_cell(ObservationParams&& params, const StartOptions& options);

/// A root that records nothing, of the trace that the current context was extracted from, if any.
/// Without memory for one of its own, one that all share.
LLMTRACE_EXPORT Ref<Cell> start_unrecorded() noexcept;

/// A child of `parent`, which stands for it when it records nothing; null when that is null, and
/// inside suppress().
LLMTRACE_EXPORT Ref<Cell> start_child(Cell* parent, ObservationParams&& params,
                                      StartOptions options = {}) noexcept;

/// Applies an update; counted as late when the cell has ended.
LLMTRACE_EXPORT void update_cell(Cell& cell, ObservationUpdate&& update);

/// Calls `change` with the record, under the lock, while the cell is open; else counts a late
/// update.
template <class Change>
void change_open(Cell& cell, Change&& change);

/// Ends the cell and submits it; false when it had ended.
LLMTRACE_EXPORT bool end_cell(Cell& cell, ObservationUpdate&& update);

/// The attributes that a child of `node` inherits.
LLMTRACE_EXPORT Ref<const TraceAttributes> inherited_attributes(ContextNode& node);
/// A copy of `original` (may be null) that may still be written.
LLMTRACE_EXPORT Ref<TraceAttributes> copy_attributes(const TraceAttributes* original);
/// Adds those tags that are not there yet.
LLMTRACE_EXPORT void add_tags(TraceAttributes& attributes, const StringList& tags);
/// A copy of `outer` (may be null) with what is given in `params`, which may still be written.
LLMTRACE_EXPORT Ref<TraceAttributes> merge_attributes(const TraceAttributes* outer,
                                                      PropagateParams params);
/// For an open observation and for children started from now on.
LLMTRACE_EXPORT void replace_attributes(Cell& cell, Ref<const TraceAttributes> attributes);

/// A node that is what `outer` (may be null) is; to be changed before it becomes current anywhere.
LLMTRACE_EXPORT Ref<ContextNode> copy_node(ContextNode* outer);

/// The context in which `cell` is current and all else stays.
Context cell_context(Cell& cell) noexcept;

/// A context in which observations start as roots of `destinations` alone.
LLMTRACE_EXPORT Context destination_context(const Ref<const DestinationSet>& destinations);

/// Counts an update of a cell that has ended.
LLMTRACE_EXPORT void count_late_update(const Cell& cell) noexcept;
/// Whether it was started here, not before a fork.
LLMTRACE_EXPORT bool is_of_this_process(const Cell& cell) noexcept;

template <class Change>
void change_open(Cell& cell, Change&& change) {
  if (!cell.is_recording() || !is_of_this_process(cell)) return;  // the latter: the parent's
  {
    const std::lock_guard lock(cell.lock);
    if (!cell.ended) {
      std::forward<Change>(change)(cell.record);
      return;
    }
  }
  count_late_update(cell);
}

namespace detail {
/// The type's name, readable: "std::runtime_error".
LLMTRACE_EXPORT std::string exception_type_name(const std::exception& exception);
}  // namespace detail

}  // namespace v0
}  // namespace llmtrace
