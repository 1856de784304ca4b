#include "langfuse/src/trace_limits.h"

#include "common/src/environment.h"
#include "common/src/utf8.h"

namespace langfuse {
inline namespace v0 {
namespace {

constexpr std::size_t kMaxEnvironmentLength = 40;
constexpr std::size_t kMaxValueLength = 200;
constexpr std::size_t kShownBytes = 60;

}  // namespace

std::string valid_environment(const std::string& given) {
  std::string result = llmtrace::lower_case(given).substr(0, kMaxEnvironmentLength);
  const bool valid =
      result.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_-") == std::string::npos &&
      !result.starts_with("langfuse");
  return valid ? result : "default";
}

std::string environment_complaint(std::string_view given, std::string_view sent) {
  return "the environment \"" + std::string(llmtrace::utf8_prefix(given, kShownBytes)) +
         "\" is sent as \"" + std::string(sent) +
         "\": Langfuse takes at most 40 of a-z, 0-9, _ and -, not beginning with \"langfuse\"";
}

bool TraceLimits::fits(std::string_view value) noexcept {
  return value.size() <= kMaxValueLength ||  // there are no more characters than bytes
         llmtrace::utf16_prefix(value, kMaxValueLength).size() == value.size();
}

bool TraceLimits::takes(std::string_view name, std::string_view value) {
  if (fits(value)) return true;
  ++count_;
  complaint_ = std::string(llmtrace::utf8_prefix(name, kShownBytes)) +
               " was left out: what is said of a trace may have at most 200 characters; put longer "
               "text into an observation's metadata";
  return false;
}

std::string TraceLimits::environment(const std::string& given) {
  if (given.empty()) return given;
  std::string sent = valid_environment(given);
  if (sent == given) return sent;
  ++count_;
  complaint_ = environment_complaint(given, sent);
  return sent;
}

}  // namespace v0
}  // namespace langfuse
