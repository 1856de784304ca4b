// OBSERVE_AWAIT keeps the context across a suspension: `co_await OBSERVE_AWAIT(task)`. Without it,
// a coroutine that suspends would leave itself current on a thread that goes on with other work,
// and wake up on another thread as somebody else's child.
//
// A coroutine has one OBSERVE. An await inside a block that has a second one would put back the
// first one's context, not what was current outside the coroutine.
#pragma once

#include <llmtrace/observed_scope.h>

#include <concepts>
#include <coroutine>
#include <type_traits>
#include <utility>

namespace llmtrace {
inline namespace v0 {

namespace detail {

/// What a co_await needs to move the scope's context between threads. Ownership of one reference
/// moves with every pointer: the thread's current context, a scope's `previous_`, and `outer_`
/// here.
class LLMTRACE_EXPORT AwaitContext {
 public:
  explicit AwaitContext(ObservedScope& scope) noexcept;
  ~AwaitContext();
  AwaitContext(const AwaitContext&) = delete;
  AwaitContext& operator=(const AwaitContext&) = delete;

  /// On suspension: the context stays current, so that children started by the inner await_suspend
  /// get the right parent, but it is no longer the scope's. Returns what was current outside the
  /// coroutine.
  ContextNode* lend() noexcept;
  /// The coroutine did not suspend after all.
  void undo_lend(ContextNode* outer) noexcept;
  /// On resumption, on whichever thread: the context is current again.
  void take_back() noexcept;

 private:
  void forget_outer() noexcept;

  ObservedScope* scope_;
  ContextNode* node_;             // null when nothing is recorded
  ContextNode* outer_ = nullptr;  // while lent: what was current outside the coroutine
  ContextPlace place_;            // where it was lent
  bool lent_ = false;
};

/// Puts the thread's context back to what it was outside the coroutine. Holds locals only: when it
/// acts, the coroutine may already be destroyed, or run on another thread.
class LLMTRACE_EXPORT OuterContext {
 public:
  explicit OuterContext(ContextNode* outer) noexcept : outer_(outer) {}
  ~OuterContext();
  OuterContext(const OuterContext&) = delete;
  OuterContext& operator=(const OuterContext&) = delete;
  /// Nothing will be put back; the reference is the caller's.
  ContextNode* release() noexcept {
    armed_ = false;
    return outer_;
  }

 private:
  ContextNode* outer_;
  bool armed_ = true;
};

/// Drops one reference.
LLMTRACE_EXPORT void release_context(ContextNode* node) noexcept;

/// Counts how deep resumed children are nested on this thread's stack; past the limit none is
/// allowed.
class LLMTRACE_EXPORT NestedResume {
 public:
  NestedResume() noexcept;
  ~NestedResume();
  NestedResume(const NestedResume&) = delete;
  NestedResume& operator=(const NestedResume&) = delete;
  bool allowed() const noexcept { return allowed_; }

 private:
  bool allowed_;
};

template <class Awaitable>
decltype(auto) get_awaiter(Awaitable&& awaitable) {
  if constexpr (requires { std::forward<Awaitable>(awaitable).operator co_await(); }) {
    return std::forward<Awaitable>(awaitable).operator co_await();
  } else if constexpr (requires { operator co_await(std::forward<Awaitable>(awaitable)); }) {
    return operator co_await(std::forward<Awaitable>(awaitable));
  } else {
    return std::forward<Awaitable>(awaitable);
  }
}

template <class Operand>
class AwaitWrapper {
 public:
  AwaitWrapper(ObservedScope& scope, Operand&& operand)
      : context_(scope),
        operand_(std::forward<Operand>(operand)),
        awaiter_(::llmtrace::detail::get_awaiter(std::forward<Operand>(operand_))) {}
  AwaitWrapper(const AwaitWrapper&) = delete;
  AwaitWrapper& operator=(const AwaitWrapper&) = delete;

  bool await_ready() { return awaiter_.await_ready(); }

  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) {
    // From here on the coroutine may be resumed or destroyed on any thread: what is needed
    // afterwards is in locals, and everything in *this is written before the inner call.
    OuterContext outer(context_.lend());
    std::coroutine_handle<> next;  // null: suspended, and nobody to go on with
    try {
      next = suspend_inner(self);
    } catch (...) {
      context_.undo_lend(outer.release());
      throw;
    }
    if (!next) return std::noop_coroutine();
    if (next.address() != self.address()) return transfer(next, outer);
    context_.undo_lend(outer.release());
    return self;
  }

  decltype(auto) await_resume() {
    context_.take_back();
    return awaiter_.await_resume();
  }

 private:
  using Awaiter = decltype(::llmtrace::detail::get_awaiter(std::declval<Operand>()));

  template <class Promise>
  std::coroutine_handle<> suspend_inner(std::coroutine_handle<Promise> self) {
    using Suspended = decltype(awaiter_.await_suspend(self));
    if constexpr (std::is_void_v<Suspended>) {
      awaiter_.await_suspend(self);
      return nullptr;
    } else if constexpr (std::same_as<Suspended, bool>) {
      return awaiter_.await_suspend(self) ? std::coroutine_handle<>() : self;
    } else {
      return awaiter_.await_suspend(self);
    }
  }

  // Resumes the next coroutine here, in the lent context, so that a child without a scope of its
  // own that starts now gets the right parent. Past the limit the stack is kept bounded by a
  // transfer; the frames below then put the thread's context back.
  static std::coroutine_handle<> transfer(std::coroutine_handle<> next, OuterContext& outer) {
    const NestedResume nested;
    if (!nested.allowed()) {
      ::llmtrace::detail::release_context(outer.release());
      return next;
    }
    next.resume();
    return std::noop_coroutine();
  }

  AwaitContext context_;
  Operand operand_;  // an rvalue is kept, an lvalue is referred to
  Awaiter awaiter_;
};

/// `scope` is the one that OBSERVE declared in the same coroutine.
template <class Operand>
AwaitWrapper<Operand> wrap_await(ObservedScope& scope, Operand&& operand) {
  return AwaitWrapper<Operand>(scope, std::forward<Operand>(operand));
}

}  // namespace detail

}  // namespace v0
}  // namespace llmtrace
