// One generation on the caller's thread: start, model, 1 KiB prompt and completion, two token
// counts, a parent, end. The flusher sleeps meanwhile, so this is the path without contention.
#include <benchmark/benchmark.h>

#include <chrono>
#include <string>
#include <vector>

#include "bench/quiet_client.h"
#include "bench/texts.h"

namespace {

using llmtrace::bench::kCallsBetweenFlushes;

void generation(const langfuse::Trace& parent, std::string& prompt, std::string& completion) {
  const langfuse::Observation observation =
      parent.generation({.name = "answer", .input = std::move(prompt), .model = "gpt-4o-mini"});
  observation.end(
      {.output = std::move(completion), .usage_details = {{"input", 256}, {"output", 128}}});
}

void generation_moved_texts(benchmark::State& state) {
  langfuse::Client client(llmtrace::bench::quiet_config());
  const langfuse::Trace parent = client.trace({.name = "bench"});
  const std::vector<std::string> texts = llmtrace::bench::make_texts(1, 1024, kCallsBetweenFlushes);
  while (state.KeepRunningBatch(kCallsBetweenFlushes)) {
    state.PauseTiming();
    client.flush(std::chrono::seconds(10));
    std::vector<std::string> prompts = texts;
    std::vector<std::string> completions = texts;
    state.ResumeTiming();
    for (std::size_t i = 0; i < texts.size(); ++i) generation(parent, prompts[i], completions[i]);
  }
}
BENCHMARK(generation_moved_texts);

void generation_copied_texts(benchmark::State& state) {
  langfuse::Client client(llmtrace::bench::quiet_config());
  const langfuse::Trace parent = client.trace({.name = "bench"});
  const std::vector<std::string> texts = llmtrace::bench::make_texts(1, 1024, kCallsBetweenFlushes);
  while (state.KeepRunningBatch(kCallsBetweenFlushes)) {
    for (const std::string& text : texts) {
      std::string prompt = text;
      std::string completion = text;
      generation(parent, prompt, completion);
    }
    state.PauseTiming();
    client.flush(std::chrono::seconds(10));
    state.ResumeTiming();
  }
}
BENCHMARK(generation_copied_texts);

}  // namespace
