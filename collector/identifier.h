// Hexadecimal ids and the ids that the collector itself gives.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llmtrace::collector {

/// Lower-case, two digits a byte.
std::string to_hex(std::string_view bytes);
/// Whether `id` is exactly `digits` lower-case hexadecimal digits.
bool is_lower_hex(std::string_view id, std::size_t digits) noexcept;
/// A random UUID (version 4), from the system's source of randomness: nobody can guess it.
std::string make_uuid();

}  // namespace llmtrace::collector
