// The short macros: OBSERVE and its kin. Opt-in by this include; <llmtrace/macros.h> has the same
// with the prefix LLMTRACE_ only.
//
//   OBSERVE(args...)             a span; name = __func__, input = {"arg": value, ...}
//   OBSERVE_GENERATION(args...)  the same as a generation; also _RETRIEVER, _TOOL, _AGENT
//   OBSERVE_WITH(.name = ..., .as_type = ..., .input = OBSERVE_ARGS(x))    every other type and
//   option OBSERVE_OUTPUT(value)        records the output; a statement, or around a returned
//   expression OBSERVE_BODY(args...) { ... };    output and exception text are recorded by
//   themselves co_await OBSERVE_AWAIT(task)      keeps the context across a suspension
#pragma once

#include <llmtrace/macros.h>

// Each repeats #__VA_ARGS__: going through the long name would expand a user's macro inside the
// key.
#define OBSERVE(...) LLMTRACE_DETAIL_OBSERVE(Span, #__VA_ARGS__, __VA_ARGS__)
#define OBSERVE_GENERATION(...) LLMTRACE_DETAIL_OBSERVE(Generation, #__VA_ARGS__, __VA_ARGS__)
#define OBSERVE_RETRIEVER(...) LLMTRACE_DETAIL_OBSERVE(Retriever, #__VA_ARGS__, __VA_ARGS__)
#define OBSERVE_TOOL(...) LLMTRACE_DETAIL_OBSERVE(Tool, #__VA_ARGS__, __VA_ARGS__)
#define OBSERVE_AGENT(...) LLMTRACE_DETAIL_OBSERVE(Agent, #__VA_ARGS__, __VA_ARGS__)
#define OBSERVE_BODY(...) LLMTRACE_DETAIL_BODY(#__VA_ARGS__, __VA_ARGS__)
#define OBSERVE_ARGS(...) ::llmtrace::detail::arguments(#__VA_ARGS__ __VA_OPT__(, ) __VA_ARGS__)
#define OBSERVE_WITH(...) LLMTRACE_OBSERVE_WITH(__VA_ARGS__)
#define OBSERVE_OUTPUT(...) LLMTRACE_OBSERVE_OUTPUT(__VA_ARGS__)
#define OBSERVE_AWAIT(...) LLMTRACE_OBSERVE_AWAIT(__VA_ARGS__)
