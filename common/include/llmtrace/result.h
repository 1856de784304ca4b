// Result<T>: what a call that fetches something returns. Tracing calls return nothing and never
// fail the caller; only a call whose answer is wanted can fail visibly.
#pragma once

#include <optional>
#include <string>
#include <utility>

namespace llmtrace {
inline namespace v0 {

/// What went wrong, for a person: names the thing, the value and the remedy. Never holds a secret.
struct Error {
  std::string message{};
  int http_status = 0;  ///< 0 when the server gave no status
};

template <class Value>
class [[nodiscard]] Result {
 public:
  Result(Value value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error) : error_(std::move(error)) {}  // NOLINT(google-explicit-constructor)

  explicit operator bool() const noexcept { return value_.has_value(); }
  /// The value; only when the result converts to true.
  const Value& operator*() const& noexcept { return *value_; }
  Value&& operator*() && noexcept { return *std::move(value_); }
  const Value* operator->() const noexcept { return &*value_; }
  Value value_or(Value fallback) const { return value_.value_or(std::move(fallback)); }
  /// Empty when the result converts to true.
  const Error& error() const noexcept { return error_; }

 private:
  std::optional<Value> value_;
  Error error_;
};

}  // namespace v0
}  // namespace llmtrace
