// R23: no harm to the host. Whatever allocation fails, whatever libcurl and the system refuse, no
// call crashes or throws, the counters add up, and afterwards everything works again.
#include "tests/faults/faults.h"

#include <gtest/gtest.h>
#include <langfuse/langfuse.h>
#include <langsmith/langsmith.h>
#include <llmtrace/observe.h>
#include <llmtrace/propagation.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <optional>
#include <stdexcept>
#include <thread>

#include "tests/support/own_process.h"
#include "tests/support/run_length.h"
#include "tests/support/scripted_server.h"

namespace llmtrace::tests {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr int kAllocations = 5000;
constexpr int kUnmetStarts = 10;
constexpr char kTrace[] = "0123456789abcdef0123456789abcdef";

class QuietLog final : public LogSink {
 public:
  void log(LogLevel /*level*/, std::string_view /*message*/) override {}
};

langfuse::Config config_for(const std::string& url, langfuse::Protocol protocol) {
  langfuse::Config config;
  config.public_key = "pk";
  config.secret_key = Secret("sk");
  config.base_url = url;
  config.protocol = protocol;
  if (protocol == langfuse::Protocol::Otlp) config.compression = langfuse::Compression::Gzip;
  config.flush_at = 5;
  config.shutdown_timeout = milliseconds(0);
  return config;
}

langsmith::Config langsmith_config_for(const std::string& url) {
  langsmith::Config config;
  config.api_key = Secret("key");
  config.endpoint = url;
  config.compression = langsmith::Compression::Zstd;
  config.max_batch_items = 5;
  config.shutdown_timeout = milliseconds(0);
  return config;
}

std::string answer(const std::string& question, int tries) {
  OBSERVE(question, tries);
  return OBSERVE_OUTPUT(question + "!");
}

int failing(int number) {
  OBSERVE_BODY(number) {
    if (number > 0) throw std::runtime_error("a text that is longer than any short string");
    return number;
  };
}

/// What a program passes to the calls: made beforehand, for what the program itself allocates is
/// not our business.
struct Arguments {
  explicit Arguments(const std::string& text)
      : question(text),
        trace{
            .id = kTrace, .name = text, .user_id = text, .metadata = {{"k", text}}, .tags = {text}},
        span{.name = text, .input = text, .metadata = {{text, 1}}},
        generation{.name = text,
                   .input = text,
                   .model = text,
                   .model_parameters = {{"t", 0.5}},
                   .usage_details = {{"input", 3}},
                   .cost_details = {{"total", 0.25}}},
        event{.name = text},
        update{.output = text, .metadata = {{"more", text}}, .status_message = text},
        score{.name = text, .value = 0.5, .trace_id = kTrace, .comment = text},
        current_score{.name = text, .value = text},
        propagated{.user_id = text, .metadata = {{"p", text}}, .tags = {text, "other"}} {}

  std::string question;
  langfuse::TraceParams trace;
  ObservationParams span;
  ObservationParams generation;
  ObservationParams event;
  ObservationUpdate update;
  ScoreParams score;
  ScoreParams current_score;
  PropagateParams propagated;
};

// Every kind of tracing call. All are noexcept: an exception would end the process.
void trace_everything(langfuse::Client& client, Arguments given) {
  const langfuse::Trace trace = client.trace(std::move(given.trace));
  {
    const auto inside = propagate(std::move(given.propagated));
    const Observation span = trace.span(std::move(given.span));
    const auto current = span.activate();
    span.first_token();
    span.update(std::move(given.update));
    span.score(std::move(given.current_score));
    span.error(given.question);
    span.generation(std::move(given.generation)).end();
    client.event(std::move(given.event));
  }
  client.score(std::move(given.score));
  {
    const auto only_here = client.activate();
    client.span({.name = "x"}).end();
  }
  {
    const auto nothing = suppress();
    client.span({.name = "x"}).end();
  }
  start_observation({.name = "x"}).end();
  trace.end();
}

struct RunArguments {
  explicit RunArguments(const std::string& text)
      : question(text),
        root{.name = text,
             .inputs = {{"q", text}},
             .metadata = {{"k", text}},
             .tags = {text},
             .extra = {{"e", text}},
             .attachments = {{"page", "text/plain", text}}},
        child{.name = text, .run_type = langsmith::RunType::Llm, .model = text},
        callee{.name = text,
               .inputs = {{"q", text}},
               .metadata = {{"k", text}},
               .tags = {text},
               .project_name = text},
        update{.metadata = {{"more", text}}, .tags = {"late"}},
        end{.outputs = {{"a", text}},
            .usage_metadata = {.input_tokens = 3,
                               .output_tokens = 4,
                               .input_token_details = {.cache_read = 1}},
            .error = text},
        event{{"n", text}},
        other_event{{"n", text}},
        current_score{.name = "quality", .value = text, .comment = text},
        tags{text, "other"},
        metadata{{"added", text}},
        attachment{"sound", "audio/wav", text},
        feedback{.key = text, .score = 0.5, .value = text, .comment = text},
        other_feedback{.run_id = text, .key = text, .score = 0.5},
        propagated{.user_id = text, .metadata = {{"p", text}}, .tags = {text, "other"}} {}

  std::string question;
  langsmith::RunParams root;
  langsmith::RunParams child;
  langsmith::RunParams callee;
  langsmith::RunUpdate update;
  langsmith::RunUpdate end;
  Json event;
  Json other_event;
  ScoreParams current_score;
  StringList tags;
  Json metadata;
  langsmith::Attachment attachment;
  langsmith::FeedbackParams feedback;
  langsmith::FeedbackParams other_feedback;
  PropagateParams propagated;
};

void trace_everything(langsmith::Client& client, RunArguments given) {
  const auto inside = propagate(std::move(given.propagated));
  const langsmith::Run root = client.start_run(std::move(given.root));
  {
    const auto current = root.activate();
    const langsmith::Run child = root.start_run(std::move(given.child));
    child.first_token();
    child.update(std::move(given.update));
    child.add_event("event", std::move(given.event));
    child.add_tags(std::move(given.tags));
    child.add_metadata(std::move(given.metadata));
    child.set_usage({.input_tokens = 100, .input_token_details = {.cache_read = 30}});
    child.add_attachment(std::move(given.attachment));
    child.create_feedback(std::move(given.feedback));
    static_cast<void>(inject(child.observation(), {.baggage = true}));
    client.flush(milliseconds(0));  // has it posted while it is open
    child.end(std::move(given.end));
  }
  client.create_feedback(std::move(given.other_feedback));
  {
    const auto only_here = client.activate();
    start_observation({.name = "x"}).end();
  }
  {
    const ContextScope caller(extract(root.to_headers(), {.baggage = true, .project = true}));
    const langsmith::Run callee = client.start_run(std::move(given.callee));
    const auto current = callee.activate();
    callee.start_run({.name = "below"}).end();
    callee.add_event("event", std::move(given.other_event));
    score_current(std::move(given.current_score));
  }
  root.end();
}

void trace_one(langfuse::Client& client) { client.span({.name = "x"}).end(); }
void trace_one(langsmith::Client& client) { client.start_run({.name = "x"}).end(); }

// The macros return the program's own values, which the program itself allocates.
void observe_everything(const std::string& question) {
  try {
    answer(question, 1);
    failing(1);
  } catch (const std::exception&) {
  }
}

/// For the message of a crash: which allocation was failing.
volatile std::sig_atomic_t failing_allocation = 0;

void tell_and_end(int signal) {
  char text[64];
  const int size = std::snprintf(text, sizeof(text), "signal %d, allocation %d\n", signal,
                                 static_cast<int>(failing_allocation));
  static_cast<void>(::write(2, text, static_cast<std::size_t>(size)));
  ::_exit(99);
}

void expect_conserved(const DestinationStats& stats, int nth) {
  EXPECT_EQ(stats.submitted, stats.delivered + stats.dropped_total() + stats.in_memory) << nth;
}

// Each flush skips the backoff once.
template <class Client>
void flush_until_settled(Client& client, int most) {
  for (int i = 0; i < most; ++i) {
    if (client.flush(milliseconds(5)) || client.stats().in_memory == 0) return;
  }
}

// Whether the client delivers again, now that there is memory.
template <class Client>
bool works(Client& client) {
  for (int attempt = 0; attempt < 100; ++attempt) {
    const std::uint64_t before = client.stats().delivered;
    trace_one(client);
    client.flush(milliseconds(10));
    if (client.stats().delivered > before) return true;
  }
  return false;
}

// False when the program made fewer allocations than `nth`.
template <class Client, class Config, class Given>
bool survives(int nth, int count, Config config, Given given) {
  bool met = false;
  std::optional<Client> client;
  const std::string question = given.question;
  failing_allocation = nth;
  {
    const FailingAllocation failure(nth, count);
    try {
      config.transport = Transport::create({.log_sink = std::make_shared<QuietLog>()});
      client.emplace(std::move(config));
    } catch (const std::exception&) {  // a constructor may throw
    }
    if (client) {
      trace_everything(*client, std::move(given));
      observe_everything(question);
      flush_until_settled(*client, 3);
    }
    met = failure.was_met();
  }
  if (!client) return met;
  const bool refused = client->stats().dropped_by(DropReason::ClientClosed) != 0;
  flush_until_settled(*client, 500);
  expect_conserved(client->stats(), nth);
  EXPECT_EQ(client->stats().in_memory, 0U) << nth;
  EXPECT_TRUE(refused || works(*client)) << nth;
  {
    const FailingAllocation failure(1 + nth % 3, count);
    trace_one(*client);
    client->shutdown(milliseconds(20));
  }
  expect_conserved(client->stats(), nth);
  EXPECT_EQ(client->stats().in_memory, 0U) << nth;
  return met;
}

template <class Client, class Given, class Config>
void survive_each(const Config& config, int count) {
  for (const int signal : {SIGSEGV, SIGABRT, SIGBUS, SIGFPE}) std::signal(signal, tell_and_end);
  const Given given("a text that is longer than any short string");
  survives<Client>(kAllocations * 100, 1, config, given);  // what is made only once
  // Many at a time overlap: in CI every seventh start is enough.
  const int step = count == 1 ? 1 : run_length(7, 1);
  // On a busy machine a flush may give up early, and with it end the allocations of one start.
  int nth = 1;
  for (int unmet = 0; nth <= kAllocations && unmet < kUnmetStarts; nth += step) {
    unmet = survives<Client>(nth, count, config, given) ? 0 : unmet + 1;
  }
  nth -= kUnmetStarts * step;
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator("/proc/self/task"), {}), 1)
      << "a client that could not be made left its thread behind";
  std::printf("each of %d allocations, %d at a time\n", nth - step, count);
  EXPECT_GT(nth, 300);
}

void survive_each(langfuse::Protocol protocol, int count) {
  survive_each<langfuse::Client, Arguments>(config_for(scenario_url(), protocol), count);
}

void survive_each_run(int count) {
  survive_each<langsmith::Client, RunArguments>(langsmith_config_for(scenario_url()), count);
}

TEST(FaultScenario, DISABLED_OneAllocationOtlp) { survive_each(langfuse::Protocol::Otlp, 1); }
TEST(FaultScenario, DISABLED_OneAllocationLegacy) { survive_each(langfuse::Protocol::Legacy, 1); }
TEST(FaultScenario, DISABLED_ManyAllocationsOtlp) { survive_each(langfuse::Protocol::Otlp, 50); }
TEST(FaultScenario, DISABLED_ManyAllocationsLegacy) {
  survive_each(langfuse::Protocol::Legacy, 50);
}
TEST(FaultScenario, DISABLED_OneAllocationRuns) { survive_each_run(1); }
TEST(FaultScenario, DISABLED_ManyAllocationsRuns) { survive_each_run(50); }

// The ids of an ingestion request's events, as they stand in its text.
std::vector<std::string> event_ids(const std::string& body) {
  std::vector<std::string> ids;
  const std::string mark = R"({"id":")";
  for (std::size_t at = body.find(mark); at != std::string::npos; at = body.find(mark, at + 1)) {
    ids.push_back(
        body.substr(at + mark.size(), body.find('"', at + mark.size()) - at - mark.size()));
  }
  return ids;
}

// Delivers most, and has a failure of every kind.
ServerReply moody(const ServerRequest& request, std::size_t before) {
  if (before % 7 == 3) return {.status = 503};
  if (before % 11 == 5) return {.status = 400};
  if (before % 13 == 7) return {.cut_at = 5};
  if (request.target.ends_with("/info")) {
    return {.body = R"({"version":"0.15.0","batch_ingest_config":{"use_multipart_endpoint":true},)"
                    R"("instance_flags":{"zstd_compression_enabled":true}})"};
  }
  if (!request.target.ends_with("ingestion")) return {};
  const auto ids = event_ids(request.body);
  std::string errors;
  if (before % 3 == 0 && ids.size() > 2) {
    errors = R"({"id":")" + ids.front() + R"(","status":400},{"id":")" + ids.back() +
             R"(","status":500})";
  }
  return {.status = 207, .body = R"({"successes":[],"errors":[)" + errors + "]}"};
}

class Faults : public ::testing::TestWithParam<const char*> {};

TEST_P(Faults, OfTheAllocatorAreSurvived) {
  ScriptedServer server(moody);
  server.keep_no_bodies();

  EXPECT_EQ(run_scenario(std::string("FaultScenario.") + GetParam(), server.url(), 250), 0);
}

INSTANTIATE_TEST_SUITE_P(All, Faults,
                         ::testing::Values("OneAllocationOtlp", "OneAllocationLegacy",
                                           "OneAllocationRuns", "ManyAllocationsOtlp",
                                           "ManyAllocationsLegacy", "ManyAllocationsRuns"));

class Refusal : public ::testing::Test {
 protected:
  langfuse::Config config() {
    langfuse::Config config = config_for(server.url(), langfuse::Protocol::Otlp);
    config.transport = Transport::create({.log_sink = std::make_shared<QuietLog>()});
    return config;
  }
  ~Refusal() override {
    no_curl_handles = false;
    no_threads = false;
  }
  ScriptedServer server;
  const Arguments given{"question"};
};

TEST_F(Refusal, OfACurlHandleIsAFailedAttempt) {
  langfuse::Client client(config());
  no_curl_handles = true;
  trace_everything(client, given);
  EXPECT_FALSE(client.flush(milliseconds(50)));
  const DestinationStats without = client.stats();
  no_curl_handles = false;

  EXPECT_EQ(without.delivered, 0U);
  EXPECT_EQ(without.dropped_total(), 0U);
  EXPECT_EQ(without.ambiguous_resends, 0U);
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(client.stats().delivered, without.submitted);
}

TEST_F(Refusal, OfAThreadIsANoOpThatCounts) {
  langfuse::Config given_config = config();
  no_threads = true;
  langfuse::Client client(given_config);
  trace_everything(client, given);
  observe_everything("question");
  EXPECT_FALSE(client.flush(seconds(10)));
  client.shutdown(seconds(10));
  no_threads = false;

  const DestinationStats stats = client.stats();
  EXPECT_EQ(stats.delivered, 0U);
  EXPECT_EQ(stats.in_memory, 0U);
  EXPECT_GT(stats.dropped_by(DropReason::ClientClosed), 0U);
  expect_conserved(stats, 0);

  langfuse::Client next(given_config);
  EXPECT_TRUE(works(next)) << "the transport outlives what it was refused";
}

}  // namespace
}  // namespace llmtrace::tests
