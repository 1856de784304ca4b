// What a log call costs its caller, mean of bursts that the queue holds, so that no call is cheap
// because its line was dropped: by one thread and by four at once.
#include <benchmark/benchmark.h>
#include <llmtrace/log.h>
#include <llmtrace/testing.h>

#include <chrono>
#include <cstdint>
#include <optional>

namespace {

constexpr int kBurst = 1000;

const llmtrace::Logger& logger() {
  static const llmtrace::Logger instance({.file = "/dev/null", .queue_size = 16 * kBurst});
  return instance;
}

// Times the calls, not the wait for the writer between two bursts.
template <class Call>
void in_bursts(benchmark::State& state, Call&& call) {
  std::chrono::duration<double> total{};
  for (auto _ : state) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < kBurst; ++i) call(i);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
    state.SetIterationTime(took.count());
    total += took;
    logger().flush();
  }
  const double calls = static_cast<double>(state.iterations()) * kBurst;
  state.counters["ns_per_call"] =
      benchmark::Counter(total.count() * 1e9 / calls, benchmark::Counter::kAvgThreads);
  if (logger().dropped() != 0) state.SkipWithError("lines were dropped");
}

void log_message(benchmark::State& state) {
  in_bursts(state, [](int) { logger().info("request done"); });
}
BENCHMARK(log_message)->Threads(1)->Threads(4)->UseManualTime();

// Somebody records the request whose ids the lines carry: only as long as that is measured, for
// other benchmarks have their own, or nobody.
std::optional<llmtrace::testing::MemoryDestination> memory;

void begin_recording(const benchmark::State&) { memory.emplace(); }
void end_recording(const benchmark::State&) { memory.reset(); }

void log_fields_in_context(benchmark::State& state) {
  const llmtrace::Observation span = llmtrace::start_observation({.name = "request"});
  const auto active = span.activate();
  const auto context = llmtrace::set_context({{"request_id", "0123456789abcdef"}, {"user", "u-1"}});
  in_bursts(state, [](int i) {
    logger().info("request done", {{"route", "/complete"}, {"status", 200}, {"bytes", i}});
  });
}
BENCHMARK(log_fields_in_context)
    ->Threads(1)
    ->Threads(4)
    ->UseManualTime()
    ->Setup(begin_recording)
    ->Teardown(end_recording);

void log_llm_request(benchmark::State& state) {
  const std::string prompt(2000, 'p');
  in_bursts(state, [&](int i) {
    logger().log_llm_request({.model = "gpt-4o-mini",
                              .provider = "openai",
                              .prompt = prompt,
                              .response = prompt,
                              .latency = std::chrono::microseconds(i),
                              .input_tokens = i,
                              .output_tokens = 5});
  });
}
BENCHMARK(log_llm_request)->Threads(1)->UseManualTime();

void log_below_the_level(benchmark::State& state) {
  for (auto _ : state) logger().debug("not logged", {{"k", 1}});
}
BENCHMARK(log_below_the_level);

}  // namespace
