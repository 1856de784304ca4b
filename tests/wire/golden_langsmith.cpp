// What langsmith::Client sends: runs in both forms, feedback, and a trace that another client
// began.
#include <langsmith/langsmith.h>

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "tests/wire/golden.h"
#include "tests/wire/recording_http_client.h"

namespace {

using langsmith::RunType;
using llmtrace::Json;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr char kInfo[] =
    R"({"version":"0.12.30","batch_ingest_config":{"use_multipart_endpoint":true,)"
    R"("size_limit":100,"size_limit_bytes":20971520},"instance_flags":{}})";
constexpr char kRunId[] = "019a8bad-9401-7f2c-8d41-a3c05be7f210";
constexpr char kTraceId[] = "019a8bad-9400-7b1d-9e30-92bf4ad6e10f";
constexpr char kProjectId[] = "6f1c1c1e-3f0b-4c44-9a53-0c9c1f0a7d11";

std::shared_ptr<RecordingHttpClient> server(int multipart_status = 202) {
  return std::make_shared<RecordingHttpClient>(std::vector<RecordingHttpClient::Answer>{
      {"/info", 200, kInfo},
      {"/runs/multipart", multipart_status, "{}"},
      {"/runs/batch", 202, "{}"},
      {"/feedback/tokens", 200, R"({"id":"t","url":"http://127.0.0.1:1984/feedback/tokens/t"})"}});
}

langsmith::Client client_of(std::shared_ptr<RecordingHttpClient> http) {
  langsmith::Config config;
  config.api_key = llmtrace::Secret("lsv2_pt_golden");
  config.project = "shop";
  config.endpoint = "http://127.0.0.1:1984";
  config.batch_interval = seconds(60);  // only a flush sends
  config.transport = reproducible_transport(std::move(http));
  return langsmith::Client(std::move(config));
}

void flush(langsmith::Client& client) {
  if (!client.flush(seconds(10))) throw std::runtime_error("the flush failed");
}

// A multipart body with the boundary that its Content-Type names, which is random, replaced.
std::string with_fixed_boundary(const RecordingHttpClient::Request& request) {
  constexpr std::string_view kType = "multipart/form-data; boundary=";
  if (!request.content_type.starts_with(kType)) {
    throw std::runtime_error("unexpected Content-Type " + request.content_type);
  }
  const std::string boundary = request.content_type.substr(kType.size());
  std::string body = request.body;
  for (std::size_t at = 0; (at = body.find(boundary, at)) != std::string::npos;) {
    body.replace(at, boundary.size(), "golden-boundary");
  }
  return body;
}

std::string multipart(const RecordingHttpClient& http, std::size_t number = 0) {
  return with_fixed_boundary(http.requests_to("/runs/multipart").at(number));
}

void answer_with_model(const langsmith::Run& chain) {
  auto llm = chain.start_run(
      {.name = "answer",
       .run_type = RunType::Llm,
       .inputs = {{"messages", std::vector<Json>{{{"role", "user"}, {"content", "hi"}}}}},
       .metadata = {{"ls_provider", "openai"}},
       .extra = {{"invocation_params", {{"temperature", 0.2}, {"max_tokens", 100}}}},
       .serialized = {{"lc", 1}, {"id", {"langchain", "llms", "ChatOpenAI"}}},
       .model = "gpt-4o-mini",
       .start_time = kStart + milliseconds(21)});
  llm.add_event("retry", {{"attempt", 2}, {"reason", "429"}});
  llm.first_token();
  llm.set_usage({.input_tokens = 120,
                 .output_tokens = 50,
                 .input_token_details = {.cache_creation = 5, .cache_read = 20},
                 .output_token_details = {.reasoning = 8},
                 .input_cost = 0.00001,
                 .output_cost = 0.00003,
                 .total_cost = 0.00004});
  llm.end({.outputs = {{"role", "assistant"}, {"content", "A timed operation."}},
           .end_time = kStart + milliseconds(120)});
}

// The same from the vendor-neutral side, where a model's parameters have a field of their own.
void generate(const langsmith::Run& chain) {
  auto generation = chain.observation().generation(
      {.name = "rewrite",
       .input = "What is a span?",
       .model = "gpt-4o-mini",
       .model_parameters = {{"temperature", 0.7}, {"max_tokens", 64}, {"stop", {"\n", "END"}}},
       .prompt = {.name = "qa", .version = 3},
       .start_time = kStart + milliseconds(3)});
  generation.end({.output = "Define: span",
                  .completion_start_time = kStart + milliseconds(5),
                  .usage_details = {{"input", 100}, {"output", 50}, {"input_cached_tokens", 20}},
                  .cost_details = {{"input", 0.00001}, {"output", 0.00003}},
                  .end_time = kStart + milliseconds(8)});
}

void look_up_in_vain(const langsmith::Run& chain) {
  auto tool = chain.start_run(
      {.name = "lookup",
       .run_type = RunType::Tool,
       .inputs = "order-17",  // no object
       .attachments = {{.name = "request",
                        .mime_type = "application/octet-stream",
                        .bytes = std::string("\x89PNG\r\n\x1A\n\0--golden-\r\n\xFF\r\n--", 23)}},
       .start_time = kStart + milliseconds(122)});
  tool.add_attachment({.name = "note_\xC3\xA9", .mime_type = "text/plain", .bytes = ""});
  tool.end({.error = "std::runtime_error: no such key \"order-17\"\n",
            .end_time = kStart + milliseconds(123)});
}

// Every type, every field, text that needs care.
void trace_everything(langsmith::Client& client) {
  const auto scope = llmtrace::propagate({.user_id = "user-1",
                                          .session_id = "session-1",
                                          .metadata = {{"region", "eu"}},
                                          .tags = {"prod"}});
  auto chain = client.start_run({.name = "rag_query",
                                 .inputs = {{"question", "What is a \"span\"? \xC3\xA9\n"}},
                                 .metadata = {{"plan", "pro"}, {"limits", {{"rpm", 60}}}},
                                 .tags = {"prod", "eu"},
                                 .extra = {{"batch_size", 1}},
                                 .reference_example_id = "7c9e6679-7425-40de-944b-e07fc1f90ae7",
                                 .start_time = kStart});
  auto retriever = chain.start_run({.name = "retrieve",
                                    .run_type = RunType::Retriever,
                                    .inputs = {{"query", "span"}},
                                    .metadata = {{"doc_count", 2}},
                                    .start_time = kStart + milliseconds(1)});
  retriever.end({.outputs = {"first", "second"}, .end_time = kStart + milliseconds(20)});
  generate(chain);
  answer_with_model(chain);
  look_up_in_vain(chain);
  for (const RunType type : {RunType::Embedding, RunType::Prompt, RunType::Parser}) {
    auto step = chain.start_run({.name = std::string(langsmith::to_string(type)),
                                 .run_type = type,
                                 .project_name = "shop-steps",
                                 .start_time = kStart - milliseconds(1)});  // before its parent
    step.end({.end_time = kStart + milliseconds(131)});
  }
  chain.end({.outputs = {{"answer", "A timed operation."}, {"bytes", "\xFF\xFE"}},
             .end_time = kStart + milliseconds(250)});
}

std::string runs_multipart() {
  const auto http = server();
  auto client = client_of(http);
  trace_everything(client);
  flush(client);
  return multipart(*http);
}

std::string runs_batch() {
  const auto http = server(404);
  auto client = client_of(http);
  trace_everything(client);
  flush(client);
  return http->requests_to("/runs/batch").at(0).body;
}

// Runs that are sent while they are open, and then what their ends add.
void write_open_run(const std::string& directory) {
  const auto http = server();
  auto client = client_of(http);
  auto chain = client.start_run({.name = "long", .inputs = {{"n", 1}}, .start_time = kStart});
  auto llm = chain.start_run({.name = "answer",
                              .run_type = RunType::Llm,
                              .inputs = {{"prompt", "hi"}},
                              .model = "gpt-4o-mini",
                              .start_time = kStart + milliseconds(2)});
  flush(client);
  http->wait_for_requests_to("/runs/multipart",
                             1);  // an open run is nothing that a flush waits for
  llm.set_usage({.input_tokens = 3, .output_tokens = 4});
  llm.end({.outputs = {{"text", "hello"}}, .end_time = kStart + milliseconds(100)});
  flush(client);
  chain.add_tags({"late"});
  chain.end({.outputs = {{"text", "hello"}},
             .inputs = {{"n", 1}, {"m", 2}},  // changed while it was open
             .end_time = kStart + milliseconds(200)});
  flush(client);
  write(directory, "langsmith_open.multipart", multipart(*http, 0));
  write(directory, "langsmith_child_end.multipart", multipart(*http, 1));
  write(directory, "langsmith_root_end.multipart", multipart(*http, 2));
}

std::vector<langsmith::FeedbackParams> feedback_with_trace() {
  return {
      {.run_id = kRunId,
       .key = "quality",
       .score = 0.123456,
       .comment = "grounded in \"first\"",
       .correction = {{"answer", "A timed operation"}},
       .trace_id = kTraceId,
       .source = langsmith::FeedbackSource::Model,
       .source_info = {{"judge", "overlap"}},
       .source_run_id = "019a8bad-9500-7c55-8a10-5be7f210a3c0",
       .feedback_config = {.type = langsmith::FeedbackConfig::Type::Continuous, .min = 0, .max = 1},
       .feedback_group_id = "a8098c1a-f86e-41da-bd1a-00112444be1e"},
      {.run_id = kRunId,
       .key = "verdict",
       .value = "good",
       .trace_id = kTraceId,
       .feedback_config = {.type = langsmith::FeedbackConfig::Type::Categorical,
                           .categories = {{.value = 1, .label = "good"},
                                          {.value = 0, .label = "bad"}}}},
      {.key = "about the trace", .score = 1, .value = {{"kind", "object"}}, .trace_id = kTraceId},
      {.run_id = kRunId,
       .key = "remark",
       .value = true,
       .trace_id = kTraceId,
       .feedback_config = {.type = langsmith::FeedbackConfig::Type::Freeform}}};
}

void write_feedback(const std::string& directory) {
  const auto http = server();
  auto client = client_of(http);
  client.start_run({.name = "asks for /info"}).end();
  flush(client);

  client.start_run({.name = "beside which it rides", .start_time = kStart})
      .end({.end_time = kStart + milliseconds(1)});
  for (langsmith::FeedbackParams& feedback : feedback_with_trace()) {
    client.create_feedback(std::move(feedback));
  }
  flush(client);
  write(directory, "langsmith_feedback.multipart", multipart(*http, 1));

  client.create_feedback({.key = "accuracy",
                          .score = 0.75,
                          .project_id = kProjectId,
                          .source = langsmith::FeedbackSource::AutoEval,
                          .comparative_experiment_id = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"});
  flush(client);
  write(directory, "langsmith_feedback.json", http->requests_to("/feedback").at(0).body);
}

// The calls that wait for their answer.
void write_calls(const std::string& directory) {
  const auto http = server();
  auto client = client_of(http);
  const auto updated = client.update_feedback(kRunId, {.score = 0.5,
                                                       .value = "better",
                                                       .comment = "second thoughts",
                                                       .correction = {{"answer", "none"}}});
  const auto token = client.create_presigned_feedback_token(
      {.run_id = kRunId,
       .feedback_key = "thumbs",
       .expires_in = std::chrono::hours(24),
       .feedback_config = {.type = langsmith::FeedbackConfig::Type::Freeform}});
  if (!updated || !token) throw std::runtime_error("a call failed");
  const auto given = client.create_feedback_from_token(
      token->url, {.score = 1, .value = "up", .comment = "thanks", .metadata = {{"page", "faq"}}});
  if (!given) throw std::runtime_error(given.error().message);
  write(directory, "langsmith_feedback_update.json",
        http->requests_to("/feedback/" + std::string(kRunId)).at(0).body);
  write(directory, "langsmith_token.json", http->requests_to("/feedback/tokens").at(0).body);
  write(directory, "langsmith_token_feedback.json",
        http->requests_to("/feedback/tokens/t").at(0).body);
}

std::vector<llmtrace::HttpHeader> read_headers(const std::string& path) {
  std::ifstream file(path);
  std::vector<llmtrace::HttpHeader> headers;
  for (std::string line; std::getline(file, line);) {
    const std::size_t colon = line.find(": ");
    if (colon != std::string::npos)
      headers.push_back({line.substr(0, colon), line.substr(colon + 2)});
  }
  if (headers.empty()) throw std::runtime_error("no headers in " + path);
  return headers;
}

// A child of a run that another client made, and the headers by which a third one continues.
void write_continued(const std::string& directory, const std::string& headers) {
  const auto http = server();
  auto client = client_of(http);
  std::string onward;
  {
    const llmtrace::ContextScope scope(
        llmtrace::extract(read_headers(headers), {.baggage = true, .project = true}));
    auto run = client.start_run({.name = "handle_request", .start_time = kStart + milliseconds(5)});
    for (const llmtrace::HttpHeader& header : run.to_headers()) {
      onward += header.name + ": " + header.value + "\n";
    }
    run.end({.end_time = kStart + milliseconds(9)});
  }
  flush(client);
  write(directory, "langsmith_continued.multipart", multipart(*http));
  write(directory, "langsmith_headers.txt", onward);
}

}  // namespace

void write_langsmith_bodies(const std::string& directory, const std::string& headers) {
  write(directory, "langsmith_runs.multipart", runs_multipart());
  write(directory, "langsmith_runs.json", runs_batch());
  write_open_run(directory);
  write_feedback(directory);
  write_calls(directory);
  write_continued(directory, headers);
}
