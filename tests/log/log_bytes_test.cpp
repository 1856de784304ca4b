// Whatever is logged, a line is one line and strict JSON.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "tests/log/logging.h"

namespace llmtrace::tests {
namespace {

rc::Gen<std::string> bytes() { return rc::gen::container<std::string>(rc::gen::arbitrary<char>()); }

RC_GTEST_PROP(LogBytes, EveryLineIsJson, ()) {
  const std::string name = *bytes();
  const std::string message = *bytes();
  const std::string key = *bytes();
  const std::string value = *bytes();
  const Logged logged;
  const Logger named = logged.logger.named(name);
  const auto context = set_context({{key, value}, {message, *rc::gen::arbitrary<double>()}});
  const auto more = set_context(Json::from_text(*bytes()));

  named.info(message, {{key, value}, {value, message}});
  named.info(message, {{key, {{value, key}}}});
  named.info(message, Json::from_text(value));
  named.log_llm_request({.model = key,
                         .prompt = message,
                         .response = value,
                         .error = key,
                         .preview_bytes = *rc::gen::inRange<std::size_t>(0, 40),
                         .fields = {{key, message}}});

  const auto lines = logged.lines();
  RC_ASSERT(lines.size() == 4U);
  for (const std::string& line : lines) {
    RC_ASSERT(line.find_first_of("\r\n") == std::string::npos);
    RC_ASSERT(llmtrace_tests::is_strict_json(line));
  }
}

TEST(LogBytes, TheDeepestFieldsAreStillWithinTheDepthOfAReader) {
  const Logged logged;
  std::string deep;
  for (int i = 0; i < JsonWriter::kMaxDepth; ++i) deep += "[";
  for (int i = 0; i < JsonWriter::kMaxDepth; ++i) deep += "]";

  logged.logger.info("x", Json::from_text(deep));
  logged.logger.info("x", {{"k", Json::from_text(deep)}});
  const auto context = set_context(Json::from_text(deep));
  logged.logger.info("x");

  for (const std::string& line : logged.lines()) {
    EXPECT_TRUE(llmtrace_tests::is_strict_json(line)) << line;
    EXPECT_LE(llmtrace_tests::StrictJson::depth(line), JsonWriter::kMaxDepth);
  }
}

}  // namespace
}  // namespace llmtrace::tests
