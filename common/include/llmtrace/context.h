// Context: which observation is current, what is propagated to the observations started inside, and
// where they go. A value (a shared immutable node), current per thread; scopes set it and put the
// previous one back. Hand it to another thread with `bind`, keep it across a suspension with
// OBSERVE_AWAIT.
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/observation_params.h>

#include <concepts>
#include <cstdint>
#include <functional>
#include <type_traits>
#include <utility>

namespace llmtrace {
inline namespace v0 {

class ContextNode;

class LLMTRACE_EXPORT Context {
 public:
  /// The empty context.
  Context() noexcept = default;
  Context(const Context& other) noexcept;
  Context(Context&& other) noexcept : node_(std::exchange(other.node_, nullptr)) {}
  Context& operator=(Context other) noexcept;
  ~Context();

  /// The calling thread's context.
  static Context current() noexcept;

  /// For llmtrace itself: takes over one reference.
  explicit Context(ContextNode* node) noexcept : node_(node) {}
  ContextNode* node() const noexcept { return node_; }

 private:
  ContextNode* node_ = nullptr;
};

namespace detail {

/// Where a thread stands: which thread, and inside which of its context scopes.
struct ContextPlace {
  const void* thread = nullptr;
  std::uint64_t scope = 0;
  bool operator==(const ContextPlace&) const noexcept = default;
};

}  // namespace detail

/// Makes a context the calling thread's until the end of the block. Destroy it on the same thread.
class [[nodiscard]] LLMTRACE_EXPORT ContextScope {
 public:
  explicit ContextScope(Context context) noexcept;
  ~ContextScope();
  ContextScope(const ContextScope&) = delete;
  ContextScope& operator=(const ContextScope&) = delete;

 private:
  ContextNode* mine_;
  ContextNode* previous_;
  std::uint64_t outer_scope_;
};

/// Trace attributes for the current observation and for all that are started inside the scope.
/// Nested scopes merge tags and metadata; the inner one wins.
[[nodiscard]] LLMTRACE_EXPORT ContextScope propagate(PropagateParams params) noexcept;

/// A scope that records nothing: no observation starts inside it.
[[nodiscard]] LLMTRACE_EXPORT ContextScope suppress() noexcept;

namespace detail {

/// What `bind` makes. Takes what its function takes and nothing else: std::jthread asks.
template <class Function>
class Bound {
 public:
  Bound(Context context, Function function)
      : context_(std::move(context)), function_(std::move(function)) {}

  template <class... Args>
  requires std::invocable<Function&, Args...>
  decltype(auto) operator()(Args&&... args) {
    const ContextScope scope(context_);
    return std::invoke(function_, std::forward<Args>(args)...);
  }
  template <class... Args>
  requires std::invocable<const Function&, Args...>
  decltype(auto) operator()(Args&&... args) const {
    const ContextScope scope(context_);
    return std::invoke(function_, std::forward<Args>(args)...);
  }

 private:
  Context context_;
  Function function_;
};

}  // namespace detail

/// Wraps `function` so that it runs in the context that is current now, on whichever thread it is
/// called: `std::jthread worker(llmtrace::bind([&] { work(); }));`
template <class Function>
detail::Bound<std::decay_t<Function>> bind(Function&& function) {
  return {Context::current(), std::forward<Function>(function)};
}

}  // namespace v0
}  // namespace llmtrace
