// W3C Trace Context and Baggage: what is written, what is read, and what is not.
#include <llmtrace/propagation.h>

#include "common/src/propagator.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::testing {
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

TEST_F(Propagation, ReadsWhatW3CCallsValid) {
  for (const std::string& value :
       {"00-" + parent + "-01", "00-" + parent + "-00", "00-" + parent + "-ff",
        "01-" + parent + "-01", "cc-" + parent + "-01-what-the-future-holds",
        " 00-" + parent + "-01\t"}) {
    EXPECT_EQ(continued_from({{"traceparent", value}}), parent) << value;
    EXPECT_EQ(continued_from({{"TraceParent", value}}), parent) << value;
  }
}

TEST_F(Propagation, IgnoresWhatItCallsInvalid) {
  const std::string zero_trace = "00-00000000000000000000000000000000-b7ad6b7169203331-01";
  const std::string zero_span = "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01";
  std::string upper = "00-" + parent + "-01";
  upper[4] = 'A';
  for (const std::string& value :
       {std::string(), std::string("00"), "ff-" + parent + "-01", "0-" + parent + "-01",
        "00-" + parent, "00-" + parent + "-", "00-" + parent + "-1", "00-" + parent + "-01-",
        "00-" + parent + "-01-extra", "cc-" + parent + "-01.extra", "0X-" + parent + "-01",
        "00-" + parent + "-0g", upper, zero_trace, zero_span, "00_" + parent + "-01",
        std::string(100'000, '0')}) {
    EXPECT_EQ(continued_from({{"traceparent", value}}), "") << value.substr(0, 80);
  }
}

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

TEST_F(Propagation, ATraceStateThatCanBeNoneIsNotHandedOn) {
  std::string many;
  for (int i = 0; i < 33; ++i) many += "k" + std::to_string(i) + "=v,";
  for (const std::string& state : {many, "k=" + std::string(5'000, 'v'), std::string("k=\r\nX: y"),
                                   std::string("k=\xC3\xA4")}) {
    const ContextScope scope(
        extract({{"traceparent", "00-" + parent + "-01"}, {"tracestate", state}}));
    EXPECT_EQ(header(inject(start_observation({.name = "x"})), "tracestate"), "");
  }
}

TEST_F(Propagation, NothingRecordedNothingWritten) {
  EXPECT_TRUE(inject().empty());
  const auto none = suppress();
  EXPECT_TRUE(inject().empty());
  EXPECT_FALSE(start_observation({.name = "x"}));
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

TEST(BaggageText, IsPercentEncodedBothWays) {
  Baggage written;
  written.add("k", "a b,c=d;e%\xC3\xA4\r\n");
  EXPECT_EQ(written.text(), "k=a%20b%2Cc%3Dd%3Be%25%C3%A4%0D%0A");
  Baggage read;
  read.parse(written.text());
  EXPECT_EQ(read.find("k"), "a b,c=d;e%\xC3\xA4\r\n");
}

TEST(BaggageText, ReadsWhatIsWellFormed) {
  Baggage baggage;
  baggage.parse(" a = 1 ;prop=x , b=2,, =3, c, d e=4, f=, a=5, g=100%");
  EXPECT_EQ(baggage.find("a"), "1") << "the first one";
  EXPECT_EQ(baggage.find("b"), "2");
  EXPECT_EQ(baggage.find("f"), "");
  EXPECT_EQ(baggage.find("g"), "100%");
  EXPECT_EQ(baggage.find("c"), "");
  EXPECT_EQ(baggage.items().size(), 5U);
}

TEST(BaggageText, IsBoundedAndNoMemberIsCutInTwo) {
  Baggage many;
  std::string text;
  for (int i = 0; i < 100; ++i) text += "k" + std::to_string(i) + "=v,";
  many.parse(text);
  EXPECT_EQ(many.items().size(), 64U);
  Baggage large;
  large.parse("a=1,b=" + std::string(9'000, 'x'));
  EXPECT_EQ(large.items().size(), 1U);
  Baggage alone;
  alone.parse("b=" + std::string(9'000, 'x'));
  EXPECT_TRUE(alone.items().empty());
  Baggage out;
  out.add("large", std::string(9'000, 'x'));
  EXPECT_EQ(out.text(), "");
  out.add("a", "1");
  EXPECT_EQ(out.text(), "a=1");
}

}  // namespace
}  // namespace llmtrace::testing
