// `inject` and `extract`: what is written, what is read, and what is not.
#include <llmtrace/propagation.h>

#include "common/src/propagator.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

constexpr char kTrace[] = "0af7651916cd43dd8448eb211c80319c";
constexpr char kSpan[] = "b7ad6b7169203331";

class Propagation : public TransportTest {
 protected:
  static std::string header(const std::vector<HttpHeader>& headers, std::string_view name) {
    for (const HttpHeader& candidate : headers) {
      if (candidate.name == name) return candidate.value;
    }
    return {};
  }
  // The trace id and parent of a root that starts under these headers.
  std::string continued_from(const std::vector<HttpHeader>& headers) {
    const ContextScope scope(extract(headers));
    const Observation root = start_observation({.name = "x"});
    const Record& record = root.cell()->record;
    return record.has_parent ? to_hex(record.trace_id) + "-" + to_hex(record.parent_span_id) : "";
  }
  const std::string parent = std::string(kTrace) + "-" + kSpan;
  Target target{make_transport(), line_destination("t", "http://t")};
};

TEST_F(Propagation, AMalformedHeaderLeavesNothingOfItsIds) {
  const std::string half = "00-" + std::string(kTrace) + "-zzzzzzzzzzzzzzzz-01";
  EXPECT_EQ(continued_from({{"traceparent", "00-" + parent + "-01"}, {"traceparent", half}}), "");
}

TEST_F(Propagation, WritesWhatTheNextServiceReads) {
  const ContextScope scope(extract({{"traceparent", "00-" + parent + "-01"},
                                    {"tracestate", "a=1, b=2"},
                                    {"tracestate", "c=3"}}));
  const Observation root = start_observation({.name = "x"});
  const Observation child = root.span({.name = "y"});
  const auto headers = inject(child);
  EXPECT_EQ(header(headers, "traceparent"), "00-" + std::string(kTrace) + "-" + child.id() + "-01");
  EXPECT_EQ(header(headers, "baggage"), "");
  EXPECT_EQ(header(inject(root), "tracestate"), "a=1,b=2,c=3");
  EXPECT_EQ(header(inject(root.span({.name = "below"})), "tracestate"), "a=1,b=2,c=3");
}

TEST_F(Propagation, TwoParentsAreNone) {
  const std::string other = "00-0af7651916cd43dd8448eb211c80319d-b7ad6b7169203331-01";
  EXPECT_EQ(continued_from({{"traceparent", "00-" + parent + "-01"}, {"traceparent", other}}), "");
}

TEST_F(Propagation, OtherHeadersAreNoTraceparent) {
  EXPECT_EQ(continued_from({{"trace-parent", "00-" + parent + "-01"}}), "");
  EXPECT_EQ(continued_from({{"TrAcEpArEnT", "00-" + parent + "-01"}}), parent);
}

TEST_F(Propagation, ATraceStateGoesWithItsParent) {
  const auto state_after = [&](const std::vector<HttpHeader>& headers) {
    const ContextScope scope(extract(headers));
    return header(inject(start_observation({.name = "x"})), "tracestate");
  };
  const HttpHeader state{"TraceState", "a=1"};
  EXPECT_EQ(state_after({{"traceparent", "00-" + parent + "-01"}, state}), "a=1");
  EXPECT_EQ(state_after({state}), "");
  EXPECT_EQ(state_after({{"traceparent", "ff-" + parent + "-01"}, state}), "");
  EXPECT_EQ(state_after({{"traceparent", "00-" + parent + "-01"}, {"trace-state", "a=1"}}), "");
}

TEST_F(Propagation, TheFlagsThatCameAreHandedOnAsFarAsTheyAreKnown) {
  const auto flags_after = [&](const std::string& flags) {
    const ContextScope scope(extract({{"traceparent", "00-" + parent + "-" + flags}}));
    const Observation root = start_observation({.name = "x"});
    return header(inject(root.span({.name = "y"})), "traceparent").substr(53);
  };
  EXPECT_EQ(flags_after("00"), "00");
  EXPECT_EQ(flags_after("01"), "01");
  EXPECT_EQ(flags_after("02"), "02");
  EXPECT_EQ(flags_after("03"), "03");
  EXPECT_EQ(flags_after("ff"), "03");
  EXPECT_EQ(flags_after("fc"), "00");
}

TEST_F(Propagation, AnIdThatIsMadeHereIsSaidToBeRandom) {
  const Observation root = start_observation({.name = "x"});
  EXPECT_EQ(header(inject(root.span({.name = "y"})), "traceparent").substr(53), "03");
}

TEST_F(Propagation, NothingRecordedNothingWritten) {
  EXPECT_TRUE(inject().empty());
  const auto none = suppress();
  EXPECT_TRUE(inject().empty());
  EXPECT_FALSE(start_observation({.name = "x"}));
}

// A service that traces nothing must not tear the trace of its neighbours.
TEST_F(Propagation, WhatIsNotRecordedIsHandedOnAsItCame) {
  const std::string text = "00-" + parent + "-01";
  const ContextScope scope(extract(
      {{"traceparent", text}, {"tracestate", "a=1"}, {"baggage", "tenant=7,region=eu%20west"}},
      {.baggage = true}));
  EXPECT_EQ(header(inject(), "traceparent"), text);
  EXPECT_EQ(header(inject(), "tracestate"), "a=1");
  EXPECT_EQ(header(inject(), "baggage"), "");
  EXPECT_EQ(header(inject({.baggage = true}), "baggage"), "tenant=7,region=eu%20west");
  const auto none = suppress();
  EXPECT_TRUE(inject().empty());
}

// Nor must a client that is disabled, whose observations record nothing.
TEST_F(Propagation, ADisabledClientsObservationHandsOnToo) {
  const std::string text = "00-" + parent + "-01";
  const ContextScope scope(
      extract({{"traceparent", text}, {"baggage", "tenant=7"}}, {.baggage = true}));
  const Observation outer(start_unrecorded().detach());
  EXPECT_EQ(header(inject(outer), "traceparent"), text);
  const auto inside = outer.activate();
  const Observation inner(start_unrecorded().detach());
  EXPECT_EQ(inner.trace_id(), kTrace);
  EXPECT_EQ(header(inject(inner), "traceparent"), text);
  EXPECT_EQ(header(inject({.baggage = true}), "baggage"), "tenant=7");
  EXPECT_EQ(header(inject(), "baggage"), "");
}

TEST_F(Propagation, ADisabledClientsObservationHandsOnNoneOfAnotherClients) {
  const Observation recorded = start_observation({.name = "x"});
  const auto inside = recorded.activate();
  const Observation none(start_unrecorded().detach());
  EXPECT_TRUE(inject(none).empty());
  const auto quiet = suppress();
  EXPECT_TRUE(inject(Observation(start_unrecorded().detach())).empty());
}

TEST_F(Propagation, BaggageGoesOnWhenBothSidesAskForIt) {
  const ContextScope scope(extract(
      {{"traceparent", "00-" + parent + "-01"}, {"baggage", "tenant=7"}}, {.baggage = true}));
  const Observation root = start_observation({.name = "x"});
  const auto inside = root.activate();
  EXPECT_EQ(header(inject(), "baggage"), "");
  EXPECT_EQ(header(inject({.baggage = true}), "baggage"), "tenant=7");
}

// It could name another's user to a service behind this one, which trusts us.
TEST_F(Propagation, OfAnOutsidersBaggageNothingGoesOn) {
  const ContextScope scope(extract(
      {{"traceparent", "00-" + parent + "-01"}, {"baggage", "tenant=7,langfuse_user_id=ada"}}));
  EXPECT_EQ(header(inject({.baggage = true}), "baggage"), "");
  const Observation root = start_observation({.name = "x"});
  EXPECT_EQ(header(inject(root, {.baggage = true}), "baggage"), "");
}

TEST_F(Propagation, ASampledOutTraceHandsItsBaggageOn) {
  target.close(milliseconds(0));
  DestinationOptions options = line_destination("none", "http://n");
  options.sample_rate = 0;
  const Target none(make_transport(), std::move(options));
  const ContextScope scope(extract({{"baggage", "tenant=7"}}, {.baggage = true}));
  const Observation root = start_observation({.name = "x"});
  const auto headers = inject(root, {.baggage = true});
  EXPECT_TRUE(header(headers, "traceparent").ends_with("-00") ||
              header(headers, "traceparent").ends_with("-02"));
  EXPECT_EQ(header(headers, "baggage"), "tenant=7");
}

// W3C Baggage goes its way with a trace and without.
TEST_F(Propagation, BaggageNeedsNoTrace) {
  const ContextScope scope(extract({{"baggage", "tenant=7"}}, {.baggage = true}));
  EXPECT_EQ(header(inject({.baggage = true}), "baggage"), "tenant=7");
  EXPECT_EQ(header(inject({.baggage = true}), "traceparent"), "");
  EXPECT_TRUE(inject().empty());
  const Observation root = start_observation({.name = "x"});
  const auto inside = root.activate();
  EXPECT_EQ(header(inject({.baggage = true}), "baggage"), "tenant=7");
  const Observation child = start_observation({.name = "y"});
  EXPECT_EQ(header(inject(child, {.baggage = true}), "baggage"), "tenant=7");
}

TEST_F(Propagation, OfTwoExtractsTheInnersBaggageCounts) {
  const ContextScope outer(extract({{"baggage", "tenant=7"}}, {.baggage = true}));
  {
    const ContextScope inner(extract(
        {{"traceparent", "00-" + parent + "-01"}, {"baggage", "tenant=8"}}, {.baggage = true}));
    EXPECT_EQ(header(inject({.baggage = true}), "baggage"), "tenant=8");
  }
  const ContextScope inner(extract({{"traceparent", "00-" + parent + "-01"}}));
  EXPECT_EQ(header(inject({.baggage = true}), "baggage"), "") << "another caller's";
}

TEST_F(Propagation, HeadersDoNotEndASuppression) {
  const auto none = suppress();
  const ContextScope scope(extract({{"traceparent", "00-" + parent + "-01"}}));
  EXPECT_FALSE(start_observation({.name = "x"}));
}

TEST_F(Propagation, WithoutHeadersTheCurrentObservationStays) {
  const Observation root = start_observation({.name = "x"});
  const auto inside = root.activate();
  const ContextScope scope(extract({{"accept", "*/*"}}));
  EXPECT_EQ(start_observation({.name = "y"}).trace_id(), root.trace_id());
}

}  // namespace
}  // namespace llmtrace::tests
