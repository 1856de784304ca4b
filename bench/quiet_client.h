// A langfuse::Client whose requests are answered at once, for the micro benchmarks.
#pragma once

#include <langfuse/langfuse.h>

#include <memory>

#include "common/src/instant_http_client.h"

namespace llmtrace::bench {

inline langfuse::Config quiet_config() {
  TransportOptions transport;
  transport.overflow = Overflow::block(std::chrono::minutes(1));
  transport.http_client = std::make_shared<InstantHttpClient>();
  langfuse::Config config;
  config.public_key = "pk-lf-bench";
  config.secret_key = Secret("sk-lf-bench");
  config.base_url = "http://127.0.0.1:9";
  config.transport = Transport::create(std::move(transport));
  return config;
}

/// Fewer than wake the flusher, for any destination: it sleeps while the caller's path is measured.
inline constexpr int kCallsBetweenFlushes = 256;

}  // namespace llmtrace::bench
