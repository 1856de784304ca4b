// Traces across processes: langsmith-trace and its baggage, and what incoming headers must not do.
#include <langsmith/anonymizer.h>
#include <llmtrace/observe.h>
#include <llmtrace/propagation.h>
#include <llmtrace/testing.h>

#include <thread>

#include "common/src/cell.h"
#include "tests/langsmith/langsmith_fixture.h"

namespace langsmith::testing {
namespace {

using llmtrace::ContextScope;
using llmtrace::HttpHeader;

constexpr char kPath[] = "20261116T075959000000Z019a8b00-0000-7000-8000-000000000001";

class LangsmithPropagation : public LangsmithTest {
 protected:
  static std::string header(const std::vector<HttpHeader>& headers, std::string_view name) {
    for (const HttpHeader& candidate : headers) {
      if (candidate.name == name) return candidate.value;
    }
    return {};
  }
  SentRun received(std::vector<HttpHeader> headers, llmtrace::ExtractOptions options = {}) {
    Client client(config());
    {
      const ContextScope scope(llmtrace::extract(headers, options));
      client.start_run({.name = "server"}).end();
    }
    EXPECT_TRUE(client.flush(seconds(10)));
    return sent().back();
  }
};

TEST_F(LangsmithPropagation, ATraceContinuesInAnotherService) {
  Client first(config());
  Config there = config();
  there.project = "there";
  Client second(there);
  const auto attributes = llmtrace::propagate({.metadata = {{"team", "a"}}, .tags = {"x", "y"}});
  const langsmith::Run root = first.start_run({.name = "root", .project_name = "front"});
  const langsmith::Run caller = root.start_run({.name = "caller"});
  const std::vector<HttpHeader> headers = caller.to_headers();
  EXPECT_EQ(header(headers, "langsmith-trace"), caller.dotted_order());
  EXPECT_EQ(header(headers, "traceparent"),
            "00-" + caller.observation().trace_id() + "-" + caller.observation().id() + "-03");

  std::thread([&] {  // another process, so to say
    const ContextScope scope(llmtrace::extract(headers, {.baggage = true, .project = true}));
    const langsmith::Run run = second.start_run({.name = "callee"});
    run.start_run({.name = "below"}).end();
  })
      .join();
  caller.end();
  root.end();
  EXPECT_TRUE(llmtrace::flush(seconds(10)));
  const SentRun callee = named(sent(), "callee");
  EXPECT_EQ(callee.main["trace_id"].as_string(), root.id());
  EXPECT_EQ(callee.main["parent_run_id"].as_string(), caller.id());
  EXPECT_TRUE(callee.main["dotted_order"].as_string().starts_with(caller.dotted_order() + "."));
  EXPECT_EQ(callee.main["session_name"].as_string(), "front");
  EXPECT_EQ(callee.main["tags"].to_text(), R"(["x","y"])");
  EXPECT_EQ(callee.metadata()["team"].as_string(), "a");
  const SentRun below = named(sent(), "below");
  EXPECT_EQ(below.main["parent_run_id"].as_string(), callee.id);
  EXPECT_EQ(below.main["trace_id"].as_string(), root.id());
  EXPECT_EQ(below.main["session_name"].as_string(), "front");
}

TEST_F(LangsmithPropagation, WhatDoesNotGoToLangSmithIsNotSaidToGoThere) {
  Config by_handles = config();
  by_handles.observe = false;
  Client client(by_handles);
  const llmtrace::testing::MemoryDestination elsewhere;
  const auto attributes = llmtrace::propagate({.tags = {"x"}});

  const auto span = llmtrace::start_observation({.name = "for others"});
  const langsmith::Run ours = client.start_run({.name = "ours"});

  ASSERT_TRUE(span);
  const auto headers = llmtrace::inject(span, {.baggage = true});
  EXPECT_EQ(header(headers, "langsmith-trace"), "");
  EXPECT_EQ(header(headers, "baggage"), "");
  EXPECT_EQ(header(ours.to_headers(), "langsmith-trace"), ours.dotted_order());
  EXPECT_NE(header(ours.to_headers(), "baggage"), "");
}

TEST_F(LangsmithPropagation, ACallersSampledFlagDoesNotGovernLangSmith) {
  const SentRun run =
      received({{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}});
  EXPECT_EQ(run.main["name"].as_string(), "server");
}

TEST_F(LangsmithPropagation, TheProjectGoesAlongWithoutAnyAttributes) {
  Client client(config());
  const langsmith::Run run = client.start_run({.name = "x", .project_name = "front"});
  EXPECT_TRUE(header(run.to_headers(), "baggage").starts_with("langsmith-project=front"));
  EXPECT_EQ(header(llmtrace::inject(run.observation()), "baggage"), "") << "only on request";
}

TEST_F(LangsmithPropagation, WhatIsMaskedOrHiddenDoesNotLeaveByHeaders) {
  Config masking = config();
  masking.anonymizer = create_anonymizer({{.pattern = "canary", .replace = "XX"}});
  Client masked(masking);
  Config hiding = config();
  hiding.hide_metadata = true;
  Client hidden(hiding);
  const auto attributes = llmtrace::propagate({.user_id = "user-1",
                                               .session_id = "session-1",
                                               .metadata = {{"team", "canary"}},
                                               .tags = {"tag-canary"}});

  const std::string with = header(masked.start_run({.name = "x"}).to_headers(), "baggage");
  EXPECT_EQ(with.find("canary"), std::string::npos) << with;
  for (const char* part : {"tag-XX", "user-1", "session-1", "team"}) {
    EXPECT_NE(with.find(part), std::string::npos) << part << " in " << with;
  }
  const langsmith::Run run = hidden.start_run({.name = "x", .project_name = "front"});
  const std::string without = header(run.to_headers(), "baggage");
  for (const char* part : {"user-1", "session-1", "team"}) {
    EXPECT_EQ(without.find(part), std::string::npos) << without;
  }
  EXPECT_NE(without.find("langsmith-tags=tag-canary"), std::string::npos) << without;
  EXPECT_NE(without.find("langsmith-project=front"), std::string::npos) << without;
}

TEST_F(LangsmithPropagation, ATraceOfLangSmithsOwnHeaderHasNoIdFromOutside) {
  const SentRun run = received({{"langsmith-trace", kPath}});
  EXPECT_TRUE(run.metadata()["otel_trace_id"].is_null());
  EXPECT_TRUE(run.metadata()["otel_parent_span_id"].is_null());
  const std::string other = "0af7651916cd43dd8448eb211c80319c";
  const SentRun both = received(
      {{"langsmith-trace", kPath}, {"traceparent", "00-" + other + "-b7ad6b7169203331-01"}});
  EXPECT_EQ(both.metadata()["otel_trace_id"].as_string(), other);
}

TEST_F(LangsmithPropagation, AChildNeverStartsBeforeItsParentOnAnotherMachine) {
  const SentRun run =
      received({{"langsmith-trace", "20261116T080003000000Z019a8b00-0000-7000-8000-000000000001"}});
  EXPECT_EQ(run.main["start_time"].as_string(), "2026-11-16T08:00:03.000000Z");
  EXPECT_NE(run.main["dotted_order"].as_string().find(".20261116T080003000000Z" + run.id),
            std::string::npos);
  const SentRun far =
      received({{"langsmith-trace", "22000101T000000000000Z019a8b00-0000-7000-8000-000000000001"}});
  EXPECT_EQ(far.main["start_time"].as_string(), "2026-11-16T08:00:00.000000Z")
      << "no header moves our clock by a century";
  EXPECT_EQ(far.main["trace_id"].as_string(), far.id);
  EXPECT_EQ(far.main["dotted_order"].as_string(), "20261116T080000000000Z" + far.id)
      << "under a parent that starts later the server would refuse it, and all below it";
}

TEST_F(LangsmithPropagation, WhatIsGivenAnEarlierStartIsClampedToo) {
  Client client(config());
  {
    const ContextScope scope(llmtrace::extract({{"langsmith-trace", kPath}}));
    const llmtrace::Timestamp yesterday = clock->now() - std::chrono::hours(24);
    client.start_run({.name = "backfill", .start_time = yesterday}).end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(sent().back().main["start_time"].as_string(), "2026-11-16T07:59:59.000000Z");
}

TEST_F(LangsmithPropagation, BaggageAndProjectAreTakenOnlyOnRequest) {
  const std::vector<HttpHeader> headers = {
      {"Langsmith-Trace", kPath},
      {"Baggage",
       "langsmith-metadata=%7B%22team%22%3A%22a%22%2C%22n%22%3A1%2C%22usage_metadata%22%3A%7B%"
       "22input_tokens%22%3A9%7D%7D,"
       "langsmith-tags=x%2Cy,langsmith-project=theirs"}};
  const SentRun plain = received(headers);
  EXPECT_EQ(plain.main["session_name"].as_string(), "demo");
  EXPECT_EQ(plain.main.find("tags"), nullptr);
  EXPECT_TRUE(plain.metadata()["team"].is_null());
  const SentRun inside = received(headers, {.baggage = true});
  EXPECT_EQ(inside.main["session_name"].as_string(), "demo");
  EXPECT_EQ(inside.main["tags"].to_text(), R"(["x","y"])");
  EXPECT_EQ(inside.metadata()["team"].as_string(), "a");
  EXPECT_EQ(inside.metadata()["n"].as_integer(), 1);
  EXPECT_TRUE(inside.metadata()["usage_metadata"].is_null()) << "no caller tells of our tokens";
  const SentRun project = received(headers, {.project = true});
  EXPECT_EQ(project.main["session_name"].as_string(), "theirs");
  EXPECT_EQ(project.main.find("tags"), nullptr);
}

// A caller sends the receiver's traces, and its key, to a server of the caller's.
TEST_F(LangsmithPropagation, ReplicasInBaggageAreNeverRead_CVE_2026_25528) {
  const std::string replicas =
      "%5B%7B%22api_url%22%3A%22https%3A%2F%2Fevil.test%22%2C%22api_key%22%3A%22evil%22%2C"
      "%22project_name%22%3A%22evil%22%2C%22updates%22%3A%7B%22reroot%22%3Atrue%7D%7D%5D";
  const SentRun run =
      received({{"langsmith-trace", kPath}, {"baggage", "langsmith-replicas=" + replicas}},
               {.baggage = true, .project = true});
  EXPECT_EQ(run.main["session_name"].as_string(), "demo");
  for (const auto& request : http->requests()) {
    EXPECT_TRUE(request.url.starts_with("https://ls.test/")) << request.url;
    std::string all = request.body;
    for (const auto& header : request.headers) all += header.name + header.value;
    EXPECT_EQ(all.find("evil"), std::string::npos);
  }
}

// A caller names a file of the receiver as an attachment, and it is read and sent.
TEST_F(LangsmithPropagation, NoHeaderMakesAFileBeRead_GHSA_f4xh_w4cj_qxq8) {
  const SentRun run =
      received({{"langsmith-trace", kPath},
                {"baggage",
                 "langsmith-metadata=%7B%22attachments%22%3A%22%2Fetc%2Fpasswd%22%7D,"
                 "langsmith-attachments=%2Fetc%2Fpasswd"}},
               {.baggage = true, .project = true});
  EXPECT_TRUE(run.attachments.empty());
  for (const auto& request : http->requests()) {
    EXPECT_EQ(request.body.find("root:"), std::string::npos);
  }
}

TEST_F(LangsmithPropagation, MalformedHeadersAreIgnored) {
  const std::string path = kPath;
  std::string long_path = path;
  while (long_path.size() < 40'000) long_path += "." + path;
  for (const std::string& value :
       {std::string(), std::string("x"), path.substr(1), path + ".", path + "x", "." + path,
        path + ",", path.substr(0, 21) + " " + path.substr(22), path + "..", long_path,
        std::string("20261116T075959000000Z019A8B00-0000-7000-8000-000000000001"),
        std::string("99999999T999999999999Z019a8b00-0000-7000-8000-000000000001"),
        std::string("20261316T075959000000Z019a8b00-0000-7000-8000-000000000001"),
        std::string(1 << 20, 'a'), std::string("\0\n\r", 3)}) {
    const SentRun run = received({{"langsmith-trace", value}}, {.baggage = true, .project = true});
    EXPECT_EQ(run.main["trace_id"].as_string(), run.id) << value.substr(0, 100);
    EXPECT_EQ(run.main.find("parent_run_id"), nullptr) << value.substr(0, 100);
  }
}

TEST_F(LangsmithPropagation, MalformedBaggageIsIgnored) {
  const std::string many(5'000, ',');
  for (const std::string& value :
       {std::string("langsmith-metadata=%7B"), std::string("langsmith-metadata=%5B1%5D"),
        std::string("langsmith-metadata"), std::string("=x"), many,
        std::string("langsmith-metadata=%"), "langsmith-metadata=" + std::string(20'000, '%')}) {
    const SentRun run =
        received({{"langsmith-trace", kPath}, {"baggage", value}}, {.baggage = true});
    EXPECT_EQ(run.main["parent_run_id"].as_string(), "019a8b00-0000-7000-8000-000000000001");
    EXPECT_EQ(run.main.find("tags"), nullptr);
  }
}

TEST_F(LangsmithPropagation, WhatBaggageBringsIsBounded) {
  std::string tags = "a";
  for (int i = 0; i < 200; ++i) tags += "%2Ct" + std::to_string(i);
  std::string metadata = "%7B%22k%22%3A%22v%22";
  for (int i = 0; i < 100; ++i) metadata += "%2C%22k" + std::to_string(i) + "%22%3A%22v%22";
  const SentRun run = received({{"langsmith-trace", kPath},
                                {"baggage", "langsmith-tags=" + tags},
                                {"baggage", "langsmith-metadata=" + metadata + "%7D"}},
                               {.baggage = true});
  EXPECT_EQ(run.main["tags"].elements().size(), 64U);
  EXPECT_EQ(run.metadata()["k"].as_string(), "v");
  EXPECT_TRUE(run.metadata()["k99"].is_null());
}

TEST_F(LangsmithPropagation, AFeedbackOnAContinuedTraceNamesNoRootThatIsNotKnown) {
  Client client(config());
  {
    const ContextScope scope(llmtrace::extract({{"langsmith-trace", kPath}}));
    const langsmith::Run run = client.start_run({.name = "server"});
    run.observation().score({.name = "s", .value = 1});
  }
  EXPECT_TRUE(client.flush(seconds(10)));
  const JsonValue feedback = parsed(requests_to("/feedback").at(0).body);
  EXPECT_EQ(feedback["run_id"].as_string(), named(sent(), "server").id);
  EXPECT_EQ(feedback.find("trace_id"), nullptr);
}

}  // namespace
}  // namespace langsmith::testing
