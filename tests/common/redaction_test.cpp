// Redaction by rules, and the rules for secrets over samples of both kinds.
#include <gtest/gtest.h>
#include <llmtrace/redaction.h>

#include <ctime>
#include <stdexcept>

namespace llmtrace::tests {
namespace {

std::string masked(const Mask& mask, std::string json) {
  return mask(JsonText{std::move(json)}, Field::Input).text;
}

TEST(Redaction, ReplacesInEveryStringAndKeepsTheRest) {
  const Mask mask = redact({{"se(cret)", "<\\1>"}, {"[0-9]{4}", "[n]"}});
  EXPECT_EQ(
      masked(mask, R"({"secret":"a secret","n":1234,"list":["1234",true,null,{"k":"secret"}]})"),
      R"({"secret":"a <cret>","n":1234,"list":["[n]",true,null,{"k":"<cret>"}]})");
  EXPECT_EQ(masked(mask, R"("secret 1234")"), R"("<cret> [n]")");
  EXPECT_EQ(masked(redact({{"x+"}}), R"("axxb")"), R"("a[redacted]b")");
}

TEST(Redaction, RefusesAPatternThatIsNone) {
  EXPECT_THROW((void)redact({{"("}}), std::invalid_argument);
  EXPECT_THROW((void)redact({{"a", "\\7"}}), std::invalid_argument);
  try {
    (void)redact({{"(?<=look)behind"}});
    FAIL();
  } catch (const std::invalid_argument& error) {
    EXPECT_NE(std::string(error.what()).find("(?<=look)behind"), std::string::npos);
  }
}

TEST(Redaction, WhatIsNotJsonIsNotLetThrough) {
  EXPECT_THROW((void)masked(redact({{"a"}}), "{"), std::runtime_error);
}

std::string repeated(const std::string& text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

TEST(SecretRules, DetectWhatIsSecretAndNothingElse) {
  const std::string a20(20, 'a'), a36(36, 'b'), a40(40, 'c');
  const std::string mark = "[SECRET_DETECTED]";
  const struct {
    std::string text;
    std::string secret;  // must go; empty: the text must stay as it is
  } samples[] = {
      {"key sk-" + a40, a40},
      {"sk-proj-" + a40 + " in use", a40},
      {"sk-svcacct-" + a40, a40},
      {"sk-ant-api03-" + a40, a40},
      {"sk-or-v1-" + a40, a40},
      {"sk-lf-01234567-89ab-cdef-0123-456789abcdef", "89ab"},
      {"pk-lf-01234567-89ab-cdef-0123-456789abcdef", "89ab"},
      {"lsv2_pt_" + a36 + "_0123456789", a36},
      {"lsv2_sk_" + a36, a36},
      {"AIza" + std::string(35, 'd'), "dddd"},
      {"ya29." + a40, a40},
      {"AKIAIOSFODNN7EXAMPLE", "IOSFODNN"},
      {"ASIAIOSFODNN7EXAMPLE", "IOSFODNN"},
      {"ghp_" + a36, a36},
      {"gho_" + a36, a36},
      {"ghu_" + a36, a36},
      {"ghs_" + a36, a36},
      {"ghr_" + a36, a36},
      {"github_pat_" + a40, a40},
      {"glpat-" + a20, a20},
      {"xoxb-1234567890-abcdef", "abcdef"},
      {"xoxp-1234567890-abcdef", "abcdef"},
      {"hf_" + a36, a36},
      {"sk_live_" + a20, a20},
      {"rk_test_" + a20, a20},
      {"npm_" + a36, a36},
      {"pypi-" + a40, a40},
      {"SG." + a20 + "." + a40, a40},
      {"gsk_" + a40, a40},
      {"xai-" + a40, a40},
      {"dop_v1_" + repeated("0a", 20), "0a0a"},
      {"eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.c2lnbmF0dXJl", "c2lnbmF0dXJl"},
      {"-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----", "MIIE"},
      {"-----BEGIN PRIVATE KEY-----\nMIIE, cut", "MIIE"},
      {"-----BEGIN OPENSSH PRIVATE KEY-----\nb3Bl\n-----END OPENSSH PRIVATE KEY-----", "b3Bl"},
      {"Authorization: Bearer abcdefgh", "abcdefgh"},
      {"authorization: basic dXNlcjpwYXNz", "dXNlcjpwYXNz"},
      {"'Authorization': 'Token abcdefgh'", "abcdefgh"},
      {"Proxy-Authorization: Basic dXNlcjpwYXNz", "dXNlcjpwYXNz"},
      {"bearer 0123456789abcdef0", "0123456789abcdef0"},
      {"postgres://user:hunter2@db.test/x", "hunter2"},
      {"https://:token123@git.test/r.git", "token123"},
      {"redis://default:pa55@host:6379", "pa55"},
      {"password=hunter22", "hunter22"},
      {"password: hunter22", "hunter22"},
      {"PASSWORD = 'hunter22'", "hunter22"},
      {"db_passwd=hunter22", "hunter22"},
      {"api_key=abcdef123", "abcdef123"},
      {"API-KEY: abcdef123", "abcdef123"},
      {"\"apikey\": \"abcdef123\"", "abcdef123"},
      {"aws_secret_access_key=abcdef123", "abcdef123"},
      {"client_secret=abcdef123", "abcdef123"},
      {"refresh_token: abcdef123", "abcdef123"},
      {"private_key=abcdef123", "abcdef123"},
      // What only looks like it.
      {"the task-manager asks for a risk-assessment of everything", ""},
      {"sk-learn is a library", ""},
      {"what is a bearer of bad news", ""},
      {"he forgot his password, so what", ""},
      {"secretary: Johnson", ""},
      {"max_tokens: 4096000000", ""},
      {"https://example.com:8080/path?x=y", ""},
      {"https://example.com/a@b", ""},
      {"mailto:user@example.com", ""},
      {"0af7651916cd43dd8448eb211c80319c", ""},
      {"019a8b00-0000-7000-8000-000000000001", ""},
      {"-----BEGIN CERTIFICATE-----\nMIIE\n-----END CERTIFICATE-----", ""},
      {"-----BEGIN PUBLIC KEY-----\nMIIE\n-----END PUBLIC KEY-----", ""},
      {"eyJ is how base64 of {\" begins", ""},
      {"AKIA is a prefix", ""},
      {"ghp_short", ""},
      {"hf_model", ""},
      {"the api_key is missing", ""},
      {"Authorization: none", ""},
  };
  static_assert(std::size(samples) >= 60);
  const Mask mask = redact(secret_rules());
  for (const auto& sample : samples) {
    const std::string text = Json(std::string_view(sample.text)).to_text();
    const std::string result = masked(mask, text);
    if (sample.secret.empty()) {
      EXPECT_EQ(result, text);
    } else {
      EXPECT_EQ(result.find(sample.secret), std::string::npos) << result;
      EXPECT_NE(result.find(mark), std::string::npos) << sample.text;
    }
  }
}

TEST(SecretRules, WhatStandsAroundASecretStays) {
  const Mask mask = redact(secret_rules());
  EXPECT_EQ(masked(mask, R"("GET https://u:pass@h/x then password=hunter22; done")"),
            R"("GET https://u:[SECRET_DETECTED]@h/x then password=[SECRET_DETECTED]; done")");
}

// Twice the text must not take four times as long. Measured in the thread's own time.
TEST(SecretRules, TakeLinearTimeOnHostileText) {
  const Mask mask = redact(secret_rules());
  const auto time_of = [&](const std::string& piece, std::size_t bytes) {
    const std::string text = '"' + repeated(piece, bytes / piece.size()) + '"';
    timespec before{};
    timespec after{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &before);
    EXPECT_FALSE(masked(mask, text).empty());
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &after);
    return static_cast<double>(after.tv_sec - before.tv_sec) +
           static_cast<double>(after.tv_nsec - before.tv_nsec) / 1e9;
  };
  for (const std::string piece : {"-----BEGIN PRIVATE KEY-----", "eyJaaaaaaaa.", "a://b:",
                                  "password", "password = ", "aaaaaaaa", "sk-", "bearer ", "x."}) {
    const double small = time_of(piece, 100'000);
    const double large = time_of(piece, 800'000);
    EXPECT_LT(large, 24 * small + 0.5) << piece;  // eight times is linear, 64 times is not
  }
}

}  // namespace
}  // namespace llmtrace::tests
