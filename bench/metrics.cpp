// What a metric costs: LlmMetrics::record with everything known of a call, on one series, by one
// thread and by four at once; and a plain counter and histogram.
#include <benchmark/benchmark.h>
#include <llmtrace/metrics.h>

#include <chrono>

namespace {

llmtrace::Metrics& registry() {
  static llmtrace::Metrics instance;
  return instance;
}

void llm_metrics_record(benchmark::State& state) {
  static llmtrace::LlmMetrics llm({.registry = &registry(), .observe = false});
  std::int64_t latency = 1'000'000;
  for (auto _ : state) {
    latency = latency * 5 % 9'999'991 + 1'000'000;
    llm.record({.provider = "openai",
                .model = "gpt-4o-mini",
                .latency = std::chrono::nanoseconds(latency),
                .time_to_first_token = std::chrono::nanoseconds(latency / 3),
                .input_tokens = latency & 1023,
                .output_tokens = latency & 255,
                .cached_tokens = latency & 63,
                .cost = 0.0001});
  }
}
BENCHMARK(llm_metrics_record)->Threads(1)->Threads(4)->UseRealTime();

void counter_add(benchmark::State& state) {
  static const llmtrace::Counter counter = registry().counter({.name = "bench_total"}).with();
  for (auto _ : state) counter.add();
}
BENCHMARK(counter_add)->Threads(1)->Threads(4)->UseRealTime();

void histogram_record(benchmark::State& state) {
  static const llmtrace::Histogram histogram = registry().histogram({.name = "bench"}).with();
  double value = 0.001;
  for (auto _ : state) {
    value = value > 100 ? 0.001 : value * 1.01;
    histogram.record(value);
  }
}
BENCHMARK(histogram_record)->Threads(1)->Threads(4)->UseRealTime();

}  // namespace
