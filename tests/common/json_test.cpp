#include <gtest/gtest.h>
#include <llmtrace/json.h>
#include <llmtrace/observation_params.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "common/src/json_value.h"
#include "tests/common/strict_json.h"

namespace {

using llmtrace::CostDetails;
using llmtrace::Json;
using llmtrace::JsonValue;
using llmtrace::ScoreValue;
using llmtrace::StringList;
using llmtrace::UsageDetails;
using llmtrace_tests::is_strict_json;

TEST(Json, TellsAbsentFromNullFromString) {
  const Json absent;
  const Json null = nullptr;
  const Json null_text = static_cast<const char*>(nullptr);
  const Json string = "null";

  EXPECT_TRUE(absent.is_absent());
  EXPECT_EQ(absent.to_text(), "null");
  EXPECT_FALSE(null.is_absent());
  EXPECT_FALSE(null.is_string());
  EXPECT_EQ(null.text(), "null");
  EXPECT_EQ(null_text.text(), "null");
  EXPECT_FALSE(null_text.is_string());
  EXPECT_TRUE(string.is_string());
  EXPECT_EQ(string.to_text(), "\"null\"");
}

TEST(Json, KeepsAStringAsItIs) {
  EXPECT_EQ(Json("a\"\n").text(), "a\"\n");
  EXPECT_EQ(Json("a\"\n").to_text(), R"("a\"\n")");
  EXPECT_TRUE(Json(std::string_view("v")).is_string());
  const std::string lvalue = "l";
  EXPECT_TRUE(Json(lvalue).is_string());
}

TEST(Json, TakesOverAnRvalueString) {
  std::string text(1000, 'x');
  const char* const characters = text.data();

  const Json json = std::move(text);

  EXPECT_EQ(json.text().data(), characters);
}

TEST(Json, ReadsBracesAsWritten) {
  const std::string question = "q";
  const std::vector<std::string> documents{"a", "b"};

  EXPECT_EQ((Json{{"k", 1}}).text(), R"({"k":1})");
  EXPECT_EQ((Json{{"k", 1}, {"m", documents}}).text(), R"({"k":1,"m":["a","b"]})");
  EXPECT_EQ((Json{1, 2}).text(), "[1,2]");
  EXPECT_EQ((Json{"a", "b"}).text(), R"(["a","b"])");
  EXPECT_EQ((Json{{"outer", {{"inner", question}}}}).text(), R"({"outer":{"inner":"q"}})");
  EXPECT_EQ((Json{{"list", {1, 2, 3}}}).text(), R"({"list":[1,2,3]})");
}

TEST(Json, WritesNonFiniteNumbersAsNull) {
  EXPECT_EQ((Json{{"nan", std::nan("")}, {"inf", HUGE_VAL}}).text(), R"({"nan":null,"inf":null})");
}

TEST(Json, EscapesKeysAndRepairsThem) {
  EXPECT_EQ((Json{{"a\"\xFF", 1}}).text(), "{\"a\\\"\xEF\xBF\xBD\":1}");
}

TEST(Json, FromTextTakesValidJson) {
  const Json json = Json::from_text(R"({"a": [1, 2]})");

  EXPECT_FALSE(json.is_string());
  EXPECT_EQ(json.text(), R"({"a": [1, 2]})");
}

TEST(Json, FromTextKeepsGarbageAsAString) {
  for (const char* garbage : {"", " ", "{", "{\"a\":}", "[1,]", "nul", "1 2", "\"\xFF\"", "{} x"}) {
    const Json json = Json::from_text(garbage);

    EXPECT_TRUE(json.is_string()) << garbage;
    EXPECT_TRUE(is_strict_json(json.to_text())) << garbage;
  }
}

TEST(Json, KnowsAtMostHowDeepItIs) {
  EXPECT_EQ(Json(1).levels(), 0);
  EXPECT_EQ(Json("{}").levels(), 0) << "a string";
  EXPECT_EQ(Json({{"a", 1}}).levels(), 1);
  const Json inner{{"a", std::vector<int>{1}}};
  EXPECT_EQ(inner.levels(), 2);
  EXPECT_EQ(Json({{"b", inner}}).levels(), 3);
  EXPECT_EQ(Json(std::vector<Json>{inner, 1}).levels(), 3);
  Json merged{{"c", 1}};
  merged.merge(inner);
  EXPECT_EQ(merged.levels(), 2);
  EXPECT_EQ(Json::from_text("[[1]]").levels(), llmtrace::JsonWriter::kMaxDepth) << "nobody counted";
}

TEST(Json, CutsWhatBecomesTooDeepLevelByLevel) {
  Json deep(1);
  for (int i = 0; i < 100; ++i) deep = Json{{"a", std::move(deep)}};
  const std::string text = deep.to_text();
  EXPECT_EQ(std::count(text.begin(), text.end(), '{'), llmtrace::JsonWriter::kMaxDepth);
  EXPECT_NE(text.find("<nested too deep>"), std::string::npos);
}

TEST(Json, FromTextKeepsWhatIsNestedTooDeepAsAString) {
  const std::string deep = std::string(500, '[') + std::string(500, ']');
  const std::string deepest = std::string(64, '[') + std::string(64, ']');

  EXPECT_TRUE(Json::from_text(deep).is_string());
  EXPECT_TRUE(is_strict_json(Json::from_text(deep).to_text()));
  EXPECT_FALSE(Json::from_text(deepest).is_string());
  EXPECT_TRUE(Json::from_text(std::string(2'000'000, '[')).is_string());
}

RC_GTEST_PROP(Json, FromAnyTextIsStrictJson, ()) {
  const auto alphabet = rc::gen::elementOf(std::string("{}[]\",:\\ue01-. tfn\xC3\xA9\xFF"));
  const auto text = *rc::gen::container<std::string>(alphabet);

  RC_ASSERT(is_strict_json(Json::from_text(text).to_text()));
}

TEST(Json, MergesObjectsByKey) {
  Json metadata = {{"a", 1}, {"b", {{"x", 1}}}};

  metadata.merge({{"b", 2}, {"c", 3}});

  EXPECT_EQ(metadata.text(), R"({"a":1,"b":2,"c":3})");
}

TEST(Json, MergeComparesKeysByWhatTheyMean) {
  Json metadata = Json::from_text(R"({ "caf\u00e9" : 1 , "b" : [1, "}"] })");

  metadata.merge({{"caf\xC3\xA9", 2}});

  EXPECT_TRUE(is_strict_json(metadata.text()));
  EXPECT_EQ(metadata.text().find("\\u00e9"), std::string::npos) << metadata.text();
  EXPECT_NE(metadata.text().find(R"([1, "}"])"), std::string::npos) << metadata.text();
}

TEST(Json, MergeTakesWhatIsNoObjectAsAReplacement) {
  const auto merged = [](Json left, Json right) {
    left.merge(std::move(right));
    return left.to_text();
  };

  EXPECT_EQ(merged({}, {{"a", 1}}), R"({"a":1})");
  EXPECT_EQ(merged({{"a", 1}}, {}), R"({"a":1})");
  EXPECT_EQ(merged({{"a", 1}}, "text"), "\"text\"");
  EXPECT_EQ(merged("text", {{"a", 1}}), R"({"a":1})");
  EXPECT_EQ(merged(Json::from_text("{}"), {{"a", 1}}), R"({"a":1})");
  EXPECT_EQ(merged({{"a", 1}}, Json::from_text("{}")), R"({"a":1})");
  EXPECT_EQ(merged("{looks like an object", {{"a", 1}}), R"({"a":1})");
}

TEST(Json, MergesTextWithSpaceAroundIt) {
  Json metadata = Json::from_text(" \n{\"a\":1} \n");

  metadata.merge(Json::from_text(" { } "));
  metadata.merge(Json::from_text("\t{\"b\":2}\n"));

  EXPECT_TRUE(is_strict_json(metadata.text())) << metadata.text();
  EXPECT_NE(metadata.text().find("\"a\":1"), std::string::npos) << metadata.text();
  EXPECT_NE(metadata.text().find("\"b\":2"), std::string::npos) << metadata.text();
}

TEST(Json, MergingTheSameKeyAgainAndAgainDoesNotGrow) {
  Json metadata = {{"step", 0}};

  for (int i = 0; i < 1000; ++i) metadata.merge({{"step", i % 10}});

  EXPECT_EQ(metadata.text(), R"({"step":9})");
}

RC_GTEST_PROP(Json, MergedObjectsAreStrictJson,
              (std::vector<std::pair<std::string, int>> first,
               std::vector<std::pair<std::string, int>> second)) {
  const auto object = [](const auto& members) {
    Json json;
    for (const auto& [key, value] : members) json.merge({{key, value}});
    return json;
  };
  Json merged = object(first);

  merged.merge(object(second));

  RC_ASSERT(is_strict_json(merged.to_text()));
}

// Few keys, so that they meet; with and without escapes; more of them than are looked at one by
// one.
RC_GTEST_PROP(Json, MergedObjectsHoldTheLastValueOfEachKey,
              (std::vector<std::pair<int, int>> first, std::vector<std::pair<int, int>> second)) {
  const bool has_escapes = *rc::gen::arbitrary<bool>();
  const auto key_of = [&](int number) {
    const auto digit = static_cast<unsigned>(number) % 40;
    return (has_escapes && digit % 3 == 0 ? "\"" : "") + std::to_string(digit);
  };
  std::map<std::string, int> expected;
  const auto object = [&](const auto& members) {
    std::map<std::string, int> once;
    for (const auto& [number, value] : members) once[key_of(number)] = value;
    Json json = Json::from_text("{}");
    for (const auto& [key, value] : once) {
      json.merge({{key, value}});
      expected[key] = value;
    }
    return json;
  };
  Json merged = object(first);
  merged.merge(object(second));

  const auto read = JsonValue::parse(merged.text());
  RC_ASSERT(read.has_value());
  RC_ASSERT(read->members().size() == expected.size());
  for (const auto& [key, value] : expected) RC_ASSERT((*read)[key].as_integer() == value);
}

// As many as are looked at one by one, and more.
TEST(Json, MergesObjectsOfAnySize) {
  const auto object = [](int first, int count, int value) {
    std::string text = "{";
    for (int i = first; i < first + count; ++i) {
      text += (i == first ? "\"k" : ",\"k") + std::to_string(i) + "\":" + std::to_string(value);
    }
    return Json::from_text(text + "}");
  };
  for (int count = 1; count <= 20; ++count) {
    for (const int in_common : {0, 1}) {
      Json merged = object(0, count, 1);
      merged.merge(object(count - in_common, count, 2));

      const auto read = JsonValue::parse(merged.text());
      ASSERT_TRUE(read) << merged.text();
      const auto total = static_cast<std::size_t>(2 * count - in_common);
      ASSERT_EQ(read->members().size(), total) << merged.text();
      for (std::size_t i = 0; i < total; ++i) {
        const auto& member = read->members()[i];
        EXPECT_EQ(member.first, "k" + std::to_string(i)) << "in the order in which they came";
        EXPECT_EQ(member.second.as_integer(),
                  i < static_cast<std::size_t>(count - in_common) ? 1 : 2);
      }
    }
  }
}

TEST(StringList, ReadsBracesAsItems) {
  const StringList one = {"prod"};
  const StringList two = {"a", "b"};
  const StringList nested = {{"a", "b"}};
  const StringList from_vector = std::vector<std::string>{"x"};
  const std::string name = "n";
  const StringList mixed = {name, std::string_view("v"), "c"};

  EXPECT_EQ(one.items(), (std::vector<std::string>{"prod"}));
  EXPECT_EQ(two.items(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(nested.items(), (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(from_vector.items(), (std::vector<std::string>{"x"}));
  EXPECT_EQ(mixed.items(), (std::vector<std::string>{"n", "v", "c"}));
  EXPECT_TRUE(StringList().empty());
}

TEST(NumberMap, ReadsBracesMapsAndPairs) {
  const UsageDetails braces = {{"input", 100}, {"output", std::size_t{50}}};
  const UsageDetails map = std::map<std::string, std::int64_t>{{"input", 7}};
  const CostDetails costs = std::vector<std::pair<std::string, double>>{{"total", 0.5}};
  const CostDetails from_integers = {{"total", 2}};

  EXPECT_EQ(braces.find("input"), 100);
  EXPECT_EQ(braces.find("output"), 50);
  EXPECT_EQ(braces.find("none"), std::nullopt);
  EXPECT_EQ(map.find("input"), 7);
  EXPECT_EQ(costs.find("total"), 0.5);
  EXPECT_EQ(from_integers.find("total"), 2.0);
}

TEST(NumberMap, MarksInvalidNumbers) {
  const UsageDetails usage = {{"negative", -5},
                              {"nan", std::nan("")},
                              {"infinite", HUGE_VAL},
                              {"too large", 1e300},
                              {"unsigned", 18446744073709551615ULL},
                              {"half", 2.5}};
  const CostDetails costs = {{"negative", -0.5}, {"nan", std::nan("")}, {"large", 1e300}};

  for (const char* name : {"negative", "nan", "infinite", "too large", "unsigned"}) {
    EXPECT_EQ(usage.find(name), UsageDetails::kInvalid) << name;
  }
  EXPECT_EQ(usage.find("half"), 2);
  EXPECT_EQ(costs.find("negative"), CostDetails::kInvalid);
  EXPECT_EQ(costs.find("nan"), CostDetails::kInvalid);
  EXPECT_EQ(costs.find("large"), 1e300);
}

TEST(NumberMap, TheLastOfARepeatedNameWins) {
  UsageDetails usage = {{"input", 1}, {"input", 2}};
  EXPECT_EQ(usage.find("input"), 2);

  usage.merge({{"input", 3}, {"output", 4}});

  EXPECT_EQ(usage.find("input"), 3);
  EXPECT_EQ(usage.find("output"), 4);
}

TEST(ScoreValue, KnowsWhatItWasGiven) {
  EXPECT_EQ(ScoreValue().kind(), ScoreValue::Kind::Absent);
  EXPECT_EQ(ScoreValue(nullptr).kind(), ScoreValue::Kind::Absent);
  EXPECT_EQ(ScoreValue(1).kind(), ScoreValue::Kind::Number);
  EXPECT_EQ(ScoreValue(0.25F).number(), 0.25);
  EXPECT_EQ(ScoreValue(true).kind(), ScoreValue::Kind::Boolean);
  EXPECT_EQ(ScoreValue(true).number(), 1);
  EXPECT_EQ(ScoreValue("good").kind(), ScoreValue::Kind::Text);
  EXPECT_EQ(ScoreValue(std::string("good")).text(), "good");
  EXPECT_EQ(ScoreValue(std::string_view("good")).text(), "good");
}

}  // namespace
