// R29: what a core dump would hold. Once its client has gone nothing of a key is left in memory,
// but for what libcurl does not overwrite: the requests as it sent them.
#include <gtest/gtest.h>
#include <langfuse/langfuse.h>
#include <langsmith/langsmith.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/src/credentials.h"
#include "common/src/http_text.h"
#include "tests/secrets/memory_scan.h"
#include "tests/support/recording_log_sink.h"
#include "tests/support/run_length.h"
#include "tests/support/scripted_server.h"

#ifndef LLMTRACE_TEST_SANITIZED  // whose own memory is larger than can be searched

namespace {

using llmtrace::tests::find_in_memory;
using llmtrace::tests::HiddenText;
using llmtrace::tests::RecordingLogSink;
using llmtrace::tests::ScriptedServer;
using std::chrono::seconds;

/// Answers each request with the same status, and keeps nothing of it.
class ForgetfulHttpClient final : public llmtrace::HttpClient {
 public:
  explicit ForgetfulHttpClient(int status) : status_(status) {}

  void send(std::uint64_t id, const llmtrace::HttpRequest& request) override {
    const std::lock_guard lock(mutex_);
    replies_.push_back(reply_to(request));
    replies_.back().id = id;
  }
  std::vector<llmtrace::HttpReply> poll(std::chrono::milliseconds timeout) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::min<std::chrono::milliseconds>(timeout, seconds(1)),
                      [&] { return woken_ || !replies_.empty(); });
    woken_ = false;
    return std::exchange(replies_, {});
  }
  void cancel(std::uint64_t id) noexcept override {
    const std::lock_guard lock(mutex_);
    std::erase_if(replies_, [id](const llmtrace::HttpReply& reply) { return reply.id == id; });
  }
  void wakeup() noexcept override {
    {
      const std::lock_guard lock(mutex_);
      woken_ = true;
    }
    changed_.notify_one();
  }
  llmtrace::HttpReply fetch(const llmtrace::HttpRequest& request) override {
    return reply_to(request);
  }
  int requests_with_keys() const {
    const std::lock_guard lock(mutex_);
    return requests_with_keys_;
  }

 private:
  llmtrace::HttpReply reply_to(const llmtrace::HttpRequest& request) {
    for (const llmtrace::HttpHeader& header : request.headers) {
      if (header.name == "Authorization" || header.name == "x-api-key") ++requests_with_keys_;
    }
    return {.status = status_, .body = "{}", .complete = true, .request_sent = true};
  }

  const int status_;
  mutable std::mutex mutex_;  // guards what is below, but in fetch, which is alone
  std::condition_variable changed_;
  std::vector<llmtrace::HttpReply> replies_;
  bool woken_ = false;
  int requests_with_keys_ = 0;
};

struct Keys {
  HiddenText secret_key = HiddenText::random("sk-lf-");
  HiddenText api_key = HiddenText::random("lsv2_pt_");

  /// As it stands in the header of basic authentication.
  HiddenText basic() const {
    const llmtrace::Secret key(secret_key.reveal());
    const llmtrace::Secret pair(llmtrace::joined({"pk-lf-public:", key.reveal()}));
    return HiddenText(llmtrace::base64(pair.reveal()));
  }
};

// All that a program does with clients, for as long as they live.
void use_clients(const Keys& keys, const std::string& url,
                 const std::shared_ptr<llmtrace::HttpClient>& http) {
  const auto transport = llmtrace::Transport::create(
      {.http_client = http, .log_sink = std::make_shared<RecordingLogSink>()});
  langfuse::Client langfuse({.public_key = "pk-lf-public",
                             .secret_key = langfuse::Secret(keys.secret_key.reveal()),
                             .base_url = url,
                             .transport = transport});
  langsmith::Client langsmith({.api_key = langsmith::Secret(keys.api_key.reveal()),
                               .endpoint = url,
                               .tracing = true,
                               .transport = transport});
  langfuse.trace({.name = "trace"}).end();
  langfuse.score({.name = "score", .value = 1, .session_id = "s"});
  auto run = langsmith.start_run({.name = "run"});
  run.end({});
  langfuse.flush(seconds(10));
  langsmith.flush(seconds(10));
  static_cast<void>(langfuse.auth_check());
  static_cast<void>(langsmith.read_run(run.id()));
}

TEST(SecretsInMemory, AreFoundWhileTheyAreThere) {
  const HiddenText key = HiddenText::random("sk-");
  {
    const llmtrace::Secret secret(key.reveal());
    EXPECT_EQ(find_in_memory(key).size(), 1U) << "the scan works, and a key is in one place";
  }
  EXPECT_EQ(find_in_memory(key).size(), 0U);
}

TEST(SecretsInMemory, AreGoneWithTheirClients) {
  for (const int status : {200, 401}) {
    const Keys keys;
    const auto http = std::make_shared<ForgetfulHttpClient>(status);

    use_clients(keys, "https://llmtrace.test", http);

    EXPECT_GE(http->requests_with_keys(), 4);
    EXPECT_EQ(find_in_memory(keys.secret_key).size(), 0U) << status;
    EXPECT_EQ(find_in_memory(keys.basic()).size(), 0U) << status;
    EXPECT_EQ(find_in_memory(keys.api_key).size(), 0U) << status;
  }
}

// The whole way, with libcurl and a server in another process, for this one's would remember. What
// libcurl has sent it does not overwrite: there, in the head of a request, a key may be left.
TEST(SecretsInMemory, AreLeftInSentRequestsAtMost) {
  ScriptedServer server;
  server.always({.body = "{}"});
  const pid_t child = ::fork();
  if (child == 0) {
    const Keys keys;
    use_clients(keys, server.url(), nullptr);
    std::size_t elsewhere = find_in_memory(keys.secret_key).size();
    for (const std::string& before : find_in_memory(keys.basic(), 23)) {
      elsewhere += before == "\r\nAuthorization: Basic " ? 0 : 1;
    }
    for (const std::string& before : find_in_memory(keys.api_key, 13)) {
      elsewhere += before == "\r\nx-api-key: " ? 0 : 1;
    }
    ::_exit(static_cast<int>(elsewhere));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);

  ASSERT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 0) << "copies of keys in other places";
  EXPECT_GT(server.requests().size(), 3U);
}

}  // namespace

#endif
