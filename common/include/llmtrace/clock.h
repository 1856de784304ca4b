// Clock tells the time. Given in TransportOptions::clock, it lets a test move time by hand: every
// deadline, delay and timestamp of a transport is measured on its clock. Called from any thread.
#pragma once

#include <llmtrace/export.h>

#include <chrono>

namespace llmtrace {
inline namespace v0 {

using Timestamp = std::chrono::system_clock::time_point;

class LLMTRACE_EXPORT Clock {
 public:
  virtual ~Clock() = default;
  /// For timestamps that are sent.
  virtual Timestamp now() noexcept = 0;
  /// For delays and deadlines; never goes back.
  virtual std::chrono::steady_clock::time_point steady_now() noexcept = 0;
};

}  // namespace v0
}  // namespace llmtrace
