// R29: keys and personal data by which one can tell where they went. With both clients, a mask at
// each, debug lines on and everything recorded that can be: no key in a log, an error callback or
// the collector's database, and nothing that the masks take out beyond the process.
#include <gtest/gtest.h>
#include <langfuse/langfuse.h>
#include <langsmith/langsmith.h>
#include <llmtrace/metrics.h>
#include <llmtrace/observe.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "collector/collector.h"
#include "tests/support/recording_log_sink.h"
#include "tests/support/scripted_server.h"

namespace {

using llmtrace::Field;
using llmtrace::JsonText;
using llmtrace::tests::RecordingLogSink;
using llmtrace::tests::ScriptedServer;
using llmtrace::tests::ServerReply;
using llmtrace::tests::ServerRequest;
using std::chrono::milliseconds;
using std::chrono::seconds;

const std::string kSecretKey = "sk-lf-canary-7f3a9c51";
const std::string kApiKey = "lsv2_pt_canary_51d0b6e2";
const std::string kPersonal = "erika.mustermann@canary.example";
constexpr std::string_view kMasked = "[masked]";

JsonText without_personal(JsonText json, Field /*field*/) {
  for (std::size_t at = 0; (at = json.text.find(kPersonal, at)) != std::string::npos;) {
    json.text.replace(at, kPersonal.size(), kMasked);
  }
  return json;
}

/// What an operator, or a thief, would see of the process.
class Watched {
 public:
  std::shared_ptr<llmtrace::Transport> make_transport() {
    return llmtrace::Transport::create(
        {.log_sink = log_, .on_error = [this](const llmtrace::DeliveryError& error) {
           const std::lock_guard lock(mutex_);
           errors_ += error.destination + " " + error.message + "\n";
           for (const std::string& id : error.ids) errors_ += id + "\n";
         }});
  }
  std::string errors() const {
    const std::lock_guard lock(mutex_);
    return errors_;
  }
  std::string log() const { return log_->text(); }

 private:
  std::shared_ptr<RecordingLogSink> log_ = std::make_shared<RecordingLogSink>();
  mutable std::mutex mutex_;  // guards errors_
  std::string errors_;
};

langfuse::Config langfuse_config(const std::string& url, Watched& watched) {
  langfuse::Config config;
  config.public_key = "pk-lf-public";
  config.secret_key = langfuse::Secret(kSecretKey);
  config.base_url = url;
  config.mask = without_personal;
  config.debug = true;
  config.transport = watched.make_transport();
  return config;
}

langsmith::Config langsmith_config(const std::string& url, Watched& watched) {
  langsmith::Config config;
  config.api_key = langsmith::Secret(kApiKey);
  config.endpoint = url;
  config.tracing = true;
  config.anonymizer = without_personal;
  config.debug = true;
  config.transport = watched.make_transport();
  return config;
}

std::string fail(const std::string& text) {
  OBSERVE_BODY(text)->std::string { throw std::runtime_error("no such user: " + text); };
}

/// Personal data in every field that a mask is given.
void record_everything(langfuse::Client& langfuse, langsmith::Client& langsmith) {
  const std::string text = "of " + kPersonal + ".";
  const auto scope = llmtrace::propagate({.metadata = {{"who", text}}, .tags = {text}});
  EXPECT_THROW(fail(text), std::runtime_error);
  {
    auto observation =
        llmtrace::start_observation({.name = "everything",
                                     .as_type = llmtrace::ObservationType::Generation,
                                     .input = {{"nested", {{"deep", text}}}},
                                     .output = text,
                                     .metadata = {{"who", text}},
                                     .level = llmtrace::Level::Error,
                                     .status_message = text,
                                     .model_parameters = {{"stop", text}}});
    observation.score(
        {.name = "name", .value = text, .comment = text, .metadata = {{"who", text}}});
    observation.score_trace({.name = "quality", .value = 0.5, .comment = text});
  }
  langfuse.trace({.name = "trace", .input = text, .output = text, .metadata = {{"who", text}}})
      .end();
  auto run = langsmith.start_run({.name = "run",
                                  .inputs = text,
                                  .metadata = {{"who", text}},
                                  .tags = {text},
                                  .extra = {{"invocation_params", {{"user", text}}}}});
  run.add_event("event", {{"who", text}});
  run.end({.outputs = {{"answer", text}}, .error = text});
  langsmith.create_feedback({.run_id = run.id(),
                             .key = "quality",
                             .score = 0.5,
                             .comment = text,
                             .correction = {{"who", text}}});
}

void expect_nothing_of_secrets_in(const std::string& text, const std::string& where) {
  for (const std::string& canary : {kSecretKey, kApiKey, kPersonal}) {
    EXPECT_EQ(text.find(canary), std::string::npos) << canary << " in " << where;
  }
  // As it stands in the header of basic authentication: "pk-lf-public:sk-lf-canary-7f3a9c51".
  EXPECT_EQ(text.find("cGstbGYtcHVibGljOnNrLWxmLWNhbmFye"), std::string::npos) << where;
}

class Directory {
 public:
  Directory() {
    std::string pattern = std::filesystem::temp_directory_path() / "llmtrace-secrets-XXXXXX";
    path_ = ::mkdtemp(pattern.data());
  }
  ~Directory() { std::filesystem::remove_all(path_); }
  Directory(const Directory&) = delete;
  Directory& operator=(const Directory&) = delete;

  std::string file(const std::string& name) const { return path_ / name; }
  /// All bytes of all files.
  std::string bytes() const {
    std::string all;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      std::ifstream stream(entry.path(), std::ios::binary);
      all.append(std::istreambuf_iterator<char>(stream), {});
    }
    return all;
  }

 private:
  std::filesystem::path path_;
};

TEST(Secrets, ReachNeitherTheLogNorTheDatabaseNorTheMetrics) {
  const Directory directory;
  llmtrace::collector::CollectorOptions options;
  options.database = directory.file("traces.db");
  options.public_key = "pk-lf-public";
  options.secret_key = kSecretKey;
  options.langsmith.api_key = kApiKey;
  const llmtrace::collector::Collector collector(options);
  Watched watched;
  langfuse::Client langfuse(langfuse_config(collector.url(), watched));
  langsmith::Client langsmith(langsmith_config(collector.url(), watched));

  const llmtrace::LlmMetrics metrics;

  record_everything(langfuse, langsmith);
  EXPECT_TRUE(langfuse.flush(seconds(20)));
  EXPECT_TRUE(langsmith.flush(seconds(20)));

  const std::string stored = directory.bytes();
  EXPECT_NE(stored.find("everything"), std::string::npos);
  EXPECT_NE(stored.find(kMasked), std::string::npos);
  expect_nothing_of_secrets_in(stored, "the database");
  EXPECT_NE(watched.log().find(" items, "), std::string::npos)
      << "no debug lines: " << watched.log();
  expect_nothing_of_secrets_in(watched.log(), "the log");
  EXPECT_EQ(watched.errors(), "");
  const std::string measured = llmtrace::Metrics::process_default().prometheus_text();
  EXPECT_NE(measured.find("llmtrace_items_submitted_total"), std::string::npos) << measured;
  expect_nothing_of_secrets_in(measured, "the metrics");
  expect_nothing_of_secrets_in(metrics.dashboard().to_text(), "the dashboard");
}

// A server that says what it was asked with, in every way of refusing.
ServerReply echo(int status, const ServerRequest& request) {
  const bool is_langfuse = request.target.starts_with("/api/public/");
  const std::string& key = is_langfuse ? kSecretKey : kApiKey;
  std::string said = request.target;
  for (const auto& [name, value] : request.headers) said += " " + name + ": " + value;
  said += " " + key;
  return {.status = status,
          .headers = {{"Location", "http://other.example/" + key}},
          .body = R"({"error":")" + said + R"(","message":")" + said + R"(","detail":")" + said +
                  "\"}"};
}

TEST(Secrets, AreInNoErrorWhateverTheServerRepeats) {
  for (const int status : {301, 400, 401, 403, 404, 413, 422, 429, 500, 503}) {
    ScriptedServer server(
        [status](const ServerRequest& request, std::size_t) { return echo(status, request); });
    Watched watched;
    {
      langfuse::Client langfuse(langfuse_config(server.url(), watched));
      langsmith::Client langsmith(langsmith_config(server.url(), watched));
      record_everything(langfuse, langsmith);
      langfuse.flush(milliseconds(200));
      langsmith.flush(milliseconds(200));
      const auto checked = langfuse.auth_check();
      if (!checked) expect_nothing_of_secrets_in(checked.error().message, "a result");
      const auto read = langsmith.read_run("01890a5d-ac96-774b-bcce-b302099a8057");
      if (!read) expect_nothing_of_secrets_in(read.error().message, "a result");
      langfuse.shutdown(milliseconds(0));
      langsmith.shutdown(milliseconds(0));
    }

    EXPECT_NE(watched.errors(), "") << status;
    const std::string where = " at status " + std::to_string(status);
    expect_nothing_of_secrets_in(watched.errors(), "the error callback" + where);
    expect_nothing_of_secrets_in(watched.log(), "the log" + where);
    for (const ServerRequest& request : server.requests()) {
      EXPECT_EQ(request.body.find(kPersonal), std::string::npos) << request.target << where;
    }
  }
}

TEST(Secrets, AreInNoErrorWhenNobodyAnswers) {
  for (const bool hangs_up : {true, false}) {
    Watched watched;
    ScriptedServer server;
    server.always({.hang_up = hangs_up, .raw = hangs_up ? "" : "no HTTP: " + kSecretKey + kApiKey});
    {
      langfuse::Client langfuse(langfuse_config(server.url(), watched));
      langsmith::Client langsmith(langsmith_config(server.url(), watched));
      record_everything(langfuse, langsmith);
      langfuse.flush(milliseconds(200));
      langsmith.flush(milliseconds(200));
      langfuse.shutdown(milliseconds(0));
      langsmith.shutdown(milliseconds(0));
    }

    EXPECT_NE(watched.errors(), "");
    expect_nothing_of_secrets_in(watched.errors(), "the error callback");
    expect_nothing_of_secrets_in(watched.log(), "the log");
  }
}

}  // namespace
