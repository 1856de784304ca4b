// Anonymizers: what a client's own sees, and in which order masks run.
#include <langsmith/anonymizer.h>

#include "tests/langsmith/langsmith_fixture.h"

namespace langsmith::testing {
namespace {

class AnonymizerTest : public LangsmithTest {
 protected:
  ~AnonymizerTest() override { llmtrace::set_mask({}); }
  static llmtrace::Mask appending(const std::string& mark) {
    return [mark](llmtrace::JsonText value, llmtrace::Field) {
      if (value.text.ends_with('"')) value.text.insert(value.text.size() - 1, mark);
      return value;
    };
  }
};

TEST_F(AnonymizerTest, NoUserTextLeavesUnmasked) {
  Config masked = config();
  masked.anonymizer = create_anonymizer({{"canary-[0-9]+", "[gone]"}});
  Client client(masked);
  const auto scope = llmtrace::propagate({.metadata = {{"m", "canary-1"}}, .tags = {"canary-2"}});
  const langsmith::Run run = client.start_run({.name = "x",
                                               .run_type = RunType::Llm,
                                               .inputs = {{"q", "canary-3"}},
                                               .metadata = {{"k", "canary-4"}},
                                               .tags = {"canary-5"},
                                               .extra = {{"e", "canary-6"}},
                                               .serialized = {{"s", "canary-7"}}});
  run.add_event("e", {{"f", "canary-8"}});
  client.flush(seconds(10));  // also what is sent while it is open
  run.end({.outputs = {{"a", "canary-9"}}, .error = "canary-10"});
  client.create_feedback({.run_id = run.id(),
                          .key = "k",
                          .value = "canary-11",
                          .comment = "canary-12",
                          .correction = {{"c", "canary-13"}},
                          .source_info = {{"i", "canary-14"}}});
  EXPECT_TRUE(client.flush(seconds(10)));
  std::string all;
  for (const auto& request : http->requests()) all += request.body;
  EXPECT_EQ(all.find("canary-"), std::string::npos) << all;
  std::size_t gone = 0;
  for (std::size_t at = 0; (at = all.find("[gone]", at)) != std::string::npos; ++at) ++gone;
  EXPECT_GE(gone, 14U);
}

TEST_F(AnonymizerTest, TheProcessesMaskRunsFirstThenTheClients) {
  llmtrace::set_mask(appending("+process"));
  Config masked = config();
  masked.anonymizer = appending("+client");
  Client client(masked);
  client.start_run({.name = "x", .inputs = "text"}).end({.outputs = "out", .error = "oops"});
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(only_run()["inputs"]["input"].as_string(), "text+process+client");
  EXPECT_EQ(only_run()["outputs"]["output"].as_string(), "out+process+client");
  EXPECT_EQ(only_run()["error"].as_string(), "oops+process+client");
}

TEST_F(AnonymizerTest, OneThatThrowsLetsNothingThrough) {
  Config masked = config();
  masked.anonymizer = [](llmtrace::JsonText, llmtrace::Field) -> llmtrace::JsonText {
    throw std::runtime_error("no");
  };
  Client client(masked);
  client
      .start_run({.name = "x",
                  .inputs = {{"q", "canary"}},
                  .metadata = {{"k", "canary"}},
                  .tags = {"canary"},
                  .extra = {{"e", "canary"}}})
      .end({.outputs = {{"a", "canary"}}, .error = "canary"});
  EXPECT_TRUE(client.flush(seconds(10)));
  const std::string body = requests_to("/runs/multipart").at(0).body;
  EXPECT_EQ(body.find("canary"), std::string::npos) << body;
  EXPECT_NE(body.find("fully masked"), std::string::npos);
  EXPECT_GE(client.stats().user_code_failures, 6U);
  runs_in(requests_to("/runs/multipart").at(0));  // and it is well formed
}

TEST_F(AnonymizerTest, SecretsAreDetected) {
  Config masked = config();
  masked.anonymizer = create_secret_anonymizer();
  Client client(masked);
  client.start_run({.name = "x", .inputs = {{"q", "use password=hunter22 please"}}}).end();
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(only_run()["inputs"]["q"].as_string(), "use password=[SECRET_DETECTED] please");
}

}  // namespace
}  // namespace langsmith::testing
