// SIGTERM under load: what was taken is answered, and all of it is delivered and logged.
#include <curl/curl.h>
#include <signal.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "tests/service/service_fixture.h"

namespace service::testing {
namespace {

// Asks again and again on a kept connection, until the service takes no more.
class Client {
 public:
  Client(const std::string& url, std::string body, std::atomic<int>& answered)
      : url_(url + "/complete"), body_(std::move(body)), answered_(answered), thread_([this] {
          while (ask()) {
          }
        }) {}

  void join() { thread_.join(); }
  const std::vector<std::string>& replies() const noexcept { return replies_; }
  /// Why a request that was taken got no whole answer; empty when all did.
  const std::string& failure() const noexcept { return failure_; }

 private:
  static std::size_t append(char* bytes, std::size_t size, std::size_t count, void* text) {
    static_cast<std::string*>(text)->append(bytes, size * count);
    return size * count;
  }

  bool ask() {
    std::string reply;
    CURL* const curl = curl_.get();
    curl_easy_setopt(curl, CURLOPT_URL, url_.c_str());
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 30L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body_.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, &append);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &reply);
    const CURLcode code = curl_easy_perform(curl);
    if (code == CURLE_COULDNT_CONNECT) return false;
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status != 200) {
      failure_ = std::string(curl_easy_strerror(code)) + ", status " + std::to_string(status);
      return false;
    }
    replies_.push_back(std::move(reply));
    ++answered_;
    answered_.notify_one();
    return true;
  }

  struct Cleanup {
    void operator()(CURL* curl) const noexcept { curl_easy_cleanup(curl); }
  };
  const std::string url_;
  const std::string body_;
  std::atomic<int>& answered_;
  const std::unique_ptr<CURL, Cleanup> curl_{curl_easy_init()};
  std::vector<std::string> replies_;
  std::string failure_;
  std::thread thread_;  // last
};

class ShutdownTest : public ServiceTest {
 protected:
  // Ends the service in the middle of the load; returns all answers.
  std::vector<std::string> terminate_under_load(const std::string& body) {
    constexpr int kClients = 8;
    constexpr int kBeforeTheEnd = 100;
    std::atomic<int> answered = 0;
    std::vector<std::unique_ptr<Client>> clients;
    for (int i = 0; i < kClients; ++i) {
      clients.push_back(std::make_unique<Client>(service_->url(), body, answered));
    }
    for (int seen = answered; seen < kBeforeTheEnd; seen = answered) answered.wait(seen);
    service_->signal(SIGTERM);
    std::vector<std::string> replies;
    for (const auto& client : clients) {
      client->join();
      EXPECT_EQ(client->failure(), "");
      replies.insert(replies.end(), client->replies().begin(), client->replies().end());
    }
    EXPECT_EQ(service_->wait(std::chrono::seconds(30)), 0);
    return replies;
  }

  // Every answer's trace is at the collector, whole, and in the log, once; and nothing else is.
  void expect_all_is_there(const std::set<std::string>& trace_ids) {
    std::multiset<std::string> logged;
    for (const JsonValue& line : log()) {
      if (line["message"].as_string() == "request") logged.insert(line["trace_id"].as_string());
    }
    EXPECT_EQ(logged, std::multiset<std::string>(trace_ids.begin(), trace_ids.end()));
    for (const std::string& trace_id : trace_ids) {
      EXPECT_EQ(collector_.observations(trace_id).elements().size(), 2U) << trace_id;
    }
  }
};

TEST_F(ShutdownTest, OfAnswersNothingIsLost) {
  start({"--delay-ms", "5"});
  std::set<std::string> trace_ids;
  for (const std::string& reply : terminate_under_load(R"({"prompt":"What is a span?"})")) {
    trace_ids.insert((*JsonValue::parse(reply))["trace_id"].as_string());
  }
  EXPECT_GE(trace_ids.size(), 100U);
  expect_all_is_there(trace_ids);
}

TEST_F(ShutdownTest, OfStreamsNothingIsLost) {
  start({"--token-delay-ms", "1"});
  std::set<std::string> trace_ids;
  for (const std::string& reply :
       terminate_under_load(R"({"prompt":"What is a span?","stream":true})")) {
    EXPECT_TRUE(reply.ends_with("data: [DONE]\n\n")) << reply;
    trace_ids.insert(reply.substr(reply.find(R"("trace_id":")") + 12, 32));
  }
  EXPECT_GE(trace_ids.size(), 100U);
  expect_all_is_there(trace_ids);
}

TEST_F(ShutdownTest, ARequestThatTakesTooLongIsAnsweredThatTheServiceEnds) {
  start({"--delay-ms", "60000"}, {"--drain-ms", "300"});
  std::thread client([this] {
    const Reply reply = complete(R"({"prompt":"a"})");
    EXPECT_EQ(reply.status, 503) << reply.body;
  });
  // The request is under way once the gauge says so.
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (get("/metrics").body.find("llm_in_flight{gen_ai_operation_name=\"chat\"} 1") ==
             std::string::npos &&
         std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }
  EXPECT_EQ(service_->terminate(), 1) << "it was cut off";
  client.join();
}

}  // namespace
}  // namespace service::testing
