#include "common/src/masking.h"

#include <gtest/gtest.h>
#include <llmtrace/observe.h>
#include <llmtrace/testing.h>

#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "common/src/cell.h"
#include "tests/common/strict_json.h"

namespace {

using llmtrace::Field;
using llmtrace::Json;
using llmtrace::JsonText;
using llmtrace::Mask;
using llmtrace::Record;
using llmtrace::Ref;
using llmtrace::Score;
using llmtrace::ScoreValue;
using llmtrace::TraceAttributes;

constexpr std::string_view kCanary = "sk-canary-4711";

JsonText without_canary(JsonText json, Field /*field*/) {
  for (std::size_t at = 0; (at = json.text.find(kCanary, at)) != std::string::npos;) {
    json.text.replace(at, kCanary.size(), "***");
  }
  return json;
}

Record record_full_of_canaries() {
  const std::string secret = "a " + std::string(kCanary) + " b";
  Record record;
  record.input = secret;
  record.output = {{"nested", {{"deep", secret}}}, {secret, 1}};
  record.metadata = {{"key", secret}};
  record.model_parameters = {{"stop", secret}};
  record.status_message = secret;
  auto attributes = Ref<TraceAttributes>::make();
  attributes->tags = {"plain", secret};
  attributes->metadata = {{"trace", secret}};
  record.attributes = Ref<const TraceAttributes>::adopt(attributes.detach());
  return record;
}

std::string everything(const Record& record) {
  std::string all = record.input.to_text() + record.output.to_text() + record.metadata.to_text() +
                    record.model_parameters.to_text() + record.status_message +
                    record.attributes->metadata.to_text();
  for (const std::string& tag : record.attributes->tags) all += tag;
  return all;
}

class RestoredMask {
 public:
  explicit RestoredMask(Mask mask) { llmtrace::set_mask(std::move(mask)); }
  ~RestoredMask() { llmtrace::set_mask({}); }
  RestoredMask(const RestoredMask&) = delete;
  RestoredMask& operator=(const RestoredMask&) = delete;
};

TEST(Mask, ReachesEveryFieldOfAnObservation) {
  Record record = record_full_of_canaries();
  const Ref<const TraceAttributes> shared = record.attributes;

  const std::uint64_t failures = apply_mask(record, without_canary);

  EXPECT_EQ(failures, 0U);
  EXPECT_EQ(everything(record).find(kCanary), std::string::npos) << everything(record);
  EXPECT_EQ(record.input.text(), "a *** b");
  EXPECT_TRUE(record.input.is_string());
  EXPECT_EQ(record.status_message, "a *** b");
  EXPECT_EQ(record.attributes->tags, (std::vector<std::string>{"plain", "a *** b"}));
  EXPECT_NE(shared->tags[1].find(kCanary), std::string::npos) << "the shared original was changed";
}

TEST(Mask, ReachesEveryFieldOfAScore) {
  Score score;
  score.comment = std::string(kCanary);
  score.metadata = {{"k", kCanary}};
  score.value = ScoreValue(kCanary);

  apply_mask(score, without_canary);

  EXPECT_EQ(score.comment, "***");
  EXPECT_EQ(score.metadata.text(), R"({"k":"***"})");
  EXPECT_EQ(score.value.text(), "***");
}

TEST(Mask, IsToldTheFieldAndGivenJson) {
  std::vector<Field> fields;
  Record record = record_full_of_canaries();
  Score score;
  score.comment = "c";
  score.value = "v";

  const Mask mask = [&](JsonText json, Field field) {
    EXPECT_TRUE(llmtrace_tests::is_strict_json(json.text)) << json.text;
    fields.push_back(field);
    return json;
  };
  apply_mask(record, mask);
  apply_mask(score, mask);

  EXPECT_EQ(fields, (std::vector<Field>{Field::Input, Field::Output, Field::Metadata,
                                        Field::ModelParameters, Field::StatusMessage, Field::Tags,
                                        Field::Metadata, Field::ScoreComment, Field::ScoreValue}));
}

void expect_failed_closed(const Mask& mask) {
  Record record = record_full_of_canaries();
  Score score;
  score.comment = std::string(kCanary);
  score.value = ScoreValue(kCanary);

  EXPECT_EQ(apply_mask(record, mask), 7U);
  EXPECT_EQ(apply_mask(score, mask), 2U);

  EXPECT_EQ(everything(record).find(kCanary), std::string::npos);
  EXPECT_EQ(record.input.text(), llmtrace::kMaskFailed);
  EXPECT_EQ(record.metadata.text(), llmtrace::kMaskFailed);
  EXPECT_EQ(record.status_message, llmtrace::kMaskFailed);
  EXPECT_EQ(record.attributes->tags,
            (std::vector<std::string>{std::string(llmtrace::kMaskFailed)}));
  EXPECT_EQ(score.comment, llmtrace::kMaskFailed);
  EXPECT_EQ(score.value.text(), llmtrace::kMaskFailed);
}

TEST(Mask, FailsClosedWhenItThrows) {
  expect_failed_closed([](JsonText, Field) -> JsonText { throw std::runtime_error("broken"); });
  expect_failed_closed([](JsonText, Field) -> JsonText { throw 7; });
}

TEST(Mask, FailsClosedWhenItReturnsNoJson) {
  for (const char* text : {"", "***", "{", "\"\xFF\"", "1 2"}) {
    expect_failed_closed([text](JsonText, Field) { return JsonText{text}; });
  }
}

TEST(Mask, FailsClosedWhenItReturnsTooDeepJson) {
  expect_failed_closed(
      [](JsonText, Field) { return JsonText{std::string(500, '[') + std::string(500, ']')}; });
}

TEST(Mask, LeavesAbsentFieldsAbsent) {
  Record record;

  const std::uint64_t failures = apply_mask(
      record, [](JsonText, Field) -> JsonText { throw std::runtime_error("not asked"); });

  EXPECT_EQ(failures, 0U);
  EXPECT_TRUE(record.input.is_absent());
  EXPECT_EQ(record.status_message, "");
}

TEST(Mask, MayChangeTheShape) {
  Record record = record_full_of_canaries();

  apply_mask(record, [](JsonText, Field) { return JsonText{"null"}; });

  EXPECT_EQ(record.input.to_text(), "null");
  EXPECT_EQ(record.attributes->tags, (std::vector<std::string>{"null"}));
}

TEST(SetMask, ReachesEveryDestination) {
  const RestoredMask mask(without_canary);
  llmtrace::testing::MemoryDestination first;
  llmtrace::testing::MemoryDestination second;
  const auto propagated = llmtrace::propagate({.tags = {kCanary}});

  const llmtrace::Observation observation =
      llmtrace::start_observation({.name = "masked", .input = kCanary});
  observation.score({.name = "s", .value = 1, .comment = std::string(kCanary)});
  observation.end();

  for (const auto* memory : {&first, &second}) {
    ASSERT_EQ(memory->observations().size(), 1U);
    EXPECT_EQ(memory->observations()[0].input, "\"***\"");
    EXPECT_EQ(memory->observations()[0].tags, (std::vector<std::string>{"***"}));
    EXPECT_EQ(memory->scores().at(0).comment, "***");
  }
}

TEST(SetMask, CountsWhatFailed) {
  const RestoredMask mask([](JsonText, Field) -> JsonText { throw std::runtime_error("broken"); });
  llmtrace::testing::MemoryDestination memory;

  llmtrace::start_observation({.name = "masked", .input = kCanary}).end();

  ASSERT_EQ(memory.observations().size(), 1U);
  EXPECT_EQ(memory.observations()[0].input, "\"" + std::string(llmtrace::kMaskFailed) + "\"");
  EXPECT_EQ(memory.stats().user_code_failures, 1U);
}

TEST(SetMask, AnEmptyFunctionRemovesIt) {
  { const RestoredMask mask(without_canary); }
  llmtrace::testing::MemoryDestination memory;

  llmtrace::start_observation({.name = "plain", .input = "a"}).end();

  EXPECT_EQ(memory.observations().at(0).input, "\"a\"");
}

}  // namespace
