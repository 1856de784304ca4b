// Propagator is a vendor's part in `inject` and `extract`: headers and baggage keys of its own.
// Registered by the vendor's client; stays until the process ends. Its functions are called from
// any thread.
#pragma once

#include <llmtrace/propagation.h>

#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/src/record.h"

namespace llmtrace {
inline namespace v0 {

/// W3C Baggage: keys and values, decoded.
class LLMTRACE_EXPORT Baggage {
 public:
  void add(std::string_view key, std::string_view value);
  /// The first value of that key; empty if there is none.
  std::string_view find(std::string_view key) const noexcept;
  const std::vector<std::pair<std::string, std::string>>& items() const noexcept { return items_; }

  /// Adds what is well formed in a header's value; at most 8 KiB and 64 items are read.
  void parse(std::string_view header);
  /// A header's value of at most 8 KiB: what does not fit is left out.
  std::string text() const;

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};

class Propagator {
 public:
  virtual ~Propagator() = default;
  virtual std::string_view name() const noexcept = 0;
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

/// One of a name is enough: later ones are ignored.
LLMTRACE_EXPORT void register_propagator(std::shared_ptr<const Propagator> propagator);

}  // namespace v0
}  // namespace llmtrace
