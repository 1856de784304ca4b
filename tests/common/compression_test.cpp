#include "common/src/compression.h"

#include <gtest/gtest.h>

#include <random>

#include "tests/support/scripted_server.h"

namespace llmtrace::tests {
namespace {

TEST(Gzip, RoundTripsWhateverTheContent) {
  std::mt19937 random(1);
  for (const std::size_t size : {0UL, 1UL, 100UL, 65'536UL, 3'000'000UL}) {
    std::string noise(size, '\0');
    for (char& c : noise) c = static_cast<char>(random());
    const std::string text(size, 'x');

    EXPECT_EQ(gunzip(gzip(noise)), noise) << size;
    EXPECT_EQ(gunzip(gzip(text)), text) << size;
  }
}

TEST(Gzip, MakesTextSmaller) {
  std::string text;
  for (int i = 0; i < 10'000; ++i) text += "line " + std::to_string(i) + " of a repetitive text\n";

  EXPECT_LT(gzip(text).size(), text.size() / 4);
}

}  // namespace
}  // namespace llmtrace::tests
