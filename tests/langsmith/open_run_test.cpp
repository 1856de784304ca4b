// Runs that are shown while they are open: a post first, a patch at the end, in that order, or once
// and complete.
#include <gtest/gtest.h>
#include <langfuse/client.h>
#include <llmtrace/observe.h>
#include <rapidcheck/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <deque>
#include <map>
#include <thread>

#include "tests/langsmith/langsmith_fixture.h"

namespace langsmith::testing {
namespace {

using llmtrace::DropReason;
using Request = FakeHttpClient::Request;

class OpenRunTest : public LangsmithTest {
 protected:
  static std::vector<std::string> operations_of(const std::vector<SentRun>& runs,
                                                const std::string& id) {
    std::vector<std::string> operations;
    for (const SentRun& run : runs) {
      if (run.id != id) continue;
      const bool ended = run.main.find("end_time") != nullptr;
      operations.push_back(run.operation + (ended ? " ended" : " open"));
    }
    return operations;
  }
  // An open run that the server has.
  langsmith::Run posted(Client& client) {
    const std::size_t before = http->request_count();
    langsmith::Run run = client.start_run({.name = "open"});
    client.flush(milliseconds(0));
    clock->advance(seconds(1));
    EXPECT_TRUE(http->wait_for_requests(before + 2));  // /info is the first
    EXPECT_TRUE(http->wait_idle());
    return run;
  }
  using Operations = std::vector<std::string>;
  const Operations complete{"post ended"};
  const Operations in_two{"post open", "patch ended"};
};

TEST_F(OpenRunTest, AShortRunGoesOnceAndComplete) {
  Client client(config());
  const langsmith::Run run = client.start_run({.name = "short"});
  clock->advance(milliseconds(900));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(http->request_count(), 0U);
  run.end();
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(operations_of(sent(), run.id()), complete);
}

TEST_F(OpenRunTest, ALongOneIsPostedAndPatched) {
  Client client(config());
  const langsmith::Run run = client.start_run({.name = "long",
                                               .inputs = {{"q", 1}},
                                               .tags = {"t"},
                                               .attachments = {{"a", "text/plain", "bytes"}}});
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(1'001));
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(300));
  ASSERT_TRUE(http->wait_for_requests(2));
  run.end({.outputs = {{"a", 2}}});
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto runs = sent();
  ASSERT_EQ(operations_of(runs, run.id()), in_two);
  EXPECT_EQ(runs[0]["inputs"].to_text(), R"({"q":1})");
  EXPECT_EQ(runs[0].main["tags"].to_text(), R"(["t"])");
  EXPECT_EQ(runs[1].fields.count("inputs"), 0U) << "the server has them";
  EXPECT_EQ(runs[1]["outputs"].to_text(), R"({"a":2})");
  EXPECT_EQ(runs[1].main["dotted_order"].to_text(), runs[0].main["dotted_order"].to_text());
  EXPECT_EQ(runs[0].attachments.size() + runs[1].attachments.size(), 1U) << "sent once";
  EXPECT_EQ(client.stats().submitted, 1U) << "post and patch are one item";
  EXPECT_EQ(client.stats().delivered, 1U);
}

TEST_F(OpenRunTest, AGivenStartTimeMakesNoRunLong) {
  Client client(config());
  const langsmith::Run run =
      client.start_run({.name = "backfill", .start_time = clock->now() - hours(3)});
  ASSERT_TRUE(http->wait_idle());
  clock->advance(milliseconds(500));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(http->request_count(), 0U);
  run.end();
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(operations_of(sent(), run.id()), complete);
}

TEST_F(OpenRunTest, InputsThatChangedAreInThePatch) {
  Client client(config());
  const langsmith::Run run = client.start_run({.name = "x", .inputs = {{"q", 1}}});
  client.flush(seconds(10));
  ASSERT_TRUE(http->wait_for_requests(2));
  run.end({.inputs = {{"q", 2}}});
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(sent().at(1)["inputs"].to_text(), R"({"q":2})");
}

// OBSERVE's arguments are written after the observation has started.
TEST_F(OpenRunTest, ArgumentsThatCameAfterThePostAreInThePatch) {
  Client client(config());
  const auto slow = [&] {
    client.flush(milliseconds(0));
    EXPECT_TRUE(http->wait_for_requests(2));  // /info, and the post
    return "late";
  };
  const auto observed = [&] { OBSERVE(slow()); };
  observed();
  EXPECT_TRUE(client.flush(seconds(10)));

  const SentRun patch = named(sent(), "operator()");
  EXPECT_EQ(operations_of(sent(), patch.id), in_two);
  EXPECT_EQ(sent().back()["inputs"].to_text(), "{\"slow()\":\"late\"}");
}

// Every second draw would tear the trace apart.
TEST_F(OpenRunTest, IsDrawnOnceInATraceThatAnotherVendorKeeps) {
  Config half = config();
  half.sample_rate = 0.5;
  Client client(half);
  langfuse::Config other;
  other.public_key = "pk";
  other.secret_key = llmtrace::Secret("sk");
  other.base_url = "https://langfuse.test";
  other.transport = half.transport;
  langfuse::Client langfuse(other);
  for (int i = 0; i < 100; ++i) {
    OBSERVE_WITH(.name = "root");
    const langsmith::Run run = client.start_run({.name = "inside"});
    run.start_run({.name = "below"}).end();
  }
  EXPECT_TRUE(llmtrace::flush(seconds(10)));

  std::map<std::string, int> runs_of;
  for (const SentRun& run : sent()) ++runs_of[run.main["trace_id"].as_string()];
  EXPECT_GT(runs_of.size(), 20U);
  EXPECT_LT(runs_of.size(), 80U);
  for (const auto& [trace, count] : runs_of) EXPECT_EQ(count, 3) << trace;
}

TEST_F(OpenRunTest, AFlushPostsWhatIsOpen) {
  Client client(config());
  const langsmith::Run run = client.start_run({.name = "young"});
  EXPECT_TRUE(client.flush(seconds(10)));
  clock->advance(milliseconds(300));
  ASSERT_TRUE(http->wait_for_requests(2));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(operations_of(sent(), run.id()), Operations{"post open"});
  EXPECT_EQ(client.stats().submitted, 0U);
  run.end();
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(operations_of(sent(), run.id()), in_two);
}

TEST_F(OpenRunTest, SwitchedOffNothingIsPosted) {
  Config at_end = config();
  at_end.post_open_runs_after = milliseconds(0);
  Client client(at_end);
  const langsmith::Run run = client.start_run({.name = "x"});
  clock->advance(hours(1));
  client.flush(seconds(10));
  EXPECT_EQ(http->request_count(), 0U);
  run.end();
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(operations_of(sent(), run.id()), complete);
}

TEST_F(OpenRunTest, AnEndWaitsForTheVerdictOfThePost) {
  http->respond([](const Request& request) {
    return request.url.ends_with("/info") ? std::optional(reply_with(200, kInfo)) : std::nullopt;
  });
  Client client(config());
  const langsmith::Run run = client.start_run({.name = "x"});
  client.flush(milliseconds(0));
  clock->advance(seconds(1));
  ASSERT_TRUE(http->wait_for_requests(2));
  run.end();
  client.flush(milliseconds(0));
  clock->advance(seconds(5));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(http->request_count(), 2U) << "no patch before the post's verdict";
  EXPECT_EQ(client.stats().in_memory, 1U);
  serve({});
  http->answer(1, reply_with(202));
  ASSERT_TRUE(settle(client));
  EXPECT_EQ(operations_of(sent(), run.id()), in_two);
}

TEST_F(OpenRunTest, WhenThePostWasDroppedTheEndIsAWholeRun) {
  for (const int status : {400, 401, 422}) {
    serve([status](const Request& request) {
      const bool ended = request.body.find("end_time") != std::string::npos;
      return std::optional(reply_with(ended ? 202 : status));
    });
    Client client(config());
    const langsmith::Run run = client.start_run({.name = "x", .inputs = {{"q", 1}}});
    const std::size_t before = http->request_count();
    client.flush(seconds(10));
    clock->advance(seconds(1));
    ASSERT_TRUE(http->wait_for_requests(before + 2));
    ASSERT_TRUE(http->wait_idle());
    run.end();
    EXPECT_TRUE(client.flush(seconds(10))) << status;
    EXPECT_EQ(operations_of(sent(), run.id()), (Operations{"post open", "post ended"})) << status;
    EXPECT_EQ(sent().back()["inputs"].to_text(), R"({"q":1})");
    EXPECT_EQ(client.stats().submitted, 1U);
    EXPECT_EQ(client.stats().delivered, 1U);
    EXPECT_EQ(client.stats().dropped_total(), 0U) << "a post is no item of its own";
  }
}

TEST_F(OpenRunTest, ARefusedPatchAfterAnAcceptedPostIsOneDroppedItem) {
  for (const int status : {400, 401, 422}) {
    serve([status](const Request& request) {
      const bool patch = request.body.find("name=\"patch.") != std::string::npos;
      return std::optional(reply_with(patch ? status : 202, "no"));
    });
    const std::size_t before = errors().size();
    Client client(config());
    const langsmith::Run run = posted(client);
    client.start_run({.name = "beside"}).end();
    run.end();
    EXPECT_FALSE(client.flush(seconds(10))) << status;
    EXPECT_EQ(client.stats().submitted, 2U) << status;
    EXPECT_EQ(client.stats().dropped_total(), status == 401 ? 2U : 1U) << status;
    EXPECT_EQ(client.stats().in_memory, 0U) << status;
    ASSERT_EQ(errors().size(), before + 1) << status;
    const std::vector<std::string> ids = errors().back().ids;
    EXPECT_NE(std::find(ids.begin(), ids.end(), run.id()), ids.end()) << status;
    expect_conserved(client);
  }
}

TEST_F(OpenRunTest, APatchThatMeetsTheFallbackIsAPatchThereToo) {
  Client client(config());
  const langsmith::Run run = posted(client);
  serve([](const Request& request) {
    return std::optional(reply_with(request.url.ends_with("/runs/multipart") ? 404 : 202));
  });
  run.add_attachment({"page", "image/png", "bytes"});
  run.end({.outputs = {{"a", 2}}});
  client.start_run({.name = "beside"}).end();
  EXPECT_TRUE(client.flush(seconds(10)));
  const JsonValue body = parsed(requests_to("/runs/batch").at(0).body);
  ASSERT_EQ(body["patch"].elements().size(), 1U);
  EXPECT_EQ(body["post"].elements().size(), 1U);
  const JsonValue& patch = body["patch"].elements()[0];
  EXPECT_EQ(patch["id"].as_string(), run.id());
  EXPECT_EQ(patch["outputs"].to_text(), R"({"a":2})");
  EXPECT_EQ(patch["extra"]["metadata"]["attachments_left_out"].to_text(), R"(["page"])");
  EXPECT_EQ(client.stats().delivered, 2U);
}

TEST_F(OpenRunTest, APatchInABatchThatIsTooLargeIsSplitAndCutLikeARun) {
  Client client(config());
  const langsmith::Run run = posted(client);
  serve([](const Request& request) {
    return std::optional(reply_with(request.body.size() > 200'000 ? 413 : 202));
  });
  for (int i = 0; i < 20; ++i) {
    client.start_run({.name = "beside", .inputs = std::string(20'000, 'x')}).end();
  }
  run.end({.outputs = {{"a", std::string(600'000, 'y')}}});
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(client.stats().delivered, 21U);
  EXPECT_EQ(client.stats().truncated_items, 1U);
  bool is_patched = false;
  for (const auto& request : requests_to("/runs/multipart")) {
    if (request.body.size() > 200'000) continue;
    for (const SentRun& sent_run : runs_in(request)) {
      is_patched = is_patched || (sent_run.id == run.id() && sent_run.operation == "patch");
    }
  }
  EXPECT_TRUE(is_patched);
}

// Posts, patches and feedback in one batch, of which one run is refused, or which no server
// answers.
TEST_F(OpenRunTest, WhatIsMixedInABatchSharesNoFate) {
  for (const int status : {0, 503, 413, 422}) {
    Client client(config());
    const langsmith::Run open = posted(client);
    // Under the fake client's lock; it serves the next round's start, too.
    const auto answered = std::make_shared<bool>(false);
    serve([answered, status](const Request& request) {
      if (status == 422) {
        const bool bad = request.body.find("\"poisoned\"") != std::string::npos;
        return std::optional(reply_with(bad ? 422 : 202));
      }
      if (!request.url.ends_with("/runs/multipart") || std::exchange(*answered, true)) {
        return std::optional(reply_with(202));
      }
      return std::optional(status == 0 ? no_reply(true) : reply_with(status));
    });
    open.end();
    const langsmith::Run whole = client.start_run({.name = "whole"});
    whole.end();
    for (int i = 0; i < 3; ++i) {
      EXPECT_NE(open.create_feedback({.key = "k", .score = i}), "");
      EXPECT_NE(whole.create_feedback({.key = "k", .score = i}), "");
    }
    if (status == 422) client.start_run({.name = "poisoned"}).end();
    ASSERT_TRUE(settle(client)) << status;
    EXPECT_EQ(client.stats().delivered, 8U) << status << log->text();
    EXPECT_EQ(client.stats().dropped_total(), status == 422 ? 1U : 0U) << status;
    expect_conserved(client);
  }
}

TEST_F(OpenRunTest, EndsOnAnotherThread) {
  Client client(config());
  std::vector<langsmith::Run> runs;
  for (int i = 0; i < 50; ++i) runs.push_back(client.start_run({.name = "x"}));
  clock->advance(seconds(2));
  std::thread other([&] {
    for (const langsmith::Run& run : runs) run.end();
  });
  other.join();
  EXPECT_TRUE(client.flush(seconds(10)));
  const auto all = sent();
  for (const langsmith::Run& run : runs) {
    const Operations operations = operations_of(all, run.id());
    EXPECT_TRUE(operations == complete || operations == in_two);
  }
  EXPECT_EQ(client.stats().delivered, 50U);
}

TEST_F(OpenRunTest, AnotherVendorGetsTheSameOnceAtItsEnd) {
  Client client(config());
  const langfuse::Client other({.public_key = "pk-lf-1",
                                .secret_key = "sk-lf-1",
                                .base_url = "https://langfuse.test",
                                .transport = transport});
  {
    OBSERVE();
    ASSERT_TRUE(http->wait_idle());
    clock->advance(seconds(2));
    ASSERT_TRUE(http->wait_idle());
    clock->advance(seconds(1));
    ASSERT_TRUE(http->wait_for_requests(1));
    clock->advance(seconds(2));
    ASSERT_TRUE(http->wait_idle());
    for (const auto& request : http->requests()) {
      EXPECT_EQ(request.url.find("langfuse.test"), std::string::npos) << "it waits for the end";
    }
  }
  EXPECT_TRUE(llmtrace::flush(seconds(10)));
  EXPECT_EQ(operations_of(sent(), sent().at(0).id), in_two);
  EXPECT_EQ(other.stats().delivered, 1U);
  EXPECT_EQ(other.stats().submitted, 1U);
}

TEST_F(OpenRunTest, AShutdownWithOpenRunsIsCleanAndTheirEndIsCounted) {
  auto client = std::make_unique<Client>(config());
  const langsmith::Run run = client->start_run({.name = "x"});
  EXPECT_TRUE(client->shutdown(seconds(10)));
  run.end();
  EXPECT_EQ(client->stats().dropped_by(DropReason::ClientClosed), 1U);
  expect_conserved(*client);
  client.reset();
  const langsmith::Run orphan;
  orphan.end();
}

TEST_F(OpenRunTest, AForkedChildPostsNothingOfItsParents) {
  Client client(config());
  const langsmith::Run run = client.start_run({.name = "x"});
  const pid_t child = ::fork();
  if (child == 0) {
    ::alarm(20);
    const langsmith::Run below = run.start_run({.name = "below"});
    run.end();
    ::_exit(client.stats().dropped_by(DropReason::Forked) == 1 ? 0 : 1);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_EQ(status, 0);
  run.end();
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(operations_of(sent(), run.id()), complete);
}

// What a server keeps of a run, whatever happens: one complete post, or a post and then a patch.
class OpenRunProperty : public OpenRunTest {
 public:
  void TestBody() override {}

  void run_once() {
    const auto failures =
        *rc::gen::container<std::vector<int>>(rc::gen::element(0, 0, 0, 503, 429));
    const auto steps = *rc::gen::container<std::vector<int>>(30, rc::gen::inRange(0, 1200));
    std::size_t next = 0;
    std::vector<std::pair<std::string, std::string>> kept;  // under the fake client's lock
    serve([&](const Request& request) {
      const int status = next < failures.size() ? failures[next++] : 0;
      if (status != 0) return std::optional(reply_with(status));
      for (const SentRun& run : runs_in(request)) {
        const bool ended = run.main.find("end_time") != nullptr;
        kept.emplace_back(run.id, run.operation + (ended ? " ended" : " open"));
      }
      return std::optional(reply_with(202));
    });
    Client client(config());
    std::vector<std::string> ids;
    std::mutex mutex;
    std::deque<langsmith::Run> open;  // of all threads: mostly another one ends what one starts
    const auto end_oldest = [&] {
      langsmith::Run run;
      {
        const std::lock_guard lock(mutex);
        if (open.empty()) return false;
        run = std::move(open.front());
        open.pop_front();
        ids.push_back(run.id());
      }
      run.end();
      return true;
    };
    const auto work = [&](int number) {
      for (std::size_t i = 0; i < steps.size(); ++i) {
        if ((steps[i] + number) % 3 == 0) {
          langsmith::Run run = client.start_run({.name = "x"});
          const std::lock_guard lock(mutex);
          open.push_back(std::move(run));
        }
        if ((steps[i] + number) % 4 == 0) end_oldest();
        clock->advance(milliseconds(steps[i] / 8));
      }
    };
    constexpr int kThreads = 8;
    std::vector<std::thread> threads;
    for (int number = 0; number < kThreads; ++number) threads.emplace_back(work, number);
    for (std::thread& thread : threads) thread.join();
    while (end_oldest()) {
    }
    RC_ASSERT(settle(client));
    RC_ASSERT(client.stats().submitted == ids.size());
    RC_ASSERT(client.stats().delivered == ids.size());
    RC_ASSERT(client.shutdown(seconds(10)));
    for (const std::string& id : ids) {
      Operations operations;
      for (const auto& [run, operation] : kept) {
        if (run == id) operations.push_back(operation);
      }
      RC_ASSERT(operations == complete || operations == in_two);
    }
  }
};

RC_GTEST_PROP(OpenRuns, AreSeenOnceOrInTheRightOrder, ()) { OpenRunProperty().run_once(); }

}  // namespace
}  // namespace langsmith::testing
