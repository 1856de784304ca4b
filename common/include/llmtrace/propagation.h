// Distributed tracing: `inject` writes the headers by which another service continues the trace,
// `extract` reads them. W3C Trace Context and Baggage; a vendor's own headers too while a client of
// it lives or has lived. Both are noexcept and may be called from any thread.
//
// What comes in is not trusted: headers may set ids, and where the receiver asks for it tags,
// metadata and a project's name. They never set an endpoint, a key or a file.
#pragma once

#include <llmtrace/context.h>
#include <llmtrace/export.h>
#include <llmtrace/http_client.h>
#include <llmtrace/observation.h>

#include <vector>

namespace llmtrace {
inline namespace v0 {

struct InjectOptions {
  /// True: what `propagate` gave the trace (user, session, tags, metadata) goes along as baggage,
  /// to whoever gets the request. All masks run over it, on the calling thread.
  bool baggage = false;
};

/// The headers for a request that the current observation makes; none without one. Of a trace that
/// is sampled out only traceparent, which says so.
LLMTRACE_EXPORT std::vector<HttpHeader> inject(InjectOptions options = {}) noexcept;
/// The same for a request that `observation` makes.
LLMTRACE_EXPORT std::vector<HttpHeader> inject(const ObservationHandle& observation,
                                               InjectOptions options = {}) noexcept;

struct ExtractOptions {
  /// True: user, session, tags and metadata are taken from the baggage. Only for callers inside.
  bool baggage = false;
  /// True: the caller may name the project that shows the trace, where the vendor knows that.
  bool project = false;
};

/// The context that the sender of `headers` stands in: what starts inside it is a child of the
/// sender's observation. Headers that are missing or malformed are ignored.
///   llmtrace::ContextScope scope(llmtrace::extract(request.headers));
LLMTRACE_EXPORT Context extract(const std::vector<HttpHeader>& headers,
                                ExtractOptions options = {}) noexcept;

}  // namespace v0
}  // namespace llmtrace
