#include <gtest/gtest.h>
#include <llmtrace/json.h>
#include <llmtrace/observed_scope.h>
#include <llmtrace/to_json.h>

#include <array>
#include <chrono>
#include <deque>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <unordered_map>
#include <variant>
#include <vector>

#include "tests/common/strict_json.h"

namespace app {

struct Document {
  std::string id{};
  double score = 0;
};
void to_json(llmtrace::JsonWriter& writer, const Document& document) {
  writer.object({{"id", document.id}, {"score", document.score}});
}

enum class Color { Red = 3, Green };
enum class Shape { Round, Square };
std::string_view to_string(Shape shape) { return shape == Shape::Round ? "round" : "square"; }
// A string by nature, but with a form of its own: to_json comes first.
struct Name : std::string {
  using std::string::string;
};
void to_json(llmtrace::JsonWriter& writer, const Name& name) {
  writer.integer(static_cast<int>(name.size()));
}

enum class Status { Open };
void to_json(llmtrace::JsonWriter& writer, Status /*status*/) { writer.string("by to_json"); }

struct Throwing {};
void to_json(llmtrace::JsonWriter& writer, const Throwing& /*value*/) {
  writer.begin_object();
  writer.key("half");
  throw std::runtime_error("no such row \"x\"");
}
struct ThrowingInteger {};
void to_json(llmtrace::JsonWriter& writer, const ThrowingInteger& /*value*/) {
  writer.begin_array();
  throw 7;
}

struct Session {
  int secret = 42;
};
class Abstract {
 public:
  virtual ~Abstract() = default;
  virtual void run() = 0;
};
class Concrete final : public Abstract {
 public:
  void run() override {}
};
struct Incomplete;
Incomplete& incomplete() {
  alignas(8) static char storage[8] = {};
  return reinterpret_cast<Incomplete&>(storage);
}

struct Flags {
  unsigned low : 3;
  unsigned high : 5;
};

// What people get wrong in a to_json.
struct WritesNothing {};
void to_json(llmtrace::JsonWriter& /*writer*/, const WritesNothing& /*value*/) {}
struct WritesTwice {};
void to_json(llmtrace::JsonWriter& writer, const WritesTwice& /*value*/) {
  writer.integer(1);
  writer.integer(2);
}
struct LeavesOpen {};
void to_json(llmtrace::JsonWriter& writer, const LeavesOpen& /*value*/) {
  writer.begin_object();
  writer.key("a");
  writer.begin_array();
}
struct ClosesTooMuch {};
void to_json(llmtrace::JsonWriter& writer, const ClosesTooMuch& /*value*/) {
  writer.begin_array();
  writer.end_array();
  writer.end_array();
}
struct ForgetsTheKey {};
void to_json(llmtrace::JsonWriter& writer, const ForgetsTheKey& /*value*/) {
  writer.begin_object();
  writer.integer(1);
  writer.end_object();
}
struct ForgetsTheValue {};
void to_json(llmtrace::JsonWriter& writer, const ForgetsTheValue& /*value*/) {
  writer.begin_object();
  writer.key("a");
  writer.end_object();
}
struct WrongBracket {};
void to_json(llmtrace::JsonWriter& writer, const WrongBracket& /*value*/) {
  writer.begin_array();
  writer.integer(1);
  writer.end_object();
}
struct KeyInAnArray {};
void to_json(llmtrace::JsonWriter& writer, const KeyInAnArray& /*value*/) {
  writer.begin_array();
  writer.key("a");
  writer.integer(1);
  writer.end_array();
}

}  // namespace app

namespace {

using llmtrace::Json;
using llmtrace_tests::is_strict_json;

template <class Value>
std::string json_of(const Value& value) {
  std::string text;
  llmtrace::JsonWriter writer(text);
  writer.value(value);
  return text;
}

// As OBSERVE meets an argument of that name.
template <class Value>
std::string observed(const Value& value) {
  return llmtrace::detail::arguments("x", value).text();
}

TEST(ToJson, PrefersTheUsersFunctionToEverythingElse) {
  EXPECT_EQ(json_of(app::Document{"d", 0.5}), R"({"id":"d","score":0.5})");
  EXPECT_EQ(json_of(app::Name("four")), "4");
  EXPECT_EQ(json_of(app::Status::Open), "\"by to_json\"");
  EXPECT_EQ(json_of(std::vector<app::Document>{{"a", 1}}), R"([{"id":"a","score":1}])");
}

TEST(ToJson, WritesNullsBooleansAndNumbers) {
  EXPECT_EQ(json_of(nullptr), "null");
  EXPECT_EQ(json_of(std::nullopt), "null");
  EXPECT_EQ(json_of(std::monostate{}), "null");
  EXPECT_EQ(json_of(true), "true");
  EXPECT_EQ(json_of(std::uint8_t{200}), "200");
  EXPECT_EQ(json_of(static_cast<signed char>(-5)), "-5");
  EXPECT_EQ(json_of(18446744073709551615ULL), "18446744073709551615");
  EXPECT_EQ(json_of(1.5F), "1.5");
  EXPECT_EQ(json_of(2.5L), "2.5");
}

TEST(ToJson, WritesACharAsAOneLetterString) { EXPECT_EQ(json_of('x'), "\"x\""); }

TEST(ToJson, WritesStringsOfEveryKind) {
  const char* const text = "c";
  const char* const nothing = nullptr;
  char buffer[8] = {'a', 'b', 0, 'z', 'z', 'z', 'z', 'z'};
  const char full[3] = {'x', 'y', 'z'};

  EXPECT_EQ(json_of(std::string("s")), "\"s\"");
  EXPECT_EQ(json_of(std::string_view("v")), "\"v\"");
  EXPECT_EQ(json_of(text), "\"c\"");
  EXPECT_EQ(json_of(nothing), "null");
  EXPECT_EQ(json_of(buffer), "\"ab\"");
  EXPECT_EQ(json_of(full), "\"xyz\"");
  EXPECT_EQ(json_of(std::filesystem::path("a") / "b"), "\"a/b\"");
}

TEST(ToJson, WritesEnumsByNumberOrByTheirToString) {
  EXPECT_EQ(json_of(app::Color::Green), "4");
  EXPECT_EQ(json_of(app::Shape::Square), "\"square\"");
}

TEST(ToJson, LooksIntoOptionalsAndSmartPointers) {
  EXPECT_EQ(json_of(std::optional<int>{}), "null");
  EXPECT_EQ(json_of(std::optional<std::string>{"a"}), "\"a\"");
  EXPECT_EQ(json_of(std::make_unique<int>(3)), "3");
  EXPECT_EQ(json_of(std::shared_ptr<app::Document>()), "null");
  EXPECT_EQ(json_of(std::make_shared<app::Document>(app::Document{"d", 1})),
            R"({"id":"d","score":1})");
}

TEST(ToJson, WritesTheActiveAlternativeOfAVariant) {
  std::variant<std::monostate, int, std::string> value;
  EXPECT_EQ(json_of(value), "null");
  value = 4;
  EXPECT_EQ(json_of(value), "4");
  value = "text";
  EXPECT_EQ(json_of(value), "\"text\"");
}

TEST(ToJson, WritesMapsWithStringKeysAsObjects) {
  const std::map<std::string, std::vector<int>> map{{"a", {1}}, {"b", {}}};
  const std::map<std::string_view, bool> views{{"v", true}};
  const std::unordered_map<std::string, app::Document> documents{{"k", {"d", 2}}};

  EXPECT_EQ(json_of(map), R"({"a":[1],"b":[]})");
  EXPECT_EQ(json_of(views), R"({"v":true})");
  EXPECT_EQ(json_of(documents), R"({"k":{"id":"d","score":2}})");
}

TEST(ToJson, WritesMapsWithOtherKeysAsArraysOfPairs) {
  const std::map<int, std::string> map{{1, "a"}, {2, "b"}};

  EXPECT_EQ(json_of(map), R"([[1,"a"],[2,"b"]])");
}

TEST(ToJson, WritesRangesAndTuplesAsArrays) {
  const int numbers[] = {1, 2};

  EXPECT_EQ(json_of(std::vector<std::string>{"a", "b"}), R"(["a","b"])");
  EXPECT_EQ(json_of(std::vector<bool>{true, false}), "[true,false]");
  EXPECT_EQ(json_of(std::array<int, 0>{}), "[]");
  EXPECT_EQ(json_of(std::list<int>{1}), "[1]");
  EXPECT_EQ(json_of(std::deque<int>{1}), "[1]");
  EXPECT_EQ(json_of(std::set<std::string>{"b", "a"}), R"(["a","b"])");
  EXPECT_EQ(json_of(numbers), "[1,2]");
  EXPECT_EQ(json_of(std::pair(1, "a")), R"([1,"a"])");
  EXPECT_EQ(json_of(std::tuple(1, 2.5, std::string("x"))), R"([1,2.5,"x"])");
}

TEST(ToJson, WritesDurationsInSecondsAndTimesAsRfc3339) {
  const std::chrono::sys_days day = std::chrono::year(2026) / 11 / 16;

  EXPECT_EQ(json_of(std::chrono::milliseconds(1500)), "1.5");
  EXPECT_EQ(json_of(std::chrono::minutes(2)), "120");
  EXPECT_EQ(json_of(std::chrono::system_clock::time_point(day) + std::chrono::hours(8)),
            "\"2026-11-16T08:00:00.000000Z\"");
  EXPECT_EQ(json_of(day), "\"2026-11-16T00:00:00.000000Z\"");
}

TEST(ToJson, WritesJsonValuesAsTheyAre) {
  const Json object = {{"a", 1}};

  EXPECT_EQ(json_of(object), R"({"a":1})");
  EXPECT_EQ(json_of(Json()), "null");
  EXPECT_EQ(json_of(Json("a\"b")), R"("a\"b")");
  EXPECT_EQ(json_of(std::vector<Json>{1, "x"}), R"([1,"x"])");
}

TEST(ToJson, DoesNotFindJsonsConversionForOtherTypes) {
  // Were there a to_json(JsonWriter&, const Json&), it would be chosen for every type, through
  // Json's implicit constructor, and call itself for ever.
  static_assert(!llmtrace::detail::HasToJson<int>);
  static_assert(!llmtrace::detail::HasToJson<std::vector<int>>);
  static_assert(!llmtrace::detail::HasToJson<Json>);
  static_assert(!llmtrace::detail::HasToJson<app::Session>);
  static_assert(llmtrace::detail::HasToJson<app::Document>);
}

TEST(ObservedArguments, WriteTheTypeNameOfWhatHasNoForm) {
  EXPECT_NE(observed(app::Session{}).find("app::Session"), std::string::npos);
  EXPECT_EQ(observed(app::Session{}).find("42"), std::string::npos);
}

TEST(ObservedArguments, ReadNoRawPointerButConstChar) {
  char* uninitialised = nullptr;
  int number = 5;
  const int* const pointer = &number;

  EXPECT_NE(observed(uninitialised).find("\"<char"), std::string::npos) << observed(uninitialised);
  EXPECT_NE(observed(pointer).find("\"<"), std::string::npos);
  EXPECT_EQ(observed(static_cast<const char*>("text")), R"({"x":"text"})");
}

TEST(ObservedArguments, TakeEveryOddType) {
  const volatile int changing = 3;
  const app::Flags flags{5, 9};
  const app::Concrete concrete;
  const app::Abstract& abstract = concrete;
  const auto lambda = [] { return 1; };
  int (*function_pointer)(int) = nullptr;

  EXPECT_EQ(observed(changing), R"({"x":3})");
  EXPECT_EQ(llmtrace::detail::arguments("flags.low, flags.high", flags.low, flags.high).text(),
            R"({"flags.low":5,"flags.high":9})");
  EXPECT_NE(observed(abstract).find("Abstract"), std::string::npos);
  EXPECT_NE(observed(app::incomplete).find("\"<"), std::string::npos);
  EXPECT_NE(observed(lambda).find("\"<"), std::string::npos);
  EXPECT_NE(observed(function_pointer).find("\"<"), std::string::npos);
  EXPECT_NE(observed(&app::Session::secret).find("\"<"), std::string::npos);
}

TEST(ObservedArguments, TakeAnIncompleteTypeByReference) {
  const app::Incomplete& unknown = app::incomplete();

  EXPECT_NE(observed(unknown).find("Incomplete"), std::string::npos);
}

TEST(ToJson, AThrowingFunctionLeavesAnErrorInPlaceOfTheValue) {
  const Json alone = app::Throwing{};
  const Json among = {{"before", 1}, {"bad", app::Throwing{}}, {"after", 2}};

  EXPECT_EQ(alone.text(), R"("<error: no such row \"x\">")");
  EXPECT_EQ(among.text(), R"({"before":1,"bad":"<error: no such row \"x\">","after":2})");
  EXPECT_EQ(Json(app::ThrowingInteger{}).text(), R"("<error: unknown exception>")");
  EXPECT_EQ(llmtrace::detail::arguments("a, b", app::Throwing{}, 1).text(),
            R"({"a":"<error: no such row \"x\">","b":1})");
}

template <class Value>
void expect_valid_everywhere(const char* what) {
  const Json alone = Value{};
  const Json among = {{"a", 1}, {"bad", Value{}}, {"b", 2}};
  const Json arguments = llmtrace::detail::arguments("a, bad, b", 1, Value{}, 2);
  const Json elements = std::vector<Value>(2);

  EXPECT_TRUE(is_strict_json(alone.to_text())) << what << ": " << alone.to_text();
  EXPECT_TRUE(is_strict_json(among.to_text())) << what << ": " << among.to_text();
  EXPECT_TRUE(is_strict_json(elements.to_text())) << what << ": " << elements.to_text();
  EXPECT_TRUE(is_strict_json(arguments.to_text())) << what << ": " << arguments.to_text();
  EXPECT_FALSE(arguments.is_string()) << what << ": " << arguments.text();
  EXPECT_TRUE(among.text().ends_with(R"("b":2})")) << what << ": " << among.text();
}

TEST(ToJson, AFunctionThatWritesMalformedJsonIsAnErrorInPlaceOfTheValue) {
  expect_valid_everywhere<app::WritesNothing>("nothing");
  expect_valid_everywhere<app::WritesTwice>("twice");
  expect_valid_everywhere<app::LeavesOpen>("left open");
  expect_valid_everywhere<app::ClosesTooMuch>("closed too much");
  expect_valid_everywhere<app::ForgetsTheKey>("no key");
  expect_valid_everywhere<app::ForgetsTheValue>("no value");
  expect_valid_everywhere<app::WrongBracket>("wrong bracket");
  expect_valid_everywhere<app::KeyInAnArray>("key in an array");
}

TEST(ToJson, NestsNoDeeperThanTheLimit) {
  Json nested = 1;
  for (int i = 0; i < 200; ++i) nested = Json{{"k", nested}};
  const Json inside_vector = std::vector<Json>{nested};
  const Json arguments = llmtrace::detail::arguments("nested", nested);

  for (const Json& json : {nested, inside_vector, arguments}) {
    EXPECT_TRUE(is_strict_json(json.text()));
    EXPECT_EQ(llmtrace_tests::StrictJson::depth(json.text()), 64) << json.is_string();
    EXPECT_NE(json.text().find("<nested too deep>"), std::string::npos);
    EXPECT_FALSE(json.is_string());
  }
}

}  // namespace
