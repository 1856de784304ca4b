// llmtrace-collector: receives traces and scores on this machine and keeps them in SQLite.

#include <pthread.h>
#include <sys/stat.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdio>
#include <exception>
#include <map>
#include <string>

#include "collector/collector.h"

namespace {

using llmtrace::collector::Behaviour;
using llmtrace::collector::Collector;
using llmtrace::collector::CollectorOptions;
using llmtrace::collector::LangSmithOptions;
using llmtrace::collector::LoopbackAddress;

void add_langsmith_options(CLI::App& app, LangSmithOptions& options) {
  app.add_option("--langsmith-api-key", options.api_key, "LangSmith key of the clients")
      ->capture_default_str();
  app.add_option("--langsmith-version", options.version, "LangSmith version that /info tells")
      ->capture_default_str();
  app.add_flag("!--langsmith-no-multipart", options.takes_multipart,
               "Be a server without /runs/multipart");
  app.add_flag("!--langsmith-no-zstd", options.takes_zstd, "Take no zstd");
  app.add_flag("!--langsmith-no-gzip", options.takes_gzip, "Take no gzip");
  app.add_option("--langsmith-size-limit", options.size_limit, "Runs per batch that /info advises")
      ->capture_default_str();
  app.add_option("--langsmith-size-limit-bytes", options.size_limit_bytes,
                 "Bytes per batch that /info advises")
      ->capture_default_str();
  app.add_option("--langsmith-body-limit", options.body_limit_bytes,
                 "Bytes of a body, as sent and as unpacked, from which on it is a 413")
      ->capture_default_str();
  app.add_option("--langsmith-name-limit", options.name_limit,
                 "Refuse runs with longer names, as older servers do (128); 0 (default) = none");
  app.add_flag("--langsmith-feedback-needs-session", options.feedback_needs_session,
               "Refuse feedback without session_id");
}

void add_options(CLI::App& app, CollectorOptions& options) {
  const std::map<std::string, Behaviour> behaviours{
      {"v2", Behaviour::V2}, {"v4.16", Behaviour::V4_16}, {"v4.59", Behaviour::V4_59}};
  const std::map<std::string, LoopbackAddress> addresses{{"127.0.0.1", LoopbackAddress::Ipv4},
                                                         {"::1", LoopbackAddress::Ipv6}};
  app.add_option("--host", options.server.address, "Loopback address to listen on")
      ->transform(CLI::CheckedTransformer(addresses))
      ->option_text("127.0.0.1|::1 [127.0.0.1]");
  app.add_option("--port", options.server.port, "Port to listen on; 0 (default) picks a free one");
  app.add_option("--db", options.database, "SQLite file; default is memory, lost at exit");
  app.add_option("--public-key", options.public_key, "Public key of the clients")
      ->capture_default_str();
  app.add_option("--secret-key", options.secret_key, "Secret key of the clients")
      ->capture_default_str();
  app.add_option("--behave-as", options.behaviour, "Langfuse version whose protocol to speak")
      ->transform(CLI::CheckedTransformer(behaviours))
      ->option_text("v2|v4.16|v4.59 [v4.59]");
  add_langsmith_options(app, options.langsmith);
}

// Serves until SIGINT or SIGTERM, which were blocked before any thread began.
void serve(const CollectorOptions& options, const sigset_t& end_signals) {
  const Collector collector(options);
  std::printf("llmtrace-collector: listening on %s\n", collector.url().c_str());
  std::fflush(stdout);
  int signal = 0;
  sigwait(&end_signals, &signal);
}

}  // namespace

int main(int argc, char** argv) {
  sigset_t end_signals;
  sigemptyset(&end_signals);
  sigaddset(&end_signals, SIGINT);
  sigaddset(&end_signals, SIGTERM);
  pthread_sigmask(SIG_BLOCK, &end_signals, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
  umask(077);  // the database holds prompts

  CollectorOptions options;
  CLI::App app("Local collector for llmtrace: receives traces and scores, keeps them in SQLite.");
  add_options(app, options);
  CLI11_PARSE(app, argc, argv);
  try {
    serve(options, end_signals);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "llmtrace-collector: %s\n", error.what());
    return 1;
  }
  return 0;
}
