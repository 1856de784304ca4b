// What every fuzzer shares: the bytes as text, and a check that ends the run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

inline std::string_view fuzz_text(const std::uint8_t* data, std::size_t size) {
  return {reinterpret_cast<const char*>(data), size};
}

/// Ends the run with a crash, which the fuzzer reports together with the input.
inline void require(bool holds) {
  if (!holds) std::abort();
}
