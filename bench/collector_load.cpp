// llmtrace_bench_collector: how many spans a second the collector stores. Sends OTLP in protobuf,
// as any OpenTelemetry program does, over a number of kept connections, each of which waits for the
// answer before it sends again; what is answered is stored. Prints one line of JSON. Exit status 1
// when an answer was no 200.
#include <curl/curl.h>

#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <memory>
#include <protozero/pbf_builder.hpp>
#include <protozero/pbf_writer.hpp>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "bench/texts.h"

namespace llmtrace::bench {
namespace {

using protozero::pbf_writer;

struct Options {
  std::string url{};
  std::uint64_t spans = 200'000;
  std::uint64_t spans_per_request = 500;
  std::uint64_t spans_per_trace = 10;
  std::size_t span_bytes = 2048;
  unsigned connections = 4;
};

void add_text(pbf_writer& span, const std::string& key, const std::string& value) {
  pbf_writer pair(span, 9);
  pair.add_string(1, key);
  pbf_writer any(pair, 2);
  any.add_string(1, value);
}

void add_number(pbf_writer& span, const std::string& key, std::int64_t value) {
  pbf_writer pair(span, 9);
  pair.add_string(1, key);
  pbf_writer any(pair, 2);
  any.add_int64(3, value);
}

// Bytes that look random and say which they are.
std::string id_of(std::uint64_t number, std::size_t size) {
  std::string id;
  while (id.size() < size) {
    number = (number + 0x9e3779b97f4a7c15U) * 0xbf58476d1ce4e5b9U;
    number ^= number >> 29U;
    for (int shift = 0; shift < 64; shift += 8) id += static_cast<char>(number >> shift & 255U);
  }
  return id.substr(0, size);
}

class Load {
 public:
  explicit Load(const Options& options)
      : options_(options),
        run_(static_cast<std::uint64_t>(
            std::chrono::system_clock::now().time_since_epoch().count())),
        texts_(make_texts(7, (options.span_bytes - kOtherBytes) / 2, kTextCount)) {}

  // Spans a second.
  double run() {
    const auto start = std::chrono::steady_clock::now();
    std::vector<std::thread> threads;
    for (unsigned i = 0; i < options_.connections; ++i)
      threads.emplace_back([this] { send_all(); });
    for (std::thread& thread : threads) thread.join();
    const std::chrono::duration<double> taken = std::chrono::steady_clock::now() - start;
    if (failures_ > 0) throw std::runtime_error("a request was not answered with 200");
    return static_cast<double>(options_.spans) / taken.count();
  }

 private:
  static constexpr std::size_t kOtherBytes = 348;  // ids, times, names of a span without its texts
  static constexpr std::size_t kTextCount = 256;

  void send_all() {
    const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                   &curl_easy_cleanup);
    const std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)> headers(
        curl_slist_append(curl_slist_append(nullptr, "Content-Type: application/x-protobuf"),
                          "Expect:"),
        &curl_slist_free_all);
    const std::string url = options_.url + "/v1/traces";
    curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
    for (;;) {
      const std::uint64_t first = next_.fetch_add(options_.spans_per_request);
      if (first >= options_.spans) return;
      const std::string body = request(first);
      curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, body.data());
      curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(body.size()));
      long status = 0;
      const CURLcode code = curl_easy_perform(curl.get());
      curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &status);
      if (code != CURLE_OK || status != 200) ++failures_;
    }
  }

  std::string request(std::uint64_t first) const {
    std::string body;
    pbf_writer message(body);
    pbf_writer resource_spans(message, 1);
    {
      pbf_writer resource(resource_spans, 1);
      pbf_writer pair(resource, 1);
      pair.add_string(1, "service.name");
      pbf_writer any(pair, 2);
      any.add_string(1, "bench");
    }
    pbf_writer scope_spans(resource_spans, 2);
    {
      pbf_writer scope(scope_spans, 1);
      scope.add_string(1, "bench");
    }
    for (std::uint64_t i = 0; i < options_.spans_per_request; ++i) add_span(scope_spans, first + i);
    return body;
  }

  void add_span(pbf_writer& scope_spans, std::uint64_t number) const {
    const std::uint64_t trace = number / options_.spans_per_trace;
    const bool is_root = number % options_.spans_per_trace == 0;
    const std::uint64_t start = run_ + trace * 1'000'000;
    pbf_writer span(scope_spans, 2);
    span.add_bytes(1, id_of(run_ + trace, 16));
    span.add_bytes(2, id_of(run_ * 3 + number, 8));
    if (!is_root) span.add_bytes(4, id_of(run_ * 3 + trace * options_.spans_per_trace, 8));
    span.add_string(5, is_root ? "answer" : "chat");
    span.add_fixed64(7, start);
    span.add_fixed64(8, start + (1 + number % 997) * 1'000'000);
    add_text(span, "gen_ai.operation.name", is_root ? "invoke_agent" : "chat");
    add_text(span, "gen_ai.provider.name", "openai");
    add_text(span, "gen_ai.request.model", number % 3 == 0 ? "gpt-4o" : "gpt-4o-mini");
    add_text(span, "input.value", texts_[number % kTextCount]);
    add_text(span, "output.value", texts_[(number * 7 + 3) % kTextCount]);
    add_text(span, "user.id", "user-" + std::to_string(trace % 1000));
    add_text(span, "session.id", "session-" + std::to_string(trace / 8));
    add_number(span, "gen_ai.usage.input_tokens", static_cast<std::int64_t>(100 + number % 900));
    add_number(span, "gen_ai.usage.output_tokens", static_cast<std::int64_t>(10 + number % 90));
  }

  const Options& options_;
  const std::uint64_t run_;
  const std::vector<std::string> texts_;
  std::atomic<std::uint64_t> next_{0};
  std::atomic<std::uint64_t> failures_{0};
};

}  // namespace
}  // namespace llmtrace::bench

int main(int argc, char** argv) {
  llmtrace::bench::Options options;
  CLI::App app("Stores spans in a collector as fast as it takes them.");
  app.add_option("--url", options.url, "Where the collector listens")->required();
  app.add_option("--spans", options.spans, "How many")->capture_default_str();
  app.add_option("--spans-per-request", options.spans_per_request, "In one body")
      ->capture_default_str();
  app.add_option("--spans-per-trace", options.spans_per_trace, "In one trace")
      ->capture_default_str();
  app.add_option("--connections", options.connections, "That send at once")->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  curl_global_init(CURL_GLOBAL_DEFAULT);
  try {
    const double rate = llmtrace::bench::Load(options).run();
    std::printf("{\"spans\":%llu,\"spans_per_second\":%.0f}\n",
                static_cast<unsigned long long>(options.spans), rate);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "llmtrace_bench_collector: %s\n", error.what());
    return 1;
  }
}
