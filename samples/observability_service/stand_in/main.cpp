// stand_in_model: an OpenAI-compatible endpoint without a model, for trying programs offline.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <exception>

#include "samples/observability_service/end_signal.h"
#include "samples/observability_service/http_server.h"
#include "samples/observability_service/stand_in/stand_in_model.h"

namespace {

struct Options {
  service::HttpServerOptions server{.body_limit_bytes = std::size_t{8} << 20};
  stand_in::StandInOptions model{};
  long delay_ms = 0;
  long token_delay_ms = 0;
};

void add_options(CLI::App& app, Options& options) {
  stand_in::StandInOptions& model = options.model;
  app.add_option("--port", options.server.port, "Port to listen on; 0 (default) picks a free one");
  app.add_option("--model", model.model, "Name for requests that give none")->capture_default_str();
  app.add_option("--input-price", model.input_price, "US dollars for a million input tokens")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--output-price", model.output_price, "US dollars for a million output tokens")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--delay-ms", options.delay_ms, "Fault: waits before every answer");
  app.add_option("--token-delay-ms", options.token_delay_ms,
                 "Fault: waits before every piece of a stream");
  app.add_option("--error-rate", model.error_rate, "Fault: this share of the requests fails")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--error-status", model.error_status, "The status of those")
      ->check(CLI::Range(400, 599))
      ->capture_default_str();
  app.add_option("--cut-after", model.cut_after, "Fault: streams break off after so many pieces");
  app.add_option("--stall-after", model.stall_after,
                 "Fault: streams fall silent after so many pieces");
  app.add_flag("--garbage", model.garbage, "Fault: answers with what is no JSON");
}

}  // namespace

int main(int argc, char** argv) {
  const service::EndSignal end_signal;
  Options options;
  CLI::App app("An OpenAI-compatible endpoint without a model: it says the question again.");
  add_options(app, options);
  CLI11_PARSE(app, argc, argv);
  options.model.delay = std::chrono::milliseconds(options.delay_ms);
  options.model.token_delay = std::chrono::milliseconds(options.token_delay_ms);
  try {
    stand_in::StandInModel model(options.model);
    service::HttpServer server(options.server, model);
    std::printf("stand_in_model: listening on %s/v1\n", server.url().c_str());
    std::fflush(stdout);
    end_signal.wait();
    model.end();
    server.drain(std::chrono::seconds(2));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "stand_in_model: %s\n", error.what());
    return 1;
  }
  return 0;
}
