// What langfuse::Client sends, in each protocol and encoding.
#include <langfuse/langfuse.h>

#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/wire/golden.h"
#include "tests/wire/recording_http_client.h"

namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

langfuse::Config config_of(std::shared_ptr<RecordingHttpClient> http) {
  langfuse::Config config;
  config.public_key = "pk-lf-golden";
  config.secret_key = llmtrace::Secret("sk-lf-golden");
  config.base_url = "http://127.0.0.1:3000";
  config.environment = "staging";
  config.release = "1.2.3";
  config.transport = reproducible_transport(std::move(http));
  return config;
}

// Every type, every field, text that needs care.
void trace_everything(langfuse::Client& client) {
  auto trace = client.trace({.name = "rag_query",
                             .user_id = "user-1",
                             .session_id = "session-1",
                             .version = "v7",
                             .input = "What is a \"span\"? \xC3\xA9\n",
                             .metadata = {{"plan", "pro"}, {"limits", {{"rpm", 60}}}},
                             .tags = {"prod", "eu"},
                             .timestamp = kStart,
                             .is_public = true});
  auto agent = trace.start_observation({.name = "agent",
                                        .as_type = llmtrace::ObservationType::Agent,
                                        .input = {{"question", "What is a span?"}},
                                        .start_time = kStart + milliseconds(1)});
  auto retriever = agent.start_observation({.name = "retrieve",
                                            .as_type = llmtrace::ObservationType::Retriever,
                                            .metadata = {{"doc_count", 2}, {"index", "bm25"}},
                                            .start_time = kStart + milliseconds(2)});
  retriever.end({.output = {"first", "second"}, .end_time = kStart + milliseconds(20)});
  auto generation =
      agent.generation({.name = "answer",
                        .input = std::vector<llmtrace::Json>{{{"role", "user"}, {"content", "hi"}}},
                        .model = "gpt-4o-mini",
                        .model_parameters = {{"temperature", 0.2}, {"max_tokens", 100}},
                        .prompt = {.name = "qa", .version = 3},
                        .start_time = kStart + milliseconds(21)});
  generation.end({.output = "A timed operation.",
                  .completion_start_time = kStart + milliseconds(60),
                  .usage_details = {{"input", 100}, {"output", 50}, {"input_cached_tokens", 20}},
                  .cost_details = {{"input", 0.00001}, {"output", 0.00003}},
                  .end_time = kStart + milliseconds(120)});
  agent.event({.name = "cache_miss",
               .metadata = {{"key", "q:1"}},
               .level = llmtrace::Level::Warning,
               .start_time = kStart + milliseconds(121)});
  auto failed = agent.start_observation({.name = "lookup",
                                         .as_type = llmtrace::ObservationType::Tool,
                                         .start_time = kStart + milliseconds(122)});
  failed.error("std::runtime_error: no such key");
  failed.end({.end_time = kStart + milliseconds(123)});
  for (const auto type :
       {llmtrace::ObservationType::Embedding, llmtrace::ObservationType::Chain,
        llmtrace::ObservationType::Evaluator, llmtrace::ObservationType::Guardrail,
        llmtrace::ObservationType::Prompt, llmtrace::ObservationType::Parser}) {
    auto step = agent.start_observation({.name = std::string(llmtrace::to_string(type)),
                                         .as_type = type,
                                         .start_time = kStart + milliseconds(130)});
    step.end({.end_time = kStart + milliseconds(131)});
  }
  agent.end({.output = "A timed operation.", .end_time = kStart + milliseconds(200)});
  trace.end({.output = {{"answer", "A timed operation."}, {"bytes", "\xFF\xFE"}},
             .end_time = kStart + milliseconds(250)});
}

void score_everything(langfuse::Client& client) {
  const std::string trace_id = llmtrace::create_trace_id("order-17");
  client.score({.name = "quality",
                .value = 0.9,
                .trace_id = trace_id,
                .observation_id = llmtrace::create_observation_id("order-17/answer"),
                .comment = "grounded in \"first\"",
                .metadata = {{"judge", "overlap"}}});
  client.score({.name = "verdict", .value = "good", .trace_id = trace_id});
  client.score({.name = "accepted", .value = true, .trace_id = trace_id});
  client.score({.name = "remark",
                .value = "reads well",
                .session_id = "session-1",
                .data_type = llmtrace::ScoreDataType::Text});
  client.score(
      {.name = "accuracy", .value = 1, .dataset_run_id = "run-1", .config_id = "config-1"});
}

constexpr char kAllTaken[] = R"({"successes":[],"errors":[]})";

std::shared_ptr<RecordingHttpClient> server(bool array_route_exists = true) {
  return std::make_shared<RecordingHttpClient>(std::vector<RecordingHttpClient::Answer>{
      {"/ingestion", 207, kAllTaken},
      {"/api/public/scores", array_route_exists ? 200 : 404, kAllTaken}});
}

// The one body that a client sent to `path`.
std::string sent(langfuse::Config config, std::shared_ptr<RecordingHttpClient> http,
                 std::string_view path, void (*work)(langfuse::Client&)) {
  langfuse::Client client(std::move(config));
  work(client);
  if (!client.flush(seconds(10))) throw std::runtime_error("the flush failed");
  const auto requests = http->requests_to(path);
  if (requests.size() != 1) throw std::runtime_error("not one request to " + std::string(path));
  return requests.front().body;
}

std::string otlp(langfuse::Encoding encoding) {
  const auto http = server();
  langfuse::Config config = config_of(http);
  config.encoding = encoding;
  return sent(std::move(config), http, "/api/public/otel/v1/traces", trace_everything);
}

std::string legacy() {
  const auto http = server();
  langfuse::Config config = config_of(http);
  config.protocol = langfuse::Protocol::Legacy;
  return sent(std::move(config), http, "/api/public/ingestion", trace_everything);
}

std::string scores(bool array_route_exists) {
  const auto http = server(array_route_exists);
  return sent(config_of(http), http,
              array_route_exists ? "/api/public/scores" : "/api/public/ingestion",
              score_everything);
}

}  // namespace

void write_langfuse_bodies(const std::string& directory) {
  write(directory, "otlp.binpb", otlp(langfuse::Encoding::Protobuf));
  write(directory, "otlp.json", otlp(langfuse::Encoding::Json));
  write(directory, "ingestion.json", legacy());
  write(directory, "scores.json", scores(true));
  write(directory, "score_events.json", scores(false));
}
