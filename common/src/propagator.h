// Propagator is a vendor's part in `inject` and `extract`: headers and baggage keys of its own. A
// destination has one (DestinationOptions): it writes for what goes to that destination, and reads
// from the first one's opening until the process ends. Its functions are called from any thread.
#pragma once

#include <llmtrace/propagation.h>

#include <memory>
#include <mutex>
#include <string_view>
#include <vector>

#include "common/src/baggage.h"
#include "common/src/record.h"

namespace llmtrace {
inline namespace v0 {

class DestinationSet;

class Propagator {
 public:
  virtual ~Propagator() = default;
  virtual std::string_view name() const noexcept = 0;
  /// Whether it writes and reads this member of the baggage.
  virtual bool owns(std::string_view baggage_key) const noexcept = 0;
  /// `attributes` is null unless they are to be handed on.
  virtual void inject(const Record& record, const TraceAttributes* attributes,
                      std::vector<HttpHeader>& headers, Baggage& baggage) const = 0;
  /// Completes `parent` and `attributes`; true when it found a parent of its own.
  virtual bool extract(const std::vector<HttpHeader>& headers, const Baggage& baggage,
                       const ExtractOptions& options, RemoteParent& parent,
                       PropagateParams& attributes) const = 0;
};

/// Guards the list of propagators; held over a fork, so that the child never inherits it locked.
std::mutex& propagators_mutex() noexcept;

/// What `extract` asks from now on. One of a name is enough: later ones are ignored.
void register_propagator(std::shared_ptr<const Propagator> propagator);

/// The parent that the host's own tracer has for a root which starts now, on this thread; null:
/// none. A provider that throws is counted at each of `destinations`.
Ref<const RemoteParent> provided_parent(const DestinationSet& destinations) noexcept;

}  // namespace v0
}  // namespace llmtrace
