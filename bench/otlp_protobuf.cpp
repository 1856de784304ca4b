// One generation as an OTLP request in protobuf: our encoder beside the classes that protoc
// generates, filled and serialized by Debian's libprotobuf. Both get the same record through the
// same attribute mapper, so what differs is the encoding alone. Prints bytes per second of each,
// and how many times as many ours has.
//
// First it makes sure that both make the same bytes of each record; --check does only that.
#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/texts.h"
#include "common/src/batch.h"
#include "common/src/otlp/span_encoder.h"
#include "common/src/record.h"
#include "otlp_trace.pb.h"

namespace {

namespace otlp = llmtrace::bench::otlp;
using llmtrace::AttributeSink;
using llmtrace::Record;

constexpr std::size_t kBatch = 256;

using Records = std::vector<std::unique_ptr<Record>>;

Records make_records() {
  llmtrace::IdSource ids(1);
  Records records;
  for (std::size_t i = 0; i < kBatch; ++i) {
    auto record = std::make_unique<Record>();
    record->start_time = llmtrace::Timestamp(std::chrono::seconds(1'763'280'000));
    record->end_time = record->start_time + std::chrono::milliseconds(20);
    record->uuid = ids.next(record->start_time);
    record->span_id = llmtrace::span_id_of(record->uuid);
    record->parent_span_id = records.empty() ? record->span_id : records.front()->span_id;
    record->trace_id = records.empty() ? record->uuid : records.front()->trace_id;
    record->has_parent = true;
    record->type = llmtrace::ObservationType::Generation;
    record->name = "chat gpt-4o-mini";
    record->input = llmtrace::bench::make_text(i, 1024);
    record->output = llmtrace::bench::make_text(kBatch + i, 1024);
    record->model = "gpt-4o-mini";
    record->provider = "openai";
    record->usage_details = {{"input", 256}, {"output", 128}};
    if (i % 8 == 0) {
      record->level = llmtrace::Level::Error;
      record->status_message = "the model's server answered 503";
    }
    records.push_back(std::move(record));
  }
  return records;
}

// The GenAI attributes of an inference span.
std::uint64_t map_generation(const Record& record, AttributeSink& sink) {
  sink.string("gen_ai.operation.name", "chat");
  sink.string("gen_ai.provider.name", record.provider);
  sink.string("gen_ai.request.model", record.model);
  sink.string("gen_ai.response.model", record.model);
  sink.strings("gen_ai.response.finish_reasons", {"stop"});
  for (const auto& [name, count] : record.usage_details.items()) {
    sink.integer(name == "input" ? "gen_ai.usage.input_tokens" : "gen_ai.usage.output_tokens",
                 static_cast<std::int64_t>(count));
  }
  sink.boolean("gen_ai.request.stream", true);
  sink.json("gen_ai.input.messages", record.input);
  sink.json("gen_ai.output.messages", record.output);
  return 0;
}

llmtrace::OtlpResource make_resource() {
  return {.attributes = {{"service.name", "bench"},
                         {"telemetry.sdk.name", "llmtrace"},
                         {"telemetry.sdk.language", "cpp"},
                         {"telemetry.sdk.version", "0.1.0"}},
          .scope_name = "llmtrace",
          .scope_version = "0.1.0"};
}

// ---- ours

// A request as a lane makes it: the spans behind room for what goes before them, in memory for as
// much as the last request had.
class OurEncoder {
 public:
  OurEncoder()
      : spans_(llmtrace::SpanEncoder::make(llmtrace::OtlpEncoding::Protobuf, make_resource(),
                                           map_generation)) {}

  /// The request for the records from `begin` to `end`.
  std::string_view request(Records::const_iterator begin, Records::const_iterator end) {
    constexpr std::size_t kHeadRoom = llmtrace::Batch::kHeadRoom;
    std::string payload;
    payload.reserve(typical_ + typical_ / 16);
    payload.assign(kHeadRoom, '\0');
    for (; begin != end; ++begin) spans_->encode(**begin, payload);
    const llmtrace::Envelope envelope = spans_->envelope(payload.size() - kHeadRoom);
    const std::size_t start = kHeadRoom - envelope.prefix.size();
    envelope.prefix.copy(payload.data() + start, envelope.prefix.size());
    payload.append(envelope.suffix);
    typical_ = payload.size();
    request_ = std::move(payload);
    return std::string_view(request_).substr(start);
  }

 private:
  std::unique_ptr<llmtrace::SpanEncoder> spans_;
  std::string request_;
  std::size_t typical_ = 0;
};

// ---- libprotobuf's

// Fills the attributes of a message of the generated classes.
template <class Message>
class ClassSink final : public AttributeSink {
 public:
  explicit ClassSink(Message& message) : message_(message) {}

  void string(std::string_view key, std::string_view value) override {
    add(key).set_string_value(value.data(), value.size());
  }
  void boolean(std::string_view key, bool value) override { add(key).set_bool_value(value); }
  void integer(std::string_view key, std::int64_t value) override { add(key).set_int_value(value); }
  void number(std::string_view key, double value) override { add(key).set_double_value(value); }
  void strings(std::string_view key, const std::vector<std::string>& values) override {
    otlp::ArrayValue& array = *add(key).mutable_array_value();
    for (const std::string& value : values) array.add_values()->set_string_value(value);
  }

 private:
  otlp::AnyValue& add(std::string_view key) {
    otlp::KeyValue& attribute = *message_.add_attributes();
    attribute.set_key(key.data(), key.size());
    return *attribute.mutable_value();
  }

  Message& message_;
};

std::uint64_t nanoseconds(llmtrace::Timestamp time) {
  return static_cast<std::uint64_t>(
      std::chrono::duration_cast<std::chrono::nanoseconds>(time.time_since_epoch()).count());
}

void fill(otlp::Span& span, const Record& record) {
  span.set_trace_id(record.trace_id.data(), record.trace_id.size());
  span.set_span_id(record.span_id.data(), record.span_id.size());
  if (record.has_parent) {
    span.set_parent_span_id(record.parent_span_id.data(), record.parent_span_id.size());
  }
  span.set_name(record.name);
  span.set_kind(otlp::Span::SPAN_KIND_INTERNAL);
  span.set_start_time_unix_nano(nanoseconds(record.start_time));
  span.set_end_time_unix_nano(nanoseconds(record.end_time));
  ClassSink sink(span);
  map_generation(record, sink);
  if (record.level == llmtrace::Level::Error) {
    span.mutable_status()->set_message(record.status_message);
    span.mutable_status()->set_code(otlp::Status::STATUS_CODE_ERROR);
  }
}

std::string serialized(otlp::ExportTraceServiceRequest& request,
                       const llmtrace::OtlpResource& resource, Records::const_iterator begin,
                       Records::const_iterator end) {
  otlp::ResourceSpans& spans = *request.add_resource_spans();
  ClassSink sink(*spans.mutable_resource());
  for (const auto& [key, value] : resource.attributes) sink.string(key, value);
  otlp::ScopeSpans& scope = *spans.add_scope_spans();
  scope.mutable_scope()->set_name(resource.scope_name);
  scope.mutable_scope()->set_version(resource.scope_version);
  for (; begin != end; ++begin) fill(*scope.add_spans(), **begin);
  std::string body;
  request.SerializeToString(&body);
  return body;
}

// ---- the same?

bool is_same(std::string_view ours, const std::string& theirs) {
  otlp::ExportTraceServiceRequest decoded;
  return ours == theirs && decoded.ParseFromString(std::string(ours)) &&
         decoded.SerializeAsString() == theirs;
}

bool same_bytes() {
  const Records records = make_records();
  OurEncoder encoder;
  const llmtrace::OtlpResource resource = make_resource();
  for (auto record = records.begin(); record != records.end(); ++record) {
    otlp::ExportTraceServiceRequest request;
    if (!is_same(encoder.request(record, record + 1),
                 serialized(request, resource, record, record + 1))) {
      std::fprintf(stderr, "record %td: not what libprotobuf makes of it\n",
                   record - records.begin());
      return false;
    }
  }
  otlp::ExportTraceServiceRequest request;
  return is_same(encoder.request(records.begin(), records.end()),
                 serialized(request, resource, records.begin(), records.end()));
}

// ---- how fast?

// Calls `encode` with the requests of `count` records each, in turns.
template <class Encode>
void measure(benchmark::State& state, std::size_t count, Encode encode) {
  const Records records = make_records();
  std::size_t bytes = 0;
  auto next = records.begin();
  const auto step = static_cast<std::ptrdiff_t>(count);
  for (auto _ : state) {
    const auto body = encode(next, next + step);
    bytes += body.size();
    benchmark::DoNotOptimize(body.data());
    next += step;
    if (records.end() - next < step) next = records.begin();
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}

void ours(benchmark::State& state) {
  OurEncoder encoder;
  measure(state, static_cast<std::size_t>(state.range(0)),
          [&](auto begin, auto end) { return encoder.request(begin, end); });
}

void libprotobuf(benchmark::State& state) {
  const llmtrace::OtlpResource resource = make_resource();
  measure(state, static_cast<std::size_t>(state.range(0)), [&](auto begin, auto end) {
    otlp::ExportTraceServiceRequest request;
    return serialized(request, resource, begin, end);
  });
}

// The message is kept: its memory is used again.
void libprotobuf_reused(benchmark::State& state) {
  const llmtrace::OtlpResource resource = make_resource();
  otlp::ExportTraceServiceRequest request;
  measure(state, static_cast<std::size_t>(state.range(0)), [&](auto begin, auto end) {
    request.Clear();
    return serialized(request, resource, begin, end);
  });
}

BENCHMARK(ours)->Arg(1)->Arg(kBatch);
BENCHMARK(libprotobuf)->Arg(1)->Arg(kBatch);
BENCHMARK(libprotobuf_reused)->Arg(1)->Arg(kBatch);

// Keeps the bytes per second of every run beside showing them.
class RatioReporter final : public benchmark::ConsoleReporter {
 public:
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const Run& run : runs) {
      const auto found = run.counters.find("bytes_per_second");
      if (run.run_type != Run::RT_Iteration || found == run.counters.end()) continue;
      rates_[run.run_name.function_name + "/" + run.run_name.args].push_back(found->second);
    }
    ConsoleReporter::ReportRuns(runs);
  }

  void print_ratios() {
    for (const char* theirs : {"libprotobuf", "libprotobuf_reused"}) {
      for (const std::size_t count : {std::size_t{1}, kBatch}) {
        const std::string argument = "/" + std::to_string(count);
        const double own = median("ours" + argument);
        const double other = median(theirs + argument);
        if (own == 0 || other == 0) continue;
        std::printf("%zu in a request: ours %.0f MB/s, %s %.0f MB/s: %.2f times\n", count,
                    own / 1e6, theirs, other / 1e6, own / other);
      }
    }
  }

 private:
  double median(const std::string& name) {
    std::vector<double>& rates = rates_[name];
    if (rates.empty()) return 0;
    std::sort(rates.begin(), rates.end());
    return rates[rates.size() / 2];
  }

  std::map<std::string, std::vector<double>> rates_;
};

}  // namespace

int main(int argc, char** argv) {
  if (!same_bytes()) return 1;
  if (argc == 2 && std::string_view(argv[1]) == "--check") return 0;
  benchmark::Initialize(&argc, argv);
  if (benchmark::ReportUnrecognizedArguments(argc, argv)) return 2;
  RatioReporter reporter;
  benchmark::RunSpecifiedBenchmarks(&reporter);
  reporter.print_ratios();
  return 0;
}
