// Input that no program should send and some do: it arrives as far as it can, what is next to it
// arrives whole, and the program is not slowed down. Text that is no UTF-8, invalid numbers, wrong
// keys and missing names have their tests in otlp_encoder_test.cpp.
#include "tests/langfuse/langfuse_fixture.h"
#include "tests/support/scripted_server.h"

namespace langfuse::testing {
namespace {

constexpr std::size_t kTenMegabytes = 10'000'000;
constexpr char kRoute[] = "/api/public/otel/v1/traces";

class BadInput : public LangfuseTest, public ::testing::WithParamInterface<Encoding> {
 protected:
  Config config() {
    Config with_encoding = LangfuseTest::config();
    with_encoding.encoding = GetParam();
    return with_encoding;
  }
};

INSTANTIATE_TEST_SUITE_P(, BadInput, ::testing::Values(Encoding::Protobuf, Encoding::Json),
                         [](const auto& encoding) {
                           return encoding.param == Encoding::Protobuf ? "Protobuf" : "Json";
                         });

TEST_P(BadInput, APromptOfTenMegabytesIsCutToTheServersLimit) {
  Client client(config());
  client.span({.name = "before"}).end();
  client.generation({.name = "large", .input = std::string(kTenMegabytes, 'p'), .output = "o"})
      .end();
  client.span({.name = "after"}).end();
  EXPECT_TRUE(client.flush(seconds(10)));

  for (const auto& request : requests_to(kRoute)) EXPECT_LT(request.body.size(), 5'100'000U);
  const ReadExport read = spans();
  ASSERT_EQ(read.spans.size(), 3U);
  EXPECT_EQ(read.named("large")["langfuse.observation.output"], "o");
  const JsonValue input = parsed(read.named("large")["langfuse.observation.input"]);
  EXPECT_EQ(input["bytes"].as_integer(), static_cast<std::int64_t>(kTenMegabytes));
  EXPECT_EQ(input["sha256"].as_string().size(), 64U);
  EXPECT_GT(input["truncated"].as_string().size(), 4'900'000U);
  EXPECT_EQ(client.stats().truncated_items, 1U);
}

TEST_P(BadInput, APromptOfTenMegabytesArrivesWholeWhereItMay) {
  Config large = config();
  large.max_event_bytes = 20'000'000;
  Client client(large);
  std::string prompt(kTenMegabytes, 'p');
  prompt.replace(5'000'000, 3, "\n\"\\");
  client.span({.name = "before"}).end();
  client.generation({.name = "large", .input = prompt}).end();
  client.span({.name = "after"}).end();
  EXPECT_TRUE(client.flush(seconds(10)));

  const ReadExport read = spans();
  ASSERT_EQ(read.spans.size(), 3U);
  EXPECT_TRUE(read.named("large")["langfuse.observation.input"] == prompt);
  EXPECT_EQ(client.stats().truncated_items, 0U);
}

TEST_P(BadInput, JsonOf500LevelsIsTextOrBounded) {
  const std::string deep = std::string(500, '[') + std::string(500, ']');
  llmtrace::Json nested = 1;
  for (int level = 0; level < 500; ++level) nested = {{"k", nested}};
  Client client(config());
  client
      .span({.name = "deep",
             .input = llmtrace::Json::from_text(deep),
             .output = nested,
             .metadata = {{"deep", nested}}})
      .end();
  EXPECT_TRUE(client.flush(seconds(10)));

  const ReadSpan span = spans().named("deep");
  EXPECT_EQ(span["langfuse.observation.input"], deep) << "as the text that it was given as";
  EXPECT_TRUE(JsonValue::parse(span["langfuse.observation.output"]));
  EXPECT_TRUE(JsonValue::parse(span["langfuse.observation.metadata.deep"]));
}

// With libcurl: a port that nobody listens on.
TEST_P(BadInput, AnUnreachableHostCostsNothingButTheShutdownsTime) {
  std::string url;
  {
    const ScriptedServer gone;
    url = gone.url();
  }
  transport = llmtrace::Transport::create({.log_sink = log});
  Config unreachable = config();
  unreachable.base_url = url;
  unreachable.shutdown_timeout = milliseconds(100);
  Client client(unreachable);
  for (int i = 0; i < 100; ++i) client.span({.name = "x"}).end();

  EXPECT_FALSE(client.flush(milliseconds(100)));
  EXPECT_EQ(client.stats().in_memory, 100U) << "it may come back";
  EXPECT_FALSE(client.shutdown(milliseconds(100)));
  EXPECT_EQ(client.stats().dropped_by(llmtrace::DropReason::Shutdown), 100U);
  EXPECT_TRUE(log->contains("not delivered yet")) << log->text();
}

}  // namespace
}  // namespace langfuse::testing
