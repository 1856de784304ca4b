// Any bytes may stand in names, values and attachments: the body's framing must hold, and what the
// server reads must be what was given.
#include <rapidcheck.h>

#include <algorithm>
#include <string>
#include <vector>

#include "tests/langsmith/langsmith_fixture.h"

namespace langsmith::testing {
namespace {

class FramingTest : public LangsmithTest {};

// Bytes that framing is made of are as likely as all the others together.
rc::Gen<std::string> hostile_text() {
  const auto byte = rc::gen::oneOf(
      rc::gen::element<char>('\r', '\n', '-', '"', '\\', '\0', ':', '=', ';', '.', ','),
      rc::gen::arbitrary<char>());
  const auto word = rc::gen::oneOf(
      rc::gen::container<std::string>(byte),
      rc::gen::element<std::string>("\r\n\r\n", "--", "\r\n--llmtrace", "Content-Length: 0\r\n",
                                    "name=\"post.x\"", "\r\nContent-Length: 5", "\xff\xfe"));
  return rc::gen::map(rc::gen::container<std::vector<std::string>>(word),
                      [](const std::vector<std::string>& words) {
                        std::string text;
                        for (const std::string& each : words) text += each;
                        return text;
                      });
}

// What is not UTF-8 reaches the server as U+FFFD, so it cannot be compared byte by byte.
bool is_plain(const std::string& text) {
  return text.find_first_of("\x80\xff") == std::string::npos &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 0; });
}

std::string without_nul_bytes(std::string text) {
  std::erase(text, '\0');
  return text;
}

TEST_F(FramingTest, NulsAreLeftOutAndNothingElse) {
  Client client(config());
  client
      .start_run({.name = std::string("a\0b", 3), .inputs = {{"k", std::string("\\u0000\0\\", 8)}}})
      .end();
  ASSERT_TRUE(client.flush(seconds(10)));

  EXPECT_EQ(only_run().main["name"].as_string(), "ab");
  EXPECT_EQ(only_run()["inputs"]["k"].as_string(), "\\u0000\\");
}

TEST_F(FramingTest, HoldsWhateverTheBytes) {
  Client client(config());
  const bool held = rc::check("every run is read as it was given", [&] {
    const std::string name = *hostile_text();
    const std::string value = *hostile_text();
    const std::string tag = *hostile_text();
    const std::string attachment = *hostile_text();
    const std::size_t before = sent().size();

    langsmith::Run run =
        client.start_run({.name = name, .inputs = {{value, value}}, .tags = {tag}});
    run.add_attachment({"bytes", "application/octet-stream", attachment});
    run.end({.outputs = {{"out", value}}, .error = value});
    RC_ASSERT(client.flush(seconds(10)));

    const std::vector<SentRun> runs = sent();
    RC_ASSERT(runs.size() == before + 1);
    const SentRun& last = runs.back();
    RC_ASSERT(last.id == run.id());
    RC_ASSERT(last.attachments.at("bytes").data == attachment);
    if (!name.empty() && is_plain(name))
      RC_ASSERT(last.main["name"].as_string() == without_nul_bytes(name));
    if (is_plain(value)) {
      RC_ASSERT(last["outputs"]["out"].as_string() == without_nul_bytes(value));
      RC_ASSERT(last["inputs"][without_nul_bytes(value)].as_string() == without_nul_bytes(value));
    }
  });
  EXPECT_TRUE(held);
}

}  // namespace
}  // namespace langsmith::testing
