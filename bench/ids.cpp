// Ids: a UUIDv7 from the calling thread's generator, and its text.
#include <benchmark/benchmark.h>

#include <chrono>

#include "common/src/id_types.h"

namespace {

void id_next(benchmark::State& state) {
  llmtrace::IdSource ids;
  const llmtrace::Timestamp now = std::chrono::system_clock::now();
  for (auto _ : state) benchmark::DoNotOptimize(ids.next(now));
}
BENCHMARK(id_next);

void id_as_hex(benchmark::State& state) {
  llmtrace::IdSource ids;
  const llmtrace::Uuid id = ids.next(std::chrono::system_clock::now());
  std::string out;
  for (auto _ : state) {
    out.clear();
    llmtrace::append_hex(out, id.data(), id.size());
    benchmark::DoNotOptimize(out.data());
  }
}
BENCHMARK(id_as_hex);

void clock_now(benchmark::State& state) {
  for (auto _ : state) benchmark::DoNotOptimize(std::chrono::system_clock::now());
}
BENCHMARK(clock_now);

}  // namespace
