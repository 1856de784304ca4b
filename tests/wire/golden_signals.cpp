// What OtlpExporter sends beside spans, in each encoding: log records, evaluation events, metrics.
#include <llmtrace/llmtrace.h>
#include <llmtrace/log_exporter.h>
#include <llmtrace/otlp_exporter.h>

#include <stdexcept>
#include <utility>
#include <vector>

#include "tests/wire/golden.h"
#include "tests/wire/recording_http_client.h"

namespace {

using llmtrace::MetricData;
using llmtrace::MetricTemporality;
using llmtrace::MetricType;
using llmtrace::OtlpProtocol;
using std::chrono::seconds;

// One metric of each type; each look finds more.
class Source final : public llmtrace::MetricSource {
 public:
  std::vector<MetricData> collect() const override {
    const auto looks = static_cast<double>(++looks_);
    MetricData requests{.name = "app_requests_total",
                        .description = "Requests. \xC3\xA9",
                        .unit = "{request}",
                        .type = MetricType::Counter};
    requests.points.push_back({.attributes = {{"route", "/a \"b\"\n"}}, .value = 3 * looks});
    requests.points.push_back({.attributes = {{"route", "\xFF"}, {"empty", ""}}, .value = 0.5});
    MetricData queue{.name = "queue.size", .type = MetricType::UpDownCounter, .observed = true};
    queue.points.push_back({.value = -2});
    MetricData temperature{.name = "app_temperature", .unit = "Cel", .type = MetricType::Gauge};
    temperature.points.push_back({.attributes = {{"room", "1"}}, .value = 21.5});
    MetricData duration{.name = "gen_ai.client.operation.duration",
                        .unit = "s",
                        .type = MetricType::Histogram,
                        .bounds = {0.01, 0.02, 0.04}};
    duration.points.push_back({.attributes = {{"gen_ai.operation.name", "chat"}},
                               .count = 2 * looks_,
                               .sum = 1.25 * looks,
                               .min = 0.01,
                               .max = 1.24,
                               .buckets = {looks_, 0, 0, looks_}});
    return {requests, queue, temperature, duration};
  }

 private:
  mutable std::uint64_t looks_ = 0;
};

llmtrace::OtlpConfig config_of(const std::shared_ptr<RecordingHttpClient>& http,
                               OtlpProtocol protocol) {
  llmtrace::OtlpConfig config;
  config.endpoint = "http://127.0.0.1:4318";
  config.service_name = "golden";
  config.protocol = protocol;
  config.transport = reproducible_transport(http);
  return config;
}

std::string last_body(const RecordingHttpClient& http, std::string_view path) {
  const auto requests = http.requests_to(path);
  if (requests.empty()) throw std::runtime_error("no request to " + std::string(path));
  return requests.back().body;
}

llmtrace::LogRecord line(llmtrace::LogLevel level, std::string message, llmtrace::Json fields) {
  llmtrace::LogRecord record;
  record.time = kStart + std::chrono::microseconds(1);
  record.level = level;
  record.logger = "api";
  record.message = std::move(message);
  record.fields = std::move(fields);
  return record;
}

std::string logs(OtlpProtocol protocol) {
  const auto http = std::make_shared<RecordingHttpClient>();
  llmtrace::OtlpExporter exporter(config_of(http, protocol));
  const auto target = exporter.log_exporter();
  auto first = line(llmtrace::LogLevel::Error, "no route. \xC3\xA9\xFF\n",
                    {{"tokens", 42},
                     {"share", -0.5},
                     {"cached", false},
                     {"nothing", nullptr},
                     {"list", {1, 2}},
                     {"text", "a \"b\""}});
  first.has_ids = first.sampled = true;
  first.trace_id.fill(0xAB);
  first.span_id.fill(0xCD);
  target->export_record(std::move(first));
  target->export_record(line(llmtrace::LogLevel::Debug, "plain", {{"huge", 1e300}}));
  if (!exporter.flush(seconds(10))) throw std::runtime_error("the flush failed");
  return last_body(*http, "/v1/logs");
}

std::string evaluations(OtlpProtocol protocol) {
  const auto http = std::make_shared<RecordingHttpClient>();
  llmtrace::OtlpExporter exporter(config_of(http, protocol));
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  exporter.score({.name = "grounded",
                  .value = 0.9,
                  .trace_id = trace,
                  .observation_id = "b7ad6b7169203331",
                  .comment = "as it says",
                  .metadata = {{"judge", "m"}}});
  exporter.score({.name = "tone", .value = "friendly", .trace_id = trace});
  exporter.score({.name = "safe", .value = true, .session_id = "session-1"});
  if (!exporter.flush(seconds(10))) throw std::runtime_error("the flush failed");
  return last_body(*http, "/v1/logs");
}

// The second interval.
std::string metrics(OtlpProtocol protocol, MetricTemporality temporality) {
  const auto http = std::make_shared<RecordingHttpClient>();
  llmtrace::OtlpConfig config = config_of(http, protocol);
  config.metrics = std::make_shared<Source>();
  config.metric_temporality = temporality;
  llmtrace::OtlpExporter exporter(std::move(config));
  for (int i = 0; i < 2; ++i) {
    if (!exporter.flush(seconds(10))) throw std::runtime_error("the flush failed");
  }
  return last_body(*http, "/v1/metrics");
}

}  // namespace

void write_signal_bodies(const std::string& directory) {
  for (const auto protocol : {OtlpProtocol::HttpProtobuf, OtlpProtocol::HttpJson}) {
    const std::string end = protocol == OtlpProtocol::HttpJson ? ".json" : ".binpb";
    write(directory, "logs" + end, logs(protocol));
    write(directory, "evaluations" + end, evaluations(protocol));
    write(directory, "metrics" + end, metrics(protocol, MetricTemporality::Cumulative));
    write(directory, "metrics_delta" + end, metrics(protocol, MetricTemporality::Delta));
  }
}
