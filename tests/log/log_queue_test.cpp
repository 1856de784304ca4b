// The queue: bounded, counted to the line, in order, flushed, and what becomes of it when the sink
// fails, blocks, logs itself, or the process forks.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <functional>
#include <set>
#include <stdexcept>
#include <thread>

#include "tests/log/logging.h"
#include "tests/support/own_process.h"
#include "tests/support/run_length.h"

namespace llmtrace::tests {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

std::vector<std::string> lines_of_file(const std::filesystem::path& path) {
  std::ifstream file(path);
  std::vector<std::string> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(line);
  return lines;
}

class TemporaryDirectory {
 public:
  TemporaryDirectory() {
    std::string name = (std::filesystem::temp_directory_path() / "llmtrace-log-XXXXXX").string();
    path_ = ::mkdtemp(name.data());
  }
  ~TemporaryDirectory() { std::filesystem::remove_all(path_); }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;
  std::filesystem::path operator/(const char* name) const { return path_ / name; }
  std::vector<std::string> names() const {
    std::vector<std::string> all;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      all.push_back(entry.path().filename().string());
    }
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  std::filesystem::path path_;
};

TEST(LogQueue, CountsEveryLineThatFindsItFull) {
  const auto gate = std::make_shared<GateSink>();
  const Logger logger({.queue_size = 4, .sink = gate});
  logger.error("taken by the thread");
  gate->wait_until_entered();

  for (int i = 0; i < 8; ++i) logger.info("waiting or dropped");

  const LogStats full = logger.stats();
  EXPECT_EQ(full.submitted, 9U);
  EXPECT_EQ(full.in_queue, 4U) << "the line that is being written is one of them";
  EXPECT_EQ(full.queue_full, 5U);
  EXPECT_EQ(full.written, 0U);
  EXPECT_FALSE(logger.flush(milliseconds(1)));
  gate->open();
  EXPECT_TRUE(logger.flush(seconds(30)));
  EXPECT_EQ(logger.stats().written, 4U);
  EXPECT_EQ(gate->count(), 4U);
  EXPECT_EQ(logger.dropped(), 5U);
}

TEST(LogQueue, IsBoundedInBytesToo) {
  const auto gate = std::make_shared<GateSink>();
  const Logger logger({.queue_bytes = 4096, .sink = gate});
  logger.error("taken by the thread");
  gate->wait_until_entered();

  logger.info(std::string(5000, 'x'));
  logger.info(std::string(2000, 'x'));
  logger.info(std::string(2000, 'x'));

  EXPECT_EQ(logger.stats().in_queue, 2U);
  EXPECT_EQ(logger.stats().queue_full, 2U);
  gate->open();
}

TEST(LogQueue, BlocksForRoomWhenAskedTo) {
  const auto gate = std::make_shared<GateSink>();
  const Logger logger({.queue_size = 1, .overflow = Overflow::block(hours(1)), .sink = gate});
  logger.error("first");
  gate->wait_until_entered();

  std::thread blocked([&] { logger.info("second"); });
  gate->open();
  blocked.join();

  EXPECT_TRUE(logger.flush(seconds(30)));
  EXPECT_EQ(logger.stats().written, 2U);
  EXPECT_EQ(logger.dropped(), 0U);
}

TEST(LogQueue, AddsUpAtEveryMoment) {
  const auto sink = std::make_shared<RecordingLogSink>();
  const Logger logger({.queue_size = 64, .sink = sink});
  constexpr int kThreads = 4;
  const int lines = run_length(5'000, 100'000);
  std::atomic<int> running{kThreads};

  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&] {
      for (int i = 0; i < lines; ++i) logger.info("x", {{"i", i}});
      --running;
    });
  }
  while (running != 0) {
    const LogStats stats = logger.stats();
    EXPECT_TRUE(adds_up(stats));
    EXPECT_LE(stats.in_queue, 64U);
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_TRUE(logger.flush(seconds(30)));

  const LogStats stats = logger.stats();
  EXPECT_EQ(stats.submitted,
            static_cast<std::uint64_t>(kThreads) * static_cast<std::uint64_t>(lines));
  EXPECT_EQ(stats.in_queue, 0U);
  EXPECT_EQ(stats.written, sink->lines().size());
  EXPECT_TRUE(adds_up(stats));
}

TEST(LogQueue, LinesStandInTheOrderInWhichTheyWereSaid) {
  const Logged logged;
  for (int round = 0; round < 50; ++round) {
    std::thread([&] { logged.logger.info("there"); }).join();
    logged.logger.info("here");
  }

  const auto lines = logged.lines();
  ASSERT_EQ(lines.size(), 100U);
  for (std::size_t i = 0; i < lines.size(); ++i) {
    EXPECT_NE(lines[i].find(i % 2 == 0 ? "there" : "here"), std::string::npos) << i;
  }
}

TEST(LogQueue, TheLastLoggerThatGoesWritesWhatIsThere) {
  const auto sink = std::make_shared<RecordingLogSink>();
  {
    const Logger logger({.sink = sink});
    const Logger copy = logger.named("copy");
    for (int i = 0; i < 100; ++i) copy.info("x");
  }
  EXPECT_EQ(sink->lines().size(), 100U);
}

// ---- Sinks that fail

class ThrowingSink final : public LogSink {
 public:
  void log(LogLevel /*level*/, std::string_view /*message*/) override {
    if (broken) throw 7;
  }
  std::atomic<bool> broken{true};
};

TEST(LogSinks, WhatTheyRefuseIsCountedAndSaidOnceASecond) {
  const auto clock = std::make_shared<FakeClock>();
  const auto sink = std::make_shared<ThrowingSink>();
  ::testing::internal::CaptureStderr();
  {
    const Logger logger({.name = "api", .sink = sink, .clock = clock});
    for (int i = 0; i < 5; ++i) logger.info("x");
    EXPECT_FALSE(logger.flush(seconds(30)));
    EXPECT_EQ(logger.stats().sink_failed, 5U);
    EXPECT_TRUE(adds_up(logger.stats()));
    clock->advance(seconds(2));
    logger.info("x");
    EXPECT_FALSE(logger.flush(seconds(30)));
    sink->broken = false;
    logger.info("x");
    EXPECT_TRUE(logger.flush(seconds(30)));
    EXPECT_EQ(logger.stats().written, 1U);
  }
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_EQ(std::count(said.begin(), said.end(), '\n'), 2) << said;
  EXPECT_NE(said.find("logger api: lines that cannot be written were lost"), std::string::npos);
  EXPECT_NE(said.find("4 similar messages held back"), std::string::npos) << said;
}

TEST(LogSinks, AFullDiskIsCounted) {
  ::testing::internal::CaptureStderr();
  {
    const Logger logger({.file = "/dev/full"});
    for (int i = 0; i < 10; ++i) logger.info("x");
    EXPECT_FALSE(logger.flush(seconds(30)));
    EXPECT_EQ(logger.stats().sink_failed, 10U);
    EXPECT_EQ(logger.stats().written, 0U);
  }
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_NE(said.find("No space left on device"), std::string::npos) << said;
}

class LoggingSink final : public LogSink {
 public:
  void log(LogLevel /*level*/, std::string_view message) override {
    if (logger && message.find("again") == std::string_view::npos) {
      logger->info("again");
      flushed = logger->flush(hours(1));
    }
    ++lines;
  }
  std::unique_ptr<Logger> logger;
  std::atomic<bool> flushed{false};
  std::atomic<int> lines{0};
};

TEST(LogSinks, MayLogThemselves) {
  const auto sink = std::make_shared<LoggingSink>();
  const Logger logger({.queue_size = 1, .overflow = Overflow::block(hours(1)), .sink = sink});
  sink->logger = std::make_unique<Logger>(logger);

  logger.info("first");
  EXPECT_TRUE(logger.flush(seconds(30)));

  EXPECT_FALSE(sink->flushed) << "the thread waited for itself";
  EXPECT_EQ(logger.stats().queue_full, 1U) << "the only room was taken by the line being written";
  sink->logger.reset();
}

// ---- Files

TEST(LogFiles, LinesAreAppended) {
  const TemporaryDirectory directory;
  const std::string file = directory / "app.log";
  for (int run = 0; run < 2; ++run) {
    const Logger logger({.file = file});
    for (int i = 0; i < 500; ++i) logger.info("x", {{"run", run}, {"i", i}});
  }

  const auto lines = lines_of_file(file);
  EXPECT_EQ(lines.size(), 1000U);
  for (const std::string& line : lines) EXPECT_TRUE(llmtrace_tests::is_strict_json(line)) << line;
}

TEST(LogFiles, RotateBySizeAndLoseNothingThatIsKept) {
  const TemporaryDirectory directory;
  {
    const Logger logger({.file = directory / "app.log", .max_file_bytes = 2000, .max_files = 2});
    for (int i = 0; i < 100; ++i) logger.info("x", {{"i", i}});
    EXPECT_TRUE(logger.flush(seconds(30)));
    EXPECT_EQ(logger.stats().written, 100U);
  }

  EXPECT_EQ(directory.names(), (std::vector<std::string>{"app.1.log", "app.2.log", "app.log"}));
  int expected = 99;
  for (const char* name : {"app.log", "app.1.log", "app.2.log"}) {
    EXPECT_LE(std::filesystem::file_size(directory / name), 2000U);
    auto lines = lines_of_file(directory / name);
    for (auto line = lines.rbegin(); line != lines.rend(); ++line) {
      EXPECT_EQ(JsonValue::parse(*line).value()["i"].as_integer(), expected--);
    }
  }
}

TEST(LogFiles, AreNamedByTheDayWhenDaily) {
  const TemporaryDirectory directory;
  {
    const Logger logger({.file = directory / "app.log", .daily_file = true});
    logger.info("x");
  }
  const auto names = directory.names();
  ASSERT_EQ(names.size(), 1U);
  EXPECT_TRUE(names[0].starts_with("app_20")) << names[0];
  EXPECT_EQ(lines_of_file(directory / names[0].c_str()).size(), 1U);
}

TEST(LogFiles, StandardErrorIsTheDefault) {
  ::testing::internal::CaptureStderr();
  {
    const Logger logger;
    logger.warning("to stderr");
  }
  const std::string said = ::testing::internal::GetCapturedStderr();
  EXPECT_TRUE(said.ends_with("\"logger\":\"app\",\"message\":\"to stderr\"}\n")) << said;
}

void expect_refused(LoggerOptions options, std::string_view part) {
  try {
    const Logger logger(std::move(options));
    FAIL() << "taken: " << part;
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(LogFiles, WrongOptionsAreRefusedByName) {
  expect_refused({.queue_size = 0}, "queue_size");
  expect_refused({.max_file_bytes = 10}, "need a file");
  expect_refused({.file = "x", .max_file_bytes = 10, .daily_file = true}, "exclude each other");
  expect_refused({.file = "x", .sink = std::make_shared<RecordingLogSink>()}, "file and sink");
  expect_refused({.file = "/dev/null/no/such.log"}, "/dev/null/no/such.log");
}

// ---- Forks

// Runs `body` in a forked child, which ends with its result; an alarm ends one that hangs.
int in_child(const std::function<int()>& body) {
  const pid_t child = ::fork();
  if (child != 0) return wait_for(child);
  ::alarm(10);
  ::_exit(body());
}

class LogFork : public ::testing::Test {
 protected:
  // AddressSanitizer's allocator may be locked by another thread at the fork, and ThreadSanitizer
  // refuses threads in a child of a process with threads.
  void SetUp() override {
    if (kSanitized) GTEST_SKIP() << "this sanitizer does not support what is tested";
  }
  TemporaryDirectory directory;
  std::string file = directory / "app.log";
};

TEST_F(LogFork, AChildWritesItsOwnLinesAndNoneOfItsParents) {
  const Logger logger({.file = file, .queue_size = 100'000});
  for (int i = 0; i < 1000; ++i) logger.info("parent");

  const int result = in_child([&] {
    if (logger.stats().submitted != 0) return 1;
    for (int i = 0; i < 10; ++i) logger.info("child");
    return logger.flush(seconds(5)) && logger.stats().written == 10 ? 0 : 2;
  });

  EXPECT_EQ(result, 0);
  EXPECT_TRUE(logger.flush(seconds(30)));
  std::size_t of_child = 0;
  const auto lines = lines_of_file(file);
  for (const std::string& line : lines) of_child += line.find("child") != std::string::npos;
  EXPECT_EQ(of_child, 10U);
  EXPECT_EQ(lines.size(), 1010U);
}

TEST_F(LogFork, InTheMiddleOfEverything) {
  const Logger logger({.file = file, .overflow = Overflow::block(seconds(30))});
  const RestoredMask mask([](JsonText text, Field) { return text; });
  std::atomic<bool> stop{false};
  std::atomic<int> said{0};
  std::vector<std::thread> busy;
  for (int i = 0; i < 2; ++i) {
    busy.emplace_back([&] {
      while (!stop) logger.info("parent", {{"i", said++}});
    });
  }

  const int forks = run_length(50, 1000);
  for (int i = 0; i < forks; ++i) {
    EXPECT_EQ(in_child([&] {
                logger.info("child", {{"i", i}});
                return logger.flush(seconds(8)) ? 0 : 1;
              }),
              0)
        << i;
  }
  stop = true;
  for (std::thread& thread : busy) thread.join();
  EXPECT_TRUE(logger.flush(seconds(30)));

  std::set<std::string> different;
  const auto lines = lines_of_file(file);
  for (const std::string& line : lines) {
    const auto value = JsonValue::parse(line);
    ASSERT_TRUE(value) << line;
    different.insert((*value)["message"].as_string() + (*value)["i"].to_text());
  }
  EXPECT_EQ(lines.size(), static_cast<std::size_t>(said + forks));
  EXPECT_EQ(different.size(), lines.size()) << "lines stand there twice";
}

}  // namespace
}  // namespace llmtrace::tests
