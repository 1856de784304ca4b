// One item that the server finds too large, and limits that it tells late.
#include <memory>

#include "common/src/json_value.h"
#include "tests/support/transport_fixture.h"

namespace llmtrace::tests {
namespace {

class Cutting : public TransportTest {
 protected:
  void take_at_most(std::size_t bytes) {
    http->respond([bytes](const FakeHttpClient::Request& request) {
      return std::optional(reply_with(request.body.size() > bytes ? 413 : 200));
    });
  }
};

TEST_F(Cutting, AnItemThatTheServerFindsTooLargeIsCutUntilItFits) {
  take_at_most(400'000);
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  target.submit("large", std::string(3'000'000, 'x'));
  EXPECT_TRUE(target.flush(seconds(10)));

  const auto requests = http->requests();
  ASSERT_GE(requests.size(), 3U);
  EXPECT_LE(requests.size(), 6U) << "half of it each time";
  const std::string line = requests.back().body;
  const auto mark = JsonValue::parse(line.substr(line.find('{')));
  ASSERT_TRUE(mark) << line.substr(0, 200);
  EXPECT_EQ((*mark)["bytes"].as_integer(), 3'000'000);
  EXPECT_EQ((*mark)["sha256"].as_string(), to_hex(sha256(std::string(3'000'000, 'x'))));
  EXPECT_GE((*mark)["truncated"].as_string().size(), 150'000U);
  EXPECT_EQ(target.stats().truncated_items, 1U);
  EXPECT_EQ(target.stats().delivered, 1U);
  expect_settled(target.stats());
}

TEST_F(Cutting, TheNextOneIsCutBeforeItIsSent) {
  take_at_most(400'000);
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  target.submit("first", std::string(3'000'000, 'x'));
  EXPECT_TRUE(target.flush(seconds(10)));
  const std::size_t before = http->request_count();
  target.submit("second", std::string(3'000'000, 'y'));
  EXPECT_TRUE(target.flush(seconds(10)));
  EXPECT_EQ(http->request_count(), before + 1);
  EXPECT_EQ(target.stats().truncated_items, 2U);
}

TEST_F(Cutting, TheOthersOfItsBatchStayWhole) {
  take_at_most(400'000);
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  target.submit("small-1", std::string(1'000, 'a'));
  target.submit("large", std::string(1'000'000, 'x'));
  target.submit("small-2", std::string(1'000, 'b'));
  EXPECT_TRUE(target.flush(seconds(10)));
  std::string all;
  for (const auto& request : http->requests()) {
    if (request.body.size() <= 400'000) all += request.body;
  }
  EXPECT_NE(all.find("small-1 \"" + std::string(1'000, 'a') + "\""), std::string::npos);
  EXPECT_NE(all.find("small-2 \"" + std::string(1'000, 'b') + "\""), std::string::npos);
  EXPECT_NE(all.find("large {\"truncated\":"), std::string::npos);
  EXPECT_EQ(target.stats().delivered, 3U);
  EXPECT_EQ(target.stats().truncated_items, 1U);
}

TEST_F(Cutting, WhatIsCutBeforeItIsSentTravelsAlone) {
  for (const std::size_t bytes : {1'500U, 50'000U}) {  // too large, and far too large
    const std::size_t before = http->request_count();
    Target target(make_transport(),
                  line_destination("t", "http://127.0.0.1/", {.max_item_bytes = 1'000}));
    target.submit("before", "whole");
    target.submit("large", std::string(bytes, 'x'));
    target.submit("after", "whole");
    EXPECT_TRUE(target.flush(seconds(10)));

    const auto requests = http->requests();
    ASSERT_EQ(requests.size(), before + 3);
    for (std::size_t i = before; i < requests.size(); ++i) {
      EXPECT_EQ(lines_of(requests[i].body).size(), 1U);
      EXPECT_LE(requests[i].body.size(), 1'000U);
    }
    EXPECT_EQ(target.stats().truncated_items, 1U);
    EXPECT_EQ(target.stats().delivered, 3U);
    expect_settled(target.stats());
  }
}

TEST_F(Cutting, AServerThatTakesNothingEndsIt) {
  take_at_most(0);
  Target target(make_transport(), line_destination("t", "http://127.0.0.1/"));
  target.submit("large", std::string(3'000'000, 'x'));
  EXPECT_FALSE(target.flush(seconds(10)));
  EXPECT_EQ(target.stats().dropped_by(DropReason::TooLarge), 1U);
  EXPECT_LE(http->request_count(), 8U);
  ASSERT_EQ(errors().size(), 1U);
  EXPECT_EQ(errors()[0].http_status, 413);
  expect_settled(target.stats());
}

class HidingEncoder final : public LineEncoder {
 public:
  using LineEncoder::LineEncoder;
  void encode(const Record& record, std::string& out) override { out += record.name; }
};

TEST_F(Cutting, WhatTheDestinationHidesDoesNotCountAsCut) {
  Target target(make_transport(), line_destination<HidingEncoder>("t", "http://127.0.0.1/",
                                                                  {.max_item_bytes = 1'000}));
  target.submit("large", std::string(50'000, 'x'));
  EXPECT_TRUE(target.flush(seconds(10)));

  EXPECT_EQ(target.stats().truncated_items, 0U);
  EXPECT_EQ(target.stats().delivered, 1U);
}

// Asks the server for its limits before the first batch.
class AskingEncoder final : public LineEncoder {
 public:
  AskingEncoder(std::string url, LaneLimits limits) : LineEncoder(std::move(url), limits) {}
  const LaneLimits& limits() const noexcept override {
    static const LaneLimits kTold = {.max_items = 3, .separator = '#'};
    return told_ ? kTold : LineEncoder::limits();
  }
  std::optional<HttpRequest> preflight(Timestamp /*now*/) override {
    if (told_) return {};
    asking_ = true;
    HttpRequest request;
    request.url = "http://127.0.0.1/limits";
    return request;
  }
  void on_preflight(const HttpReply& /*reply*/, Timestamp /*now*/) override {
    told_ = true;
    asking_ = false;
  }
  bool is_waiting() const noexcept override { return asking_; }

 private:
  bool told_ = false;
  bool asking_ = false;
};

TEST_F(Cutting, ABatchThatWasSealedBeforeTheLimitsWereToldKeepsToThem) {
  http->hold("http://127.0.0.1/limits");
  Target target(make_transport(),
                line_destination<AskingEncoder>("t", "http://127.0.0.1/",
                                                {.max_items = 10, .separator = '#'}));
  target.submit_many(20);
  ASSERT_TRUE(http->wait_for_requests(1));
  EXPECT_EQ(http->requests()[0].url, "http://127.0.0.1/limits");
  http->answer(0, reply_with(200));
  EXPECT_TRUE(target.flush(seconds(10)));
  std::size_t lines = 0;
  for (const auto& request : http->requests()) {
    const std::size_t count = lines_of(request.body).size();
    EXPECT_LE(count, 3U);
    EXPECT_FALSE(request.body.starts_with('#'));
    lines += count;
  }
  EXPECT_EQ(lines, 20U);
  EXPECT_EQ(target.stats().delivered, 20U);
  expect_settled(target.stats());
}

}  // namespace
}  // namespace llmtrace::tests
