// The client itself: its calls to the server, several at once, scopes, and its end.
#include <llmtrace/observe.h>
#include <llmtrace/propagation.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "tests/langfuse/langfuse_fixture.h"

namespace langfuse::testing {
namespace {

using llmtrace::DropReason;

constexpr char kProjects[] = R"({"data":[{"id":"proj-1","name":"demo"}]})";

class ClientTest : public LangfuseTest {
 protected:
  // Everything that the server of `host` got, as one text.
  std::string received_by(std::string_view host) const {
    std::string all;
    for (const auto& request : http->requests()) {
      if (request.url.find(host) != std::string::npos) all += request.body;
    }
    return all;
  }
  Config tenant(const std::string& host) {
    Config tenant = config();
    tenant.base_url = "https://" + host;
    tenant.encoding = Encoding::Json;
    return tenant;
  }
};

void observed(const std::string& prompt) { OBSERVE(prompt); }

TEST_F(ClientTest, ChecksTheKeys) {
  Client client(config());
  http->respond(reply_with(200, kProjects));
  const auto good = client.auth_check();
  ASSERT_TRUE(good);
  EXPECT_TRUE(*good);
  EXPECT_EQ(http->requests().at(0).method, "GET");
  EXPECT_EQ(http->requests().at(0).url, "https://langfuse.test/api/public/projects");
  EXPECT_EQ(http->requests().at(0).header("Authorization").substr(0, 6), "Basic ");
}

TEST_F(ClientTest, TellsWrongKeysFromOtherTrouble) {
  Client client(config());
  for (const int status : {401, 403}) {
    http->respond(reply_with(status));
    const auto wrong = client.auth_check();
    ASSERT_TRUE(wrong) << status;
    EXPECT_FALSE(*wrong) << status;
  }
  for (const auto& reply :
       {reply_with(500), reply_with(200, "<html>"), reply_with(200, R"({"data":[]})"),
        no_reply(true), reply_with(302, "", {{"Location", "https://x"}})}) {
    http->respond(reply);
    const auto trouble = client.auth_check();
    EXPECT_FALSE(trouble);
    EXPECT_FALSE(trouble.error().message.empty());
    EXPECT_EQ(trouble.error().message.find("canary"), std::string::npos) << trouble.error().message;
  }
}

TEST_F(ClientTest, LinksToATrace) {
  Client client(config());
  http->respond(reply_with(200, kProjects));
  const std::string id = "0123456789abcdef0123456789abcdef";

  EXPECT_EQ(*client.trace_url(id), "https://langfuse.test/project/proj-1/traces/" + id);
  EXPECT_EQ(*client.trace_url("order-42"),
            "https://langfuse.test/project/proj-1/traces/" + create_trace_id("order-42"));
  EXPECT_EQ(http->request_count(), 1U) << "the project is asked for once";
}

TEST_F(ClientTest, LinksToNoTraceThatIsNone) {
  Client client(config());
  http->respond(reply_with(200, kProjects));

  const auto link = client.trace_url("");

  ASSERT_FALSE(link);
  EXPECT_NE(link.error().message.find("empty"), std::string::npos);
  EXPECT_EQ(http->request_count(), 0U);
}

// Its fetch is answered only when a second one is under way, or after five seconds.
class PairingHttpClient final : public llmtrace::HttpClient {
 public:
  void send(std::uint64_t, const llmtrace::HttpRequest&) override {}
  std::vector<llmtrace::HttpReply> poll(milliseconds) override {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, milliseconds(10), [] { return false; });
    return {};
  }
  void cancel(std::uint64_t) noexcept override {}
  void wakeup() noexcept override {}
  llmtrace::HttpReply fetch(const llmtrace::HttpRequest&) override {
    std::unique_lock lock(mutex_);
    ++fetches_;
    changed_.notify_all();
    paired_ = changed_.wait_for(lock, seconds(5), [this] { return fetches_ > 1; }) || paired_;
    return reply_with(200, kProjects);
  }
  bool paired() {
    const std::lock_guard lock(mutex_);
    return paired_;
  }

 private:
  std::mutex mutex_;  // guards the members below
  std::condition_variable changed_;
  int fetches_ = 0;
  bool paired_ = false;
};

TEST_F(ClientTest, NobodyWaitsForAnothersQuestion) {
  const auto pairing = std::make_shared<PairingHttpClient>();
  transport = llmtrace::Transport::create({.http_client = pairing});
  Client client(config());
  std::thread other([&] { EXPECT_TRUE(client.auth_check()); });

  EXPECT_TRUE(client.trace_url("order-42"));
  other.join();

  EXPECT_TRUE(pairing->paired());
}

TEST_F(ClientTest, ScoresTheCurrentTraceWhenItComesHere) {
  Config quiet = tenant("second.test");
  quiet.observe = false;
  Client first(tenant("first.test"));
  Client second(quiet);
  {
    const auto scope = llmtrace::propagate({.environment = "canary"});
    const Observation span = first.span({.name = "x"});
    const auto inside = span.activate();
    first.score_current_trace({.name = "mine", .value = 1});
    second.score_current_trace({.name = "not mine", .value = 1});
  }
  first.score_current_trace({.name = "nothing is current", .value = 1});
  EXPECT_TRUE(llmtrace::flush(seconds(10)));

  EXPECT_EQ(first.stats().submitted, 2U);
  EXPECT_EQ(second.stats().submitted, 0U);
  EXPECT_NE(received_by("first.test").find(R"("environment":"canary")"), std::string::npos)
      << received_by("first.test");
}

TEST_F(ClientTest, EveryLiveClientGetsWhatIsObserved) {
  Client first(tenant("first.test"));
  Client second(tenant("second.test"));
  observed("to both");
  EXPECT_TRUE(llmtrace::flush(seconds(10)));

  EXPECT_NE(received_by("first.test").find("to both"), std::string::npos);
  EXPECT_NE(received_by("second.test").find("to both"), std::string::npos);
}

TEST_F(ClientTest, AClientMayStayOutOfIt) {
  Config quiet = tenant("quiet.test");
  quiet.observe = false;
  Client first(tenant("first.test"));
  Client second(quiet);
  observed("not for all");
  second.span({.name = "by hand"}).end();
  EXPECT_TRUE(llmtrace::flush(seconds(10)));

  EXPECT_EQ(received_by("quiet.test").find("not for all"), std::string::npos);
  EXPECT_NE(received_by("quiet.test").find("by hand"), std::string::npos);
  EXPECT_EQ(received_by("first.test").find("by hand"), std::string::npos);
}

TEST_F(ClientTest, OneTenantsPromptsNeverGoToAnother) {
  Client first(tenant("first.test"));
  Client second(tenant("second.test"));
  const auto work = [](Client& client, const std::string& secret) {
    for (int i = 0; i < 200; ++i) {
      auto scope = client.activate();
      observed(secret);
      const Trace trace = client.trace({.name = "t", .input = secret});
      auto inside = trace.activate();
      observed(secret);
      llmtrace::score_current({.name = "s", .value = 1, .comment = secret});
    }
  };
  std::thread one([&] { work(first, "secret-of-first"); });
  std::thread two([&] { work(second, "secret-of-second"); });
  one.join();
  two.join();
  EXPECT_TRUE(llmtrace::flush(seconds(10)));

  EXPECT_NE(received_by("first.test").find("secret-of-first"), std::string::npos);
  EXPECT_NE(received_by("second.test").find("secret-of-second"), std::string::npos);
  EXPECT_EQ(received_by("first.test").find("secret-of-second"), std::string::npos);
  EXPECT_EQ(received_by("second.test").find("secret-of-first"), std::string::npos);
  EXPECT_EQ(first.stats().delivered, 800U);
  EXPECT_EQ(second.stats().delivered, 800U);
}

TEST_F(ClientTest, TheProcessesMaskRunsFirstThenTheClients) {
  const auto appending = [](const std::string& mark) {
    return [mark](llmtrace::JsonText value, llmtrace::Field) {
      if (value.text.ends_with('"')) value.text.insert(value.text.size() - 1, mark);
      return value;
    };
  };
  Config masked = tenant("first.test");
  masked.mask = appending("+client");
  Client first(masked);
  Client second(tenant("second.test"));
  llmtrace::set_mask(appending("+process"));
  llmtrace::start_observation({.name = "x", .input = "text"}).end();
  EXPECT_TRUE(llmtrace::flush(seconds(10)));
  llmtrace::set_mask({});

  EXPECT_NE(received_by("first.test").find("text+process+client"), std::string::npos);
  EXPECT_NE(received_by("second.test").find("text+process"), std::string::npos);
  EXPECT_EQ(received_by("second.test").find("+client"), std::string::npos);
}

TEST_F(ClientTest, UsesItsOwnKeys) {
  Config other = tenant("second.test");
  other.public_key = "pk-other";
  other.secret_key = "sk-other";
  Client first(tenant("first.test"));
  Client second(other);
  observed("x");
  EXPECT_TRUE(llmtrace::flush(seconds(10)));

  ASSERT_EQ(http->request_count(), 2U);
  for (const auto& request : http->requests()) {
    const bool is_first = request.url.find("first.test") != std::string::npos;
    EXPECT_EQ(request.header("x-langfuse-public-key"), is_first ? "pk-lf-1234" : "pk-other");
  }
}

TEST_F(ClientTest, WhatEndsAfterItsClientIsCountedAndGoesNowhere) {
  auto client = std::make_unique<Client>(tenant("first.test"));
  Client second(tenant("second.test"));
  const Observation open = client->span({.name = "open"});
  EXPECT_TRUE(client->shutdown(seconds(10)));

  open.end();
  client->span({.name = "later"}).end();
  client->score({.name = "s", .value = 1, .trace_id = "t"});
  EXPECT_EQ(client->stats().dropped_by(DropReason::ClientClosed), 3U);
  EXPECT_EQ(client->stats().in_memory, 0U);
  client.reset();
  observed("after");
  EXPECT_TRUE(second.flush(seconds(10)));

  EXPECT_EQ(received_by("first.test"), "");
  EXPECT_EQ(received_by("second.test").find("open"), std::string::npos);
}

TEST_F(ClientTest, TheDestructorDrains) {
  {
    Client client(config());
    client.span({.name = "last"}).end();
  }
  EXPECT_EQ(spans().named("last").name, "last");
}

TEST_F(ClientTest, TheDestructorIsBounded) {
  http->hold();
  Config impatient = config();
  impatient.shutdown_timeout = milliseconds(50);
  const auto start = std::chrono::steady_clock::now();
  {
    Client client(impatient);
    client.span({.name = "stuck"}).end();
  }
  EXPECT_LT(std::chrono::steady_clock::now() - start, seconds(5));
  EXPECT_EQ(errors.at(0).reason, DropReason::Shutdown);
}

TEST_F(ClientTest, SamplesTracesAsAWhole) {
  Config sampled = config();
  sampled.sample_rate = 0.3;
  Client client(sampled);
  for (int i = 0; i < 1000; ++i) {
    const Trace trace = client.trace({.name = "root"});
    const Observation child = trace.span({.name = "child"});
    child.generation({.name = "leaf"}).end();
  }
  EXPECT_TRUE(client.flush(seconds(10)));

  std::map<std::string, int> spans_of;
  for (const ReadSpan& span : spans().spans) ++spans_of[span.trace_id];
  for (const auto& [id, count] : spans_of) EXPECT_EQ(count, 3) << id;
  EXPECT_GT(spans_of.size(), 225U);  // 300 and five standard deviations
  EXPECT_LT(spans_of.size(), 375U);
}

// What starts inside a trace belongs to it, whether it is kept or not.
TEST_F(ClientTest, WhatIsInsideATraceThatIsSampledOutIsToo) {
  Config sampled = config();
  sampled.sample_rate = 0.3;
  Client client(sampled);
  Config all = config();
  all.base_url = "https://all.test";
  Client other(all);
  for (int i = 0; i < 200; ++i) {
    const Trace trace = client.trace({.name = "root", .user_id = "u"});
    const auto inside = trace.activate();
    observed("x");
    const Observation child = client.span({.name = "child"});
    const Observation below = child.span({.name = "below"});
    EXPECT_EQ(child.trace_id(), trace.trace_id());
    EXPECT_EQ(static_cast<bool>(below), static_cast<bool>(trace));
    EXPECT_EQ(static_cast<bool>(llmtrace::current_observation()), static_cast<bool>(trace));
  }
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_TRUE(other.flush(seconds(10)));

  std::map<std::string, int> spans_of;
  for (const ReadSpan& span : spans().spans) ++spans_of[span.trace_id];
  EXPECT_LT(spans_of.size(), 100U);
  for (const auto& [id, count] : spans_of) EXPECT_EQ(count, 4) << id;
  EXPECT_EQ(other.stats().submitted, 0U) << "one client's traces never go to another's project";
}

TEST_F(ClientTest, WhatIsInsideATraceOfADisabledClientGoesNowhere) {
  Config without = config();
  without.public_key = "";
  without.secret_key = {};
  without.tracing_enabled = false;
  Client disabled(without);
  Client other(config());
  {
    const Trace trace = disabled.trace({.name = "root"});
    EXPECT_FALSE(trace);
    EXPECT_TRUE(llmtrace::inject(trace.root()).empty()) << "it says nothing to other services";
    const auto inside = trace.activate();
    observed("x");
  }
  observed("y");
  EXPECT_TRUE(other.flush(seconds(10)));
  EXPECT_EQ(spans().spans.size(), 1U);
}

TEST_F(ClientTest, KeepsNothingAtRateZero) {
  Config none = config();
  none.sample_rate = 0;
  Client client(none);
  observed("x");
  EXPECT_FALSE(client.trace({.name = "t"}));
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(http->request_count(), 0U);
}

TEST_F(ClientTest, AMovedClientGoesOn) {
  Client first(config());
  Client second(std::move(first));
  second.span({.name = "moved"}).end();
  EXPECT_TRUE(second.flush(seconds(10)));
  EXPECT_EQ(spans().named("moved").name, "moved");
}

}  // namespace
}  // namespace langfuse::testing
