// One generation as bytes: OTLP in protobuf and in JSON, with Langfuse's attributes; then gzip over
// a batch of them. This decides Config::encoding's default.
#include <benchmark/benchmark.h>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "bench/texts.h"
#include "common/src/compression.h"
#include "common/src/record.h"
#include "langfuse/src/wire.h"

namespace {

constexpr std::size_t kBatch = 256;

std::vector<std::unique_ptr<llmtrace::Record>> make_records() {
  llmtrace::IdSource ids(1);
  std::vector<std::unique_ptr<llmtrace::Record>> records;
  for (std::size_t i = 0; i < kBatch; ++i) {
    auto record = std::make_unique<llmtrace::Record>();
    record->start_time = std::chrono::system_clock::now();
    record->end_time = record->start_time + std::chrono::milliseconds(20);
    record->uuid = ids.next(record->start_time);
    record->span_id = llmtrace::span_id_of(record->uuid);
    record->parent_span_id = records.empty() ? record->span_id : records.front()->span_id;
    record->trace_id = records.empty() ? record->uuid : records.front()->trace_id;
    record->has_parent = true;
    record->type = llmtrace::ObservationType::Generation;
    record->name = "answer";
    record->input = llmtrace::bench::make_text(i, 1024);
    record->output = llmtrace::bench::make_text(kBatch + i, 1024);
    record->model = "gpt-4o-mini";
    record->usage_details = {{"input", 256}, {"output", 128}};
    records.push_back(std::move(record));
  }
  return records;
}

std::unique_ptr<llmtrace::Encoder> make_encoder(langfuse::Encoding encoding) {
  langfuse::Config config;
  config.public_key = "pk-lf-bench";
  config.secret_key = llmtrace::Secret("sk-lf-bench");
  config.base_url = "http://127.0.0.1:9";
  config.encoding = encoding;
  return langfuse::make_otlp_encoder(
      std::make_shared<const langfuse::Wire>(langfuse::resolve(config)));
}

std::string encode_batch(langfuse::Encoding encoding) {
  const auto encoder = make_encoder(encoding);
  std::string payload;
  for (const auto& record : make_records()) encoder->encode(*record, payload);
  return payload;
}

void encode_record(benchmark::State& state, langfuse::Encoding encoding) {
  const auto encoder = make_encoder(encoding);
  const auto records = make_records();
  std::string out;
  std::size_t bytes = 0;
  std::size_t next = 0;
  for (auto _ : state) {
    if (next == kBatch) {
      next = 0;
      out.clear();
    }
    const std::size_t before = out.size();
    encoder->encode(*records[next++], out);
    bytes += out.size() - before;
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(bytes));
}
BENCHMARK_CAPTURE(encode_record, protobuf, langfuse::Encoding::Protobuf);
BENCHMARK_CAPTURE(encode_record, json, langfuse::Encoding::Json);

void gzip_batch(benchmark::State& state, langfuse::Encoding encoding) {
  const std::string payload = encode_batch(encoding);
  std::size_t packed = 0;
  for (auto _ : state) {
    const std::string result = llmtrace::gzip(payload);
    packed = result.size();
    benchmark::DoNotOptimize(packed);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(payload.size()));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBatch));
  state.counters["ratio"] = static_cast<double>(payload.size()) / static_cast<double>(packed);
}
BENCHMARK_CAPTURE(gzip_batch, protobuf, langfuse::Encoding::Protobuf);
BENCHMARK_CAPTURE(gzip_batch, json, langfuse::Encoding::Json);

}  // namespace
