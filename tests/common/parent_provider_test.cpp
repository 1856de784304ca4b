// set_parent_provider: observations that stand beneath the span of a tracer that is not ours.
#include <llmtrace/observe.h>
#include <llmtrace/propagation.h>

#include <atomic>
#include <stdexcept>
#include <thread>

#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

constexpr char kTrace[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kSpan[] = "b7ad6b7169203331";
const std::string kHost = "00-" + std::string(kTrace) + "-" + kSpan + "-01";

class ParentProviderTest : public TransportTest {
 protected:
  ~ParentProviderTest() override { set_parent_provider(nullptr); }

  static std::string parent_of(const Observation& observation) {
    const Record& record = observation.cell()->record;
    return record.has_parent ? to_hex(record.parent_span_id) : "";
  }
  static std::string header(const std::vector<HttpHeader>& headers, std::string_view name) {
    for (const HttpHeader& candidate : headers) {
      if (candidate.name == name) return candidate.value;
    }
    return {};
  }

  Target target{make_transport(), line_destination("t", "http://t")};
};

TEST_F(ParentProviderTest, ARootIsAChildOfTheHostsSpan) {
  set_parent_provider([] { return kHost; });

  const Observation root = start_observation({.name = "x"});

  EXPECT_EQ(root.trace_id(), kTrace);
  EXPECT_EQ(parent_of(root), kSpan);
}

TEST_F(ParentProviderTest, SoIsWhatOBSERVEStarts) {
  set_parent_provider([] { return kHost; });

  OBSERVE();

  EXPECT_EQ(current_observation().trace_id(), kTrace);
}

TEST_F(ParentProviderTest, AChildOfOursIsNot) {
  int asked = 0;
  set_parent_provider([&] {
    ++asked;
    return kHost;
  });
  const Observation root = start_observation({.name = "x"});
  const auto inside = root.activate();

  const Observation child = start_observation({.name = "y"});

  EXPECT_EQ(parent_of(child), root.id());
  EXPECT_EQ(child.trace_id(), kTrace);
  EXPECT_EQ(asked, 1);
}

TEST_F(ParentProviderTest, IncomingHeadersComeFirst) {
  set_parent_provider([] { return kHost; });
  const ContextScope scope(
      extract({{"traceparent", "00-11111111111111111111111111111111-2222222222222222-01"}}));

  EXPECT_EQ(parent_of(start_observation({.name = "x"})), "2222222222222222");
}

TEST_F(ParentProviderTest, TheHostsTraceStateIsHandedOn) {
  set_parent_provider([] { return ParentContext(kHost, "a=1,b=2"); });
  const Observation root = start_observation({.name = "x"});

  const auto headers = inject(root.span({.name = "y"}));

  EXPECT_EQ(header(headers, "tracestate"), "a=1,b=2");
  EXPECT_EQ(header(headers, "traceparent").substr(0, 35), kHost.substr(0, 35));
}

TEST_F(ParentProviderTest, WhatNamesNoSpanIsNoParent) {
  for (const std::string& said :
       {std::string(), std::string("00-00000000000000000000000000000000-0000000000000000-00"),
        std::string("nonsense"), "ff" + kHost.substr(2)}) {
    set_parent_provider([said] { return ParentContext(said, "a=1"); });
    const Observation root = start_observation({.name = "x"});
    EXPECT_EQ(parent_of(root), "") << said;
    EXPECT_NE(root.trace_id(), kTrace) << said;
    EXPECT_EQ(header(inject(root), "tracestate"), "") << said;
  }
  EXPECT_EQ(target.stats().user_code_failures, 0U);
}

TEST_F(ParentProviderTest, OneThatThrowsIsCountedAndTheObservationStarts) {
  set_parent_provider([]() -> ParentContext { throw std::runtime_error("no tracer"); });
  EXPECT_EQ(parent_of(start_observation({.name = "x"})), "");
  set_parent_provider([]() -> ParentContext { throw 7; });
  EXPECT_EQ(parent_of(start_observation({.name = "y"})), "");

  EXPECT_EQ(target.stats().user_code_failures, 2U);
  ASSERT_EQ(log->lines().size(), 1U) << "at most one a second";
  EXPECT_NE(log->lines().front().find("set_parent_provider"), std::string::npos);

  set_parent_provider([] { return kHost; });
  EXPECT_EQ(parent_of(start_observation({.name = "z"})), kSpan) << "it goes on being asked";
}

TEST_F(ParentProviderTest, OneThatIsTakenAwayIsNotAsked) {
  set_parent_provider([] { return kHost; });
  set_parent_provider(nullptr);

  EXPECT_EQ(parent_of(start_observation({.name = "x"})), "");
}

TEST_F(ParentProviderTest, WhatAProviderItselfTracesHasNoParentOfItsOwn) {
  std::string inner;
  set_parent_provider([&] {
    inner = parent_of(start_observation({.name = "inner"}));
    return kHost;
  });

  EXPECT_EQ(parent_of(start_observation({.name = "x"})), kSpan);
  EXPECT_EQ(inner, "");
}

TEST_F(ParentProviderTest, NobodyIsAskedWhenNothingIsRecorded) {
  bool asked = false;
  set_parent_provider([&] {
    asked = true;
    return kHost;
  });
  const auto quiet = suppress();

  EXPECT_FALSE(start_observation({.name = "x"}));
  EXPECT_FALSE(asked);
}

TEST_F(ParentProviderTest, IsAskedOnTheThreadThatStarts) {
  thread_local std::string current;
  set_parent_provider([] { return current; });
  current = kHost;
  std::string there = "not run";

  std::thread([&] { there = parent_of(start_observation({.name = "x"})); }).join();

  EXPECT_EQ(there, "");
  EXPECT_EQ(parent_of(start_observation({.name = "x"})), kSpan);
}

TEST_F(ParentProviderTest, MayBeExchangedWhileOthersStart) {
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.emplace_back([&] {
      while (!stop.load()) {
        const std::string parent = parent_of(start_observation({.name = "x"}));
        if (parent != "" && parent != kSpan) ++wrong;
      }
    });
  }
  for (int i = 0; i < 200; ++i) {
    const auto said = std::make_shared<std::string>(kHost);
    set_parent_provider([said] { return *said; });
    set_parent_provider(nullptr);
  }
  stop = true;
  for (std::thread& thread : threads) thread.join();

  EXPECT_EQ(wrong, 0);
}

// ---- whether a trace that came from outside is kept

class RemoteSampling : public TransportTest {
 protected:
  static DestinationOptions following(double rate = 1) {
    DestinationOptions options = line_destination("following", "http://f");
    options.follows_remote_sampling = true;
    options.sample_rate = rate;
    return options;
  }
  static std::vector<std::string> kept_by(const Observation& observation) {
    std::vector<std::string> names;
    for (const auto& destination : observation.cell()->destinations_->destinations()) {
      names.push_back(destination->options().name);
    }
    return names;
  }
  static std::vector<HttpHeader> headers(const char* flags) {
    return {{"traceparent", kHost.substr(0, 53) + flags}};
  }
  using Names = std::vector<std::string>;
  const std::shared_ptr<Transport> transport = make_transport();
};

TEST_F(RemoteSampling, GovernsThoseThatFollowItAndNoOther) {
  const Target own(transport, line_destination("own", "http://o"));
  const Target follows(transport, following());
  {
    const ContextScope scope(extract(headers("00")));
    const Observation root = start_observation({.name = "x"});
    EXPECT_EQ(kept_by(root), Names{"own"});
    EXPECT_EQ(kept_by(root.span({.name = "below"})), Names{"own"});
  }
  const ContextScope scope(extract(headers("01")));
  EXPECT_EQ(kept_by(start_observation({.name = "x"})), (Names{"own", "following"}));
}

TEST_F(RemoteSampling, StandsAboveARateOfItsOwn) {
  const Target own(transport, line_destination("own", "http://o"));
  const Target follows(transport, following(0));
  EXPECT_EQ(kept_by(start_observation({.name = "x"})), Names{"own"});
  const ContextScope scope(extract(headers("01")));
  EXPECT_EQ(kept_by(start_observation({.name = "x"})), (Names{"own", "following"}));
}

TEST_F(RemoteSampling, OfTheHostsTracerToo) {
  const Target own(transport, line_destination("own", "http://o"));
  const Target follows(transport, following());
  set_parent_provider([] { return kHost.substr(0, 53) + "00"; });
  EXPECT_EQ(kept_by(start_observation({.name = "x"})), Names{"own"});
  set_parent_provider(nullptr);
  EXPECT_EQ(kept_by(start_observation({.name = "x"})), (Names{"own", "following"}));
}

TEST_F(RemoteSampling, WithNobodyElseThereIsNothingToRecord) {
  const Target follows(transport, following());
  const ContextScope scope(extract(headers("00")));
  const Observation root = start_observation({.name = "x"});
  EXPECT_FALSE(root);
  const auto written = inject(root);
  ASSERT_EQ(written.size(), 1U);
  EXPECT_EQ(written.front().value.substr(53), "00");
}

TEST_F(RemoteSampling, WhatWasNotSampledIsHandedOnAsSuch) {
  const Target own(transport, line_destination("own", "http://o"));
  const ContextScope scope(extract(headers("00")));
  const auto written = inject(start_observation({.name = "x"}));
  EXPECT_EQ(written.front().value.substr(53), "00");
}

}  // namespace
}  // namespace llmtrace::tests
