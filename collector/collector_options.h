// What the collector is started with.
#pragma once

#include <string>

#include "collector/http_server.h"
#include "collector/langsmith/langsmith_options.h"
#include "collector/traces/retention.h"

namespace llmtrace::collector {

/// The Langfuse version whose protocol the collector speaks, with what that version refuses.
enum class Behaviour { V2, V4_16, V4_59 };

struct CollectorOptions {
  HttpServerOptions server{};
  std::string database = ":memory:";
  std::string public_key = "pk-lf-local";
  std::string secret_key = "sk-lf-local";
  Behaviour behaviour = Behaviour::V4_59;
  LangSmithOptions langsmith{};
  std::string prices{};  // JSON file with prices of the user's own; see CostEstimator
  /// What /api/ and plain OTLP ask for as a Bearer token; "" = they are open to this machine.
  std::string token{};
  RetentionOptions retention{};
};

}  // namespace llmtrace::collector
