// ResolvedConfig is a Config in which nothing is open any more: code, environment and defaults are
// merged and checked.
#pragma once

#include <langsmith/config.h>

#include <string>
#include <vector>

#include "common/src/environment.h"

namespace langsmith {
inline namespace v0 {

struct Endpoint {
  std::string url;  // without a trailing slash
  Secret api_key;
  std::string workspace_id;
  std::string project;
  bool project_is_fixed = false;  // of a replica that names one: a run's own does not count there
  std::vector<llmtrace::HttpHeader> additional_headers{};
};

struct ResolvedConfig {
  std::vector<Endpoint> endpoints;  // the first one is the client's own, the others are replicas
  bool enabled = true;
  double sample_rate = 1;
  bool observe = true;
  bool hide_inputs = false;
  bool hide_outputs = false;
  bool hide_metadata = false;
  bool runtime_metadata = false;
  std::string revision_id;
  std::chrono::milliseconds post_open_runs_after{0};
  std::chrono::milliseconds timeout{0};
  std::optional<std::string> proxy;
  std::string ca_file;
  std::optional<Compression> compression;  // nothing: zstd, but none to loopback
  std::optional<std::size_t> max_batch_items;
  std::chrono::milliseconds batch_interval{0};
  bool debug = false;
  std::vector<std::string> warnings;  // for the log, once
};

/// Throws std::invalid_argument, naming the option or variable, the value and the remedy.
ResolvedConfig resolve(const Config& config);

/// Every environment variable that is read, in the order of the documentation.
LLMTRACE_EXPORT const std::vector<llmtrace::VariableInfo>& variables();

}  // namespace v0
}  // namespace langsmith
