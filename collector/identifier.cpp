#include "collector/identifier.h"

#include <random>

#include "common/src/id_types.h"

namespace llmtrace::collector {

std::string to_hex(std::string_view bytes) {
  return llmtrace::to_hex(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
}

bool is_lower_hex(std::string_view id, std::size_t digits) noexcept {
  return id.size() == digits && id.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

std::string make_uuid() {
  std::random_device random;
  Uuid uuid{};
  for (std::uint8_t& byte : uuid) byte = static_cast<std::uint8_t>(random() & 255);
  uuid[6] = static_cast<std::uint8_t>((uuid[6] & 0x0F) | 0x40);
  uuid[8] = static_cast<std::uint8_t>((uuid[8] & 0x3F) | 0x80);
  return uuid_text(uuid);
}

}  // namespace llmtrace::collector
