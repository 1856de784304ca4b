// R10: whatever bytes a program hands over, what goes out is JSON in well-formed UTF-8.
// LLMTRACE_DEEP=1: a million strings.
#include <gtest/gtest.h>
#include <llmtrace/observe.h>
#include <rapidjson/document.h>

#include <atomic>
#include <string>
#include <utility>
#include <vector>

#include "tests/common/strict_json.h"
#include "tests/support/byte_source.h"
#include "tests/support/run_length.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

using llmtrace_tests::is_strict_json;

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// The string that an independent parser reads out of `text`.
std::string decoded(const std::string& text) {
  rapidjson::Document document;
  document.Parse<rapidjson::kParseValidateEncodingFlag>(text.data(), text.size());
  return document.IsString() ? std::string(document.GetString(), document.GetStringLength()) : "?";
}

// The same but for what JSON would have escaped.
std::string without_escapes(std::string bytes) {
  for (char& c : bytes) {
    if (static_cast<unsigned char>(c) < 0x20 || c == '"' || c == '\\') c = '.';
  }
  return bytes;
}

TEST(RandomBytes, MakeValidJsonOfEveryShape) {
  ByteSource source;
  const int count = run_length(100'000, 1'000'000);
  int repaired = 0;
  for (int i = 0; i < count; ++i) {
    const std::string bytes = source.next();
    const std::string text = Json(bytes).to_text();
    ASSERT_TRUE(is_strict_json(text)) << text;
    const std::string read = decoded(text);
    const bool is_utf8 = is_strict_json("\"" + without_escapes(bytes) + "\"");
    ASSERT_EQ(read == bytes, is_utf8) << text;  // only what was no UTF-8 changes
    if (!is_utf8) {
      ++repaired;
      ASSERT_NE(read.find(kReplacement), std::string::npos) << text;  // and one sees that it did
    }
    const std::string nested =
        Json({{bytes, bytes}, {"list", std::vector<std::string>{bytes}}}).to_text();
    ASSERT_TRUE(is_strict_json(nested)) << nested;
    const std::string parsed = Json::from_text(bytes).to_text();
    ASSERT_TRUE(is_strict_json(parsed)) << parsed;
  }
  std::printf("%d of %d strings were no UTF-8\n", repaired, count);
  EXPECT_GT(repaired, count / 4);
  EXPECT_LT(repaired, count);
}

std::string echo(const std::string& bytes) {
  OBSERVE_BODY(bytes) { return bytes; };
}

/// Looks at what the macros recorded, on the flusher thread.
class CheckingEncoder final : public LineEncoder {
 public:
  explicit CheckingEncoder(std::atomic<int>& invalid)
      : LineEncoder("http://127.0.0.1/", {}), invalid_(invalid) {}
  using LineEncoder::encode;
  void encode(const Record& record, std::string& out) override {
    for (const Json* value : {&record.input, &record.output}) {
      if (!is_strict_json(value->to_text())) ++invalid_;
    }
    out.push_back('.');
  }

 private:
  std::atomic<int>& invalid_;
};

class ObservedBytes : public TransportTest {};

TEST_F(ObservedBytes, AreRecordedAsValidJson) {
  std::atomic<int> invalid{0};
  DestinationOptions checking = line_destination("t", "");
  checking.make_encoders = [&invalid] {
    std::vector<std::unique_ptr<Encoder>> encoders;
    encoders.push_back(std::make_unique<CheckingEncoder>(invalid));
    return encoders;
  };
  TransportOptions blocking = options();
  blocking.overflow = Overflow::block(seconds(60));
  Target target(Transport::create(blocking), std::move(checking));
  ByteSource source;
  const int count = run_length(100'000, 1'000'000);

  for (int i = 0; i < count; ++i) echo(source.next());

  EXPECT_TRUE(target.flush(seconds(60)));
  EXPECT_EQ(target.stats().delivered, static_cast<std::uint64_t>(count));
  EXPECT_EQ(invalid, 0);
}

}  // namespace
}  // namespace llmtrace::tests
