// What the tests of the LangSmith module share: clients on a fake clock and a fake server that
// speaks as LangSmith does, and the runs that it was sent, put together from their parts.
#pragma once

#include <gtest/gtest.h>
#include <langsmith/client.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "common/src/json_value.h"
#include "langsmith/src/resolved_config.h"
#include "tests/langsmith/multipart_reader.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_http_client.h"
#include "tests/support/recording_log_sink.h"
#include "tests/support/scoped_environment.h"

namespace langsmith::testing {

using namespace llmtrace::tests;  // NOLINT(google-build-using-namespace): the support library
using llmtrace::HttpReply;
using llmtrace::JsonValue;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kInfo[] =
    R"({"version":"0.10.2","batch_ingest_config":{"use_multipart_endpoint":true,"size_limit":100,)"
    R"("size_limit_bytes":20971520},"instance_flags":{"zstd_compression_enabled":true,)"
    R"("gzip_body_enabled":true}})";

/// One operation on a run: "post" or "patch", the main part and what was out of band.
struct SentRun {
  std::string operation;
  std::string id;
  JsonValue main;
  std::map<std::string, JsonValue> fields;
  std::map<std::string, ReadPart> attachments;

  const JsonValue& operator[](const std::string& field) const {
    static const JsonValue kNone;
    const auto found = fields.find(field);
    return found == fields.end() ? kNone : found->second;
  }
  const JsonValue& metadata() const { return (*this)["extra"]["metadata"]; }
};

inline JsonValue parsed(std::string_view text) {
  const auto value = JsonValue::parse(text);
  EXPECT_TRUE(value) << text;
  return value.value_or(JsonValue());
}

/// The operations in a multipart body, in order.
inline std::vector<SentRun> runs_in(const FakeHttpClient::Request& request) {
  std::vector<SentRun> runs;
  const ReadMultipart body = read_multipart(request.header("Content-Type"), request.body);
  EXPECT_EQ(body.problem, "") << request.body.substr(0, 2000);
  for (const ReadPart& part : body.parts) {
    const std::string prefix = part.name.substr(0, part.name.find('.'));
    if (prefix == "feedback") continue;
    const std::size_t id_begin = prefix.size() + 1;
    const std::string id = part.name.substr(id_begin, 36);
    const std::size_t rest = std::min(part.name.size(), id_begin + 37);
    const std::string field = part.name.substr(rest);
    if (prefix != "attachment" && field.empty()) {
      runs.push_back({prefix, id, parsed(part.data), {}, {}});
      continue;
    }
    if (runs.empty() || runs.back().id != id) {
      ADD_FAILURE() << part.name << " does not follow its run";
      continue;
    }
    if (prefix == "attachment") {
      runs.back().attachments[field] = part;
    } else {
      EXPECT_EQ(prefix, runs.back().operation);
      runs.back().fields[field] = parsed(part.data);
    }
  }
  return runs;
}

class LangsmithTest : public ::testing::Test {
 protected:
  LangsmithTest() {
    for (const llmtrace::VariableInfo& variable : variables()) {
      const std::string name = variable.name;
      environment.unset(name);
      if (name.starts_with("LANGSMITH_")) environment.unset("LANGCHAIN_" + name.substr(10));
    }
    serve({});
  }

  /// A key, the fake transport, and no compression, so that bodies can be read.
  Config config() {
    Config config;
    config.api_key = "lsv2_pt_canary_1234";
    config.project = "demo";
    config.endpoint = "https://ls.test";
    config.compression = Compression::None;
    config.transport = transport;
    return config;
  }

  /// Answers /info, and with `rest` all others; without, with 202.
  void serve(FakeHttpClient::Responder rest, std::string info = kInfo) {
    http->respond([rest = std::move(rest), info = std::move(info)](const auto& request) {
      if (request.url.ends_with("/info")) return std::optional(reply_with(200, info));
      return rest ? rest(request) : std::optional(reply_with(202, "{}"));
    });
  }

  std::vector<FakeHttpClient::Request> requests_to(std::string_view path) const {
    std::vector<FakeHttpClient::Request> found;
    for (auto& request : http->requests()) {
      if (request.url == "https://ls.test" + std::string(path)) found.push_back(request);
    }
    return found;
  }
  /// All operations that were sent by multipart, whatever the request.
  std::vector<SentRun> sent() const {
    std::vector<SentRun> all;
    for (const auto& request : requests_to("/runs/multipart")) {
      for (SentRun& run : runs_in(request)) all.push_back(std::move(run));
    }
    return all;
  }
  /// The only run that was sent, as the server has it.
  SentRun only_run() const {
    const std::vector<SentRun> runs = sent();
    EXPECT_EQ(runs.size(), 1U);
    return runs.empty() ? SentRun() : runs.front();
  }
  static SentRun named(const std::vector<SentRun>& runs, std::string_view name) {
    for (const SentRun& run : runs) {
      if (run.main["name"].as_string() == name) return run;
    }
    ADD_FAILURE() << "no run " << name;
    return {};
  }
  /// Lets time pass until the client has nothing in memory; false when that does not happen.
  bool settle(const Client& client) {
    for (int i = 0; i < 1000; ++i) {
      if (!http->wait_idle()) return false;
      if (client.stats().in_memory == 0) return true;
      http->advance_to_next_deadline(hours(2));
    }
    return false;
  }
  static void expect_conserved(const Client& client) {
    const llmtrace::DestinationStats stats = client.stats();
    EXPECT_EQ(stats.submitted, stats.delivered + stats.dropped_total() + stats.in_memory);
  }
  std::vector<llmtrace::DeliveryError> errors() const {
    const std::lock_guard lock(errors_mutex_);
    return errors_;
  }

  ScopedEnvironment environment;
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FakeHttpClient> http = std::make_shared<FakeHttpClient>(clock);
  std::shared_ptr<RecordingLogSink> log = std::make_shared<RecordingLogSink>();
  std::shared_ptr<llmtrace::Transport> transport =
      llmtrace::Transport::create({.http_client = http,
                                   .clock = clock,
                                   .log_sink = log,
                                   .id_seed = 7,
                                   .on_error = [this](const llmtrace::DeliveryError& error) {
                                     const std::lock_guard lock(errors_mutex_);
                                     errors_.push_back(error);
                                   }});

 private:
  mutable std::mutex errors_mutex_;  // guards errors_
  std::vector<llmtrace::DeliveryError> errors_;
};

}  // namespace langsmith::testing
