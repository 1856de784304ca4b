// Unpacks gzip from outside. The output is counted while it grows, so a small body that unpacks to
// gigabytes costs no more memory than the limit.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llmtrace::collector {

/// The unpacked bytes of one or more gzip members. Throws BadRequest when `compressed` is not
/// complete and valid gzip, PayloadTooLarge when the output would exceed `limit_bytes`.
std::string gunzip(std::string_view compressed, std::size_t limit_bytes);

}  // namespace llmtrace::collector
