// Spans and observations of any content; see any_value.h.
#pragma once

#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "common/src/otlp/span_mapper.h"
#include "common/src/record.h"
#include "tests/wire/any_value.h"

struct AnyEvent {
  std::string name;
  llmtrace::Timestamp time;
  AnyAttributes attributes;
};

struct AnySpan {
  llmtrace::Record record;
  llmtrace::SpanKind kind = llmtrace::SpanKind::Internal;
  bool has_context = false;
  AnyAttributes attributes;
  std::vector<AnyEvent> events;
  llmtrace::DroppedCounts dropped;
};

struct AnyRequest {
  std::vector<std::pair<std::string, std::string>> resource;
  std::vector<AnySpan> spans;
};

rc::Gen<AnyRequest> any_request();

/// What any_requests.mjs compares with: JSON on one line.
std::string expectation_of(const AnyRequest& request);

/// An observation as a program makes it.
struct AnyObservation {
  using Value = std::variant<std::string, Tree>;
  bool is_generation = false;
  std::string name;
  std::string user_id;
  std::string session_id;
  std::vector<std::string> tags;
  std::string model;  // of a generation, as what follows
  std::string provider;
  double temperature = 0;
  std::int64_t input_tokens = 0;
  std::int64_t output_tokens = 0;
  double cost = 0;
  std::string said;   // in the metadata
  std::string error;  // empty: none
  Value input;
  Value output;
  llmtrace::Timestamp start_time;
  llmtrace::Timestamp end_time;
};

rc::Gen<std::vector<AnyObservation>> any_observations();
std::string expectation_of(const std::vector<AnyObservation>& observations);
