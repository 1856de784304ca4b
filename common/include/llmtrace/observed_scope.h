// ObservedScope is what the OBSERVE macros declare: an observation that is current until the end of
// the block. With no live client its constructor is one relaxed load. An exception that leaves the
// block makes the observation's level ERROR; its text is known to the body form and the decorator
// only.
#pragma once

#include <llmtrace/observation.h>
#include <llmtrace/to_json.h>

#include <array>
#include <atomic>
#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <string_view>
#include <type_traits>
#include <utility>

namespace llmtrace {
inline namespace v0 {

namespace detail {

/// How many clients are live. Relaxed: a client made by another thread a moment ago may be missed.
LLMTRACE_EXPORT extern std::atomic<int> live_clients;

inline bool listening() noexcept { return live_clients.load(std::memory_order_relaxed) != 0; }

/// What OBSERVE_ARGS makes: an object of the arguments by name.
LLMTRACE_EXPORT Json arguments_to_json(std::string_view names, const JsonRef* values,
                                       std::size_t count) noexcept;

template <class... Values>
Json arguments(std::string_view names, const Values&... values) noexcept {
  const std::array<JsonRef, sizeof...(Values)> refs{
      ::llmtrace::detail::erased<Unserializable::TypeName>(values)...};
  return ::llmtrace::detail::arguments_to_json(names, refs.data(), refs.size());
}

template <class... Values>
void ignore(const Values&...) noexcept {}

/// OBSERVE_OUTPUT when the macros are off.
template <class Value>
std::conditional_t<std::is_lvalue_reference_v<Value>, Value, std::remove_cvref_t<Value>> pass(
    Value&& value) {
  return std::forward<Value>(value);
}

class AwaitContext;

}  // namespace detail

class LLMTRACE_EXPORT ObservedScope {
 public:
  /// For the macro with options: starts nothing yet.
  ObservedScope() noexcept = default;
  ObservedScope(const char* name, ObservationType type) noexcept {
    if (detail::listening()) begin(name, type);
  }
  ~ObservedScope() {
    if (node_ != nullptr) finish();
  }
  ObservedScope(const ObservedScope&) = delete;
  ObservedScope& operator=(const ObservedScope&) = delete;

  /// True when something is recorded; only then are the macros' arguments evaluated.
  bool recording() const noexcept { return cell_ != nullptr; }

  /// Records the arguments as the input: an object by `names`, the macro's text.
  template <class... Values>
  void capture(std::string_view names, const Values&... values) noexcept {
    if constexpr (sizeof...(Values) > 0) {
      set_input(detail::arguments(names, values...));
    }
  }
  /// Starts with options; `name` is used when they name none.
  void start(const char* name, ObservationParams params) noexcept;

  /// Records the output and hands it on: an lvalue by reference, an rvalue by value.
  template <class Value>
  std::conditional_t<std::is_lvalue_reference_v<Value>, Value, std::remove_cvref_t<Value>> output(
      Value&& value) {
    record_output(value);
    return std::forward<Value>(value);
  }
  template <class Value>
  void record_output(const Value& value) noexcept {
    if (cell_ != nullptr && capture_output_) {
      set_output(::llmtrace::detail::erased<detail::Unserializable::TypeName>(value));
    }
  }
  /// Records the exception that is being handled: its type and what().
  void record_current_exception() noexcept;

 private:
  void begin(const char* name, ObservationType type) noexcept;
  void finish() noexcept;
  void set_input(Json input) noexcept;
  void set_output(detail::JsonRef value) noexcept;

  friend class detail::AwaitContext;

  Cell* cell_ = nullptr;         // null when nothing is recorded
  ContextNode* node_ = nullptr;  // the context made current: the cell, or the mark of "sampled out"
  ContextNode* previous_ = nullptr;  // one reference, put back at the end
  int exceptions_ = 0;
  bool capture_output_ = true;
  bool error_recorded_ = false;
};

namespace detail {

template <class Value>
concept Awaitable = requires(Value value) {
  value.await_ready();
}
|| requires(Value value) { static_cast<Value&&>(value).operator co_await(); }
|| requires(Value value) { operator co_await(static_cast<Value&&>(value)); };

/// Calls `function`, records what it returns or throws, and hands that on unchanged.
template <class Function>
decltype(auto) call_observed(ObservedScope& scope, Function&& function) {
  using Returned = decltype(std::forward<Function>(function)());
  static_assert(!Awaitable<std::remove_cvref_t<Returned>>,
                "llmtrace: the body form and the decorator end before a coroutine runs. "
                "Use OBSERVE inside the coroutine.");
  try {
    if constexpr (std::is_void_v<Returned>) {
      std::forward<Function>(function)();
    } else if constexpr (std::is_reference_v<Returned>) {
      Returned result = std::forward<Function>(function)();
      scope.record_output(result);
      return static_cast<Returned>(result);
    } else if constexpr (std::is_move_constructible_v<Returned>) {
      Returned result = std::forward<Function>(function)();
      scope.record_output(result);
      return result;
    } else {
      return std::forward<Function>(function)();  // immovable: returned in place, not recorded
    }
  } catch (...) {
    scope.record_current_exception();
    throw;
  }
}

/// Left side of the body form: `return Body{scope} ->* [&] { ... };`
struct Body {
  ObservedScope& scope;

  template <class Function>
  decltype(auto) operator->*(Function&& function) const {
    return ::llmtrace::detail::call_observed(scope, std::forward<Function>(function));
  }
};

/// What the decorator makes. Takes what its function takes and nothing else.
template <class Function>
class Decorated {
 public:
  Decorated(Function function, ObservationParams params)
      : function_(std::move(function)), params_(std::move(params)) {}

  template <class... Args>
  requires std::invocable<Function&, Args...>
  decltype(auto) operator()(Args&&... args) {
    return call(function_, params_, std::forward<Args>(args)...);
  }
  template <class... Args>
  requires std::invocable<const Function&, Args...>
  decltype(auto) operator()(Args&&... args) const {
    return call(function_, params_, std::forward<Args>(args)...);
  }

 private:
  template <class Callee, class... Args>
  static decltype(auto) call(Callee& function, const ObservationParams& params, Args&&... args) {
    ObservedScope scope;
    if (::llmtrace::detail::listening()) {
      scope.start("observe", params);
      if (scope.recording() && params.capture_input && params.input.is_absent()) {
        scope.capture("", args...);
      }
    }
    return ::llmtrace::detail::call_observed(scope, [&]() -> decltype(auto) {
      return std::invoke(function, std::forward<Args>(args)...);
    });
  }

  Function function_;
  ObservationParams params_;
};

}  // namespace detail

/// The decorator: a callable that does what `function` does and records each call, with its
/// arguments (as an array, for their names are not known), its output and its exception.
template <class Function>
detail::Decorated<std::decay_t<Function>> observe(Function&& function, ObservationParams params) {
  return {std::forward<Function>(function), std::move(params)};
}

/// Runs `function` once as an observation; it is given the current observation:
/// `llmtrace::observe({.name = "rerank"}, [&](llmtrace::CurrentObservation span) { ... });`
template <class Function>
decltype(auto) observe(ObservationParams params, Function&& function) {
  ObservedScope scope;
  if (detail::listening()) scope.start("observe", std::move(params));
  return detail::call_observed(scope, [&]() -> decltype(auto) {
    return std::invoke(std::forward<Function>(function), current_observation());
  });
}

}  // namespace v0
}  // namespace llmtrace
