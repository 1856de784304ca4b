// Writes the bodies that llmtrace sends for one fixed set of items, one file per form:
//   golden DIRECTORY HEADERS
// HEADERS is a file of headers that continue another client's trace: see headers.mjs.
#include "tests/wire/golden.h"

#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

namespace {

class StandingClock final : public llmtrace::Clock {
 public:
  llmtrace::Timestamp now() noexcept override { return kStart + std::chrono::milliseconds(250); }
  std::chrono::steady_clock::time_point steady_now() noexcept override {
    return std::chrono::steady_clock::now();
  }
};

}  // namespace

std::shared_ptr<llmtrace::Transport> reproducible_transport(
    std::shared_ptr<llmtrace::HttpClient> http) {
  return llmtrace::Transport::create(
      {.http_client = std::move(http), .clock = std::make_shared<StandingClock>(), .id_seed = 42});
}

void write(const std::string& directory, std::string_view name, std::string_view body) {
  const std::string path = directory + "/" + std::string(name);
  std::ofstream file(path, std::ios::binary);
  file << body;
  if (!file) throw std::runtime_error("cannot write " + path);
}

int main(int argc, char** argv) {
  if (argc != 3) {
    std::fprintf(stderr, "usage: %s DIRECTORY HEADERS\n", argv[0]);
    return 2;
  }
  try {
    write_otlp_bodies(argv[1]);
    write_signal_bodies(argv[1]);
    write_langfuse_bodies(argv[1]);
    write_langsmith_bodies(argv[1], argv[2]);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "golden: %s\n", error.what());
    return 1;
  }
  return 0;
}
