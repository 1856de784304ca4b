// What is acknowledged is kept: over a restart, over a kill, and all of a batch or nothing.
#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/collector/langsmith_client.h"
#include "tests/collector/otlp_bodies.h"
#include "tests/collector/running_collector.h"
#include "tests/collector/viewer_client.h"
#include "tests/support/exec_list.h"
#include "tests/support/run_length.h"
#include "tests/support/scoped_environment.h"

namespace llmtrace::collector::testing {
namespace {

class DatabaseFile {
 public:
  DatabaseFile() {
    std::string pattern = std::filesystem::temp_directory_path() / "llmtrace-collector-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
  }
  ~DatabaseFile() { std::filesystem::remove_all(directory_); }
  DatabaseFile(const DatabaseFile&) = delete;
  DatabaseFile& operator=(const DatabaseFile&) = delete;

  std::string path() const { return directory_ / "collector.db"; }

  void execute(const char* sql) const {
    sqlite3* database = nullptr;
    ASSERT_EQ(sqlite3_open(path().c_str(), &database), SQLITE_OK);
    EXPECT_EQ(sqlite3_exec(database, sql, nullptr, nullptr, nullptr), SQLITE_OK)
        << sqlite3_errmsg(database);
    sqlite3_close(database);
  }

 private:
  std::filesystem::path directory_;
};

// The program itself, with its standard output read until the line that says where it listens.
class Program {
 public:
  explicit Program(std::vector<std::string> options) {
    options.insert(options.begin(), {LLMTRACE_COLLECTOR_PROGRAM, "--port", "0"});
    const std::vector<char*> arguments = tests::exec_list(options);
    std::array<int, 2> out{};
    EXPECT_EQ(::pipe(out.data()), 0);
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(out[1], STDOUT_FILENO);
      ::close(out[0]);
      ::execv(LLMTRACE_COLLECTOR_PROGRAM, arguments.data());
      ::_exit(127);
    }
    ::close(out[1]);
    char c = 0;
    while (::read(out[0], &c, 1) == 1 && c != '\n') line_ += c;
    ::close(out[0]);
  }
  ~Program() {
    if (process_ > 0) end_by(SIGKILL);
  }
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  const std::string& line() const { return line_; }
  std::string url() const { return line_.substr(line_.find("http://")); }

  /// Sends the signal and returns the wait status.
  int end_by(int signal) {
    int status = 0;
    ::kill(process_, signal);
    ::waitpid(process_, &status, 0);
    process_ = -1;
    return status;
  }

 private:
  pid_t process_ = -1;
  std::string line_;
};

TEST(Store, ARestartKeepsEverything) {
  const DatabaseFile file;
  {
    const RunningCollector server(CollectorOptions{.database = file.path()});
    server.client.post_json(kOtlpPath, json_body({.spans = {{.name = "kept"}}}));
    server.client.post_json(kScoresPath, R"({"traceId":"t","name":"n","value":1})");
  }

  const RunningCollector server(CollectorOptions{.database = file.path()});

  EXPECT_EQ(server.observation(kTraceId)["name"].as_string(), "kept");
  EXPECT_EQ(server.scores("traceId=t").elements().size(), 1U);
}

TEST(Store, MemoryIsForgotten) {
  {
    const RunningCollector server;
    server.client.post_json(kOtlpPath, json_body({.spans = {Span{}}}));
  }

  EXPECT_TRUE(RunningCollector().observations(kTraceId).elements().empty());
}

TEST(Store, ABatchIsStoredWholeOrNotAtAll) {
  const DatabaseFile file;
  const RunningCollector server(CollectorOptions{.database = file.path()});
  file.execute(
      "CREATE TRIGGER refuse BEFORE INSERT ON observations WHEN new.name = 'bad' "
      "BEGIN SELECT RAISE(ABORT, 'refused'); END");
  const Span good{.span_id = "00000000000000a1", .name = "good"};
  const Span bad{.span_id = "00000000000000a2", .name = "bad"};

  const Reply refused = server.client.post_json(kOtlpPath, json_body({.spans = {good, bad}}));
  const JsonValue after_refusal = server.observations(kTraceId);
  const Reply accepted = server.client.post_json(kOtlpPath, json_body({.spans = {good}}));

  EXPECT_EQ(refused.status, 500);
  EXPECT_TRUE(after_refusal.elements().empty());
  EXPECT_EQ(accepted.status, 200);
}

TEST(Store, TakesManyClientsAtOnce) {
  const RunningCollector server;
  constexpr int kClients = 4;
  constexpr int kPosts = 25;
  std::vector<std::thread> clients;
  for (int client = 0; client < kClients; ++client) {
    clients.emplace_back([&server, client] {
      for (int post = 0; post < kPosts; ++post) {
        const std::string id = "000000000000" + std::to_string(1000 + client * kPosts + post);
        const Reply reply =
            server.client.post_json(kOtlpPath, json_body({.spans = {{.span_id = id}}}));
        EXPECT_EQ(reply.status, 200);
        EXPECT_EQ(server.client.get("/api/public/v2/observations?limit=5").status, 200);
      }
    });
  }
  for (std::thread& client : clients) client.join();

  const JsonValue stored =
      server.client.get("/api/public/v2/observations?limit=1000").json()["data"];
  EXPECT_EQ(stored.elements().size(), static_cast<std::size_t>(kClients * kPosts));
}

TEST(Store, ADatabaseErrorIsA500WithJson) {
  const DatabaseFile file;
  const RunningCollector server(CollectorOptions{.database = file.path()});
  file.execute("DROP TABLE scores");

  const Reply write =
      server.client.post_json(kScoresPath, R"({"traceId":"t","name":"n","value":1})");
  const Reply read = server.client.get("/api/public/v3/scores");

  EXPECT_EQ(write.status, 500);
  EXPECT_NE(write.json()["message"].as_string().find("SQLite"), std::string::npos);
  EXPECT_EQ(read.status, 500);
  EXPECT_TRUE(read.json().is_object());
  EXPECT_EQ(server.client.get("/api/public/health").status, 200);
}

constexpr const char* kDropThirdVersion =
    "DROP TABLE node_ids; DROP TABLE node_ids_state;"
    "DROP TABLE nodes; DROP TABLE otlp_spans; DROP TABLE otlp_resources;"
    "DROP TABLE trace_summaries; DROP TABLE node_text; DROP TABLE text_index_state;"
    "DROP TABLE log_records; DROP INDEX feedback_by_trace; PRAGMA user_version = 2";

TEST(Store, TakesAFileOfTheFirstVersion) {
  const DatabaseFile file;
  {
    const RunningCollector server(CollectorOptions{.database = file.path()});
    server.client.post_json(kOtlpPath, json_body({.spans = {{.name = "old"}}}));
  }
  file.execute(kDropThirdVersion);
  file.execute(
      "DROP TABLE runs; DROP TABLE projects; DROP TABLE attachments; DROP TABLE feedback; "
      "DROP TABLE feedback_tokens; PRAGMA user_version = 1");

  const RunningCollector server(CollectorOptions{.database = file.path()});
  const LangSmithClient client(server);

  EXPECT_EQ(server.observation(kTraceId)["name"].as_string(), "old");
  EXPECT_EQ(client.post("/runs", root_post().text()).status, 202);
}

TEST(Store, ShowsTracesOfAFileFromBeforeThePage) {
  const DatabaseFile file;
  {
    const RunningCollector server(CollectorOptions{.database = file.path()});
    server.client.post_json(kOtlpPath, json_body({.spans = {{.name = "from Langfuse"}}}));
    LangSmithClient(server).post("/runs", root_post().text());
  }
  file.execute(kDropThirdVersion);

  const RunningCollector server(CollectorOptions{.database = file.path()});

  EXPECT_EQ(trace_names(server, ""), "from Langfuse,rag");
}

TEST(Store, KeepsRunsOverARestart) {
  const DatabaseFile file;
  const std::string attachment = std::string("attachment.") + kRootId + ".a";
  {
    const RunningCollector server(CollectorOptions{.database = file.path()});
    LangSmithClient(server).post_parts(
        {{.name = std::string("post.") + kRootId, .content = root_post().text()},
         {.name = attachment, .content = "bytes", .content_type = "text/plain"}});
  }

  const RunningCollector server(CollectorOptions{.database = file.path()});
  const LangSmithClient client(server);

  EXPECT_EQ(client.run(kRootId)["name"].as_string(), "rag");
  EXPECT_EQ(client.get(std::string("/runs/") + kRootId + "/attachments/a").body, "bytes");
  EXPECT_EQ(client.post("/runs", root_post().text()).status, 409);
}

TEST(Store, StoresARequestWithRunsWholeOrNotAtAll) {
  const DatabaseFile file;
  const RunningCollector server(CollectorOptions{.database = file.path()});
  const LangSmithClient client(server);
  file.execute(
      "CREATE TRIGGER refuse BEFORE INSERT ON runs WHEN new.name = 'llm' "
      "BEGIN SELECT RAISE(ABORT, 'refused'); END");

  const Reply refused = client.post(
      "/runs/batch", "{\"post\":[" + root_post().text() + "," + child_post().text() + "]}");
  const long after_refusal = client.get(std::string("/runs/") + kRootId).status;
  const Reply accepted = client.post("/runs", root_post().text());

  EXPECT_EQ(refused.status, 500);
  EXPECT_EQ(after_refusal, 404);
  EXPECT_EQ(accepted.status, 202);
}

TEST(Store, RefusesAFileOfAnotherVersion) {
  const DatabaseFile file;
  file.execute("PRAGMA user_version = 99");

  EXPECT_THROW(Collector(CollectorOptions{.database = file.path()}), StoreError);
}

TEST(Store, RefusesAPathThatCannotBeOpened) {
  EXPECT_THROW(Collector(CollectorOptions{.database = "/nonexistent/x.db"}), StoreError);
}

TEST(Program, SaysWhereItListensAndEndsCleanlyOnASignal) {
  for (const int signal : {SIGTERM, SIGINT}) {
    Program program({"--db", ":memory:"});

    EXPECT_TRUE(program.line().starts_with("llmtrace-collector: listening on http://127.0.0.1:"));
    EXPECT_EQ(HttpClient(program.url()).get("/api/public/health").status, 200);
    const int status = program.end_by(signal);

    EXPECT_TRUE(WIFEXITED(status));
    EXPECT_EQ(WEXITSTATUS(status), 0);
  }
}

// A browser's opener that tells what it was asked to open.
class FakeOpener {
 public:
  FakeOpener() {
    std::string pattern = std::filesystem::temp_directory_path() / "llmtrace-opener-XXXXXX";
    directory_ = ::mkdtemp(pattern.data());
    const std::string pipe = directory_ / "asked";
    EXPECT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
    asked_ = ::open(pipe.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    std::ofstream(directory_ / "xdg-open") << "#!/bin/sh\necho \"$1\" >'" << pipe << "'\n";
    std::filesystem::permissions(directory_ / "xdg-open", std::filesystem::perms::owner_all);
    const char* const path = std::getenv("PATH");
    environment_.set("PATH", directory_.string() + ":" + (path == nullptr ? "" : path));
  }
  ~FakeOpener() {
    ::close(asked_);
    std::filesystem::remove_all(directory_);
  }

  /// The line that it was asked with; empty when none came in time.
  std::string wait() const {
    constexpr int kMilliseconds = 30'000;
    std::string line;
    pollfd waiting{.fd = asked_, .events = POLLIN, .revents = 0};
    for (char c = 0; ::poll(&waiting, 1, kMilliseconds) == 1 && ::read(asked_, &c, 1) == 1;) {
      if (c == '\n') return line;
      line += c;
    }
    return {};
  }

 private:
  std::filesystem::path directory_;
  int asked_ = -1;
  tests::ScopedEnvironment environment_;
};

TEST(Program, OpensItsPageWithTheTokenBehindTheHash) {
  const FakeOpener opener;
  const Program program({"--open", "--token", "t0k"});

  EXPECT_EQ(opener.wait(), program.url() + "/#token=t0k");
}

TEST(Program, LosesNothingAcknowledgedWhenKilled) {
  const DatabaseFile file;
  {
    Program program({"--db", file.path()});
    const HttpClient client(program.url());
    for (int i = 0; i < 20; ++i) {
      const std::string id = "00000000000000" + std::to_string(10 + i);
      const Reply reply = client.post_json(kOtlpPath, json_body({.spans = {{.span_id = id}}}));
      ASSERT_EQ(reply.status, 200);
    }
    program.end_by(SIGKILL);
  }

  const RunningCollector server(CollectorOptions{.database = file.path()});

  EXPECT_EQ(server.observations(kTraceId).elements().size(), 20U);
}

// Four clients post until the program dies under them, at a number of replies that differs from
// round to round. Returns the spans that were acknowledged.
std::vector<std::string> post_until_killed(Program& program, std::size_t kill_at) {
  std::mutex mutex;  // guards acknowledged
  std::condition_variable changed;
  std::vector<std::string> acknowledged;
  std::atomic<bool> stop{false};
  std::vector<std::jthread> clients;
  for (int client = 0; client < 4; ++client) {
    clients.emplace_back([&, client, url = program.url()] {
      const HttpClient http(url);
      for (int i = 0; !stop; ++i) {
        const std::string digits = std::to_string(1'000'000'000 + client * 100'000'000 + i);
        const std::string id = "000000" + digits;
        const Reply reply = http.send({.method = "POST",
                                       .path = kOtlpPath,
                                       .body = json_body({.spans = {{.span_id = id}}}),
                                       .headers = {"Content-Type: application/json"},
                                       .may_break = true});
        if (reply.status != 200) return;
        const std::lock_guard lock(mutex);
        acknowledged.push_back(id);
        changed.notify_all();
      }
    });
  }
  {
    std::unique_lock lock(mutex);
    EXPECT_TRUE(changed.wait_for(lock, std::chrono::seconds(30),
                                 [&] { return acknowledged.size() >= kill_at; }));
  }
  program.end_by(SIGKILL);
  stop = true;
  clients.clear();
  return acknowledged;
}

// R30: LLMTRACE_DEEP=1 kills it a hundred times.
TEST(Program, LosesNothingAcknowledgedWhenKilledWhileItStores) {
  std::mt19937 random(30);
  for (int round = 0; round < llmtrace::tests::run_length(10, 100); ++round) {
    const DatabaseFile file;
    std::vector<std::string> acknowledged;
    {
      Program program({"--db", file.path()});
      acknowledged = post_until_killed(program, 1 + random() % 200);
    }

    const RunningCollector server(CollectorOptions{.database = file.path()});

    std::set<std::string> stored;
    const std::string all = std::string("&limit=1000&traceId=") + kTraceId;
    const JsonValue page =
        server.client.get("/api/public/v2/observations?fields=core" + all).json();
    for (const JsonValue& row : page["data"].elements()) {
      stored.insert(row["id"].as_string());
    }
    std::set<std::string> shown;
    const JsonValue trace = api(server, std::string("/api/traces/") + kTraceId);
    for (const JsonValue& node : trace["nodes"].elements()) shown.insert(node["id"].as_string());
    for (const std::string& id : acknowledged) {
      EXPECT_TRUE(stored.contains(id)) << id;
      EXPECT_TRUE(shown.contains(id)) << id;
    }
    EXPECT_EQ(static_cast<std::size_t>(trace["trace"]["node_count"].as_integer()), shown.size());
  }
}

TEST(Program, KeepsItsDatabaseToItself) {
  const DatabaseFile file;
  Program program({"--db", file.path()});

  struct stat status {};
  ASSERT_EQ(::stat(file.path().c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777U, 0600U);
}

}  // namespace
}  // namespace llmtrace::collector::testing
