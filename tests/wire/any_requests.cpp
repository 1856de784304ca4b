// Whatever spans, log records and metrics hold, OpenTelemetry's own decoder reads from our requests
// exactly what was put in:
//   any_requests NODE SCRIPT        SCRIPT is any_requests.mjs, which says for each request what
//   differs
#include <llmtrace/llmtrace.h>
#include <llmtrace/otlp_exporter.h>

#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "common/src/http_text.h"
#include "common/src/otlp/span_encoder.h"
#include "tests/wire/any_signal.h"
#include "tests/wire/any_span.h"
#include "tests/wire/child_process.h"
#include "tests/wire/recording_http_client.h"

namespace {

using llmtrace::base64;
using llmtrace::OtlpEncoding;

struct WriteAttribute {
  llmtrace::AttributeSink& sink;
  const std::string& key;
  void operator()(const std::string& value) const { sink.string(key, value); }
  void operator()(bool value) const { sink.boolean(key, value); }
  void operator()(std::int64_t value) const { sink.integer(key, value); }
  void operator()(double value) const { sink.number(key, value); }
  void operator()(const std::vector<std::string>& value) const { sink.strings(key, value); }
  void operator()(const Tree& value) const {
    std::string text;
    llmtrace::JsonWriter writer(text);
    to_json(writer, value);
    sink.string(key, text);
  }
};

void write_attributes(const AnyAttributes& attributes, llmtrace::AttributeSink& sink) {
  for (const AnyAttribute& attribute : attributes) {
    std::visit(WriteAttribute{sink, attribute.key}, attribute.value);
  }
}

// Says of a record what the span says that it belongs to.
class AnyMapper final : public llmtrace::SpanMapper {
 public:
  explicit AnyMapper(const AnySpan*& current) : current_(current) {}

  llmtrace::SpanHead head(const llmtrace::Record& record) override {
    return {record.name, current_->kind, current_->has_context};
  }
  std::uint64_t attributes(const llmtrace::Record& /*record*/,
                           llmtrace::AttributeSink& sink) override {
    write_attributes(current_->attributes, sink);
    return 0;
  }
  void events(const llmtrace::Record& /*record*/, llmtrace::EventSink& sink) override {
    for (const AnyEvent& event : current_->events) {
      sink.event(event.name, event.time, [&](llmtrace::AttributeSink& attributes) {
        write_attributes(event.attributes, attributes);
      });
    }
  }
  llmtrace::DroppedCounts dropped() const noexcept override { return current_->dropped; }

 private:
  const AnySpan*& current_;
};

// One request of all `items`, each encoded by `encode`.
template <class Encoder, class Items, class Encode>
std::string request_of(const Encoder& encoder, const Items& items, Encode encode) {
  std::string payload;
  for (const auto& item : items) {
    if (!payload.empty() && encoder.separator() != 0) payload.push_back(encoder.separator());
    encode(item, payload);
  }
  const llmtrace::Envelope envelope = encoder.envelope(payload.size());
  return envelope.prefix + payload + envelope.suffix;
}

std::string encoded(const AnyRequest& request, OtlpEncoding encoding) {
  const AnySpan* current = nullptr;
  const auto encoder = llmtrace::SpanEncoder::make(encoding, {request.resource, "llmtrace", "1.0"},
                                                   std::make_unique<AnyMapper>(current));
  return request_of(*encoder, request.spans, [&](const AnySpan& span, std::string& out) {
    current = &span;
    encoder->encode(span.record, out);
  });
}

const llmtrace::OtlpResource kResource{{{"service.name", "any"}}, "llmtrace", "1.0"};

std::string encoded(const AnyLogs& logs, OtlpEncoding encoding) {
  const auto encoder = llmtrace::LogEncoder::make(encoding, kResource);
  return request_of(*encoder, logs, [&](const AnyLog& log, std::string& out) {
    encoder->encode(
        {.time = log.time,
         .severity = log.severity,
         .severity_text = log.severity_text,
         .body = log.body,
         .event_name = log.event_name,
         .trace_id = log.has_ids ? &log.trace_id : nullptr,
         .span_id = log.has_ids ? &log.span_id : nullptr,
         .flags = log.flags},
        [&](llmtrace::AttributeSink& sink) {
          write_attributes(log.attributes, sink);
          return log.dropped_attributes;
        },
        out);
  });
}

std::string encoded(const AnyMetrics& metrics, OtlpEncoding encoding) {
  const auto encoder = llmtrace::MetricEncoder::make(encoding, kResource);
  return request_of(*encoder, metrics,
                    [&](const llmtrace::MetricInterval& metric, std::string& out) {
                      encoder->encode(metric, out);
                    });
}

llmtrace::Json json_of(const AnyObservation::Value& value) {
  return std::visit([](const auto& each) { return llmtrace::Json(each); }, value);
}

// What an exporter sends of them in one request.
std::string encoded(const std::vector<AnyObservation>& observations, OtlpEncoding encoding) {
  const auto http = std::make_shared<RecordingHttpClient>();
  llmtrace::OtlpExporter exporter(
      {.endpoint = "http://127.0.0.1:4318",
       .protocol = encoding == OtlpEncoding::Json ? llmtrace::OtlpProtocol::HttpJson
                                                  : llmtrace::OtlpProtocol::HttpProtobuf,
       .capture_content = true,
       .transport = llmtrace::Transport::create({.http_client = http, .id_seed = 42})});
  for (const AnyObservation& each : observations) {
    const auto scope = llmtrace::propagate(
        {.user_id = each.user_id, .session_id = each.session_id, .tags = each.tags});
    using Type = llmtrace::ObservationType;
    llmtrace::ObservationParams params{
        .name = each.name,
        .as_type = each.is_generation ? Type::Generation : Type::Span,
        .input = json_of(each.input),
        .metadata = {{"said", each.said}},
        .start_time = each.start_time};
    if (each.is_generation) {
      params.model = each.model;
      params.provider = each.provider;
      params.model_parameters = {{"temperature", each.temperature}};
      params.usage_details = {{"input", each.input_tokens}, {"output", each.output_tokens}};
      params.cost_details = {{"total", each.cost}};
    }
    const auto observation = exporter.start_observation(std::move(params));
    if (!each.error.empty()) observation.error(each.error);
    observation.end({.output = json_of(each.output), .end_time = each.end_time});
  }
  if (!exporter.flush()) throw std::runtime_error("the exporter's flush failed");
  const auto requests = http->requests_to("/v1/traces");
  if (requests.size() != 1) throw std::runtime_error("not one request to /v1/traces");
  return requests.front().body;
}

template <class Given>
std::string line_of(const Given& given) {
  return R"({"protobuf":")" + base64(encoded(given, OtlpEncoding::Protobuf)) + R"(","json":")" +
         base64(encoded(given, OtlpEncoding::Json)) + R"(","expected":)" + expectation_of(given) +
         "}";
}

template <class Given>
bool holds(const char* what, ChildProcess& decoder, const rc::Gen<Given>& any) {
  return rc::check(what, [&] {
    const std::string answer = decoder.ask(line_of(*any));
    if (answer != "same") RC_FAIL(answer);
  });
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s NODE SCRIPT\n", argv[0]);
    return 2;
  }
  try {
    ChildProcess decoder({argv[1], argv[2]});
    const bool spans = holds("spans are decoded as they were", decoder, any_request());
    const bool logs = holds("log records are decoded as they were", decoder, any_logs());
    const bool metrics = holds("metrics are decoded as they were", decoder, any_metrics());
    const bool sent =
        holds("what an exporter is given is decoded as it was", decoder, any_observations());
    return spans && logs && metrics && sent ? 0 : 1;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "any_requests: %s\n", error.what());
    return 1;
  }
}
