// ObservedRequest is one request while it is watched: its span, its counters, its line in the log.
// Ends once, at `finish` or when it goes.
#pragma once

#include <llmtrace/context.h>
#include <llmtrace/observation.h>

#include <chrono>
#include <string>
#include <string_view>

#include "samples/observability_service/http_message.h"
#include "samples/observability_service/observability.h"

namespace service {

class ObservedRequest {
 public:
  /// The span is a child of what the client's traceparent names.
  ObservedRequest(const Observability& observability, const HttpRequest& request,
                  const std::string& request_id);
  ~ObservedRequest();
  ObservedRequest(const ObservedRequest&) = delete;
  ObservedRequest& operator=(const ObservedRequest&) = delete;

  /// What the request's own work runs in: its span is current, its id is in every log line.
  const llmtrace::Context& context() const noexcept { return context_; }
  void set_status(int status) noexcept { status_ = status; }
  /// `failure`: why it did not go well; empty: it did. The client's own faults (4xx) are warnings.
  void finish(std::string_view failure) noexcept;

 private:
  llmtrace::LogLevel level(std::string_view failure) const noexcept;

  const Observability& observability_;
  const std::string method_;
  const std::string path_;
  const std::string_view route_;
  const std::chrono::steady_clock::time_point start_;
  llmtrace::Context context_;
  llmtrace::Observation span_;
  int status_ = 0;
  bool is_finished_ = false;
};

}  // namespace service
