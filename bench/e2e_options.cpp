#include "bench/e2e_options.h"

#include <CLI/CLI.hpp>
#include <cstdlib>
#include <map>

namespace llmtrace::bench {
namespace {

void add_options(CLI::App& app, E2eOptions& options) {
  const std::map<std::string, langfuse::Encoding> encodings{
      {"protobuf", langfuse::Encoding::Protobuf}, {"json", langfuse::Encoding::Json}};
  const std::map<std::string, bool> compressions{{"none", false}, {"gzip", true}, {"zstd", true}};
  const std::map<std::string, bool> policies{{"block", true}, {"drop", false}};
  app.add_option("--url", options.url, "Base URL of the server")->required();
  app.add_option("--destination", options.destination, "langfuse (default), langsmith or both")
      ->check(CLI::IsMember({"langfuse", "langsmith", "both"}));
  app.add_option("--threads", options.threads)->check(CLI::Range(1, 256));
  app.add_option("--n", options.n, "Generations, over all threads")->check(CLI::PositiveNumber);
  app.add_option("--rate", options.rate, "Generations per second; 0 (default): flat out")
      ->check(CLI::NonNegativeNumber);
  app.add_option("--prompt-file", options.prompt_file)->check(CLI::ExistingFile);
  app.add_option("--completion-file", options.completion_file)->check(CLI::ExistingFile);
  app.add_option("--encoding", options.encoding, "protobuf (default) or json")
      ->transform(CLI::CheckedTransformer(encodings));
  app.add_option("--compression", options.compress,
                 "none (default), gzip or zstd: what the vendor takes")
      ->transform(CLI::CheckedTransformer(compressions));
  app.add_option("--overflow", options.block, "block (default) or drop")
      ->transform(CLI::CheckedTransformer(policies));
  app.add_option("--max-bytes", options.max_bytes, "Bound of the queue; default: the SDK's");
}

}  // namespace

E2eOptions parse_e2e_options(int argc, char** argv) {
  E2eOptions options;
  CLI::App app(
      "Sends generations through the SDK to a server, and prints one JSON line of figures.");
  add_options(app, options);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    std::exit(app.exit(error));
  }
  return options;
}

}  // namespace llmtrace::bench
