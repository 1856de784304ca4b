// Config: what a langfuse::Client is made from. Everything may be left out: code wins over the
// environment (LANGFUSE_* variables, see docs/configuration.md), which wins over the default.
#pragma once

#include <llmtrace/http_client.h>
#include <llmtrace/observation.h>
#include <llmtrace/secret.h>
#include <llmtrace/transport.h>

#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <vector>

namespace langfuse {
inline namespace v0 {

using llmtrace::ConfigText;
using llmtrace::Secret;

/// How observations travel.
enum class Protocol : unsigned char {
  Otlp,    ///< OTLP/HTTP; Langfuse Cloud and self-hosted 3.22 or newer
  Legacy,  ///< /api/public/ingestion; for self-hosted v2 and v3, refused by v4 and gone from the
           ///< Cloud
};

/// How OTLP is written. Both carry the same; protobuf is the faster one (bench/encode.cpp).
enum class Encoding : unsigned char { Protobuf, Json };

enum class Compression : unsigned char { Gzip, None };

struct Config {
  ConfigText public_key{};   ///< LANGFUSE_PUBLIC_KEY; without keys the client is disabled
  Secret secret_key{};       ///< LANGFUSE_SECRET_KEY
  ConfigText base_url{};     ///< LANGFUSE_BASE_URL, LANGFUSE_HOST; https://cloud.langfuse.com
  ConfigText environment{};  ///< LANGFUSE_TRACING_ENVIRONMENT; at most 40 of [a-z0-9_-]
  ConfigText release{};      ///< LANGFUSE_RELEASE, then the commit variables of CI systems
  std::optional<bool> tracing_enabled{};  ///< LANGFUSE_TRACING_ENABLED; true
  std::optional<double>
      sample_rate{};  ///< LANGFUSE_SAMPLE_RATE; 1. Drawn once per trace, by its id
  /// Runs on the flusher thread over a copy of every user text; see llmtrace::Mask.
  llmtrace::Mask mask{};
  /// False: only handles of this client and scopes of `activate` reach it, OBSERVE alone does not.
  bool observe = true;
  std::optional<bool> capture_io{};  ///< LANGFUSE_OBSERVE_DECORATOR_IO_CAPTURE_ENABLED; true

  std::optional<std::chrono::milliseconds> timeout{};  ///< LANGFUSE_TIMEOUT; 10 s, for one attempt
  std::optional<std::string> proxy{};  ///< empty: none; absent: as https_proxy and NO_PROXY say
  ConfigText ca_file{};                ///< PEM file of certificate authorities; empty: the system's
  std::vector<llmtrace::HttpHeader> additional_headers{};

  Protocol protocol = Protocol::Otlp;
  Encoding encoding = Encoding::Protobuf;
  std::optional<Compression> compression{};  ///< LANGFUSE_OTEL_COMPRESSION; gzip, none to loopback
  std::optional<std::size_t> flush_at{};     ///< LANGFUSE_FLUSH_AT; 1,024 observations
  std::optional<std::chrono::milliseconds> flush_interval{};  ///< LANGFUSE_FLUSH_INTERVAL; 1 s
  std::optional<std::size_t> max_batch_bytes{};  ///< LANGFUSE_OTEL_MAX_BATCH_SIZE_BYTES; 3,500,000
  std::optional<std::size_t> max_event_bytes{};  ///< LANGFUSE_MAX_EVENT_SIZE_BYTES; 5,000,000
  std::optional<bool> debug{};                   ///< LANGFUSE_DEBUG; false

  /// How long the destructor drains.
  std::chrono::milliseconds shutdown_timeout{2000};
  /// Null: the process's default transport.
  std::shared_ptr<llmtrace::Transport> transport{};
};

}  // namespace v0
}  // namespace langfuse
