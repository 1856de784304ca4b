// rag_readback reads the traces of a rag_pipeline run back from the servers, prints them and
// compares them with the run's log. Exit status: 0 equal at each server, 1 not equal or not
// readable, 2 wrong arguments, 3 a server is too old to be read from.
#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "samples/rag_pipeline/comparison.h"
#include "samples/rag_pipeline/langfuse_reader.h"
#include "samples/rag_pipeline/langsmith_reader.h"
#include "samples/rag_pipeline/run_log_reader.h"
#include "samples/rag_pipeline/trace_tree.h"

namespace {

struct Options {
  std::string url{};
  std::string public_key{};
  std::string secret_key{};
  std::string langsmith_endpoint{"https://api.smith.langchain.com"};
  std::string langsmith_api_key{};
  std::string log{};
  unsigned seconds = 20;
};

void add_options(CLI::App& app, Options& options) {
  app.add_option("--url", options.url, "The Langfuse server")->envname("LANGFUSE_BASE_URL");
  app.add_option("--public-key", options.public_key)->envname("LANGFUSE_PUBLIC_KEY");
  app.add_option("--secret-key", options.secret_key, "Better given as LANGFUSE_SECRET_KEY")
      ->envname("LANGFUSE_SECRET_KEY");
  app.add_option("--langsmith-endpoint", options.langsmith_endpoint, "The LangSmith server")
      ->envname("LANGSMITH_ENDPOINT")
      ->capture_default_str();
  app.add_option("--langsmith-api-key", options.langsmith_api_key,
                 "Better given as LANGSMITH_API_KEY")
      ->envname("LANGSMITH_API_KEY");
  app.add_option("--log", options.log, "What rag_pipeline wrote with --log")->required();
  app.add_option("--timeout", options.seconds, "Seconds to wait for what is not there yet")
      ->capture_default_str();
}

std::vector<std::unique_ptr<rag::ServerReader>> readers(const Options& options) {
  std::vector<std::unique_ptr<rag::ServerReader>> readers;
  if (!options.public_key.empty()) {
    readers.push_back(
        std::make_unique<rag::LangfuseReader>(options.url, options.public_key, options.secret_key));
  }
  if (!options.langsmith_api_key.empty()) {
    readers.push_back(std::make_unique<rag::LangSmithReader>(options.langsmith_endpoint,
                                                             options.langsmith_api_key));
  }
  if (readers.empty()) throw std::runtime_error("give the keys of Langfuse, of LangSmith, or both");
  return readers;
}

// Returns how many differences there are.
std::size_t compare(const rag::ServerReader& reader, const rag::RunRecords& logged,
                    std::chrono::seconds timeout) {
  const rag::RunRecords found = reader.wait_for(logged, timeout);
  std::printf("-- %s\n%s", reader.name(), rag::trace_trees(logged, found).c_str());
  const auto differences = rag::differences(reader.as_kept(logged), found);
  for (const std::string& difference : differences) {
    std::printf("DIFFERENT: %s\n", difference.c_str());
  }
  std::printf("%s: compared %zu observations and %zu scores with the log: %s\n\n", reader.name(),
              logged.observations.size(), logged.scores.size(),
              differences.empty() ? "equal"
                                  : (std::to_string(differences.size()) + " differences").c_str());
  return differences.size();
}

int run(const Options& options) {
  const rag::RunRecords logged = rag::read_run_log(options.log);
  if (logged.observations.empty()) throw std::runtime_error(options.log + ": nothing was recorded");
  std::size_t differences = 0;
  for (const auto& reader : readers(options)) {
    differences += compare(*reader, logged, std::chrono::seconds(options.seconds));
  }
  return differences == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Compares a rag_pipeline run's log with what arrived at Langfuse and LangSmith.");
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
