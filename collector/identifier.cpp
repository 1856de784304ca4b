#include "collector/identifier.h"

#include <random>

namespace llmtrace::collector {

namespace {
constexpr std::string_view kHexDigits = "0123456789abcdef";
}  // namespace

std::string to_hex(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() * 2);
  for (const char byte : bytes) {
    const auto value = static_cast<unsigned char>(byte);
    text += kHexDigits[value >> 4];
    text += kHexDigits[value & 15];
  }
  return text;
}

bool is_lower_hex(std::string_view id, std::size_t digits) noexcept {
  return id.size() == digits && id.find_first_not_of(kHexDigits) == std::string_view::npos;
}

std::string make_uuid() {
  std::random_device random;
  std::string bytes;
  while (bytes.size() < 16) bytes += static_cast<char>(random() & 255);
  bytes[6] = static_cast<char>((bytes[6] & 0x0F) | 0x40);
  bytes[8] = static_cast<char>((bytes[8] & 0x3F) | 0x80);
  std::string text = to_hex(bytes);
  for (const std::size_t at : {8U, 13U, 18U, 23U}) text.insert(at, 1, '-');
  return text;
}

}  // namespace llmtrace::collector
