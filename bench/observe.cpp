// What OBSERVE costs the function that it is in: with nothing listening, and with a client.
#include <benchmark/benchmark.h>
#include <langsmith/langsmith.h>
#include <llmtrace/observe.h>

#include <chrono>
#include <string>
#include <thread>

#include "bench/quiet_client.h"
#include "bench/texts.h"

namespace {

using llmtrace::bench::kCallsBetweenFlushes;

[[gnu::noinline]] std::size_t bare(const std::string& question, int attempt) {
  benchmark::DoNotOptimize(attempt);
  return question.size();
}

[[gnu::noinline]] std::size_t observed(const std::string& question, int attempt) {
  OBSERVE(question, attempt);
  benchmark::DoNotOptimize(attempt);
  return question.size();
}

void call_bare(benchmark::State& state) {
  const std::string question = "What is a span?";
  for (auto _ : state) benchmark::DoNotOptimize(bare(question, 1));
}
BENCHMARK(call_bare);

void observe_nothing_listening(benchmark::State& state) {
  const std::string question = "What is a span?";
  for (auto _ : state) benchmark::DoNotOptimize(observed(question, 1));
}
BENCHMARK(observe_nothing_listening);

void observe_listening(benchmark::State& state) {
  langfuse::Client client(llmtrace::bench::quiet_config());
  const std::string question =
      llmtrace::bench::make_text(1, static_cast<std::size_t>(state.range(0)));
  while (state.KeepRunningBatch(kCallsBetweenFlushes)) {
    for (int i = 0; i < kCallsBetweenFlushes; ++i) benchmark::DoNotOptimize(observed(question, i));
    state.PauseTiming();
    client.flush(std::chrono::seconds(10));
    state.ResumeTiming();
  }
}
BENCHMARK(observe_listening)->ArgName("input_bytes")->Arg(16)->Arg(1024);

// A thread that ends at once, and one whose first call is observed: what a thread's first costs.
void new_thread(benchmark::State& state) {
  const std::string question = "What is a span?";
  for (auto _ : state) std::thread([&] { benchmark::DoNotOptimize(bare(question, 1)); }).join();
}
BENCHMARK(new_thread)->UseRealTime();

void observe_on_new_thread(benchmark::State& state) {
  langfuse::Client client(llmtrace::bench::quiet_config());
  const std::string question = "What is a span?";
  for (auto _ : state) std::thread([&] { benchmark::DoNotOptimize(observed(question, 1)); }).join();
}
BENCHMARK(observe_on_new_thread)->UseRealTime();

// The same call with both vendors on one transport: the record is built once.
void observe_two_vendors(benchmark::State& state) {
  const langfuse::Config config = llmtrace::bench::quiet_config();
  langfuse::Client langfuse(config);
  langsmith::Client langsmith({.api_key = llmtrace::Secret("lsv2_pt_bench"),
                               .endpoint = "http://127.0.0.1:9",
                               .transport = config.transport});
  const std::string question =
      llmtrace::bench::make_text(1, static_cast<std::size_t>(state.range(0)));
  while (state.KeepRunningBatch(kCallsBetweenFlushes)) {
    for (int i = 0; i < kCallsBetweenFlushes; ++i) benchmark::DoNotOptimize(observed(question, i));
    state.PauseTiming();
    llmtrace::flush(std::chrono::seconds(10));
    state.ResumeTiming();
  }
}
BENCHMARK(observe_two_vendors)->ArgName("input_bytes")->Arg(16)->Arg(1024);

void observe_langsmith(benchmark::State& state) {
  langsmith::Client langsmith({.api_key = llmtrace::Secret("lsv2_pt_bench"),
                               .endpoint = "http://127.0.0.1:9",
                               .transport = llmtrace::bench::quiet_config().transport});
  const std::string question =
      llmtrace::bench::make_text(1, static_cast<std::size_t>(state.range(0)));
  while (state.KeepRunningBatch(kCallsBetweenFlushes)) {
    for (int i = 0; i < kCallsBetweenFlushes; ++i) benchmark::DoNotOptimize(observed(question, i));
    state.PauseTiming();
    langsmith.flush(std::chrono::seconds(10));
    state.ResumeTiming();
  }
}
BENCHMARK(observe_langsmith)->ArgName("input_bytes")->Arg(16)->Arg(1024);

}  // namespace

BENCHMARK_MAIN();
