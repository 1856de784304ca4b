// Programs that log with spdlog get the trace's ids, the same lines, or a Logger.
#include <gtest/gtest.h>
#include <llmtrace/redaction.h>
#include <llmtrace/spdlog_bridge.h>
#include <spdlog/logger.h>
#include <spdlog/sinks/ostream_sink.h>

#include <sstream>

#include "tests/log/logging.h"

namespace llmtrace::tests {
namespace {

struct Spdlog {
  std::ostringstream out;
  spdlog::logger logger{"legacy", std::make_shared<spdlog::sinks::ostream_sink_st>(out)};
};

TEST(SpdlogBridge, APatternHasFlagsForTheIds) {
  MemoryDestination memory;
  Spdlog spdlog;
  spdlog.logger.set_formatter(trace_pattern("%l [%Q %q] %v"));
  const Observation span = start_observation({.name = "span"});

  spdlog.logger.info("outside");
  {
    const auto active = span.activate();
    spdlog.logger.warn("inside {}", 7);
  }

  EXPECT_EQ(spdlog.out.str(),
            "info [ ] outside\nwarning [" + span.trace_id() + " " + span.id() + "] inside 7\n");
}

TEST(SpdlogBridge, TheJsonFormatterWritesALoggersLines) {
  MemoryDestination memory;
  Spdlog spdlog;
  spdlog.logger.set_formatter(std::make_unique<JsonFormatter>());
  const Observation span = start_observation({.name = "span"});
  const auto active = span.activate();
  const auto context = set_context({{"request", "r-1"}});
  const RestoredMask mask(redact({{.pattern = "secret", .replace = "***"}}));

  const Timestamp time(std::chrono::seconds(1'794'816'000));
  spdlog.logger.log(time, spdlog::source_loc{}, spdlog::level::critical, "a secret\n\xff");

  EXPECT_EQ(spdlog.out.str(),
            R"({"timestamp":"2026-11-16T08:00:00.000000Z","level":"error","logger":"legacy",)"
            R"("message":"a ***\n)"
            "\xEF\xBF\xBD"
            R"(","trace_id":")" +
                span.trace_id() + R"(","span_id":")" + span.id() + R"(","request":"r-1"})" + "\n");
}

TEST(SpdlogBridge, ASinkHandsMessagesToALogger) {
  const Logged logged;
  spdlog::logger legacy("legacy", std::make_shared<SpdlogSink>(logged.logger));
  legacy.set_level(spdlog::level::trace);
  const auto context = set_context({{"request", "r-1"}});

  legacy.trace("at {}", "dawn");

  const JsonValue line = logged.last();
  EXPECT_EQ(line["message"].as_string(), "at dawn");
  EXPECT_EQ(line["level"].as_string(), "debug");
  EXPECT_EQ(line["logger"].as_string(), "legacy");
  EXPECT_EQ(line["request"].as_string(), "r-1");
}

}  // namespace
}  // namespace llmtrace::tests
