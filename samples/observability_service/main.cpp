// observability_service: an HTTP service before a language model, watched from all sides: traces to
// Langfuse, LangSmith or both (wherever the environment has keys for), metrics for Prometheus, and
// a log of JSON lines that the same ids are in. Exit status: 0 when all was answered, delivered and
// written, 1 when not, 2 when it could not begin.
#include <llmtrace/openai/chat_client.h>

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <optional>
#include <stdexcept>
#include <stop_token>
#include <string>

#include "samples/observability_service/end_signal.h"
#include "samples/observability_service/http_server.h"
#include "samples/observability_service/middleware.h"
#include "samples/observability_service/observability.h"
#include "samples/observability_service/service.h"

namespace {

using std::chrono::milliseconds;

constexpr std::size_t kMostReplyBytes = std::size_t{4} << 20;
constexpr int kMostBodyBytes = 64 << 20;
constexpr int kMostMilliseconds = 3'600'000;

struct Options {
  service::HttpServerOptions server{};
  std::string log_file{};
  std::string observability{"on"};
  long model_timeout_ms = 30'000;
  long model_idle_timeout_ms = 10'000;
  int model_retries = 2;
  long drain_ms = 10'000;
};

void add_options(CLI::App& app, Options& options) {
  app.add_option("--port", options.server.port, "Port to listen on; 0 (default) picks a free one")
      ->check(CLI::Range(0, 65'535));
  app.add_option("--connections", options.server.connection_limit, "How many at once")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  app.add_option("--body-limit", options.server.body_limit_bytes, "Bytes of a request's body")
      ->check(CLI::Range(1, kMostBodyBytes))
      ->capture_default_str();
  app.add_option("--log", options.log_file,
                 "File that the JSON lines are appended to (default: standard error)");
  app.add_option("--observability", options.observability,
                 "off: no traces, no metrics, no log; for comparison")
      ->check(CLI::IsMember({"on", "off"}))
      ->capture_default_str();
  app.add_option("--model-timeout-ms", options.model_timeout_ms, "For a whole answer")
      ->check(CLI::Range(1, kMostMilliseconds))
      ->capture_default_str();
  app.add_option("--model-idle-timeout-ms", options.model_idle_timeout_ms,
                 "A model that says nothing for so long is given up")
      ->check(CLI::Range(1, kMostMilliseconds))
      ->capture_default_str();
  app.add_option("--model-retries", options.model_retries, "After 429, 5xx and no answer")
      ->check(CLI::Range(0, 10))
      ->capture_default_str();
  app.add_option("--drain-ms", options.drain_ms,
                 "How long requests under way may take after SIGTERM, and deliveries after that")
      ->check(CLI::Range(1, kMostMilliseconds))
      ->capture_default_str();
}

std::string variable(const char* name) {
  const char* const value = std::getenv(name);
  return value == nullptr ? "" : value;
}

llmtrace::openai::ChatClient make_model(const Options& options) {
  if (variable("OPENAI_BASE_URL").empty() && variable("OPENAI_API_KEY").empty()) {
    throw std::runtime_error(
        "no model: set OPENAI_BASE_URL (and OPENAI_API_KEY), or start with scripts/service.sh, "
        "which brings a stand-in");
  }
  if (variable("OPENAI_MODEL").empty()) {
    throw std::runtime_error("set OPENAI_MODEL to the model for requests that name none");
  }
  return llmtrace::openai::ChatClient({.timeout = milliseconds(options.model_timeout_ms),
                                       .idle_timeout = milliseconds(options.model_idle_timeout_ms),
                                       .max_retries = options.model_retries,
                                       .max_reply_bytes = kMostReplyBytes});
}

void tell_where(const service::HttpServer& server, const service::Observability* observability) {
  const std::string endpoint = variable("OPENAI_BASE_URL");
  std::printf("observability_service: listening on %s\n", server.url().c_str());
  std::printf("  model: %s at %s\n", variable("OPENAI_MODEL").c_str(),
              endpoint.empty() ? "https://api.openai.com/v1" : endpoint.c_str());
  if (observability == nullptr) {
    std::printf("  observability: off\n");
  } else {
    for (const auto& stats : observability->destinations()) {
      std::printf("  traces: %s\n", stats.destination.c_str());
    }
    if (observability->destinations().empty()) {
      std::printf("  traces: none; set LANGFUSE_PUBLIC_KEY or LANGSMITH_API_KEY\n");
    }
  }
  std::fflush(stdout);
}

int serve(const Options& options, const service::EndSignal& end_signal) {
  std::optional<service::Observability> observability;
  if (options.observability == "on") observability.emplace(options.log_file);
  const service::Observability* const watching = observability ? &*observability : nullptr;
  const llmtrace::openai::ChatClient model = make_model(options);
  std::stop_source ending;
  const service::Service service(model, watching, ending.get_token());
  service::Middleware middleware(service, watching);
  std::optional<service::HttpServer> server(std::in_place, options.server, middleware);
  tell_where(*server, watching);

  end_signal.wait();
  const milliseconds drain_time(options.drain_ms);
  bool is_drained = server->drain(drain_time);
  ending.request_stop();  // what is still under way is answered with 503
  if (!is_drained) server->drain(std::chrono::seconds(1));
  server.reset();
  const bool is_delivered = !observability || observability->flush(drain_time);
  std::printf("observability_service: %s, %s\n",
              is_drained ? "all requests were answered" : "requests were cut off",
              is_delivered ? "nothing was lost" : "traces or log lines were lost");
  return is_drained && is_delivered ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const service::EndSignal end_signal;
  Options options;
  CLI::App app("An HTTP service before a language model, with traces, metrics and logs.");
  add_options(app, options);
  try {
    app.parse(argc, argv);
    return serve(options, end_signal);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "observability_service: %s\n", error.what());
    return 2;
  }
}
