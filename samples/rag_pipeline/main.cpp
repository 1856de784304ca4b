// rag_pipeline answers questions from a corpus and sends a complete trace of each to Langfuse, to
// LangSmith, or to both: wherever the environment has keys for. Exit status: 0 when every question
// was answered and all was delivered, 1 when not, 2 when it could not begin.
#include <langfuse/langfuse.h>
#include <langsmith/langsmith.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <initializer_list>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "samples/rag_pipeline/answerer.h"
#include "samples/rag_pipeline/pipeline.h"
#include "samples/rag_pipeline/questions.h"

namespace {

constexpr std::chrono::seconds kFlushTimeout(20);

bool is_any_set(std::initializer_list<const char*> variables) {
  return std::any_of(variables.begin(), variables.end(), [](const char* variable) {
    const char* const value = std::getenv(variable);
    return value != nullptr && *value != '\0';
  });
}

// A client for each vendor that has keys.
struct Clients {
  std::optional<langfuse::Client> langfuse{};
  std::optional<langsmith::Client> langsmith{};

  Clients() {
    if (is_any_set({"LANGFUSE_PUBLIC_KEY", "LANGFUSE_SECRET_KEY"})) langfuse.emplace();
    if (is_any_set({"LANGSMITH_API_KEY", "LANGCHAIN_API_KEY"})) langsmith.emplace();
    if (!langfuse && !langsmith) {
      throw std::runtime_error(
          "there is nobody to send traces to: set LANGFUSE_PUBLIC_KEY and LANGFUSE_SECRET_KEY, "
          "LANGSMITH_API_KEY, or all three");
    }
    if (stats().empty()) {
      throw std::runtime_error(
          "there is nobody to send traces to: a key is missing, or a variable such as "
          "LANGFUSE_TRACING_ENABLED, OTEL_SDK_DISABLED or LANGSMITH_TRACING switches tracing off");
    }
  }
  std::vector<llmtrace::DestinationStats> stats() const {
    std::vector<llmtrace::DestinationStats> all;
    if (langfuse && langfuse->enabled()) all.push_back(langfuse->stats());
    if (langsmith && langsmith->enabled()) all.push_back(langsmith->stats());
    return all;
  }
};

struct Options {
  std::vector<std::string> questions{};
  std::vector<std::string> corpus{};
  std::string log{};
  bool show_links = false;
  rag::PipelineOptions pipeline{.user_id = "demo-user"};
};

void add_options(CLI::App& app, Options& options) {
  app.add_option("questions", options.questions,
                 "The questions; '-' reads them from standard input, one per line");
  app.add_option("--corpus", options.corpus,
                 "Text file or directory to answer from; may be repeated (default: this project)")
      ->allow_extra_args(false);
  app.add_option("--log", options.log,
                 "Writes what was done to this file, one JSON object per line");
  app.add_option("--user", options.pipeline.user_id, "User id of the traces")
      ->capture_default_str();
  app.add_option("--session", options.pipeline.session_id, "Session id (default: a new one)");
  app.add_option("--passages", options.pipeline.passages, "Passages given to the answerer")
      ->check(CLI::Range(1, 50))
      ->capture_default_str();
  app.add_flag("--links", options.show_links, "Prints the page of each trace");
}

void print_outcome(const rag::Outcome& outcome) {
  const rag::Completion& completion = outcome.generated.completion;
  if (!completion.error.empty()) {
    std::printf("A: (failed) %s\n", completion.error.c_str());
    return;
  }
  std::printf("A: %s\n", completion.text.c_str());
  for (const rag::Passage& passage : outcome.passages) {
    std::printf("   from %s (%.2f)%s%s\n", passage.source().c_str(), passage.score,
                passage.heading.empty() ? "" : " ", passage.heading.c_str());
  }
  std::printf("   groundedness %.2f (%s), question coverage %.2f", outcome.grounding.groundedness,
              outcome.grounding.verdict.c_str(), outcome.grounding.question_coverage);
  if (completion.tokens) {
    std::printf(", tokens %lld in, %lld out",
                static_cast<long long>(completion.tokens->input + completion.tokens->cached_input),
                static_cast<long long>(completion.tokens->output));
  }
  const auto total = outcome.generated.cost.find("total");
  if (total != outcome.generated.cost.end()) std::printf(", cost $%.6f", total->second);
  std::printf("\n");
}

void print_links(Clients& clients, const std::string& trace_id) {
  const auto print = [](const llmtrace::Result<std::string>& url) {
    std::printf("   %s\n", url ? url->c_str() : url.error().message.c_str());
  };
  if (clients.langfuse && clients.langfuse->enabled()) print(clients.langfuse->trace_url(trace_id));
  if (clients.langsmith && clients.langsmith->flush()) {  // its page is known when the run is
    print(clients.langsmith->run_url(trace_id));
  }
}

// Returns how many questions were not answered.
int answer_all(const std::vector<std::string>& questions, bool show_links, Clients& clients,
               rag::Pipeline& pipeline) {
  int failures = 0;
  for (const std::string& question : questions) {
    std::printf("\nQ: %s\n", question.c_str());
    const rag::Outcome outcome = pipeline.ask(question);
    print_outcome(outcome);
    if (!outcome.generated.completion.error.empty()) ++failures;
    if (show_links && !outcome.trace_id.empty()) print_links(clients, outcome.trace_id);
    std::fflush(stdout);
  }
  return failures;
}

void print_counters(const llmtrace::DestinationStats& stats) {
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "%s: submitted %llu, delivered %llu, dropped %llu, in memory %llu; "
      "%llu requests, %llu retries, %llu bytes\n",
      stats.destination.c_str(), number(stats.submitted), number(stats.delivered),
      number(stats.dropped_total()), number(stats.in_memory), number(stats.requests),
      number(stats.retries), number(stats.bytes_sent));
  for (std::size_t i = 0; i < llmtrace::kDropReasonCount; ++i) {
    if (stats.dropped[i] == 0) continue;
    const auto reason = llmtrace::to_string(static_cast<llmtrace::DropReason>(i));
    std::printf("  dropped as %s: %llu\n", std::string(reason).c_str(), number(stats.dropped[i]));
  }
}

// Waits until all is settled and says what became of it.
bool deliver(Clients& clients, rag::RunLog& log) {
  const bool is_logged = log.finish();
  if (!is_logged) std::fprintf(stderr, "rag_pipeline: the log could not be written\n");
  std::printf("\nlogged: %zu observations, %zu scores\n", log.observations(), log.scores());
  const bool is_delivered = llmtrace::flush(kFlushTimeout);
  for (const llmtrace::DestinationStats& stats : clients.stats()) print_counters(stats);
  return is_delivered && is_logged;
}

void check_keys(langfuse::Client& client) {
  if (!client.enabled()) return;
  const auto accepted = client.auth_check();
  if (!accepted) {
    std::fprintf(stderr, "rag_pipeline: %s\n", accepted.error().message.c_str());
  } else if (!*accepted) {
    std::fprintf(stderr,
                 "rag_pipeline: the server refuses the keys; check LANGFUSE_PUBLIC_KEY, "
                 "LANGFUSE_SECRET_KEY and LANGFUSE_BASE_URL\n");
  }
}

int run(Options options) {
  if (options.corpus.empty()) options.corpus.emplace_back(RAG_DEFAULT_CORPUS);
  if (options.pipeline.session_id.empty()) {
    options.pipeline.session_id = "rag-" + llmtrace::create_trace_id().substr(0, 18);
  }
  const std::vector<std::string> questions = rag::read_questions(options.questions);
  if (questions.empty())
    throw std::runtime_error("there is no question: all that was given is blank");
  rag::RunLog log(options.log);
  Clients clients;
  if (clients.langfuse) check_keys(*clients.langfuse);
  const auto answerer = rag::make_answerer();
  rag::Journal journal(log);
  rag::Pipeline pipeline(*answerer, journal, options.pipeline);
  const std::size_t files = pipeline.read_corpus(options.corpus);
  std::printf("corpus: %zu files, %zu passages\n", files, pipeline.passages());
  std::printf("answers from: %s\n", answerer->description().c_str());
  std::printf("user %s, session %s\n", options.pipeline.user_id.c_str(),
              options.pipeline.session_id.c_str());
  const int failures = answer_all(questions, options.show_links, clients, pipeline);
  const bool is_delivered = deliver(clients, log);
  if (failures > 0) std::fprintf(stderr, "rag_pipeline: %d questions failed\n", failures);
  return is_delivered && failures == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  CLI::App app("Answers questions from a corpus and traces how, to Langfuse and LangSmith.");
  add_options(app, options);
  try {
    app.parse(argc, argv);
    return run(std::move(options));
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "rag_pipeline: %s\n", error.what());
    return 2;
  }
}
