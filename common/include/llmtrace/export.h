// LLMTRACE_EXPORT marks what the shared library shows; everything else has hidden visibility.
#pragma once

#if defined(__GNUC__) || defined(__clang__)
#define LLMTRACE_EXPORT [[gnu::visibility("default")]]
#else
#define LLMTRACE_EXPORT
#endif
