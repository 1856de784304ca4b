#include "common/src/truncate.h"

#include <gtest/gtest.h>

#include <string>

#include "common/src/id_types.h"
#include "common/src/json_value.h"
#include "tests/common/strict_json.h"

namespace {

using llmtrace::Json;
using llmtrace::JsonValue;
using llmtrace::Record;
using llmtrace::Score;
using llmtrace_tests::is_strict_json;

TEST(Truncate, CutsTheLargestOfInputOutputAndMetadata) {
  Record record;
  record.input = std::string(1000, 'i');
  record.output = std::string(5000, 'o');
  record.metadata = {{"m", std::string(100, 'm')}};

  ASSERT_TRUE(llmtrace::truncate_largest(record, 1000));

  EXPECT_EQ(record.input.text().size(), 1000U);
  const auto output = JsonValue::parse(record.output.to_text());
  ASSERT_TRUE(output.has_value());
  EXPECT_EQ((*output)["bytes"].as_integer(), 5000);
  EXPECT_EQ((*output)["sha256"].as_string(),
            llmtrace::to_hex(llmtrace::sha256(std::string(5000, 'o'))));
  const std::string& kept = (*output)["truncated"].as_string();
  EXPECT_LE(record.output.to_text().size(), 4000U);
  EXPECT_GE(kept.size(), 3500U);
  EXPECT_EQ(kept, std::string(kept.size(), 'o'));
}

TEST(Truncate, CutsOnACodePoint) {
  for (std::size_t offset = 0; offset < 4; ++offset) {
    std::string text(offset, 'a');
    for (int i = 0; i < 1000; ++i) text += "\xF0\x9F\x98\x80";
    Record record;
    record.input = text;

    ASSERT_TRUE(llmtrace::truncate_largest(record, 1000));

    EXPECT_TRUE(is_strict_json(record.input.to_text()));
    EXPECT_EQ(record.input.to_text().find("\xEF\xBF\xBD"), std::string::npos);
  }
}

TEST(Truncate, ATextThatIsCutTwiceKeepsItsOwnLengthAndHash) {
  Score score;
  score.comment = std::string(20'000, 'c');
  llmtrace::LogRecord line;
  line.message = score.comment;
  for (const std::size_t excess : {15'000U, 2'000U}) {
    ASSERT_TRUE(llmtrace::truncate_largest(score, excess));
    ASSERT_TRUE(llmtrace::truncate_largest(line, excess));
  }

  for (const std::string& text : {score.comment, line.message}) {
    const auto mark = JsonValue::parse(text);
    ASSERT_TRUE(mark.has_value()) << text;
    EXPECT_EQ((*mark)["bytes"].as_integer(), 20'000);
    EXPECT_EQ((*mark)["sha256"].as_string(),
              llmtrace::to_hex(llmtrace::sha256(std::string(20'000, 'c'))));
    EXPECT_LT(text.size(), 3'500U);
  }
}

TEST(Truncate, AnObjectThatWasCutIsValidJsonStill) {
  Record record;
  record.metadata = {{"long", std::string(5000, '"')}};

  ASSERT_TRUE(llmtrace::truncate_largest(record, 1000));

  EXPECT_TRUE(is_strict_json(record.metadata.to_text()));
}

TEST(Truncate, CuttingAgainKeepsTheHashAndLengthOfTheWhole) {
  const std::string whole(5000, '"');
  Record record;
  record.input = whole;

  ASSERT_TRUE(llmtrace::truncate_largest(record, 1000));
  ASSERT_TRUE(llmtrace::truncate_largest(record, 1000));

  const auto input = JsonValue::parse(record.input.to_text());
  ASSERT_TRUE(input.has_value());
  EXPECT_EQ((*input)["bytes"].as_integer(), 5000);
  EXPECT_EQ((*input)["sha256"].as_string(), llmtrace::to_hex(llmtrace::sha256(whole)));
  const std::string& kept = (*input)["truncated"].as_string();
  EXPECT_LE(kept.size(), 3000U);
  EXPECT_EQ(kept, std::string(kept.size(), '"'));
}

TEST(Truncate, GivesUpWhenNothingIsWorthCutting) {
  Record record;
  record.input = "short";

  EXPECT_FALSE(llmtrace::truncate_largest(record, 1000));
  EXPECT_EQ(record.input.text(), "short");
}

TEST(Truncate, EndsWhateverTheExcess) {
  Record record;
  record.input = std::string(2000, 'x');
  record.output = std::string(3000, 'y');
  record.metadata = {{"m", std::string(4000, 'z')}};

  int rounds = 0;
  while (llmtrace::truncate_largest(record, 1'000'000)) ASSERT_LT(++rounds, 20);

  EXPECT_GE(rounds, 3);
  for (const Json* json : {&record.input, &record.output, &record.metadata}) {
    EXPECT_LT(json->text().size(), 400U);
    EXPECT_TRUE(is_strict_json(json->to_text()));
  }
}

TEST(Truncate, CutsAScoresComment) {
  Score score;
  score.comment = std::string(5000, 'c');

  ASSERT_TRUE(llmtrace::truncate_largest(score, 4000));

  EXPECT_LT(score.comment.size(), 1200U);
  EXPECT_NE(score.comment.find("sha256"), std::string::npos);
}

TEST(Truncate, CutsAScoresMetadataAndLeavesTheComment) {
  Score score;
  score.comment = "as it was";
  score.metadata = {{"m", std::string(5000, 'm')}};

  ASSERT_TRUE(llmtrace::truncate_largest(score, 4000));

  EXPECT_EQ(score.comment, "as it was");
  EXPECT_LT(score.metadata.text().size(), 1200U);
}

}  // namespace
