// rag_readback reads the traces of a rag_pipeline run back from the server, prints them and
// compares them with the run's log. Exit status: 0 equal, 1 not equal or not readable, 2 wrong
// arguments, 3 the server is too old to be read from.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <string>

#include "samples/rag_pipeline/comparison.h"
#include "samples/rag_pipeline/langfuse_reader.h"
#include "samples/rag_pipeline/run_log_reader.h"
#include "samples/rag_pipeline/trace_tree.h"

namespace {

struct Options {
  std::string url{};
  std::string public_key{};
  std::string secret_key{};
  std::string log{};
  unsigned seconds = 20;
};

void add_options(CLI::App& app, Options& options) {
  app.add_option("--url", options.url, "The server")->envname("LANGFUSE_BASE_URL")->required();
  app.add_option("--public-key", options.public_key)->envname("LANGFUSE_PUBLIC_KEY")->required();
  app.add_option("--secret-key", options.secret_key, "Better given as LANGFUSE_SECRET_KEY")
      ->envname("LANGFUSE_SECRET_KEY")
      ->required();
  app.add_option("--log", options.log, "What rag_pipeline wrote with --log")->required();
  app.add_option("--timeout", options.seconds, "Seconds to wait for what is not there yet")
      ->capture_default_str();
}

int run(const Options& options) {
  const rag::RunRecords logged = rag::read_run_log(options.log);
  if (logged.observations.empty()) throw std::runtime_error(options.log + ": nothing was recorded");
  const rag::LangfuseReader reader(options.url, options.public_key, options.secret_key);
  const rag::RunRecords found = reader.wait_for(logged, std::chrono::seconds(options.seconds));
  std::printf("%s", rag::trace_trees(logged, found).c_str());
  const auto differences = rag::differences(logged, found);
  for (const std::string& difference : differences) {
    std::printf("DIFFERENT: %s\n", difference.c_str());
  }
  std::printf("compared %zu observations and %zu scores with the log: %s\n",
              logged.observations.size(), logged.scores.size(),
              differences.empty() ? "equal"
                                  : (std::to_string(differences.size()) + " differences").c_str());
  return differences.empty() ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Compares a rag_pipeline run's log with what arrived at Langfuse.");
  add_options(app, options);
  try {
    app.parse(argc, argv);
    return run(options);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const rag::RouteMissing& error) {
    std::fprintf(stderr, "rag_readback: %s\n", error.what());
    return 3;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rag_readback: %s\n", error.what());
    return 1;
  }
}
