// The version of the llmtrace headers in use. CMake reads it from here, so this is the only place
// that spells it.
#pragma once

#define LLMTRACE_VERSION_MAJOR 0
#define LLMTRACE_VERSION_MINOR 1
#define LLMTRACE_VERSION_PATCH 0
#define LLMTRACE_VERSION_STRING "0.1.0"
