#include <gtest/gtest.h>
#include <llmtrace/observed_scope.h>
#include <llmtrace/result.h>
#include <llmtrace/secret.h>
#include <llmtrace/to_json.h>

#include <ostream>
#include <string>
#include <utility>

namespace {

using llmtrace::ConfigText;
using llmtrace::Secret;

template <class Value>
concept Streamable = requires(std::ostream& out, const Value& value) {
  out << value;
};

static_assert(!Streamable<Secret>);
static_assert(!llmtrace::detail::HasToJson<Secret>);
static_assert(!std::convertible_to<Secret, std::string>);
static_assert(!std::convertible_to<Secret, std::string_view>);

TEST(Secret, ShowsAtMostFourCharacters) {
  EXPECT_EQ(Secret("sk-lf-1234567890").masked(), "...7890");
  EXPECT_EQ(Secret("123456789012").masked(), "...9012");
  EXPECT_EQ(Secret("12345678901").masked(), "[hidden]");
  EXPECT_EQ(Secret("").masked(), "");
}

TEST(Secret, TakesNullForAbsent) {
  const Secret secret = static_cast<const char*>(nullptr);

  EXPECT_TRUE(secret.empty());
}

TEST(Secret, CopiesAndMoves) {
  Secret original = "sk-lf-1234567890";
  Secret copy = original;
  const Secret moved = std::move(original);

  EXPECT_EQ(copy.reveal(), "sk-lf-1234567890");
  EXPECT_EQ(moved.reveal(), "sk-lf-1234567890");
  copy = Secret("another");
  EXPECT_EQ(copy.reveal(), "another");
}

TEST(Secret, TakesATextOverAndLeavesNothingBehind) {
  std::string key = "sk-lf-1234567890";
  std::string short_key = "short-key";

  const Secret secret(std::move(key));
  const Secret short_secret(std::move(short_key));

  EXPECT_EQ(secret.reveal(), "sk-lf-1234567890");
  EXPECT_EQ(short_secret.reveal(), "short-key");
  EXPECT_TRUE(key.empty());  // NOLINT(bugprone-use-after-move): that is the question
  const std::string bytes(reinterpret_cast<const char*>(&short_key), sizeof short_key);
  EXPECT_EQ(bytes.find("short-key"), std::string::npos);
}

TEST(Secret, LeavesNothingBehindWhenMoved) {
  Secret short_one = "short-key";
  const Secret moved = std::move(short_one);

  EXPECT_TRUE(short_one.empty());  // NOLINT(bugprone-use-after-move): that is the question
  const std::string bytes(reinterpret_cast<const char*>(&short_one), sizeof short_one);
  EXPECT_EQ(bytes.find("short-key"), std::string::npos);
}

TEST(Secret, IsOnlyATypeNameForObserve) {
  const Secret secret = "sk-lf-1234567890";

  const llmtrace::Json json = llmtrace::detail::arguments("secret", secret);

  EXPECT_EQ(json.text().find("7890"), std::string::npos);
  EXPECT_NE(json.text().find("Secret"), std::string::npos);
}

TEST(ConfigText, TakesNullForAbsent) {
  EXPECT_TRUE(ConfigText(static_cast<const char*>(nullptr)).empty());
  EXPECT_EQ(ConfigText("text").str(), "text");
}

TEST(Result, HoldsAValueOrAnError) {
  const llmtrace::Result<int> good = 5;
  const llmtrace::Result<int> bad = llmtrace::Error{"no such prompt", 404};

  ASSERT_TRUE(good);
  EXPECT_EQ(*good, 5);
  EXPECT_FALSE(bad);
  EXPECT_EQ(bad.error().http_status, 404);
  EXPECT_EQ(bad.value_or(9), 9);
}

}  // namespace
