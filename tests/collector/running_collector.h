// A collector on a free port of this process, and a client for it.
#pragma once

#include <string>

#include "collector/collector.h"
#include "tests/collector/http_client.h"

namespace llmtrace::collector::testing {

inline constexpr const char* kOtlpPath = "/api/public/otel/v1/traces";
inline constexpr const char* kScoresPath = "/api/public/scores";
inline constexpr const char* kIngestionPath = "/api/public/ingestion";
inline constexpr const char* kAllFields =
    "&fields=core,basic,time,io,metadata,model,usage,prompt,metrics,trace_context"
    "&expandMetadata=attributes,resourceAttributes,scope";

struct RunningCollector {
  explicit RunningCollector(const CollectorOptions& options = {})
      : collector(options), client(collector.url()) {}
  explicit RunningCollector(Behaviour behaviour)
      : RunningCollector(CollectorOptions{.behaviour = behaviour}) {}

  /// All observations of a trace, all fields, newest first.
  JsonValue observations(const std::string& trace_id) const {
    return client.get("/api/public/v2/observations?traceId=" + trace_id + kAllFields)
        .json()["data"];
  }
  /// The only observation of a trace.
  JsonValue observation(const std::string& trace_id) const {
    const JsonValue data = observations(trace_id);
    return data.elements().size() == 1 ? data.elements().front() : JsonValue();
  }
  JsonValue scores(const std::string& query) const {
    return client.get("/api/public/v3/scores?fields=details,subject,annotation&" + query)
        .json()["data"];
  }

  Collector collector;
  HttpClient client;
};

}  // namespace llmtrace::collector::testing
