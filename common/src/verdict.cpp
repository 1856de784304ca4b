#include "common/src/verdict.h"

#include <algorithm>
#include <charconv>

#include "common/src/time_text.h"
#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds kMaxRetryAfter = std::chrono::hours(1);
constexpr seconds kUnreadableRetryAfter = std::chrono::minutes(1);

bool is_retryable(int status) noexcept {
  return status == 0 || status == 408 || status == 425 || status == 429 || status >= 500;
}

}  // namespace

std::optional<milliseconds> parse_retry_after(std::string_view value, Timestamp now) {
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && value.back() == ' ') value.remove_suffix(1);
  if (value.empty()) return std::nullopt;

  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), count);
  const bool all_digits = value.find_first_not_of("0123456789") == std::string_view::npos;
  if (all_digits && error == std::errc::result_out_of_range) return kMaxRetryAfter;
  if (all_digits && end == value.data() + value.size()) {
    return seconds(std::min<std::uint64_t>(count, kMaxRetryAfter.count()));
  }
  if (const auto date = parse_http_date(value)) {
    // In milliseconds, where no two dates are too far apart to be subtracted.
    const auto delay =
        std::chrono::ceil<milliseconds>(*date) - std::chrono::floor<milliseconds>(now);
    return std::clamp<milliseconds>(delay, milliseconds(0), kMaxRetryAfter);
  }
  return kUnreadableRetryAfter;
}

std::string describe(const HttpReply& reply) {
  if (reply.status == 0) return reply.error.empty() ? "no reply" : reply.error;
  constexpr std::size_t kShown = 300;
  std::string text = "HTTP " + std::to_string(reply.status);
  if (reply.body.empty()) return text;
  text.append(": ");
  append_utf8(text, utf8_prefix(reply.body, kShown));
  std::replace_if(
      text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20; }, ' ');
  return text;
}

Verdict judge_status(const HttpReply& reply, Timestamp now) {
  Verdict verdict;
  verdict.message = describe(reply);
  if (reply.status >= 200 && reply.status < 300) {
    verdict.message.clear();
    return verdict;
  }
  if (is_retryable(reply.status)) {
    verdict.kind = Verdict::Kind::Retry;
    verdict.retry_after = parse_retry_after(reply.header("retry-after"), now);
  } else if (reply.status == 413) {
    verdict.kind = Verdict::Kind::Split;
    verdict.reason = DropReason::TooLarge;
  } else if (reply.status == 400 || reply.status == 422) {
    verdict.kind = Verdict::Kind::Split;
  } else {
    verdict.kind = Verdict::Kind::Drop;
    const bool unauthorized = reply.status == 401 || reply.status == 403;
    if (unauthorized) verdict.reason = DropReason::Unauthorized;
    if (reply.status >= 300 && reply.status < 400) {
      verdict.message += " (redirects are not followed; set the base URL to the host in Location: ";
      append_utf8(verdict.message, utf8_prefix(reply.header("location"), 200));
      verdict.message += ")";
    }
  }
  return verdict;
}

}  // namespace v0
}  // namespace llmtrace
