// What a line says: golden lines, fields, context, ids, levels.
#include <gtest/gtest.h>
#include <llmtrace/observe.h>
#include <llmtrace/propagation.h>
#include <llmtrace/transport.h>

#include <stdexcept>
#include <thread>

#include "common/src/cell.h"
#include "common/src/transport_impl.h"
#include "tests/log/logging.h"

namespace llmtrace::tests {
namespace {

using std::chrono::milliseconds;

constexpr std::string_view kHead = R"({"timestamp":"2026-11-16T08:00:00.000000Z")";

std::string golden(std::string_view rest) { return std::string(kHead).append(rest); }

TEST(Logger, WritesOneObjectPerLine) {
  const Logged logged;

  logged.logger.info("answered", {{"model", "gpt"}, {"tokens", 3}, {"cached", true}});
  logged.clock->advance(std::chrono::microseconds(1500));
  logged.logger.warning("a \"quoted\"\nline");

  EXPECT_EQ(logged.lines(),
            (std::vector<std::string>{
                golden(R"(,"level":"info","logger":"api","message":"answered","model":"gpt",)"
                       R"("tokens":3,"cached":true})"),
                R"({"timestamp":"2026-11-16T08:00:00.001500Z","level":"warning","logger":"api",)"
                R"("message":"a \"quoted\"\nline"})"}));
}

TEST(Logger, TakesNestedFieldsAndFieldsMadeElsewhere) {
  const Logged logged;

  logged.logger.info("x", {{"usage", {{"input", 1}}}});
  EXPECT_EQ(logged.last()["usage"]["input"].as_integer(), 1);
  logged.logger.info("x", Json::from_text("{\"a\":\n {\"b\": [1,\r\n2]}}"));
  EXPECT_EQ(logged.last()["a"]["b"].elements().size(), 2U);
  logged.logger.info("x", Json("no object"));
  EXPECT_EQ(logged.last()["fields"].as_string(), "no object");
  for (const std::string& line : logged.lines()) {
    EXPECT_EQ(line.find_first_of("\r\n"), std::string::npos) << line;
  }
}

TEST(Logger, AFieldNamedAsAPartOfTheLineIsKeptUnderAnotherName) {
  const Logged logged;

  logged.logger.info("real", {{"message", "fake"}, {"trace_id", "fake"}});

  const JsonValue line = logged.last();
  EXPECT_EQ(line["message"].as_string(), "real");
  EXPECT_EQ(line["fields.message"].as_string(), "fake");
  EXPECT_EQ(line.find("trace_id"), nullptr);
}

TEST(Logger, NoTwoMembersOfALineHaveOneName) {
  const Logged logged;

  logged.logger.info("real", {{"fields.message", 1}, {"message", 2}, {"fields.fields.message", 3}});

  const JsonValue line = logged.last();
  EXPECT_EQ(line["message"].as_string(), "real");
  EXPECT_EQ(line["fields.message"].as_integer(), 1);
  EXPECT_EQ(line["fields.fields.fields.message"].as_integer(), 2);
  EXPECT_EQ(line["fields.fields.message"].as_integer(), 3);
}

struct Counted {
  int* written;
};
void to_json(JsonWriter& writer, const Counted& counted) {
  ++*counted.written;
  writer.null();
}
struct Throwing {};
void to_json(JsonWriter& writer, const Throwing& /*value*/) {
  writer.begin_object();
  throw std::runtime_error("no text");
}

TEST(Logger, BelowTheLevelNothingIsTurnedIntoText) {
  const Logged logged;
  int written = 0;

  logged.logger.set_level(LogLevel::Warning);
  logged.logger.info("x", {{"k", Counted{&written}}});
  EXPECT_EQ(written, 0);
  EXPECT_FALSE(logged.logger.enabled(LogLevel::Info));
  EXPECT_EQ(logged.logger.stats().submitted, 0U);
  logged.logger.error("x", {{"k", Counted{&written}}});

  EXPECT_EQ(written, 1);
  EXPECT_EQ(logged.lines().size(), 1U);
}

TEST(Logger, AFieldThatThrowsSpoilsItselfOnly) {
  const Logged logged;

  logged.logger.info("x", {{"bad", Throwing{}}, {"good", 1}});

  const JsonValue line = logged.last();
  EXPECT_EQ(line["bad"].as_string(), "<error: no text>");
  EXPECT_EQ(line["good"].as_integer(), 1);
}

TEST(Logger, AnotherNameSharesQueueAndLevel) {
  const Logged logged;
  const Logger database = logged.logger.named("db");

  database.info("x");
  EXPECT_EQ(logged.last()["logger"].as_string(), "db");
  logged.logger.set_level(LogLevel::Error);
  EXPECT_FALSE(database.enabled(LogLevel::Info));
}

TEST(Logger, ErrorsSayTheirTypeAndText) {
  const Logged logged;

  logged.logger.log_error(std::out_of_range("too far"), {{"index", 7}});

  EXPECT_EQ(logged.lines().at(0), golden(R"(,"level":"error","logger":"api","message":"too far",)"
                                         R"("error_type":"std::out_of_range","index":7})"));
}

// ---- Ids

TEST(LogIds, AreThoseOfTheCurrentObservation) {
  MemoryDestination memory;
  const Logged logged;
  const Observation span = start_observation({.name = "span"});

  logged.logger.info("outside");
  EXPECT_EQ(logged.last().find("trace_id"), nullptr);
  EXPECT_EQ(logged.last().find("span_id"), nullptr);
  const auto scope = span.activate();
  logged.logger.info("inside");

  EXPECT_EQ(logged.last()["trace_id"].as_string(), span.trace_id());
  EXPECT_EQ(logged.last()["span_id"].as_string(), span.id());
}

TEST(LogIds, AreThereWhenTheTraceIsSampledOut) {
  const Logged logged;
  const Observation span(start_unrecorded().detach());

  const auto scope = span.activate();
  logged.logger.info("inside");

  EXPECT_EQ(logged.last()["trace_id"].as_string(), span.trace_id());
  EXPECT_EQ(span.trace_id().size(), 32U);
}

// ---- Context

TEST(LogContext, NestsAndTheInnerOneWins) {
  const Logged logged;
  const auto outer = set_context({{"request", "r-1"}, {"step", 1}});
  {
    const auto inner = set_context({{"step", 2}, {"user", "u"}});
    logged.logger.info("inner", {{"user", "mine"}});
  }
  logged.logger.info("outer");

  EXPECT_EQ(logged.lines(),
            (std::vector<std::string>{
                golden(R"(,"level":"info","logger":"api","message":"inner","request":"r-1",)"
                       R"("step":2,"user":"mine"})"),
                golden(R"(,"level":"info","logger":"api","message":"outer","request":"r-1",)"
                       R"("step":1})")}));
}

TEST(LogContext, IsInheritedByThreadsThroughBind) {
  MemoryDestination memory;
  const Logged logged;
  const Observation span = start_observation({.name = "span"});
  const auto active = span.activate();
  const auto scope = set_context({{"request", "r-1"}});

  std::thread(bind([&] { logged.logger.info("bound"); })).join();
  EXPECT_EQ(logged.last()["request"].as_string(), "r-1");
  EXPECT_EQ(logged.last()["span_id"].as_string(), span.id());
  std::thread([&] { logged.logger.info("not bound"); }).join();
  EXPECT_EQ(logged.last().find("request"), nullptr);
}

TEST(LogContext, GoesWhereverTheTraceGoes) {
  MemoryDestination memory;
  const Logged logged;
  const Observation before = start_observation({.name = "before"});
  const auto expect_said = [&](std::string_view where) {
    logged.logger.info(where);
    EXPECT_EQ(logged.last()["request"].as_string(), "r-1") << where;
  };
  const auto scope = set_context({{"request", "r-1"}});
  {
    OBSERVE();
    expect_said("observed");
    const auto attributes = propagate({.user_id = "u"});
    expect_said("propagated");
  }
  {
    const auto active = before.activate();
    expect_said("a handle from before");
    const Observation child = before.span({.name = "child"});
    const auto inside = child.activate();
    expect_said("its child");
  }
  {
    const auto alone = memory.activate();
    expect_said("one client alone");
  }
  {
    const auto silent = suppress();
    expect_said("suppressed");
    EXPECT_FALSE(start_observation({.name = "nothing"}));
  }
  const ContextScope remote(
      extract({{"traceparent", "00-0123456789abcdef0123456789abcdef-0123456789abcdef-01"}}));
  expect_said("extracted");
}

TEST(LogContext, ChangesNothingOfTheTrace) {
  MemoryDestination memory;
  const Logged logged;
  {
    const auto attributes = propagate({.user_id = "u"});
    const Observation parent = start_observation({.name = "parent"});
    const auto active = parent.activate();
    const auto scope = set_context({{"request", "r-1"}});
    const Observation child = start_observation({.name = "child"});
    EXPECT_EQ(child.trace_id(), parent.trace_id());
    EXPECT_EQ(current_observation().id(), parent.id());
  }

  const auto observations = memory.observations();
  ASSERT_EQ(observations.size(), 2U);
  for (const auto& observation : observations) EXPECT_EQ(observation.user_id, "u");
}

TEST(LogContext, HidesNoAttributesGivenToTheObservationLater) {
  MemoryDestination memory;
  const Observation parent = start_observation({.name = "parent"});
  const auto active = parent.activate();
  const auto scope = set_context({{"request", "r-1"}});

  replace_attributes(*parent.cell(), merge_attributes(nullptr, {.user_id = "late"}));
  start_observation({.name = "child"}).end();

  EXPECT_EQ(memory.observations().at(0).user_id, "late");
}

TEST(LogContext, WhatIsNoObjectIsOneField) {
  const Logged logged;
  const auto scope = set_context("batch 7");

  logged.logger.info("x");

  EXPECT_EQ(logged.last()["context"].as_string(), "batch 7");
}

// ---- LLM requests

TEST(LogLlmRequest, SaysLatencyTokensPreviewsAndLengths) {
  const Logged logged;

  logged.logger.log_llm_request({.model = "gpt",
                                 .provider = "openai",
                                 .prompt = "What is a span?",
                                 .response = "A timed operation.",
                                 .latency = milliseconds(1250),
                                 .input_tokens = 12,
                                 .output_tokens = 5,
                                 .preview_bytes = 6,
                                 .fields = {{"attempt", 1}}});

  EXPECT_EQ(logged.lines().at(0),
            golden(R"(,"level":"info","logger":"api","message":"llm request","operation":"chat",)"
                   R"("provider":"openai","model":"gpt","latency_ms":1250,"input_tokens":12,)"
                   R"("output_tokens":5,"prompt_preview":"What i","prompt_bytes":15,)"
                   R"("response_preview":"A time","response_bytes":18,"attempt":1})"));
}

TEST(LogLlmRequest, CutsOnACodePointAtEveryBound) {
  const Logged logged;
  const std::string prompt = "aé€😀\"\n\xff end";

  for (std::size_t bound = 0; bound <= prompt.size() + 4; ++bound) {
    logged.logger.log_llm_request({.prompt = prompt, .preview_bytes = bound});
    const std::string preview = logged.last()["prompt_preview"].as_string();
    EXPECT_LE(preview.size(), bound);
    EXPECT_EQ(logged.last()["prompt_bytes"].as_integer(), static_cast<std::int64_t>(prompt.size()));
  }
}

TEST(LogLlmRequest, AnErrorIsAnErrorLine) {
  const Logged logged;

  logged.logger.log_llm_request({.model = "gpt", .error = "timeout"});

  EXPECT_EQ(logged.last()["level"].as_string(), "error");
  EXPECT_EQ(logged.last()["error"].as_string(), "timeout");
}

// ---- Calls

TEST(LogCall, SaysHowLongASuccessTook) {
  const Logged logged;
  const auto twice = log_call(logged.logger,
                              [&](int value) {
                                logged.clock->advance(milliseconds(20));
                                return 2 * value;
                              },
                              {.name = "twice"});

  EXPECT_EQ(twice(21), 42);

  EXPECT_EQ(logged.lines().at(0), R"({"timestamp":"2026-11-16T08:00:00.020000Z","level":"info",)"
                                  R"("logger":"api","message":"twice","duration_ms":20,)"
                                  R"("success":true})");
}

struct Unusual {
  int code;
};

TEST(LogCall, ExceptionsGoOnUnchanged) {
  const Logged logged;
  const std::out_of_range original("too far");
  const std::exception* caught = nullptr;
  const std::exception_ptr pointer = std::make_exception_ptr(original);
  const auto failing = log_call(logged.logger, [&]() -> int { std::rethrow_exception(pointer); });

  try {
    failing();
  } catch (const std::out_of_range& exception) {
    caught = &exception;
  }
  const void* thrown = nullptr;
  try {
    std::rethrow_exception(pointer);
  } catch (const std::exception& exception) {
    thrown = &exception;
  }

  EXPECT_EQ(caught, thrown) << "another object";
  EXPECT_EQ(logged.last()["level"].as_string(), "error");
  EXPECT_FALSE(logged.last()["success"].as_bool());
  EXPECT_EQ(logged.last()["error_type"].as_string(), "std::out_of_range");
  EXPECT_EQ(logged.last()["error"].as_string(), "too far");

  const auto unusual = log_call(logged.logger, [] { throw Unusual{7}; });
  try {
    unusual();
    FAIL();
  } catch (const Unusual& value) {
    EXPECT_EQ(value.code, 7);
  }
  EXPECT_EQ(logged.lines().size(), 2U);
}

TEST(LogCall, HandsOnReferencesMoveOnlyAndImmovableResults) {
  const Logged logged;
  int value = 1;
  struct Immovable {
    explicit Immovable(int given) : number(given) {}
    Immovable(const Immovable&) = delete;
    int number;
  };

  EXPECT_EQ(&log_call(logged.logger, [&]() -> int& { return value; })(), &value);
  EXPECT_EQ(*log_call(logged.logger, [] { return std::make_unique<int>(5); })(), 5);
  EXPECT_EQ(log_call(logged.logger, [] { return Immovable(6); })().number, 6);
  log_call(logged.logger, [&] { value = 2; })();

  EXPECT_EQ(value, 2);
  EXPECT_EQ(logged.lines().size(), 4U);
}

// ---- As a sink

TEST(Logger, TakesWhatATransportSays) {
  const Logged logged;
  const std::shared_ptr<LogSink> sink = logged.logger.as_sink();
  const auto transport = Transport::create({.log_sink = sink});

  transport->impl().log().write(LogLevel::Warning, "the server is gone");

  EXPECT_EQ(logged.last()["message"].as_string(), "the server is gone");
  EXPECT_EQ(logged.last()["level"].as_string(), "warning");
}

}  // namespace
}  // namespace llmtrace::tests
