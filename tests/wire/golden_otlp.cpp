// What OtlpExporter sends, in each encoding, with content and without.
#include <llmtrace/llmtrace.h>
#include <llmtrace/otlp_exporter.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/wire/golden.h"
#include "tests/wire/recording_http_client.h"

namespace {

using llmtrace::ObservationType;
using std::chrono::milliseconds;
using std::chrono::seconds;

llmtrace::Json chat() {
  return std::vector<llmtrace::Json>{
      {{"role", "system"}, {"content", "Be brief. \xC3\xA9\n"}},
      {{"role", "user"}, {"content", "What is a \"span\"?"}},
  };
}

llmtrace::Json tool_call() {
  return {{"role", "assistant"},
          {"tool_calls",
           std::vector<llmtrace::Json>{
               {{"id", "call_1"},
                {"type", "function"},
                {"function", {{"name", "lookup"}, {"arguments", R"({"word":"span"})"}}}}}}};
}

void generate(const llmtrace::Observation& agent) {
  const auto generation =
      agent.start_observation({.name = "answer",
                               .as_type = ObservationType::Generation,
                               .input = chat(),
                               .metadata = {{"response_id", "chatcmpl-1"},
                                            {"response_model", "gpt-4o-mini-2024-07-18"},
                                            {"finish_reasons", {"tool_calls"}},
                                            {"server.address", "api.openai.com"},
                                            {"server.port", 443},
                                            {"plan", "pro"}},
                               .model = "gpt-4o-mini",
                               .provider = "openai",
                               .model_parameters = {{"temperature", 0.2},
                                                    {"max_tokens", 100},
                                                    {"stop", {"END", "STOP"}},
                                                    {"stream", true},
                                                    {"user", "u"}},
                               .prompt = {.name = "qa", .version = 3},
                               .start_time = kStart + milliseconds(21)});
  generation.end({.output = tool_call(),
                  .completion_start_time = kStart + milliseconds(60),
                  .usage_details = {{"input", 100},
                                    {"output", 50},
                                    {"input_cached_tokens", 20},
                                    {"output_reasoning_tokens", 5}},
                  .cost_details = {{"input", 0.00001}, {"output", 0.00003}},
                  .end_time = kStart + milliseconds(120)});
}

// Every type, text that needs care, an error, a trace of another service.
void trace_everything(const llmtrace::OtlpExporter& exporter) {
  const auto scope = exporter.activate();
  const llmtrace::ContextScope remote(
      llmtrace::extract({{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                         {"tracestate", "vendor=value"}}));
  const auto trace_scope = llmtrace::propagate({.user_id = "user-1",
                                                .session_id = "session-1",
                                                .metadata = {{"limits", {{"rpm", 60}}}},
                                                .version = "v7",
                                                .tags = {"prod", "eu"},
                                                .trace_name = "rag_query",
                                                .environment = "staging"});
  const auto agent = llmtrace::start_observation({.name = "planner",
                                                  .as_type = ObservationType::Agent,
                                                  .input = "What is a span?",
                                                  .metadata = {{"agent_id", "a-1"}},
                                                  .start_time = kStart + milliseconds(1)});
  const auto retriever = agent.start_observation({.name = "retrieve",
                                                  .as_type = ObservationType::Retriever,
                                                  .input = "span",
                                                  .metadata = {{"data_source_id", "docs"}},
                                                  .start_time = kStart + milliseconds(2)});
  retriever.end({.output = {"first", "second"}, .end_time = kStart + milliseconds(20)});
  generate(agent);
  agent.event({.name = "cache_miss",
               .level = llmtrace::Level::Warning,
               .start_time = kStart + milliseconds(121)});
  const auto failed = agent.start_observation({.name = "lookup",
                                               .as_type = ObservationType::Tool,
                                               .input = {{"word", "span"}},
                                               .metadata = {{"tool_call_id", "call_1"}},
                                               .start_time = kStart + milliseconds(122)});
  failed.error("std::runtime_error: no such key");
  failed.end({.end_time = kStart + milliseconds(123)});
  for (const auto type : {ObservationType::Span, ObservationType::Embedding, ObservationType::Chain,
                          ObservationType::Evaluator, ObservationType::Guardrail,
                          ObservationType::Prompt, ObservationType::Parser}) {
    const auto step = agent.start_observation({.name = std::string(llmtrace::to_string(type)),
                                               .as_type = type,
                                               .input = "\xFF\xFE",
                                               .start_time = kStart + milliseconds(130)});
    step.end({.end_time = kStart + milliseconds(131)});
  }
  agent.end({.output = "A timed operation.", .end_time = kStart + milliseconds(200)});
}

std::string sent(llmtrace::OtlpProtocol protocol, bool content,
                 llmtrace::GenAiConventions conventions = llmtrace::GenAiConventions::V1_41) {
  const auto http = std::make_shared<RecordingHttpClient>(
      std::vector<RecordingHttpClient::Answer>{{"/v1/traces", 200, ""}});
  llmtrace::OtlpConfig config;
  config.endpoint = "http://127.0.0.1:4318";
  config.service_name = "golden";
  config.resource_attributes = {{"deployment.environment.name", "staging"}};
  config.protocol = protocol;
  config.capture_content = content;
  config.conventions = conventions;
  config.transport = reproducible_transport(http);
  llmtrace::OtlpExporter exporter(std::move(config));
  trace_everything(exporter);
  if (!exporter.flush(seconds(10))) throw std::runtime_error("the flush failed");
  const auto requests = http->requests_to("/v1/traces");
  if (requests.size() != 1) throw std::runtime_error("not one request to /v1/traces");
  return requests.front().body;
}

}  // namespace

void write_otlp_bodies(const std::string& directory) {
  using llmtrace::OtlpProtocol;
  write(directory, "genai.binpb", sent(OtlpProtocol::HttpProtobuf, true));
  write(directory, "genai.json", sent(OtlpProtocol::HttpJson, true));
  write(directory, "genai_no_content.json", sent(OtlpProtocol::HttpJson, false));
  write(directory, "genai_1_36.json",
        sent(OtlpProtocol::HttpJson, true, llmtrace::GenAiConventions::V1_36));
}
