// What models do: each is an ERROR generation with what arrived, and an answer with a reason.
#include <string>
#include <vector>

#include "tests/service/service_fixture.h"

namespace service::testing {
namespace {

struct BadModel {
  std::string name{};
  std::vector<std::string> model_options{};
  bool streamed = false;
  int status = 0;
  std::string reason{};   ///< in the answer and in the generation
  std::string arrived{};  ///< in the generation's output
};

void PrintTo(const BadModel& model, std::ostream* out) { *out << model.name; }

class BadModelTest : public ServiceTest, public ::testing::WithParamInterface<BadModel> {
 protected:
  JsonValue generation() const {
    const JsonValue line = log_line("path", "/complete");
    return observation(line["trace_id"].as_string(), "chat stand-in");
  }
};

TEST_P(BadModelTest, IsRecordedAndAnswered) {
  const BadModel& bad = GetParam();
  start(bad.model_options, {"--model-timeout-ms", "700", "--model-retries", "0"});
  const Reply reply = complete(bad.streamed ? R"({"prompt":"one two three","stream":true})"
                                            : R"({"prompt":"one two three"})");
  EXPECT_EQ(reply.status, bad.status) << reply.body;
  EXPECT_NE(reply.body.find(bad.reason), std::string::npos) << reply.body;
  EXPECT_EQ(reply.body.find("[DONE]"), std::string::npos) << "it did not end well";
  const Reply health = get("/health");
  EXPECT_EQ(health.status, 200) << "it goes on";
  EXPECT_EQ(health.json()["error_rate"].as_double(), 1) << "whatever the status of the stream was";
  EXPECT_NE(get("/metrics").body.find("service_completion_failures_total 1\n"), std::string::npos);
  end();

  const JsonValue failed = generation();
  EXPECT_EQ(failed["level"].as_string(), "ERROR");
  EXPECT_NE(failed["statusMessage"].as_string().find(bad.reason), std::string::npos)
      << failed["statusMessage"].as_string();
  EXPECT_NE(failed["output"].to_text().find(bad.arrived), std::string::npos)
      << failed["output"].to_text();
  const JsonValue line = log_line("path", "/complete");
  EXPECT_EQ(line["level"].as_string(), "error");
  EXPECT_NE(line["error"].as_string().find(bad.reason), std::string::npos);
  const JsonValue span = observation(line["trace_id"].as_string(), "POST /complete");
  EXPECT_EQ(span["level"].as_string(), "ERROR");
}

INSTANTIATE_TEST_SUITE_P(
    Models, BadModelTest,
    ::testing::Values(
        BadModel{"fails", {"--error-rate", "1"}, false, 502, "http_500", "a scripted fault"},
        BadModel{"fails_streaming", {"--error-rate", "1"}, true, 502, "http_500"},
        BadModel{"refuses_for_load",
                 {"--error-rate", "1", "--error-status", "429"},
                 false,
                 502,
                 "http_429"},
        BadModel{"stalls", {"--delay-ms", "60000"}, false, 504, "timeout"},
        BadModel{"stalls_before_a_stream", {"--delay-ms", "60000"}, true, 504, "timeout"},
        BadModel{"sends_garbage", {"--garbage"}, false, 502, "invalid_reply", "oh no"},
        BadModel{"streams_garbage", {"--garbage"}, true, 502, "stream_cut", "oh no"},
        BadModel{"cuts_a_stream", {"--cut-after", "6"}, true, 200, "stream_cut", "stand-in model"},
        BadModel{"cuts_a_stream_at_once", {"--cut-after", "0"}, true, 502, "stream_cut"},
        BadModel{
            "stalls_in_a_stream", {"--stall-after", "6"}, true, 200, "timeout", "stand-in model"}),
    [](const auto& test) { return test.param.name; });

TEST_F(ServiceTest, AModelThatIsNotThereIsABadGateway) {
  start_service("http://127.0.0.1:1/v1", {"--model-retries", "0"});
  const Reply reply = complete(R"({"prompt":"a"})");
  EXPECT_EQ(reply.status, 502);
  EXPECT_NE(reply.body.find("connection"), std::string::npos) << reply.body;
  end();
}

TEST_F(ServiceTest, AModelThatFailsNowAndThenIsAskedAgain) {
  start({"--error-rate", "0.5"});
  EXPECT_EQ(complete(R"({"prompt":"a"})").status, 200);
  const Reply reply = complete(R"({"prompt":"b"})");
  EXPECT_EQ(reply.status, 200) << reply.body;
  end();
}

}  // namespace
}  // namespace service::testing
