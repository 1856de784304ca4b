#pragma once

#include <string>
#include <string_view>

namespace llmtrace::collector {

/// The environment as the server stores it: lower case, without leading "langfuse-" or "langfuse_",
/// at most 40 characters of a-z 0-9 - _; "default" for anything else.
std::string environment_name(std::string_view given);

}  // namespace llmtrace::collector
