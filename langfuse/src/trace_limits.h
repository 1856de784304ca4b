// What Langfuse takes of what is said of a whole trace and repeated on each of its observations.
// Its own SDKs check it where `propagate` is called; here that would cost the caller's thread, so
// the encoders do it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace langfuse {
inline namespace v0 {

/// The server's own rule: lower case, [a-z0-9_-], at most 40, not beginning with "langfuse"; what
/// does not keep to it is "default".
std::string valid_environment(const std::string& given);
/// For the log: `given` is sent as `sent`.
std::string environment_complaint(std::string_view given, std::string_view sent);

/// Checks values and keeps what there is to say of those that are not sent as they are. One
/// encoder's; flusher thread.
class TraceLimits {
 public:
  /// At most 200 characters, as JavaScript counts them.
  static bool fits(std::string_view value) noexcept;
  /// Whether the value may be sent.
  bool takes(std::string_view name, std::string_view value);
  /// The environment as it may be sent.
  std::string environment(const std::string& given);

  /// Since the last call.
  std::uint64_t take_count() noexcept { return std::exchange(count_, 0); }
  /// What is wrong with the last one.
  const std::string& complaint() const noexcept { return complaint_; }

 private:
  std::uint64_t count_ = 0;
  std::string complaint_;
};

}  // namespace v0
}  // namespace langfuse
