#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace llmtrace::collector {

/// How many code points `text` has, which is valid UTF-8: every byte but a continuation byte begins
/// one.
inline std::size_t character_count(std::string_view text) noexcept {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

}  // namespace llmtrace::collector
