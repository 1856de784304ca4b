// The two vendors' clients with one face, for stress that has to hold for both: what a test makes
// is one observation with an input.
#pragma once

#include <langfuse/langfuse.h>
#include <langsmith/langsmith.h>
#include <zstd.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/scripted_server.h"

namespace llmtrace::tests {

class QuietLog final : public LogSink {
 public:
  void log(LogLevel /*level*/, std::string_view /*message*/) override {}
};

inline std::string unzstd(const std::string& frame) {
  const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
  if (size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR) {
    throw std::runtime_error("not a zstd frame with its size");
  }
  std::string content(size, '\0');
  if (ZSTD_decompress(content.data(), size, frame.data(), frame.size()) != size) {
    throw std::runtime_error("not a complete zstd frame");
  }
  return content;
}

struct Langfuse {
  static constexpr const char* kName = "Langfuse";
  static constexpr std::size_t kMaxItemBytes = 5'000'000;
  using Client = langfuse::Client;
  using Config = langfuse::Config;

  static Config config(const std::string& url, TransportOptions options = {}) {
    options.log_sink = std::make_shared<QuietLog>();
    Config config;
    config.public_key = "pk";
    config.secret_key = Secret("sk");
    config.base_url = url;
    config.transport = Transport::create(std::move(options));
    return config;
  }
  static void observe(Client& client, std::string name, Json input) {
    client.span({.name = std::move(name), .input = std::move(input)}).end();
  }
  static void limit_batches(Config& config, std::size_t items) { config.flush_at = items; }
  static bool is_ingestion(const ServerRequest& /*request*/) { return true; }
  static std::string content(const ServerRequest& request) { return request.body; }
  /// Whether what stands at `at` in a content is the end of an observation whose start came before.
  static bool is_end(std::string_view /*content*/, std::size_t /*at*/) { return false; }
};

/// As to the cloud: multipart, compressed by zstd, because `info` allows it.
struct LangSmith {
  static constexpr const char* kName = "LangSmith";
  static constexpr std::size_t kMaxItemBytes = 20'000'000;
  static constexpr const char* kInfo = R"({"batch_ingest_config":{"use_multipart_endpoint":true},)"
                                       R"("instance_flags":{"zstd_compression_enabled":true}})";
  using Client = langsmith::Client;
  using Config = langsmith::Config;

  static Config config(const std::string& url, TransportOptions options = {}) {
    options.log_sink = std::make_shared<QuietLog>();
    Config config;
    config.api_key = Secret("key");
    config.endpoint = url;
    config.tracing = true;
    config.compression = langsmith::Compression::Zstd;
    config.transport = Transport::create(std::move(options));
    return config;
  }
  static void observe(Client& client, std::string name, Json input) {
    client.start_run({.name = std::move(name), .inputs = std::move(input)}).end();
  }
  static void limit_batches(Config& config, std::size_t items) { config.max_batch_items = items; }
  static bool is_ingestion(const ServerRequest& request) {
    return request.target == "/runs/multipart";
  }
  static std::string content(const ServerRequest& request) { return unzstd(request.body); }
  static bool is_end(std::string_view content, std::size_t at) {
    return content.substr(content.rfind("name=\"p", at)).starts_with("name=\"patch.");
  }
};

}  // namespace llmtrace::tests
