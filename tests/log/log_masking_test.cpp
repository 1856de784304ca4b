// The process's mask over lines: message, fields, context and previews; it fails closed.
#include <gtest/gtest.h>
#include <llmtrace/redaction.h>

#include <stdexcept>

#include "tests/log/logging.h"

namespace llmtrace::tests {
namespace {

constexpr std::string_view kSecret = "sk-abcdefghijklmnopqrstuvwxyz012345";

std::string with_secret() { return "a " + std::string(kSecret) + " b"; }

TEST(LogMask, ReachesMessageFieldsAndContext) {
  const RestoredMask mask(redact(secret_rules()));
  const Logged logged;
  const auto context = set_context({{"context", with_secret()}});

  logged.logger.info(with_secret(), {{"field", with_secret()}, {"plain", 1}});
  logged.logger.info("nested", {{"deep", {{"deeper", with_secret()}}}});
  logged.logger.log_error(std::runtime_error(with_secret()));
  logged.logger.log_llm_request(
      {.prompt = kSecret, .response = kSecret, .error = kSecret, .fields = {{"f", kSecret}}});

  for (const std::string& line : logged.lines()) {
    EXPECT_EQ(line.find(kSecret), std::string::npos) << line;
    EXPECT_NE(line.find("[SECRET_DETECTED]"), std::string::npos) << line;
    EXPECT_TRUE(llmtrace_tests::is_strict_json(line)) << line;
  }
  EXPECT_EQ(logged.logger.stats().mask_failures, 0U);
}

TEST(LogMask, SeesWhatAPreviewWouldCutInTwo) {
  const RestoredMask mask(redact(secret_rules()));
  const Logged logged;
  const std::string prompt = "key: " + std::string(kSecret);

  for (std::size_t bound = 1; bound <= prompt.size(); ++bound) {
    logged.logger.log_llm_request({.prompt = prompt, .preview_bytes = bound});
    EXPECT_EQ(logged.last()["prompt_preview"].as_string(),
              std::string("key: [SECRET_DETECTED]").substr(0, bound));
  }
}

TEST(LogMask, IsToldWhatItSees) {
  std::vector<Field> fields;
  const Logged logged;
  {
    const RestoredMask mask([&](JsonText text, Field field) {
      EXPECT_TRUE(llmtrace_tests::is_strict_json(text.text)) << text.text;
      fields.push_back(field);
      return text;
    });
    logged.logger.info("x", {{"k", 1}});
    logged.lines();
  }
  EXPECT_EQ(fields, (std::vector<Field>{Field::LogMessage, Field::LogFields}));
}

void expect_failed_closed(const Mask& broken) {
  const RestoredMask mask(broken);
  ::testing::internal::CaptureStderr();
  {
    const Logged logged;
    const auto context = set_context({{"context", with_secret()}});
    logged.logger.info(with_secret(), {{"field", with_secret()}});

    const JsonValue line = logged.last();
    EXPECT_EQ(logged.lines().at(0).find(kSecret), std::string::npos);
    EXPECT_EQ(line["message"].as_string(), kMaskFailed);
    EXPECT_EQ(line["fields"].as_string(), kMaskFailed);
    EXPECT_EQ(logged.logger.stats().mask_failures, 2U);
  }
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("logger api: a value was replaced"), std::string::npos) << said;
}

TEST(LogMask, FailsClosedWhenItThrows) {
  expect_failed_closed([](JsonText, Field) -> JsonText { throw std::runtime_error("broken"); });
  expect_failed_closed([](JsonText, Field) -> JsonText { throw 7; });
}

TEST(LogMask, FailsClosedWhenItReturnsNoJson) {
  expect_failed_closed([](JsonText text, Field) {
    text.text += "}";
    return text;
  });
}

}  // namespace
}  // namespace llmtrace::tests
