// The one project that the collector has, and the one organisation that it belongs to.
#pragma once

#include <string_view>

namespace llmtrace::collector {

inline constexpr std::string_view kProjectId = "local";

}  // namespace llmtrace::collector
