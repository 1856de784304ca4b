// Escaping a JSON string: ours (which repairs invalid UTF-8) against RapidJSON's Writer, as it is
// (which passes invalid UTF-8 through) and with its validation.
#if defined(__SSE2__)
#define RAPIDJSON_SSE2
#endif
#include <benchmark/benchmark.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <string>

#include "bench/texts.h"
#include "common/src/json_text.h"

namespace {

constexpr std::size_t kBytes = 1024;

void count_bytes(benchmark::State& state) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(kBytes));
}

std::string text_of(const benchmark::State& state) {
  return state.range(0) == 0 ? std::string(kBytes, 'a') : llmtrace::bench::make_text(1, kBytes);
}

void json_string_llmtrace(benchmark::State& state) {
  const std::string text = text_of(state);
  std::string out;
  for (auto _ : state) {
    out.clear();
    llmtrace::append_json_string(out, text);
    benchmark::DoNotOptimize(out.data());
  }
  count_bytes(state);
}
BENCHMARK(json_string_llmtrace)->ArgName("escapes")->Arg(0)->Arg(1);

template <unsigned Flags>
void json_string_rapidjson(benchmark::State& state) {
  using Buffer = rapidjson::StringBuffer;
  using Writer = rapidjson::Writer<Buffer, rapidjson::UTF8<>, rapidjson::UTF8<>,
                                   rapidjson::CrtAllocator, Flags>;
  const std::string text = text_of(state);
  Buffer buffer;
  Writer writer(buffer);
  for (auto _ : state) {
    buffer.Clear();
    writer.Reset(buffer);
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    benchmark::DoNotOptimize(buffer.GetString());
  }
  count_bytes(state);
}
BENCHMARK(json_string_rapidjson<rapidjson::kWriteDefaultFlags>)
    ->Name("json_string_rapidjson")
    ->ArgName("escapes")
    ->Arg(0)
    ->Arg(1);
BENCHMARK(json_string_rapidjson<rapidjson::kWriteValidateEncodingFlag>)
    ->Name("json_string_rapidjson_validating")
    ->ArgName("escapes")
    ->Arg(0)
    ->Arg(1);

}  // namespace
