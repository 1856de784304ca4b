// rag_readback reads the traces of a rag_pipeline run back from the servers, prints them and
// compares them with the run's log; its last lines say of each server what was compared. Exit
// status: 0 equal at each server; 1 a difference at any of them, or one did not answer; 2 wrong
// arguments; 3 nothing differs, but a server has no routes to read from.
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
  if (readers.empty())
    throw CLI::RequiredError("A key (--public-key with --secret-key, or --langsmith-api-key)");
  return readers;
}

// What came of one server.
struct Verdict {
  enum class Kind { Equal, Failed, NoRoutes };
  Kind kind = Kind::Failed;
  std::string text{};
};

Verdict compare(const rag::ServerReader& reader, const rag::RunRecords& logged,
                std::chrono::seconds timeout) {
  const rag::RunRecords expected = reader.as_kept(logged);
  const rag::RunRecords found = reader.wait_for(expected, timeout);
  std::printf("-- %s\n%s", reader.name(), rag::trace_trees(expected, found).c_str());
  const auto differences = rag::differences(expected, found);
  for (const std::string& difference : differences) {
    std::printf("DIFFERENT: %s\n", difference.c_str());
  }
  std::printf("\n");
  const std::string compared = "compared " + std::to_string(expected.observations.size()) +
                               " observations and " + std::to_string(expected.scores.size()) +
                               " scores with the log: ";
  if (differences.empty()) return {Verdict::Kind::Equal, compared + "equal"};
  return {Verdict::Kind::Failed, compared + std::to_string(differences.size()) + " differences"};
}

// One server's failure keeps no other from being compared.
Verdict verdict_on(const rag::ServerReader& reader, const rag::RunRecords& logged,
                   std::chrono::seconds timeout) {
  try {
    return compare(reader, logged, timeout);
  } catch (const rag::RouteMissing& error) {
    return {Verdict::Kind::NoRoutes, std::string("NOT COMPARED: ") + error.what()};
  } catch (const std::exception& error) {
    return {Verdict::Kind::Failed, std::string("NOT COMPARED: ") + error.what()};
  }
}

int run(const Options& options) {
  const rag::RunRecords logged = rag::read_run_log(options.log);
  if (logged.observations.empty()) throw std::runtime_error(options.log + ": nothing was recorded");
  bool has_failed = false;
  bool lacks_routes = false;
  std::string summary;
  for (const auto& reader : readers(options)) {
    const Verdict verdict = verdict_on(*reader, logged, std::chrono::seconds(options.seconds));
    has_failed = has_failed || verdict.kind == Verdict::Kind::Failed;
    lacks_routes = lacks_routes || verdict.kind == Verdict::Kind::NoRoutes;
    summary += std::string(reader->name()) + ": " + verdict.text + "\n";
  }
  std::printf("%s", summary.c_str());
  if (has_failed) return 1;
  return lacks_routes ? 3 : 0;
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
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rag_readback: %s\n", error.what());
    return 1;
  }
}
