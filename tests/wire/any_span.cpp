#include "tests/wire/any_span.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace gen = rc::gen;

namespace {

llmtrace::Ref<const llmtrace::RemoteParent> any_remote() {
  auto remote = llmtrace::Ref<llmtrace::RemoteParent>::make();
  remote->trace_state = *gen::element<std::string>("", "a=1", "vendor@x=v v,b=2");
  remote->is_remote = *gen::arbitrary<bool>();
  return llmtrace::Ref<const llmtrace::RemoteParent>::adopt(remote.detach());
}

AnySpan any_span() {
  AnySpan span;
  llmtrace::Record& record = span.record;
  record.trace_id = *gen::arbitrary<llmtrace::TraceId>();
  record.span_id = *gen::arbitrary<llmtrace::SpanId>();
  record.parent_span_id = *gen::arbitrary<llmtrace::SpanId>();
  record.has_parent = *gen::arbitrary<bool>();
  record.has_random_trace_id = *gen::arbitrary<bool>();
  if (*gen::arbitrary<bool>()) record.origin = any_remote();
  if (record.has_parent && *gen::arbitrary<bool>()) record.remote = record.origin;
  record.name = *any_text();
  record.start_time = any_time();
  record.end_time = any_time();
  if (*gen::arbitrary<bool>()) record.level = llmtrace::Level::Error;
  record.status_message = *any_text();
  using Kind = llmtrace::SpanKind;
  span.kind = *gen::element(Kind::Internal, Kind::Server, Kind::Client);
  span.has_context = *gen::arbitrary<bool>();
  span.attributes = any_attributes();
  const int events = *gen::inRange(0, 4);
  for (int i = 0; i < events; ++i)
    span.events.push_back({*any_text(), any_time(), any_attributes()});
  const auto count = gen::element<std::uint32_t>(0, 1, 128, 4'294'967'295);
  span.dropped = {*count, *count};
  return span;
}

AnyObservation any_observation() {
  AnyObservation observation;
  observation.is_generation = *gen::arbitrary<bool>();
  observation.name = *any_text();
  observation.user_id = *any_text();
  observation.session_id = *any_text();
  observation.tags = *gen::container<std::vector<std::string>>(any_text());
  if (observation.is_generation) {
    const auto tokens = gen::inRange<std::int64_t>(1, std::int64_t{1} << 53);
    observation.model = *any_text();
    observation.provider = *any_text();
    observation.temperature = *any_finite();
    observation.input_tokens = *tokens;
    observation.output_tokens = *tokens;
    observation.cost = std::abs(*any_finite());
  }
  observation.said = *any_text();
  observation.error = *any_text();
  const auto text = gen::cast<AnyObservation::Value>(any_text());
  // What a generation is given are messages; a text is one of the user's.
  const auto value = observation.is_generation
                         ? text
                         : gen::oneOf(text, gen::cast<AnyObservation::Value>(any_tree(3)));
  observation.input = *value;
  observation.output = *value;
  observation.start_time = any_time();
  // At the epoch itself an end counts as not given.
  observation.end_time =
      std::max(observation.start_time, any_time()) + llmtrace::Timestamp::duration(1);
  return observation;
}

// ---- the same for another program

std::string event(const AnyEvent& event) {
  return "{\"name\":" + text_of(event.name) + ",\"timeUnixNano\":" + nanoseconds_of(event.time) +
         ",\"attributes\":" + list_of(event.attributes, attribute_of) + "}";
}

// The flags as trace.proto has them: sampled, a random id; whether a parent elsewhere is known of.
std::string context_of(const AnySpan& span) {
  if (!span.has_context) return "null";
  const llmtrace::Record& record = span.record;
  const unsigned flags = 0x101U + (record.has_random_trace_id ? 2U : 0U) +
                         (record.remote && record.remote->is_remote ? 0x200U : 0U);
  return "{\"traceState\":" + text_of(record.origin ? record.origin->trace_state : "") +
         ",\"flags\":" + std::to_string(flags) + "}";
}

std::string observation_of(const AnyObservation& observation) {
  return std::string("{\"isGeneration\":") + (observation.is_generation ? "true" : "false") +
         member("name", text_of(observation.name)) + member("user", text_of(observation.user_id)) +
         member("session", text_of(observation.session_id)) +
         member("tags", list_of(observation.tags, text_of)) +
         member("model", text_of(observation.model)) +
         member("provider", text_of(observation.provider)) +
         member("temperature", double_of(observation.temperature)) +
         member("inputTokens", std::to_string(observation.input_tokens)) +
         member("outputTokens", std::to_string(observation.output_tokens)) +
         member("cost", double_of(observation.cost)) + member("said", text_of(observation.said)) +
         member("error", text_of(observation.error)) + ",\"input\":" + value_of(observation.input) +
         ",\"output\":" + value_of(observation.output) +
         ",\"startTimeUnixNano\":" + nanoseconds_of(observation.start_time) +
         ",\"endTimeUnixNano\":" + nanoseconds_of(observation.end_time) + "}";
}

std::string span(const AnySpan& span) {
  const llmtrace::Record& record = span.record;
  const bool is_error = record.level == llmtrace::Level::Error;
  return "{\"traceId\":" + hex_of(record.trace_id) + ",\"spanId\":" + hex_of(record.span_id) +
         ",\"parentSpanId\":" + (record.has_parent ? hex_of(record.parent_span_id) : "null") +
         ",\"name\":" + text_of(record.name) +
         ",\"kind\":" + std::to_string(static_cast<int>(span.kind)) +
         ",\"startTimeUnixNano\":" + nanoseconds_of(record.start_time) +
         ",\"endTimeUnixNano\":" + nanoseconds_of(record.end_time) +
         ",\"status\":" + (is_error ? text_of(record.status_message) : "null") +
         ",\"context\":" + context_of(span) +
         ",\"droppedAttributesCount\":" + std::to_string(span.dropped.attributes) +
         ",\"droppedEventsCount\":" + std::to_string(span.dropped.events) +
         ",\"events\":" + list_of(span.events, event) +
         ",\"attributes\":" + list_of(span.attributes, attribute_of) + "}";
}

}  // namespace

rc::Gen<AnyRequest> any_request() {
  return gen::exec([] {
    AnyRequest request;
    request.resource = *gen::scale(
        0.1, gen::container<decltype(request.resource)>(gen::pair(any_text(), any_text())));
    const auto count = *gen::inRange(1, 20);
    for (int i = 0; i < count; ++i) request.spans.push_back(any_span());
    return request;
  });
}

std::string expectation_of(const AnyRequest& request) {
  AnyAttributes resource;
  for (const auto& [key, value] : request.resource) resource.push_back({key, value});
  return "{\"resource\":" + list_of(resource, attribute_of) +
         ",\"spans\":" + list_of(request.spans, span) + "}";
}

rc::Gen<std::vector<AnyObservation>> any_observations() {
  return gen::exec([] {
    std::vector<AnyObservation> observations;
    const int count = *gen::inRange(1, 10);
    for (int i = 0; i < count; ++i) observations.push_back(any_observation());
    return observations;
  });
}

std::string expectation_of(const std::vector<AnyObservation>& observations) {
  return "{\"observations\":" + list_of(observations, observation_of) + "}";
}
