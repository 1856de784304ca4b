#include "samples/observability_service/observability.h"

#include <llmtrace/transport.h>

#include <cstdlib>

namespace service {
namespace {

bool is_set(const char* variable) {
  const char* const value = std::getenv(variable);
  return value != nullptr && *value != '\0';
}

}  // namespace

Observability::Observability(const std::string& log_file)
    : log_(log_file),
      lost_lines_(llmtrace::Metrics::process_default()
                      .gauge({.name = "service_log_lines_lost",
                              .help = "Log lines that were dropped since the start."})
                      .with()) {
  // llmtrace's own messages go into the same log, as JSON lines.
  const auto transport =
      llmtrace::Transport::create({.log_sink = log_.logger().named("llmtrace").as_sink()});
  if (is_set("LANGFUSE_PUBLIC_KEY")) langfuse_.emplace(langfuse::Config{.transport = transport});
  if (is_set("LANGSMITH_API_KEY") || is_set("LANGCHAIN_API_KEY")) {
    langsmith_.emplace(langsmith::Config{.transport = transport});
  }
}

std::vector<llmtrace::DestinationStats> Observability::destinations() const {
  std::vector<llmtrace::DestinationStats> all;
  if (langfuse_ && langfuse_->enabled()) all.push_back(langfuse_->stats());
  if (langsmith_ && langsmith_->enabled()) all.push_back(langsmith_->stats());
  return all;
}

std::string Observability::prometheus_text() const {
  lost_lines_.set(static_cast<double>(log_.logger().dropped()));
  return llmtrace::Metrics::process_default().prometheus_text();
}

bool Observability::flush(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  const auto left = [deadline] {
    return std::chrono::ceil<std::chrono::milliseconds>(deadline -
                                                        std::chrono::steady_clock::now());
  };
  static_cast<void>(llmtrace::flush(timeout));
  bool is_complete = true;
  for (const llmtrace::DestinationStats& stats : destinations()) {
    is_complete = is_complete && stats.dropped_total() == 0 && stats.in_memory == 0;
  }
  return log_.logger().flush(left()) && log_.logger().dropped() == 0 && is_complete;
}

}  // namespace service
