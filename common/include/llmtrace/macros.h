// The long names of the OBSERVE macros, for code bases that want no short ones.
// <llmtrace/observe.h> has both. What each records is a table in the README. -DLLMTRACE_OBSERVE_OFF
// empties them all.
//
// One per function, as the first statement: it declares `llmtrace_scope_`. Arguments are evaluated
// once, and only when something is recorded.
#pragma once

#include <llmtrace/await.h>
#include <llmtrace/observed_scope.h>

#if defined(LLMTRACE_OBSERVE_OFF)

#define LLMTRACE_DETAIL_OBSERVE(type, names, ...) \
  if (false) ::llmtrace::detail::ignore(__VA_ARGS__)
#define LLMTRACE_OBSERVE_WITH(...) \
  if (false) ::llmtrace::detail::ignore(::llmtrace::ObservationParams{__VA_ARGS__})
#define LLMTRACE_OBSERVE_OUTPUT(...) ::llmtrace::detail::pass(__VA_ARGS__)
#define LLMTRACE_DETAIL_BODY(names, ...)              \
  if (false) ::llmtrace::detail::ignore(__VA_ARGS__); \
  ::llmtrace::ObservedScope llmtrace_scope_;          \
  return ::llmtrace::detail::Body{llmtrace_scope_}->*[&]()
#define LLMTRACE_OBSERVE_AWAIT(...) (__VA_ARGS__)

#else

// Only the declaration is inside the push/pop: a scope nested in another one shadows it on purpose.
#define LLMTRACE_DETAIL_DECLARE(...)                                                               \
  _Pragma("GCC diagnostic push") _Pragma(                                                          \
      "GCC diagnostic ignored \"-Wshadow\"")::llmtrace::ObservedScope llmtrace_scope_ __VA_ARGS__; \
  _Pragma("GCC diagnostic pop")

#define LLMTRACE_DETAIL_OBSERVE(type, names, ...)                        \
  LLMTRACE_DETAIL_DECLARE({__func__, ::llmtrace::ObservationType::type}) \
  if (llmtrace_scope_.recording()) llmtrace_scope_.capture(names __VA_OPT__(, ) __VA_ARGS__)

#define LLMTRACE_OBSERVE_WITH(...) \
  LLMTRACE_DETAIL_DECLARE()        \
  if (::llmtrace::detail::listening()) llmtrace_scope_.start(__func__, {__VA_ARGS__})

#define LLMTRACE_OBSERVE_OUTPUT(...) llmtrace_scope_.output(__VA_ARGS__)

#define LLMTRACE_DETAIL_BODY(names, ...)             \
  LLMTRACE_DETAIL_OBSERVE(Span, names, __VA_ARGS__); \
  return ::llmtrace::detail::Body{llmtrace_scope_}->*[&]()

#define LLMTRACE_OBSERVE_AWAIT(...) ::llmtrace::detail::wrap_await(llmtrace_scope_, __VA_ARGS__)

#endif

#define LLMTRACE_OBSERVE(...) LLMTRACE_DETAIL_OBSERVE(Span, #__VA_ARGS__, __VA_ARGS__)
#define LLMTRACE_OBSERVE_GENERATION(...) \
  LLMTRACE_DETAIL_OBSERVE(Generation, #__VA_ARGS__, __VA_ARGS__)
#define LLMTRACE_OBSERVE_RETRIEVER(...) \
  LLMTRACE_DETAIL_OBSERVE(Retriever, #__VA_ARGS__, __VA_ARGS__)
#define LLMTRACE_OBSERVE_TOOL(...) LLMTRACE_DETAIL_OBSERVE(Tool, #__VA_ARGS__, __VA_ARGS__)
#define LLMTRACE_OBSERVE_AGENT(...) LLMTRACE_DETAIL_OBSERVE(Agent, #__VA_ARGS__, __VA_ARGS__)
#define LLMTRACE_OBSERVE_BODY(...) LLMTRACE_DETAIL_BODY(#__VA_ARGS__, __VA_ARGS__)
#define LLMTRACE_OBSERVE_ARGS(...) \
  ::llmtrace::detail::arguments(#__VA_ARGS__ __VA_OPT__(, ) __VA_ARGS__)
