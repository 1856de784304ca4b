// R12: a prompt of 50 MB. Giving it to the SDK costs no copy, the process never holds more than
// three times as much, the server gets what it takes of it, with a mark of what the whole was, in a
// request of its own, and what was recorded before and after arrives whole. How long the call takes
// is printed, not asserted: a busy machine may do as it likes.
#include <gtest/gtest.h>
#include <openssl/sha.h>

#include <chrono>
#include <mutex>
#include <string>
#include <vector>

#include "tests/stress/largest_allocation.h"
#include "tests/stress/vendors.h"
#include "tests/support/own_process.h"
#include "tests/support/resident_memory.h"
#include "tests/support/run_length.h"
#include "tests/support/scripted_server.h"

namespace {

using llmtrace::tests::Langfuse;
using llmtrace::tests::LangSmith;
using llmtrace::tests::largest_allocation;
using llmtrace::tests::ScriptedServer;
using llmtrace::tests::ServerReply;
using llmtrace::tests::ServerRequest;
using std::chrono::seconds;

constexpr std::size_t kPromptBytes = 50'000'000;
constexpr std::size_t kSmallestCopy = 1'000'000;

// Two bytes to a character, so that half of the places to cut it are wrong.
std::string make_prompt() {
  std::string prompt;
  prompt.reserve(kPromptBytes);
  while (prompt.size() < kPromptBytes) prompt += "\u00e9";
  return prompt;
}

std::string sha256_of(const std::string& text) {
  unsigned char digest[SHA256_DIGEST_LENGTH];
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest);  // NOLINT
  std::string hex;
  for (const unsigned char byte : digest) {
    char digits[3];
    std::snprintf(digits, sizeof digits, "%02x", byte);
    hex += digits;
  }
  return hex;
}

template <class Vendor>
void give_prompt() {
  typename Vendor::Client client(Vendor::config(llmtrace::tests::scenario_url()));
  Vendor::observe(client, "before", "whole");
  std::string prompt = make_prompt();

  largest_allocation() = 0;
  const auto begin = std::chrono::steady_clock::now();
  Vendor::observe(client, "large", std::move(prompt));
  const std::chrono::duration<double, std::micro> took = std::chrono::steady_clock::now() - begin;
  EXPECT_LT(largest_allocation(), kSmallestCopy);
  Vendor::observe(client, "after", "whole");

  EXPECT_TRUE(client.flush(seconds(60)));
  EXPECT_EQ(client.stats().delivered, 3U);
  EXPECT_EQ(client.stats().truncated_items, 1U);
  const std::size_t peak = llmtrace::tests::memory_field("VmHWM:");
  std::printf("%s: the call took %.0f us, peak %zu KiB\n", Vendor::kName, took.count(),
              peak / 1024);
  if (!llmtrace::tests::kSanitized) {
    EXPECT_LE(peak, 3 * kPromptBytes);
  }
}
TEST(LargePromptScenario, DISABLED_Langfuse) { give_prompt<Langfuse>(); }
TEST(LargePromptScenario, DISABLED_LangSmith) { give_prompt<LangSmith>(); }

template <class Vendor>
class LargePrompt : public ::testing::Test {
 protected:
  LargePrompt() {
    server_.respond([this](const ServerRequest& request, std::size_t) {
      if (!Vendor::is_ingestion(request)) return ServerReply{.body = LangSmith::kInfo};
      const std::lock_guard lock(mutex_);
      contents_.push_back(Vendor::content(request));
      return ServerReply();
    });
  }
  /// The one content with that text in it.
  std::string content_with(const std::string& text) const {
    const std::lock_guard lock(mutex_);
    std::string found;
    for (const std::string& content : contents_) {
      if (content.find(text) == std::string::npos) continue;
      EXPECT_TRUE(found.empty()) << text << " came twice";
      found = content;
    }
    EXPECT_FALSE(found.empty()) << text << " did not come";
    return found;
  }

  mutable std::mutex mutex_;  // guards contents_
  std::vector<std::string> contents_;
  ScriptedServer server_;
};

struct NameOfVendor {
  template <class Vendor>
  static std::string GetName(int /*index*/) {
    return Vendor::kName;
  }
};
using Vendors = ::testing::Types<Langfuse, LangSmith>;
TYPED_TEST_SUITE(LargePrompt, Vendors, NameOfVendor);

TYPED_TEST(LargePrompt, IsCutAndMarkedAndHarmsNoNeighbour) {
  const std::string prompt = make_prompt();
  const std::string scenario = std::string("LargePromptScenario.") + TypeParam::kName;
  EXPECT_EQ(llmtrace::tests::run_scenario(scenario, this->server_.url(), 120), 0);

  const std::string content = this->content_with(sha256_of(prompt));
  EXPECT_NE(content.find("\"bytes\":50000000"), std::string::npos);
  EXPECT_LE(content.size(), TypeParam::kMaxItemBytes + 10'000);
  EXPECT_GE(content.size(), TypeParam::kMaxItemBytes / 2);
  const std::size_t begin = content.find("\u00e9");
  const std::size_t end = content.find('"', begin);
  EXPECT_EQ((end - begin) % 2, 0U) << "cut within a character";
  EXPECT_EQ(content.substr(begin, end - begin), prompt.substr(0, end - begin));
  for (const char* neighbour : {"before", "after"}) {
    EXPECT_EQ(content.find(neighbour), std::string::npos) << "not alone";
    this->content_with(neighbour);
  }
}

}  // namespace
