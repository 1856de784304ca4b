// Observer looks on: it is told of every observation that starts and of its end, on the thread that
// starts or ends it, wherever the observation goes and whether or not its trace is kept. Metrics
// are made of it.
#pragma once

#include <llmtrace/export.h>

#include <vector>

#include "common/src/record.h"
#include "common/src/ref.h"

namespace llmtrace {
inline namespace v0 {

class Observer : public RefCounted {
 public:
  /// The start half of `record` is complete.
  virtual void started(const Record& record) noexcept = 0;
  /// All of it is. Once for each that `started` was called with.
  virtual void ended(const Record& record) noexcept = 0;
};

/// Immutable: a change makes a new one.
struct ObserverList : RefCounted {
  explicit ObserverList(std::vector<Ref<Observer>> list) : observers(std::move(list)) {}
  const std::vector<Ref<Observer>> observers;
};

/// From now on `observer` is told, and OBSERVE records even when no client is live.
LLMTRACE_EXPORT void add_observer(const Ref<Observer>& observer);
/// A call that is under way on another thread may still come to its end.
LLMTRACE_EXPORT void remove_observer(const Ref<Observer>& observer) noexcept;
/// Those there are now; a thread keeps its copy until they change. Never null.
const ObserverList& current_observers();

}  // namespace v0
}  // namespace llmtrace
