// llmtrace-collector: receives traces and scores on this machine, keeps them in SQLite and shows
// them.

#include <pthread.h>
#include <spawn.h>
#include <sys/stat.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>
#include <string>
#include <utility>

#include "collector/collector.h"

namespace {

using llmtrace::collector::Behaviour;
using llmtrace::collector::Collector;
using llmtrace::collector::CollectorOptions;
using llmtrace::collector::LangSmithOptions;
using llmtrace::collector::RetentionOptions;

constexpr std::uint16_t kDefaultPort = 4319;

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

// "90s", "30m", "12h", "7d"; "2w".
std::chrono::seconds read_age(const std::string& text) {
  constexpr std::array<std::pair<char, std::int64_t>, 5> kUnits = {
      {{'s', 1}, {'m', 60}, {'h', 3600}, {'d', 86400}, {'w', 604800}}};
  std::int64_t number = 0;
  const auto result = std::from_chars(text.data(), text.data() + text.size(), number);
  constexpr std::int64_t kMost = 100'000;
  for (const auto& [unit, seconds] : kUnits) {
    if (result.ec == std::errc() &&
        text.substr(static_cast<std::size_t>(result.ptr - text.data())) == std::string(1, unit) &&
        number >= 1 && number <= kMost) {
      return std::chrono::seconds(number * seconds);
    }
  }
  throw CLI::ValidationError("--retention",
                             "wants a number and s, m, h, d or w, as in 7d; got '" + text + "'");
}

void add_retention_options(CLI::App& app, RetentionOptions& options) {
  app.add_option_function<std::string>(
      "--retention", [&options](const std::string& text) { options.age = read_age(text); },
      "Remove traces that ended so long ago: 12h, 7d, 4w; default: keep them");
  app.add_option_function<std::uint64_t>(
         "--max-size",
         [&options](std::uint64_t bytes) {
           options.max_size_bytes = static_cast<std::int64_t>(bytes);
         },
         "Remove the oldest traces while the database is larger: 500MB, 2GB; default: no limit")
      ->transform(CLI::AsSizeValue(false));
}

void add_options(CLI::App& app, CollectorOptions& options) {
  const std::map<std::string, Behaviour> behaviours{
      {"v2", Behaviour::V2}, {"v4.16", Behaviour::V4_16}, {"v4.59", Behaviour::V4_59}};
  options.server.port = kDefaultPort;
  CLI::Option* host = app.add_option("--host", options.server.address, "Loopback address")
                          ->check(CLI::IsMember({"127.0.0.1", "::1"}))
                          ->option_text("127.0.0.1|::1 [127.0.0.1]");
  app.add_option("--listen", options.server.address,
                 "Any other address, 0.0.0.0 for all; needs --token")
      ->excludes(host);
  app.add_option("--token", options.token,
                 "What the page and plain OTLP must show as Bearer token");
  app.add_option("--allow-host", options.server.names,
                 "Name by which clients call this machine, as it stands before the port");
  app.add_option("--port", options.server.port, "Port; 0 picks a free one")->capture_default_str();
  app.add_option("--db", options.database, "SQLite file; default is memory, lost at exit");
  app.add_option("--prices", options.prices,
                 "JSON file of prices in US dollars for a million tokens: "
                 "{\"my-model\": {\"input_mtok\": 0.5, \"output_mtok\": 1.5}}");
  add_retention_options(app, options.retention);
  app.add_option("--public-key", options.public_key, "Public key of the clients")
      ->capture_default_str();
  app.add_option("--secret-key", options.secret_key, "Secret key of the clients")
      ->capture_default_str();
  app.add_option("--behave-as", options.behaviour, "Langfuse version whose protocol to speak")
      ->transform(CLI::CheckedTransformer(behaviours))
      ->option_text("v2|v4.16|v4.59 [v4.59]");
  add_langsmith_options(app, options.langsmith);
}

// Beyond this machine nobody may come in by keys that everybody knows: where they were left as they
// are, the token takes their place.
void check_reach(CollectorOptions& options) {
  const CollectorOptions known;
  if (llmtrace::collector::is_loopback_address(options.server.address)) return;
  if (options.token.empty()) {
    throw std::runtime_error("--listen " + options.server.address +
                             " lets other machines in: give a --token that they must show");
  }
  if (options.secret_key == known.secret_key) options.secret_key = options.token;
  if (options.public_key == known.public_key) options.public_key = options.token;
  if (options.langsmith.api_key == known.langsmith.api_key) {
    options.langsmith.api_key = options.token;
  }
}

// Shows the page in the user's browser, or says how. The token stands behind '#', which no browser
// sends to a server.
void open_page(const Collector& collector, const std::string& token) {
  const std::string url = collector.url() + "/" + (token.empty() ? "" : "#token=" + token);
  const char* const arguments[] = {"xdg-open", url.c_str(), nullptr};
  pid_t child = 0;
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK);
  posix_spawnattr_setsigmask(&attributes, &none);
  const int error = posix_spawnp(&child, "xdg-open", nullptr, &attributes,
                                 const_cast<char* const*>(arguments), environ);
  posix_spawnattr_destroy(&attributes);
  if (error != 0)
    std::printf("llmtrace-collector: open %s in a browser\n", collector.url().c_str());
}

// Serves until SIGINT or SIGTERM, which were blocked before any thread began.
void serve(const CollectorOptions& options, bool opens_page, const sigset_t& end_signals) {
  const Collector collector(options);
  std::printf("llmtrace-collector: listening on %s\n", collector.url().c_str());
  if (opens_page) open_page(collector, options.token);
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
  bool opens_page = false;
  CLI::App app(
      "Local collector for llmtrace: receives traces, scores and logs, keeps them in SQLite and "
      "shows them on a web page.");
  add_options(app, options);
  app.add_flag("--open", opens_page, "Show the page in the browser");
  CLI11_PARSE(app, argc, argv);
  try {
    check_reach(options);
    serve(options, opens_page, end_signals);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "llmtrace-collector: %s\n", error.what());
    return 1;
  }
  return 0;
}
