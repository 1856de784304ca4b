// llmtrace_bench_sink: a server for the benchmarks. It reads and parses every body that is posted
// to it (OTLP in protobuf and JSON, scores, the legacy batch; plain or gzip) and counts what it
// found: see GET /stats. It keeps nothing, so that what limits a benchmark is the client.

#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <exception>

#include "bench/http_sink.h"

int main(int argc, char** argv) {
  std::uint16_t port = 0;
  unsigned delay_ms = 0;
  CLI::App app("Counts the traces and scores that are sent to it; GET /stats tells.");
  app.add_option("--port", port, "Port on 127.0.0.1; 0 (default) picks a free one");
  app.add_option("--delay-ms", delay_ms, "How long every reply waits");
  CLI11_PARSE(app, argc, argv);
  try {
    llmtrace::bench::HttpSink sink(port, std::chrono::milliseconds(delay_ms));
    std::printf("http://127.0.0.1:%u\n", static_cast<unsigned>(sink.port()));
    std::fflush(stdout);
    sink.run();
  } catch (const std::exception& error) {
    std::fprintf(stderr, "llmtrace_bench_sink: %s\n", error.what());
    return 1;
  }
}
