// What of a request may not stand in a message.
#include "common/src/credentials.h"

#include <gtest/gtest.h>

#include "common/src/http_text.h"

namespace llmtrace::tests {
namespace {

std::string seen_by_a_client(std::vector<HttpHeader> headers, std::string_view text) {
  HttpRequest request;
  request.headers = std::move(headers);
  return redacted(text, credentials_of(request));
}

const std::string kBasic = base64("pk-lf-1234:sk-lf-canary-5678");

TEST(Credentials, TakesOutTokensPasswordsAndKeys) {
  EXPECT_EQ(
      seen_by_a_client({{"authorization", "Basic " + kBasic}},
                       "Basic " + kBasic + ", " + kBasic + " of pk-lf-1234: sk-lf-canary-5678"),
      "Basic [redacted], [redacted] of pk-lf-1234: [redacted]");
  EXPECT_EQ(seen_by_a_client({{"Authorization", "Bearer token-123456"}}, "no token-123456!"),
            "no [redacted]!");
  EXPECT_EQ(seen_by_a_client({{"Authorization", "bare-token-1"}}, "no bare-token-1!"),
            "no [redacted]!");
  EXPECT_EQ(seen_by_a_client({{"X-API-Key", "lsv2-canary"}}, "key lsv2-canarylsv2-canary"),
            "key [redacted][redacted]");
}

TEST(Credentials, KnowsThemByTheHeadersName) {
  for (const char* name :
       {"wandb-api-key", "DD-API-KEY", "x-access-token", "Proxy-Authorization"}) {
    EXPECT_EQ(seen_by_a_client({{name, "canary-1234"}}, "no canary-1234!"), "no [redacted]!")
        << name;
  }
  EXPECT_EQ(seen_by_a_client({{"x-public-key", "pk-1234567"}}, "of pk-1234567"), "of pk-1234567");
}

TEST(Credentials, TakesOutWhatWasCutOrEscaped) {
  const std::vector<HttpHeader> headers = {{"x-api-key", "key/with/slashes"}};

  EXPECT_EQ(seen_by_a_client(headers, "a key/with/s"), "a [redacted]");
  EXPECT_EQ(seen_by_a_client(headers, "(key/with)"), "([redacted])");
  EXPECT_EQ(seen_by_a_client(headers, R"({"a":"key\/with\/slashes"})"), R"({"a":"[redacted]"})");
  EXPECT_EQ(seen_by_a_client(headers, "a key/wit"), "a key/wit") << "tells nothing";
  EXPECT_EQ(seen_by_a_client({{"x-api-key", R"(back\slash)"}}, R"(back\slash back\\slash)"),
            "[redacted] [redacted]");
}

TEST(Credentials, LeavesAllElse) {
  const std::string text = R"({"message":"wrong key \"x\""})";

  EXPECT_EQ(seen_by_a_client({}, text), text);
  EXPECT_EQ(seen_by_a_client({{"Authorization", ""}, {"x-api-key", ""}}, text), text);
  EXPECT_EQ(seen_by_a_client({{"Authorization", "Basic " + base64("user:")}}, text), text);
  EXPECT_EQ(seen_by_a_client({{"Content-Type", "message"}}, text), text);
}

}  // namespace
}  // namespace llmtrace::tests
