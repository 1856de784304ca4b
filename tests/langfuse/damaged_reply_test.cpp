// R7: a reply with verdicts in it, cut at every byte and mutated ten thousand times (in CI by three
// routes together, with LLMTRACE_DEEP each). Whatever arrives, each item is delivered, dropped and
// reported, or sent again.
#include <rapidjson/reader.h>

#include <functional>
#include <random>

#include "tests/langfuse/langfuse_fixture.h"
#include "tests/support/run_length.h"

namespace langfuse::testing {
namespace {

using llmtrace::DestinationStats;
using llmtrace::HttpReply;

constexpr char kScores[] = "/api/public/scores";
constexpr char kTrace[] = "0123456789abcdef0123456789abcdef";

bool is_json(const std::string& text) {
  rapidjson::StringStream stream(text.c_str());
  rapidjson::BaseReaderHandler<> handler;
  rapidjson::Reader reader;
  return text.find('\0') == std::string::npos &&
         !reader.Parse<rapidjson::kParseIterativeFlag>(stream, handler).IsError();
}

// What a proxy, a bug or an attacker makes of a body.
std::string mutate(std::string body, std::mt19937_64& random) {
  static constexpr std::string_view kPieces[] = {
      "[", "{", "\"", "null", "-1", "1e999", "18446744073709551616", "\xFF", "\\ud800", ",", ":"};
  for (std::uint64_t edits = 1 + random() % 4; edits > 0; --edits) {
    const std::size_t at = random() % (body.size() + 1);
    const std::size_t count = random() % 20;
    switch (random() % 6) {
      case 0:
        if (at < body.size()) body[at] = static_cast<char>(body[at] ^ (1 << random() % 8));
        break;
      case 1:
        body.erase(at, count);
        break;
      case 2:
        body.insert(at, kPieces[random() % std::size(kPieces)]);
        break;
      case 3:
        body.insert(at, body.substr(random() % (body.size() + 1), count));
        break;
      case 4:
        body.insert(at, 1, static_cast<char>(random()));
        break;
      default:
        body.resize(at);
        break;
    }
  }
  return body;
}

enum class Route { Ingestion, Scores, ScoreCreate };

class DamagedReply : public LangfuseTest, public ::testing::WithParamInterface<Route> {
 protected:
  static constexpr std::size_t kItems = 4;

  DamagedReply() {
    http->respond([this](const FakeHttpClient::Request& request) { return answer(request); });
    Config damaged = config();
    if (GetParam() == Route::Ingestion) damaged.protocol = Protocol::Legacy;
    if (GetParam() == Route::Ingestion) damaged.compression.reset();
    client = std::make_unique<Client>(std::move(damaged));
    round([](HttpReply&) {});  // the encoder has learned the server's form now
    undamaged = last_body;
  }

  // Submits, and answers the first request as `damage` makes it. Everything is settled on return.
  void round(const std::function<void(HttpReply&)>& damage) {
    damage_ = damage;
    const std::size_t before = judged_requests_;
    for (std::size_t i = 0; i < kItems; ++i) submit();
    client->flush(milliseconds(0));
    for (int attempt = 0; attempt < 100; ++attempt) {
      ASSERT_TRUE(http->wait_idle());
      if (client->stats().in_memory == 0) break;
      ASSERT_TRUE(http->advance_to_next_deadline(hours(2)));
    }
    submitted_ += kItems;
    requests = judged_requests_ - before;
    const DestinationStats stats = client->stats();
    EXPECT_EQ(stats.submitted, submitted_);
    EXPECT_EQ(stats.in_memory, 0U);
    EXPECT_EQ(stats.delivered + stats.dropped_total(), submitted_);
    std::uint64_t reported = 0;
    for (const llmtrace::DeliveryError& error : errors) reported += error.count;
    reported_ += reported;
    errors.clear();
    EXPECT_EQ(stats.dropped_total(), reported_) << "something was dropped silently";
  }

  std::unique_ptr<Client> client;
  std::string undamaged;
  std::string last_body;     // as the server said it
  std::string damaged_body;  // as it arrived
  std::size_t requests = 0;  // of the last round

 private:
  void submit() {
    if (GetParam() == Route::Ingestion) {
      client->span({.name = "x"}).end();
    } else {
      client->score({.name = "x", .value = 1, .trace_id = kTrace});
    }
  }
  std::optional<HttpReply> answer(const FakeHttpClient::Request& request) {
    if (GetParam() == Route::ScoreCreate && request.url.ends_with(kScores)) return reply_with(404);
    ++judged_requests_;
    last_body = verdicts_on(request);
    HttpReply reply = reply_with(207, last_body);
    if (damage_) {
      damage_(reply);
      damaged_body = reply.body;
      damage_ = nullptr;
    }
    return reply;
  }
  // The second is refused for good, the third for now; the array's reply only counts.
  static std::string verdicts_on(const FakeHttpClient::Request& request) {
    if (request.url.ends_with(kScores)) {
      return R"({"accepted":3,"rejected":1,"errors":[{"message":"Score config not found"}]})";
    }
    const auto body = JsonValue::parse(request.body);
    const auto& batch = (*body)["batch"].elements();
    std::string ids[3];
    for (std::size_t i = 0; i < 3; ++i) {
      const std::size_t item = std::min(i * batch.size() / kItems, batch.size() - 1);
      ids[i] = batch[item]["id"].as_string();
    }
    const std::string later =
        batch.size() < kItems ? "" : R"(,{"id":")" + ids[2] + R"(","status":503})";
    return R"({"successes":[{"id":")" + ids[0] + R"(","status":201}],"errors":[{"id":")" + ids[1] +
           R"(","status":400,"message":"Invalid request data"})" + later + "]}";
  }

  std::function<void(HttpReply&)> damage_;
  std::size_t judged_requests_ = 0;
  std::uint64_t submitted_ = 0;
  std::uint64_t reported_ = 0;
};

TEST_P(DamagedReply, CutAnywhereLosesNothing) {
  round([](HttpReply&) {});
  const std::size_t undamaged_requests = requests;
  for (std::size_t cut = 0; cut < undamaged.size(); ++cut) {
    for (const bool complete :
         {false, true}) {  // true: a server that ends what it sends by closing
      round([&](HttpReply& reply) {
        reply.body.resize(cut);
        reply.complete = complete;
      });
      EXPECT_EQ(requests, undamaged_requests + 1) << "verdicts were read from a part, at " << cut;
    }
  }
}

TEST_P(DamagedReply, MutatedLosesNothing) {
  std::mt19937_64 random(20261123);
  round([](HttpReply&) {});
  const std::size_t undamaged_requests = requests;
  std::size_t unreadable = 0;
  const int count = run_length(3'334, 10'000);
  for (int i = 0; i < count; ++i) {
    round([&](HttpReply& reply) { reply.body = mutate(std::move(reply.body), random); });
    if (is_json(damaged_body)) continue;
    ++unreadable;
    EXPECT_EQ(requests, undamaged_requests + 1) << damaged_body;
  }
  std::printf("%zu of %d were no JSON\n", unreadable, count);
  EXPECT_GT(unreadable, static_cast<std::size_t>(count) / 2);
}

std::string route_name(const ::testing::TestParamInfo<Route>& route) {
  static constexpr const char* kNames[] = {"Ingestion", "Scores", "ScoreCreate"};
  return kNames[static_cast<std::size_t>(route.param)];
}

INSTANTIATE_TEST_SUITE_P(Routes, DamagedReply,
                         ::testing::Values(Route::Ingestion, Route::Scores, Route::ScoreCreate),
                         route_name);

}  // namespace
}  // namespace langfuse::testing
