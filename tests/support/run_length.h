// How long a test runs: what CI can afford, or the full figure when LLMTRACE_DEEP is set and not
// empty. And whether a sanitizer is in: some of them replace the allocator or refuse to fork.
#pragma once

#include <cstdlib>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define LLMTRACE_TEST_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define LLMTRACE_TEST_SANITIZED 1
#endif
#endif

namespace llmtrace::tests {

#ifdef LLMTRACE_TEST_SANITIZED
inline constexpr bool kSanitized = true;
#else
inline constexpr bool kSanitized = false;
#endif

inline bool runs_deep() noexcept {
  const char* const deep = std::getenv("LLMTRACE_DEEP");
  return deep != nullptr && *deep != '\0';
}

/// How often: in CI, and deep.
inline int run_length(int in_ci, int deep) noexcept { return runs_deep() ? deep : in_ci; }

}  // namespace llmtrace::tests
