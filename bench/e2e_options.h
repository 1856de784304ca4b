// The command line of llmtrace_bench_e2e.
#pragma once

#include <langfuse/langfuse.h>

#include <cstddef>
#include <cstdint>
#include <string>

namespace llmtrace::bench {

struct E2eOptions {
  std::string url;
  std::string destination = "langfuse";
  unsigned threads = 1;
  std::uint64_t n = 1'000'000;  ///< generations, over all threads
  double rate = 0;              ///< generations per second, over all threads; 0: as fast as they go
  std::string prompt_file;      ///< empty: built-in texts of 1 KiB
  std::string completion_file;
  langfuse::Encoding encoding = langfuse::Encoding::Protobuf;
  bool compress = false;
  bool block = true;          ///< on overflow: wait for room, or drop
  std::size_t max_bytes = 0;  ///< of the queue; 0: the SDK's default
};

/// Exits with a message when the command line is wrong, or asks for help.
E2eOptions parse_e2e_options(int argc, char** argv);

}  // namespace llmtrace::bench
