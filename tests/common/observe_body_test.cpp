// The body form: OBSERVE_BODY.
#include <gtest/gtest.h>
#include <llmtrace/observe.h>
#include <pthread.h>

#include <memory>
#include <string>

#include "tests/common/observed_app.h"
#include "tests/common/recorded.h"

namespace {

using llmtrace::Level;
using namespace llmtrace_tests;  // NOLINT(google-build-using-namespace): the tests' own helpers

int body_value(int x) {
  OBSERVE_BODY(x) {
    if (x > 10) return 10;
    return x + 1;
  };
}
void body_void(int& out) {
  OBSERVE_BODY() { out = 7; };
}
int& body_reference(int& target) {
  OBSERVE_BODY(target)->int& { return target; };
}
std::unique_ptr<int> body_move_only() {
  OBSERVE_BODY() { return std::make_unique<int>(3); };
}
struct Immovable {
  explicit Immovable(int start) : value(start) {}
  Immovable(Immovable&&) = delete;
  int value;
};
Immovable body_immovable() {
  OBSERVE_BODY() { return Immovable(9); };
}
int body_noexcept(int x) noexcept {
  OBSERVE_BODY(x) noexcept { return x; };
}
std::string body_arrow(bool short_one) {
  OBSERVE_BODY(short_one)->std::string {
    if (short_one) return "s";
    return std::string("long");
  };
}
std::string body_braces() {
  OBSERVE_BODY()->std::string { return {}; };
}
int body_throws(int x) {
  OBSERVE_BODY(x)->int { throw app::NoDocuments("nothing to read"); };
}
void body_throws_integer() {
  OBSERVE_BODY() { throw 7; };
}

TEST(ObserveBody, RecordsArgumentsAndOutputOnEveryPath) {
  MemoryDestination memory;

  EXPECT_EQ(body_value(1), 2);
  EXPECT_EQ(body_value(50), 10);

  const auto observations = memory.observations();
  EXPECT_EQ(observations[0].name, "body_value");
  EXPECT_EQ(observations[0].input, R"({"x":1})");
  EXPECT_EQ(observations[0].output, "2");
  EXPECT_EQ(observations[1].output, "10");
}

TEST(ObserveBody, TakesEveryKindOfResult) {
  MemoryDestination memory;
  int number = 5;

  body_void(number);
  EXPECT_EQ(number, 7);
  EXPECT_EQ(&body_reference(number), &number);
  EXPECT_EQ(*body_move_only(), 3);
  EXPECT_EQ(body_immovable().value, 9);
  EXPECT_EQ(body_noexcept(4), 4);
  EXPECT_EQ(body_arrow(true), "s");
  EXPECT_EQ(body_arrow(false), "long");
  EXPECT_EQ(body_braces(), "");

  EXPECT_EQ(named(memory, "body_void").output, "");
  EXPECT_EQ(named(memory, "body_reference").output, "7");
  EXPECT_EQ(named(memory, "body_move_only").output, "3");
  EXPECT_EQ(named(memory, "body_immovable").output, "");
  EXPECT_EQ(named(memory, "body_noexcept").output, "4");
  EXPECT_EQ(named(memory, "body_braces").output, "\"\"");
}

TEST(ObserveBody, TakesEveryKindOfResultWhenNothingListens) {
  int number = 5;

  body_void(number);
  EXPECT_EQ(&body_reference(number), &number);
  EXPECT_EQ(*body_move_only(), 3);
  EXPECT_EQ(body_immovable().value, 9);
  EXPECT_EQ(body_value(1), 2);
  EXPECT_THROW(body_throws(1), app::NoDocuments);
}

TEST(ObserveBody, RecordsTypeAndTextOfAnExceptionAndRethrowsIt) {
  MemoryDestination memory;

  try {
    body_throws(1);
    FAIL();
  } catch (const app::NoDocuments& error) {
    EXPECT_STREQ(error.what(), "nothing to read");
  }

  EXPECT_EQ(only(memory).level, Level::Error);
  EXPECT_EQ(only(memory).status_message, "app::NoDocuments: nothing to read");
}

TEST(ObserveBody, RecordsThatSomethingElseWasThrown) {
  MemoryDestination memory;

  EXPECT_THROW(body_throws_integer(), int);

  EXPECT_EQ(only(memory).level, Level::Error);
  EXPECT_NE(only(memory).status_message, "");
}

void* exits_thread(void* /*argument*/) {
  OBSERVE_BODY()->void* {
    pthread_exit(nullptr);
    return nullptr;
  };
}

TEST(ObserveBody, LetsAThreadExit) {
  MemoryDestination memory;
  pthread_t thread{};
  ASSERT_EQ(pthread_create(&thread, nullptr, exits_thread, nullptr), 0);
  pthread_join(thread, nullptr);

  EXPECT_EQ(only(memory).name, "exits_thread");
}

}  // namespace
