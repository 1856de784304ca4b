// Distributed tracing: `inject` writes the headers by which another service continues the trace,
// `extract` reads them; a parent provider makes traces continue what another tracer in the same
// process has begun. W3C Trace Context and Baggage, and the own headers of those vendors that the
// trace goes to (written) or that have or had a client here (read). All are called from any thread.
//
// What comes in is not trusted: headers may set ids, and where the receiver asks for it tags,
// metadata and a project's name. They never set an endpoint, a key or a file.
#pragma once

#include <llmtrace/context.h>
#include <llmtrace/export.h>
#include <llmtrace/http_client.h>
#include <llmtrace/observation.h>

#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace llmtrace {
inline namespace v0 {

struct InjectOptions {
  /// True: what `propagate` gave the trace (user, session, tags, metadata) goes along as baggage,
  /// to whoever gets the request; all masks run over it, on the calling thread. After it what came
  /// as baggage by `extract` and is not said anew, as it came.
  bool baggage = false;
};

/// The headers for a request that the current observation makes. Without one, in a context of
/// `extract`, those that it was made of: who records nothing hands the trace on, a disabled client
/// too. Of a trace that is sampled out traceparent, which says so, tracestate, and what came as
/// baggage.
LLMTRACE_EXPORT std::vector<HttpHeader> inject(InjectOptions options = {}) noexcept;
/// The same for a request that `observation` makes.
LLMTRACE_EXPORT std::vector<HttpHeader> inject(const ObservationHandle& observation,
                                               InjectOptions options = {}) noexcept;

struct ExtractOptions {
  /// True: user, session, tags and metadata are taken from the baggage, and the rest of it is kept
  /// for `inject`. Only for callers inside. False: of baggage nothing is taken.
  bool baggage = false;
  /// True: the caller may name the project that shows the trace, where the vendor knows that.
  bool project = false;
};

/// The context that the sender of `headers` stands in: what starts inside it is a child of the
/// sender's observation. Headers that are missing or malformed are ignored.
///   llmtrace::ContextScope scope(llmtrace::extract(request.headers));
LLMTRACE_EXPORT Context extract(const std::vector<HttpHeader>& headers,
                                ExtractOptions options = {}) noexcept;

/// Where the host's own tracer stands: the W3C texts of its current span. A function that has no
/// tracestate may return the traceparent alone, as a std::string.
struct ParentContext {
  ParentContext() = default;
  ParentContext(std::string parent, std::string state = {})  // NOLINT(google-explicit-constructor)
      : traceparent(std::move(parent)), tracestate(std::move(state)) {}

  std::string traceparent;  ///< empty, of zeros or malformed: there is no such span
  std::string tracestate;
};

using ParentProvider = std::function<ParentContext()>;

/// Makes observations that would start a trace children of what `provider` names instead, so that
/// they stand where the host's own tracer (OpenTelemetry, say) has its current span. Asked on the
/// thread that starts the observation, with no lock held, when there is no observation above it
/// and no context of `extract`; not for what begins a trace by its name, as a client's trace()
/// does. If it throws, that is counted as a user code failure and there is no parent.
/// An empty function takes it away; another thread may still be inside the old one then.
///   llmtrace::set_parent_provider([] { return current_traceparent(); });
LLMTRACE_EXPORT void set_parent_provider(ParentProvider provider);

}  // namespace v0
}  // namespace llmtrace
