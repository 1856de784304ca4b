// llmtrace_bench_e2e: generations from the caller to the server, through the public API alone.
//
// One generation is start, attributes (model, a prompt and a completion that are moved in, two
// token counts, a parent) and end. Its latency is the time that the caller's thread spends from
// before the start to after the handle is gone; the texts that are moved in are made before. What
// was delivered is counted by the server when it is llmtrace_bench_sink, else by the client.

#include <langfuse/langfuse.h>
#include <langsmith/langsmith.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "bench/e2e_options.h"
#include "bench/latency_histogram.h"
#include "bench/sink_stats.h"
#include "bench/texts.h"

namespace {

using llmtrace::bench::E2eOptions;
using llmtrace::bench::LatencyHistogram;
using llmtrace::bench::SinkStats;
using SteadyClock = std::chrono::steady_clock;

using Tick = std::chrono::milliseconds;

constexpr std::size_t kTextBytes = 1024;
constexpr std::size_t kTextCount = 64;  // together more than gzip's window

struct Texts {
  std::vector<std::string> prompts;
  std::vector<std::string> completions;
};

struct Result {
  LatencyHistogram latencies;
  double enqueue_seconds = 0;
  double total_seconds = 0;
  double cpu_seconds = 0;
  bool settled = false;
};

std::vector<std::string> texts_from(const std::string& file, std::uint64_t seed) {
  if (file.empty()) return llmtrace::bench::make_texts(seed, kTextBytes, kTextCount);
  std::ifstream stream(file, std::ios::binary);
  return {std::string(std::istreambuf_iterator<char>(stream), {})};
}

// The clients that are asked for, on one transport.
struct Clients {
  std::optional<langfuse::Client> langfuse{};
  std::optional<langsmith::Client> langsmith{};

  explicit Clients(const E2eOptions& options) {
    llmtrace::TransportOptions transport_options;
    if (options.max_bytes != 0) transport_options.max_bytes = options.max_bytes;
    if (options.block)
      transport_options.overflow = llmtrace::Overflow::block(std::chrono::minutes(10));
    const auto transport = llmtrace::Transport::create(std::move(transport_options));
    if (options.destination != "langsmith") {
      langfuse::Config config;
      config.public_key = "pk-lf-bench";
      config.secret_key = llmtrace::Secret("sk-lf-bench");
      config.base_url = options.url;
      config.encoding = options.encoding;
      config.compression =
          options.compress ? langfuse::Compression::Gzip : langfuse::Compression::None;
      config.transport = transport;
      langfuse.emplace(std::move(config));
    }
    if (options.destination != "langfuse") {
      langsmith::Config config;
      config.api_key = llmtrace::Secret("lsv2_pt_bench");
      config.endpoint = options.url;
      config.compression =
          options.compress ? langsmith::Compression::Zstd : langsmith::Compression::None;
      config.transport = transport;
      langsmith.emplace(std::move(config));
    }
  }

  llmtrace::DestinationStats stats() const {
    llmtrace::DestinationStats total;
    for (const auto& stats : {langfuse ? langfuse->stats() : llmtrace::DestinationStats(),
                              langsmith ? langsmith->stats() : llmtrace::DestinationStats()}) {
      total.delivered += stats.delivered;
      total.requests += stats.requests;
      total.bytes_sent += stats.bytes_sent;
      for (std::size_t i = 0; i < llmtrace::kDropReasonCount; ++i) {
        total.dropped[i] += stats.dropped[i];
      }
    }
    return total;
  }
};

void generate(const llmtrace::Observation& parent, std::string prompt, std::string completion) {
  const llmtrace::Observation generation =
      parent.generation({.name = "answer", .input = std::move(prompt), .model = "gpt-4o-mini"});
  generation.end(
      {.output = std::move(completion), .usage_details = {{"input", 256}, {"output", 128}}});
}

double seconds(SteadyClock::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto to_seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) * 1e-6;
  };
  return to_seconds(usage.ru_utime) + to_seconds(usage.ru_stime);
}

double max_rss_megabytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<double>(usage.ru_maxrss) / 1024;
}

// `count` generations. At a rate, those of one tick go together: a sleep for each would cost more
// than tracing does, and show in the CPU figure. A late one does not shift the others.
void produce(const llmtrace::Observation& parent, const Texts& texts, std::uint64_t count,
             SteadyClock::duration interval, LatencyHistogram& latencies) {
  const SteadyClock::time_point begin = SteadyClock::now();
  for (std::uint64_t i = 0; i < count; ++i) {
    if (interval.count() > 0) {
      std::this_thread::sleep_until(begin + std::chrono::ceil<Tick>(i * interval));
    }
    std::string prompt = texts.prompts[i % texts.prompts.size()];
    std::string completion = texts.completions[i % texts.completions.size()];
    const SteadyClock::time_point start = SteadyClock::now();
    generate(parent, std::move(prompt), std::move(completion));
    latencies.record(static_cast<std::uint64_t>((SteadyClock::now() - start).count()));
  }
}

Result run(const E2eOptions& options, const Texts& texts) {
  // The parents stay open until all is measured, so exactly `n` observations are submitted.
  // LangSmith is shown that they are open.
  std::vector<llmtrace::Observation> parents;
  for (unsigned i = 0; i < options.threads; ++i) {
    parents.push_back(llmtrace::start_observation({.name = "bench"}));
  }
  std::vector<LatencyHistogram> latencies(options.threads);
  const auto interval = std::chrono::nanoseconds(
      options.rate > 0 ? static_cast<long>(1e9 * options.threads / options.rate) : 0);

  const double cpu_before = cpu_seconds();
  const SteadyClock::time_point begin = SteadyClock::now();
  std::vector<std::thread> producers;
  for (unsigned i = 0; i < options.threads; ++i) {
    const std::uint64_t count = options.n / options.threads + (i < options.n % options.threads);
    producers.emplace_back(
        [&, i, count] { produce(parents[i], texts, count, interval, latencies[i]); });
  }
  for (std::thread& producer : producers) producer.join();
  const SteadyClock::time_point enqueued = SteadyClock::now();

  Result result;
  result.settled = llmtrace::flush(std::chrono::minutes(10));
  result.total_seconds = seconds(SteadyClock::now() - begin);
  result.enqueue_seconds = seconds(enqueued - begin);
  result.cpu_seconds = cpu_seconds() - cpu_before;
  for (const LatencyHistogram& each : latencies) result.latencies.merge(each);
  return result;
}

void print(const E2eOptions& options, const Result& result,
           const llmtrace::DestinationStats& client, const SinkStats& sink) {
  const LatencyHistogram& latencies = result.latencies;
  const auto number = [](std::uint64_t value) { return static_cast<unsigned long long>(value); };
  std::printf(
      "{\"n\":%llu,\"threads\":%u,\"mean_ns\":%.0f,\"p50_ns\":%llu,\"p90_ns\":%llu,\"p99_ns\":%llu,"
      "\"p999_ns\":%llu,\"enq_s\":%.3f,\"e2e_s\":%.3f,\"delivered\":%llu,\"dropped\":%llu,"
      "\"cpu_us_per_event\":%.2f,\"maxrss_mb\":%.1f,\"requests\":%llu,\"duplicates\":%llu,"
      "\"per_s\":%.0f,\"spans_per_request\":%.1f,\"connections\":%llu,\"bytes\":%llu}\n",
      number(options.n), options.threads, latencies.mean(), number(latencies.quantile(0.5)),
      number(latencies.quantile(0.9)), number(latencies.quantile(0.99)),
      number(latencies.quantile(0.999)), result.enqueue_seconds, result.total_seconds,
      number(sink.unique), number(client.dropped_total()),
      1e6 * result.cpu_seconds / static_cast<double>(options.n), max_rss_megabytes(),
      number(sink.requests), number(sink.duplicates),
      static_cast<double>(sink.unique) / result.total_seconds,
      static_cast<double>(sink.spans) /
          static_cast<double>(std::max<std::uint64_t>(1, sink.requests)),
      number(sink.connections), number(sink.bytes));
}

SinkStats difference(const SinkStats& after, const SinkStats& before) {
  SinkStats stats;
  for (const auto& [name, count] : llmtrace::bench::kSinkCounts) {
    stats.*count = after.*count - before.*count;
  }
  return stats;
}

// What the client itself says, for a server that does not count.
SinkStats counted_by(const llmtrace::DestinationStats& client) {
  return {.requests = client.requests,
          .bytes = client.bytes_sent,
          .spans = client.delivered,
          .unique = client.delivered};
}

int measure(const E2eOptions& options) {
  const Texts texts{texts_from(options.prompt_file, 1), texts_from(options.completion_file, 1000)};
  const auto before = llmtrace::bench::fetch_sink_stats(options.url);
  Clients clients(options);
  const Result result = run(options, texts);
  const llmtrace::DestinationStats stats = clients.stats();
  const auto after = llmtrace::bench::fetch_sink_stats(options.url);
  const SinkStats counted = before && after ? difference(*after, *before) : counted_by(stats);
  print(options, result, stats, counted);
  const std::uint64_t destinations = options.destination == "both" ? 2 : 1;
  const std::uint64_t shown_open =
      options.destination != "langfuse" && before && after ? options.threads : 0;
  const std::uint64_t accounted_for = counted.unique + stats.dropped_total();
  const bool accounted = accounted_for >= options.n * destinations &&
                         accounted_for <= options.n * destinations + shown_open;
  const bool complete = result.settled || stats.dropped_total() > 0;
  if (!accounted) std::fprintf(stderr, "delivered and dropped do not add up to n\n");
  if (!complete) std::fprintf(stderr, "the flush was not complete\n");
  return accounted && complete ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const E2eOptions options = llmtrace::bench::parse_e2e_options(argc, argv);
  try {
    return measure(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "llmtrace_bench_e2e: %s\n", error.what());
    return 1;
  }
}
