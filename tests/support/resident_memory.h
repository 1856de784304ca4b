// The resident memory of this process, as the kernel counts it.
#pragma once

#include <cstddef>
#include <fstream>
#include <string>

namespace llmtrace::tests {

/// A field of /proc/self/status, e.g. "VmRSS:" (now) or "VmHWM:" (the peak), in bytes.
inline std::size_t memory_field(const std::string& name) {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;) {
    std::size_t kibibytes = 0;
    if (word == name && status >> kibibytes) return kibibytes * 1024;
  }
  return 0;
}

/// The peak from here on is that of what follows. False where the kernel does not allow it.
inline bool reset_peak_memory() {
  std::ofstream file("/proc/self/clear_refs");
  file << "5" << std::flush;
  return file.good();
}

}  // namespace llmtrace::tests
