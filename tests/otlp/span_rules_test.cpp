// What holds for every span: other services' traces, sampling, limits, masks.
#include <llmtrace/observe.h>
#include <llmtrace/propagation.h>

#include "tests/otlp/span_fixture.h"

namespace llmtrace::tests {
namespace {

using OtlpSpanRules = OtlpSpan;

INSTANTIATE_TEST_SUITE_P(, OtlpSpanRules,
                         ::testing::Values(OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson),
                         protocol_name);

TEST_P(OtlpSpanRules, ContinuesATraceOfAnotherService) {
  OtlpExporter exporter(config());
  {
    const ContextScope scope(
        extract({{"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"},
                 {"tracestate", "vendor=value"}}));
    const Observation outer = exporter.start_observation({.name = "outer"});
    const ContextScope inside = outer.activate();
    exporter.start_observation({.name = "inner"}).end();
  }
  EXPECT_TRUE(exporter.flush(seconds(10)));

  const ReadSpan outer = spans().named("outer");
  EXPECT_EQ(outer.trace_id, "0af7651916cd43dd8448eb211c80319c");
  EXPECT_EQ(outer.parent_id, "b7ad6b7169203331");
  EXPECT_EQ(outer.trace_state, "vendor=value");
  EXPECT_EQ(outer.flags & 0x301U, 0x301U) << "sampled, and the parent is remote";
  const ReadSpan inner = spans().named("inner");
  EXPECT_EQ(inner.parent_id, outer.span_id);
  EXPECT_EQ(inner.trace_state, "vendor=value") << "the trace state is the whole trace's";
  EXPECT_EQ(inner.flags & 0x301U, 0x101U) << "the parent is here";
}

TEST_P(OtlpSpanRules, AParentOfTheHostProgramsOwnTracerIsInThisProcess) {
  OtlpExporter exporter(config());
  set_parent_provider(
      [] { return ParentContext("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"); });
  exporter.start_observation({.name = "n"}).end();
  set_parent_provider(nullptr);
  EXPECT_TRUE(exporter.flush(seconds(10)));

  const ReadSpan span = spans().named("n");
  EXPECT_EQ(span.parent_id, "b7ad6b7169203331");
  EXPECT_EQ(span.flags & 0x301U, 0x101U);
}

TEST_P(OtlpSpanRules, FollowsWhatTheSenderOfATraceSaysOfSampling) {
  const std::vector<HttpHeader> left_out = {
      {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00"}};
  const std::vector<HttpHeader> kept = {
      {"traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}};
  const auto sent_of = [&](const std::vector<HttpHeader>& headers, OtlpSampler sampler,
                           double rate) {
    OtlpConfig with = config();
    with.sampler = sampler;
    with.sample_rate = rate;
    OtlpExporter exporter(with);
    const ContextScope scope(extract(headers));
    const Observation observation = exporter.start_observation({.name = "n"});
    observation.score({.name = "quality", .value = 0.9});  // follows its trace
    observation.end();
    exporter.flush(seconds(10));
    return exporter.stats().delivered;
  };
  EXPECT_EQ(sent_of(left_out, OtlpSampler::ParentBased, 1), 0U);
  EXPECT_EQ(sent_of(kept, OtlpSampler::ParentBased, 0), 2U);
  EXPECT_EQ(sent_of(left_out, OtlpSampler::TraceIdRatio, 1), 2U);
  EXPECT_EQ(sent_of(kept, OtlpSampler::TraceIdRatio, 0), 0U);
}

TEST_P(OtlpSpanRules, KeepsTheLimitsOfAttributesAndCountsWhatTheyCost) {
  environment.set("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", "4");
  environment.set("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", "3");
  const ReadSpan span = span_of({.name = "n",
                                 .as_type = ObservationType::Tool,
                                 .metadata = {{"tool_type", "äöüß"}, {"a", 1}, {"b", 2}}});

  EXPECT_EQ(span.attributes.size(), 4U);
  EXPECT_EQ(span["gen_ai.tool.type"], "äöü") << "characters, not bytes";
  EXPECT_EQ(span.dropped_attributes, 4U) << "what is not the conventions' own";
  EXPECT_FALSE(span.has("llmtrace.metadata.a"));
}

TEST_P(OtlpSpanRules, KeepsTheLimitOfEvents) {
  environment.set("OTEL_SPAN_EVENT_COUNT_LIMIT", "0");
  const ReadSpan span = span_of({.name = "n", .level = Level::Error, .status_message = "it broke"});

  EXPECT_TRUE(span.events.empty());
  EXPECT_EQ(span.dropped_events, 1U);
}

TEST_P(OtlpSpanRules, LeavesOutNumbersThatAreNone) {
  OtlpExporter exporter(config());
  exporter
      .start_observation({.name = "n",
                          .as_type = ObservationType::Generation,
                          .usage_details = {{"input", -1}, {"output", 2}},
                          .cost_details = {{"total", -0.5}}})
      .end();
  EXPECT_TRUE(exporter.flush(seconds(10)));

  const ReadSpan span = spans().spans.at(0);
  EXPECT_FALSE(span.has("gen_ai.usage.input_tokens"));
  EXPECT_EQ(span["gen_ai.usage.output_tokens"], "2");
  EXPECT_FALSE(span.has("llmtrace.cost.total"));
  EXPECT_EQ(exporter.stats().invalid_numbers, 2U);
}

TEST_P(OtlpSpanRules, ObserveReachesItLikeAnyClient) {
  OtlpExporter exporter(with_content());
  { OBSERVE_WITH(.name = "observed", .input = OBSERVE_ARGS(config().observe)); }
  EXPECT_TRUE(exporter.flush(seconds(10)));

  EXPECT_EQ(spans().spans.size(), 1U);
  EXPECT_EQ(spans().spans.at(0).name, "observed");
}

TEST_P(OtlpSpanRules, HandsBaggageOnByOpenTelemetrysNames) {
  OtlpExporter exporter(config());
  const std::vector<HttpHeader> came = {
      {"traceparent", "00-0123456789abcdef0123456789abcdef-00000000000000a1-01"},
      {"baggage", "user.id=ada,tenant=7"}};
  const ContextScope scope(extract(came, {.baggage = true}));
  const Observation span = exporter.start_observation({.name = "s"});
  const auto inside = span.activate();
  std::string baggage;
  for (const HttpHeader& header : inject({.baggage = true})) {
    if (header.name == "baggage") baggage = header.value;
  }
  EXPECT_EQ(baggage, "user.id=ada,tenant=7");
}

// A header has 64 members at the most: what came must not push out what this service says.
TEST_P(OtlpSpanRules, SaysItsOwnBaggageBeforeWhatCame) {
  OtlpExporter exporter(config());
  std::string full = "k0=v";
  for (int i = 1; i < 64; ++i) full += ",k" + std::to_string(i) + "=v";
  const ContextScope scope(extract({{"baggage", full}}, {.baggage = true}));
  const auto user = propagate({.user_id = "ada"});
  const Observation span = exporter.start_observation({.name = "s"});
  std::string baggage;
  for (const HttpHeader& header : inject(span, {.baggage = true})) {
    if (header.name == "baggage") baggage = header.value;
  }
  EXPECT_TRUE(baggage.starts_with("user.id=ada,k0=v,")) << baggage;
  EXPECT_EQ(std::count(baggage.begin(), baggage.end(), ','), 63);
}

// Who records nothing says nothing anew: members that an exporter would write go on as they came.
TEST_P(OtlpSpanRules, HandsTheUserOnWhereNothingIsRecorded) {
  const OtlpExporter exporter(config());
  const ContextScope scope(extract({{"baggage", "user.id=ada"}}, {.baggage = true}));
  const auto headers = inject({.baggage = true});
  ASSERT_EQ(headers.size(), 1U);
  EXPECT_EQ(headers[0].value, "user.id=ada");
}

TEST_P(OtlpSpanRules, MasksWhatItSends) {
  OtlpConfig masked = with_content();
  masked.mask = [](JsonText, Field) -> JsonText { return {"\"hidden\""}; };
  const ReadSpan span =
      span_of({.name = "s", .input = "canary", .metadata = {{"k", "canary"}}}, masked);

  EXPECT_EQ(span["input.value"], "hidden");
  for (const auto& request : http->requests()) {
    EXPECT_EQ(request.body.find("canary"), std::string::npos);
  }
}

}  // namespace
}  // namespace llmtrace::tests
