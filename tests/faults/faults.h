// What this program replaces, so that it can fail: the allocator (the standard library's, libcurl's
// and OpenSSL's too, for all of them end in malloc), curl_easy_init and the making of threads.
#pragma once

#include <atomic>

namespace llmtrace::tests {

/// While one lives, the `nth` allocation of the process from here on fails, and the `count - 1`
/// after it.
class FailingAllocation {
 public:
  explicit FailingAllocation(int nth, int count = 1) noexcept;
  ~FailingAllocation();
  FailingAllocation(const FailingAllocation&) = delete;
  FailingAllocation& operator=(const FailingAllocation&) = delete;

  /// Whether it has come to that.
  bool was_met() const noexcept;
};

extern std::atomic<bool> no_curl_handles;
extern std::atomic<bool> no_threads;

}  // namespace llmtrace::tests
