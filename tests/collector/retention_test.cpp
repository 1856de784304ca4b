// Old traces go, with all that belongs to them.
#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <string>

#include "collector/sqlite_database.h"
#include "collector/traces/node_ids.h"
#include "tests/collector/langsmith_client.h"
#include "tests/collector/viewer_client.h"

namespace llmtrace::collector::testing {
namespace {

using namespace std::chrono_literals;

std::uint64_t now_ns() {
  return static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::nanoseconds>(
                                        std::chrono::system_clock::now().time_since_epoch())
                                        .count());
}

bool becomes(const std::function<bool()>& condition) {
  const auto deadline = std::chrono::steady_clock::now() + 20s;
  while (std::chrono::steady_clock::now() < deadline) {
    if (condition()) return true;
  }
  return false;
}

TEST(Retention, RemovesTracesThatAreTooOld) {
  const RunningCollector server(
      CollectorOptions{.retention = {.age = std::chrono::hours(1), .interval = 20ms}});
  LangSmithClient(server).post("/runs", root_post().text());  // of 2023
  server.client.post_json(kOtlpPath, json_body({.spans = {{.name = "old"}}}));
  store_spans(server, {.spans = {{.trace_id = std::string(32, 'c'),
                                  .name = "new",
                                  .start = now_ns(),
                                  .end = now_ns() + 1}}});

  EXPECT_TRUE(becomes([&] { return trace_names(server, "") == "new"; }));
  EXPECT_TRUE(server.observations(kTraceId).elements().empty());
  EXPECT_EQ(LangSmithClient(server).get(std::string("/runs/") + kRootId).status, 404);
  EXPECT_EQ(api(server, "/api/stats")["collector"]["removed_traces"].as_integer(), 2);
}

TEST(Retention, RemovesTheOldestWhenTheDatabaseIsTooLarge) {
  constexpr std::int64_t kMost = 2'000'000;
  const RunningCollector server(
      CollectorOptions{.retention = {.max_size_bytes = kMost, .interval = 20ms}});
  const std::string text(20'000, 'x');
  for (int i = 0; i < 200; ++i) {  // 4 MB
    const std::string digits = std::to_string(1000 + i);
    const std::string input = text + (i == 199 ? " last word" : "");
    store_spans(server, {.spans = {{.trace_id = std::string(28, 'd') + digits,
                                    .name = "t" + digits,
                                    .start = kStart + static_cast<std::uint64_t>(i) * 1'000'000'000,
                                    .attributes = {{"input.value", input}}}}});
  }

  const auto count = [&] {
    return api(server, "/api/stats")["collector"]["trace_count"].as_integer();
  };
  EXPECT_TRUE(becomes([&] { return count() < 120; }));
  EXPECT_EQ(trace_names(server, "limit=1"), "t1199");
  EXPECT_EQ(trace_names(server, "name=t1000"), "");
  EXPECT_TRUE(becomes([&] { return trace_names(server, "q=last+word") == "t1199"; }));
}

// Fewer traces than go at once where it is the age that counts.
TEST(Retention, RemovesNoMoreThanItMust) {
  const RunningCollector server(
      CollectorOptions{.retention = {.max_size_bytes = 5'000'000, .interval = 20ms}});
  for (int i = 0; i < 60; ++i) {  // 6 MB
    const std::string digits = std::to_string(1000 + i);
    store_spans(server, {.spans = {{.trace_id = std::string(28, 'd') + digits,
                                    .name = "t" + digits,
                                    .start = kStart + static_cast<std::uint64_t>(i) * 1'000'000'000,
                                    .attributes = {{"input.value", std::string(100'000, 'x')}}}}});
  }
  const auto count = [&] {
    return api(server, "/api/stats")["collector"]["trace_count"].as_integer();
  };
  EXPECT_TRUE(becomes([&] { return count() < 55; }));
  wait_for_text_index(server);
  EXPECT_GT(count(), 30);
  EXPECT_EQ(trace_names(server, "limit=1"), "t1059");
}

// What text search keeps of removed traces must not cost others their place.
TEST(Retention, KeepsWhatFitsBesideManyWords) {
  const RunningCollector server(
      CollectorOptions{.retention = {.max_size_bytes = 6'000'000, .interval = 20ms}});
  std::uint64_t state = 1;
  for (int i = 0; i < 500; ++i) {
    std::string words;
    while (words.size() < 15'000) {
      state = state * 6364136223846793005U + 1442695040888963407U;
      words += std::to_string(state >> 20U) + ' ';
    }
    const std::string digits = std::to_string(1000 + i);
    store_spans(server, {.spans = {{.trace_id = std::string(28, 'd') + digits,
                                    .name = "t" + digits,
                                    .start = kStart + static_cast<std::uint64_t>(i) * 1'000'000'000,
                                    .attributes = {{"input.value", words}}}}});
  }
  wait_for_text_index(server);
  const auto count = [&] {
    return api(server, "/api/stats")["collector"]["trace_count"].as_integer();
  };
  EXPECT_TRUE(becomes([&] { return count() < 400; }));
  EXPECT_GT(count(), 100);
  EXPECT_EQ(trace_names(server, "limit=1"), "t1499");
}

// The index of ids is filled by many spans together, so it has some here.
TEST(Retention, LeavesNoIdsBehind) {
  const std::string file =
      std::filesystem::temp_directory_path() / ("llmtrace-ids-" + std::to_string(now_ns()) + ".db");
  {
    const RunningCollector server(CollectorOptions{
        .database = file, .retention = {.age = std::chrono::hours(1), .interval = 20ms}});
    Export data;
    for (std::int64_t i = 0; i <= NodeIds::kMostPending; ++i) {
      data.spans.push_back({.span_id = std::to_string(1'000'000'000'000'000 + i)});
    }
    store_spans(server, data);
    EXPECT_TRUE(becomes([&] { return trace_names(server, "").empty(); }));
  }
  SqliteDatabase database(file);
  EXPECT_EQ(database.query_text("SELECT COUNT(*) FROM nodes"), "0");
  EXPECT_EQ(database.query_text("SELECT COUNT(*) FROM node_ids"), "0");
  EXPECT_GT(database.query_text("SELECT indexed_row FROM node_ids_state").size(), 4U);
  for (const char* suffix : {"", "-wal", "-shm"}) std::filesystem::remove(file + suffix);
}

TEST(Retention, KeepsEverythingUnlessAsked) {
  const RunningCollector server(CollectorOptions{.retention = {.interval = 1ms}});
  store_spans(server, {.spans = {{.name = "old"}}});
  wait_for_text_index(server);

  EXPECT_EQ(trace_names(server, ""), "old");
}

}  // namespace
}  // namespace llmtrace::collector::testing
