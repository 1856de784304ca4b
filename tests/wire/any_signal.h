// Log records and metrics of any content; see any_value.h.
#pragma once

#include <string>
#include <vector>

#include "common/src/otlp/log_encoder.h"
#include "common/src/otlp/metric_encoder.h"
#include "tests/wire/any_value.h"

struct AnyLog {
  llmtrace::Timestamp time;
  llmtrace::OtlpSeverity severity = llmtrace::OtlpSeverity::Unspecified;
  std::string severity_text;
  std::string body;
  std::string event_name;
  bool has_ids = false;
  llmtrace::TraceId trace_id{};
  llmtrace::SpanId span_id{};
  std::uint32_t flags = 0;
  AnyAttributes attributes;
  std::uint32_t dropped_attributes = 0;
};
using AnyLogs = std::vector<AnyLog>;
using AnyMetrics = std::vector<llmtrace::MetricInterval>;

rc::Gen<AnyLogs> any_logs();
rc::Gen<AnyMetrics> any_metrics();

std::string expectation_of(const AnyLogs& logs);
std::string expectation_of(const AnyMetrics& metrics);
