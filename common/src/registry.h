// What the process as a whole knows: the live destinations, the transports (for forks), the
// process-wide mask, the default transport. Never destroyed, so it is safe to use at any time
// before and after main.
#pragma once

#include <llmtrace/observation.h>
#include <llmtrace/transport.h>

#include <memory>
#include <mutex>
#include <vector>

#include "common/src/destination.h"

namespace llmtrace {
inline namespace v0 {

/// Held over a fork, so that the child never inherits it locked. Guards all of the registry and the
/// lists of live destinations of the transports. Nothing waits and no user code runs under it.
std::mutex& registry_mutex();

/// With the registry's mutex held.
void register_transport(TransportImpl& transport);
void unregister_transport(TransportImpl& transport) noexcept;
/// The same. They return the set that was, to be released when the mutex is free: with it may go
/// the last of a transport, whose destructor takes the mutex.
[[nodiscard]] Ref<const DestinationSet> publish_destination(const Ref<Destination>& destination);
[[nodiscard]] Ref<const DestinationSet> unpublish_destination(
    const Ref<Destination>& destination) noexcept;

/// The live destinations that take global observations. A thread keeps its copy until the set
/// changes.
Ref<const DestinationSet> global_destinations();
/// All live destinations.
LLMTRACE_EXPORT std::vector<Ref<Destination>> live_destinations();
/// The default transport; it keeps the time and makes the ids of what goes nowhere.
std::shared_ptr<TransportImpl> process_keeper();

/// The process-wide mask; null when there is none.
LLMTRACE_EXPORT std::shared_ptr<const Mask> process_mask() noexcept;

}  // namespace v0
}  // namespace llmtrace
