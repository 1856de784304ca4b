#include "common/src/http_text.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace llmtrace::tests {
namespace {

TEST(HeaderText, NamesAreTokens) {
  for (const char* name : {"A", "x-langfuse-sdk-name", "X_1", "a.b", "!#$%&'*+-.^_`|~"}) {
    EXPECT_TRUE(is_header_name(name)) << name;
  }
  for (const char* name : {"", " ", "a b", "a:", "a\r", "a\n", "\xC3\xA4", "a\t", "(a)", "a/b"}) {
    EXPECT_FALSE(is_header_name(name)) << name;
  }
  EXPECT_FALSE(is_header_name(std::string("a\0b", 3)));
}

TEST(HeaderText, ValuesHoldNoControlCharacters) {
  for (const char* value : {"", "a b", "a\tb", "Basic abc=", "\xC3\xA4"}) {
    EXPECT_TRUE(is_header_value(value)) << value;
  }
  for (const char* value : {"a\r\nb", "a\nb", "a\rb", "\x01", "\x7F", "a\x1F"}) {
    EXPECT_FALSE(is_header_value(value)) << value;
  }
  EXPECT_FALSE(is_header_value(std::string("a\0b", 3)));
}

TEST(BaseUrl, LosesWhatDoesNotBelongInIt) {
  EXPECT_EQ(checked_base_url("https://a.example.com/", "o"), "https://a.example.com");
  EXPECT_EQ(checked_base_url("https://a.example.com/path//", "o"), "https://a.example.com/path");
  EXPECT_EQ(checked_base_url("http://user:pw@a.example.com:8080", "o"),
            "http://a.example.com:8080");
  EXPECT_EQ(checked_base_url("https://a.example.com?key=1", "o"), "https://a.example.com");
  EXPECT_EQ(checked_base_url("https://a.example.com/#x", "o"), "https://a.example.com");
  EXPECT_EQ(checked_base_url("http://[::1]:3000", "o"), "http://[::1]:3000");
}

TEST(BaseUrl, RefusesWhatIsNone) {
  for (const char* url : {"", "a.example.com", "ftp://a", "file:///etc/passwd", "https://",
                          "http://user@", "https://a b", "https://a\r\nX: 1", "https://a\n",
                          "javascript:alert(1)", "gopher://a/", "http://a:99999"}) {
    EXPECT_THROW(checked_base_url(url, "option"), std::invalid_argument) << url;
  }
}

TEST(BaseUrl, NamesTheOptionButNoPassword) {
  try {
    checked_base_url("ftp://user:hunter2@a.example.com", "LANGFUSE_BASE_URL");
    FAIL() << "no exception";
  } catch (const std::invalid_argument& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("LANGFUSE_BASE_URL"), std::string::npos) << text;
    EXPECT_NE(text.find("a.example.com"), std::string::npos) << text;
    EXPECT_NE(text.find("https://"), std::string::npos) << text;
    EXPECT_EQ(text.find("hunter2"), std::string::npos) << text;
  }
}

TEST(BaseUrl, KnowsThisMachine) {
  for (const char* url : {"http://localhost", "http://LOCALHOST:80/x", "http://127.0.0.1:1",
                          "http://127.1.2.3", "http://[::1]:9/", "https://u@localhost/"}) {
    EXPECT_TRUE(is_loopback_url(url)) << url;
  }
  for (const char* url :
       {"http://localhost.evil.com", "http://127.0.0.1.evil.com", "http://128.0.0.1",
        "http://example.com/localhost", "http://localhost@evil.com", "http://[::2]"}) {
    EXPECT_FALSE(is_loopback_url(url)) << url;
  }
}

TEST(Base64, MatchesRfc4648) {
  EXPECT_EQ(base64(""), "");
  EXPECT_EQ(base64("f"), "Zg==");
  EXPECT_EQ(base64("fo"), "Zm8=");
  EXPECT_EQ(base64("foo"), "Zm9v");
  EXPECT_EQ(base64("foob"), "Zm9vYg==");
  EXPECT_EQ(base64("fooba"), "Zm9vYmE=");
  EXPECT_EQ(base64("foobar"), "Zm9vYmFy");
  EXPECT_EQ(base64("\xFF\xFE\xFD"), "//79");
}

}  // namespace
}  // namespace llmtrace::tests
