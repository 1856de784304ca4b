// ResolvedConfig is a Config in which nothing is open any more: code, environment and defaults are
// merged and checked.
#pragma once

#include <langfuse/config.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "common/src/environment.h"

namespace langfuse {
inline namespace v0 {

struct ResolvedConfig {
  std::string public_key;
  Secret secret_key;
  std::string base_url;
  bool base_url_is_from_environment = false;
  std::string export_path;
  std::string environment;
  std::string release;
  std::string service_name;
  bool enabled = true;
  double sample_rate = 1;
  bool observe = true;
  bool capture_io = true;
  std::chrono::milliseconds timeout{0};
  std::optional<std::string> proxy;
  std::string ca_file;
  std::vector<llmtrace::HttpHeader> additional_headers;
  Protocol protocol = Protocol::Otlp;
  Encoding encoding = Encoding::Protobuf;
  Compression compression = Compression::Gzip;
  std::size_t flush_at = 0;
  std::chrono::milliseconds flush_interval{0};
  std::size_t max_batch_bytes = 0;
  std::size_t max_event_bytes = 0;
  bool debug = false;
  std::vector<std::string> warnings;  // for the log, once
};

/// Throws std::invalid_argument, naming the option or variable, the value and the remedy.
ResolvedConfig resolve(const Config& config);

/// Every environment variable that is read, in the order of the documentation.
LLMTRACE_EXPORT const std::vector<llmtrace::VariableInfo>& variables();

}  // namespace v0
}  // namespace langfuse
