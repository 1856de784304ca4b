// The meaning of a status and of Retry-After.
#include "common/src/verdict.h"

#include <gtest/gtest.h>

#include "common/src/time_text.h"
#include "tests/support/fake_http_client.h"

namespace llmtrace::tests {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;

const Timestamp kNow = *parse_rfc3339("2026-11-16T08:00:00Z");

TEST(JudgeStatus, KnowsWhatToRetryWhatToSplitAndWhatToDrop) {
  using Kind = Verdict::Kind;
  const std::pair<int, Kind> table[] = {
      {0, Kind::Retry},       {200, Kind::Delivered}, {201, Kind::Delivered},
      {202, Kind::Delivered}, {204, Kind::Delivered}, {207, Kind::Delivered},
      {301, Kind::Drop},      {302, Kind::Drop},      {304, Kind::Drop},
      {400, Kind::Split},     {401, Kind::Drop},      {403, Kind::Drop},
      {404, Kind::Drop},      {405, Kind::Drop},      {408, Kind::Retry},
      {409, Kind::Drop},      {410, Kind::Drop},      {413, Kind::Split},
      {422, Kind::Split},     {425, Kind::Retry},     {429, Kind::Retry},
      {500, Kind::Retry},     {502, Kind::Retry},     {503, Kind::Retry},
      {504, Kind::Retry},     {599, Kind::Retry}};
  for (const auto& [status, kind] : table) {
    EXPECT_EQ(judge_status(reply_with(status), kNow).kind, kind) << status;
  }
}

TEST(JudgeStatus, GivesTheReason) {
  EXPECT_EQ(judge_status(reply_with(401), kNow).reason, DropReason::Unauthorized);
  EXPECT_EQ(judge_status(reply_with(403), kNow).reason, DropReason::Unauthorized);
  EXPECT_EQ(judge_status(reply_with(413), kNow).reason, DropReason::TooLarge);
  EXPECT_EQ(judge_status(reply_with(400), kNow).reason, DropReason::Rejected);
  EXPECT_EQ(judge_status(reply_with(404), kNow).reason, DropReason::Rejected);
}

TEST(JudgeStatus, NamesTheHostOfARedirectWithoutUserInformation) {
  const Verdict verdict =
      judge_status(reply_with(302, "", {{"LOCATION", "https://other.example.com/x"}}), kNow);

  EXPECT_NE(verdict.message.find("other.example.com"), std::string::npos) << verdict.message;
  EXPECT_NE(verdict.message.find("base URL"), std::string::npos) << verdict.message;
}

TEST(JudgeStatus, DescribesAReplyInOneReadableLine) {
  const std::string text =
      judge_status(reply_with(400, "bad\r\n\x01 thing \xFF" + std::string(10'000, 'x')), kNow)
          .message;

  EXPECT_EQ(text.substr(0, 14), "HTTP 400: bad ");
  EXPECT_LT(text.size(), 400U);
  for (const char c : text) EXPECT_GE(static_cast<unsigned char>(c), 0x20) << text;
}

TEST(RetryAfter, ReadsSecondsDatesAndGarbage) {
  const std::pair<const char*, std::optional<milliseconds>> table[] = {
      {"", std::nullopt},
      {"   ", std::nullopt},
      {"0", seconds(0)},
      {"5", seconds(5)},
      {" 5 ", seconds(5)},
      {"007", seconds(7)},
      {"3600", hours(1)},
      {"86400", hours(1)},
      {"18446744073709551616", hours(1)},
      {"340282366920938463463374607431768211456", hours(1)},
      {"-1", seconds(60)},
      {"+1", seconds(60)},
      {"1.5", seconds(60)},
      {"1s", seconds(60)},
      {"soon", seconds(60)},
      {"Mon, 16 Nov 2026 08:02:00 GMT", seconds(120)},
      {"Mon, 16 Nov 2026 07:00:00 GMT", seconds(0)},
      {"Mon, 16 Nov 2026 23:00:00 GMT", hours(1)},
      {"Wed, 31 Dec 2200 23:59:59 GMT", hours(1)},
      {"Mon, 99 Nov 2026 08:02:00 GMT", seconds(60)},
  };
  for (const auto& [text, expected] : table)
    EXPECT_EQ(parse_retry_after(text, kNow), expected) << text;
}

}  // namespace
}  // namespace llmtrace::tests
