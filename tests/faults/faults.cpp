#include "tests/faults/faults.h"

#include <curl/curl.h>
#include <dlfcn.h>
#include <pthread.h>

#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstring>

namespace llmtrace::tests {

std::atomic<bool> no_curl_handles{false};
std::atomic<bool> no_threads{false};

namespace {

std::atomic<bool> armed{false};
std::atomic<int> seen{0};
std::atomic<int> first{0};
std::atomic<int> last{0};

bool fails() noexcept {
  if (!armed.load(std::memory_order_relaxed)) return false;
  const int number = seen.fetch_add(1, std::memory_order_relaxed) + 1;
  return number >= first.load(std::memory_order_relaxed) &&
         number <= last.load(std::memory_order_relaxed);
}

}  // namespace

FailingAllocation::FailingAllocation(int nth, int count) noexcept {
  seen = 0;
  first = nth;
  last = nth + count - 1;
  armed = true;
}

FailingAllocation::~FailingAllocation() { armed = false; }

bool FailingAllocation::was_met() const noexcept { return seen >= first; }

}  // namespace llmtrace::tests

// ---- In the place of the libraries' own
// ----------------------------------------------------------

extern "C" {

void* __libc_malloc(std::size_t size);                       // NOLINT
void* __libc_calloc(std::size_t count, std::size_t size);    // NOLINT
void* __libc_realloc(void* block, std::size_t size);         // NOLINT
void* __libc_memalign(std::size_t align, std::size_t size);  // NOLINT

void* malloc(std::size_t size) noexcept {
  if (llmtrace::tests::fails()) return errno = ENOMEM, nullptr;
  return __libc_malloc(size);
}

void* calloc(std::size_t count, std::size_t size) noexcept {
  if (llmtrace::tests::fails()) return errno = ENOMEM, nullptr;
  return __libc_calloc(count, size);
}

void* realloc(void* block, std::size_t size) noexcept {
  if (llmtrace::tests::fails()) return errno = ENOMEM, nullptr;
  return __libc_realloc(block, size);
}

void* aligned_alloc(std::size_t align, std::size_t size) noexcept {
  if (llmtrace::tests::fails()) return errno = ENOMEM, nullptr;
  return __libc_memalign(align, size);
}

CURL* curl_easy_init() {
  if (llmtrace::tests::no_curl_handles) return nullptr;
  static const auto original = reinterpret_cast<CURL* (*)()>(::dlsym(RTLD_NEXT, "curl_easy_init"));
  return original();
}

int pthread_create(pthread_t* thread, const pthread_attr_t* attributes, void* (*start)(void*),
                   void* argument) noexcept {
  if (llmtrace::tests::no_threads) return EAGAIN;
  using Create = int (*)(pthread_t*, const pthread_attr_t*, void* (*)(void*), void*);
  static const auto original = reinterpret_cast<Create>(::dlsym(RTLD_NEXT, "pthread_create"));
  return original(thread, attributes, start, argument);
}

}  // extern "C"
