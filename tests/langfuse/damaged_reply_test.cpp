// R7: a reply with verdicts in it, cut at every byte and mutated ten thousand times (in CI by three
// routes together, with LLMTRACE_DEEP each). Whatever arrives, each item is delivered, dropped and
// reported, or sent again.
#include <rapidjson/reader.h>

#include <algorithm>
#include <functional>
#include <random>
#include <set>

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

// Of the items of a round the server refuses the second for good and the third for now; it
// remembers what it has taken.
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
    undamaged = first_body_;
  }

  // Submits, and answers the first request as `damage` makes it. Everything is settled on return,
  // and what the client says of each item is true.
  void round(const std::function<void(HttpReply&)>& damage) {
    damage_ = damage;
    told_ = false;
    ids_.clear();
    taken_.clear();
    const std::size_t requests_before = judged_requests_;
    const std::uint64_t delivered_before = client->stats().delivered;
    for (std::size_t i = 0; i < kItems; ++i) submit();
    client->flush(milliseconds(0));
    for (int attempt = 0; attempt < 100; ++attempt) {
      ASSERT_TRUE(http->wait_idle());
      if (client->stats().in_memory == 0) break;
      ASSERT_TRUE(http->advance_to_next_deadline(hours(2)));
    }
    submitted_ += kItems;
    requests = judged_requests_ - requests_before;
    const DestinationStats stats = client->stats();
    EXPECT_EQ(stats.submitted, submitted_);
    EXPECT_EQ(stats.in_memory, 0U);
    EXPECT_EQ(stats.delivered + stats.dropped_total(), submitted_);
    EXPECT_LE(stats.delivered - delivered_before, taken_.size()) << damaged_body;
    check_each_item();
    EXPECT_EQ(stats.dropped_total(), reported_) << "something was dropped silently";
  }

  std::unique_ptr<Client> client;
  std::string undamaged;
  std::string damaged_body;  // as it arrived
  std::size_t requests = 0;  // of the last round

 private:
  void submit() {
    if (GetParam() == Route::Ingestion) {
      const Observation span = client->span({.name = "x"});
      ids_.push_back(span.id());
    } else {
      ids_.push_back("score-" + std::to_string(++scores_));
      client->score({.name = "x", .value = 1, .trace_id = kTrace, .score_id = ids_.back()});
    }
  }

  // What was not reported as dropped is delivered, says the client. The array's errors name nobody.
  void check_each_item() {
    std::set<std::string> dropped;
    for (const llmtrace::DeliveryError& error : errors) {
      reported_ += error.count;
      dropped.insert(error.ids.begin(), error.ids.end());
    }
    errors.clear();
    if (GetParam() == Route::Scores) return;
    for (const std::string& id : ids_) {
      EXPECT_TRUE(dropped.contains(id) || taken_.contains(id))
          << id << " is lost: " << damaged_body;
    }
  }

  std::optional<HttpReply> answer(const FakeHttpClient::Request& request) {
    if (GetParam() == Route::ScoreCreate && request.url.ends_with(kScores)) return reply_with(404);
    ++judged_requests_;
    HttpReply reply = request.url.ends_with(kScores) ? counts() : verdicts_on(request);
    if (!damage_) {
      told_ = true;
      return reply;
    }
    first_body_ = reply.body;
    damage_(reply);
    damaged_body = reply.body;
    damage_ = nullptr;
    told_ = reply.body == first_body_ && reply.complete;
    return reply;
  }

  HttpReply counts() {
    for (std::size_t i = 0; i < kItems; ++i) {
      if (i != 1) taken_.insert(ids_[i]);
    }
    return reply_with(
        207, R"({"accepted":3,"rejected":1,"errors":[{"message":"Score config not found"}]})");
  }

  HttpReply verdicts_on(const FakeHttpClient::Request& request) {
    return ingestion_reply(request, [this](const JsonValue& event) {
      if (event["type"].as_string() == "trace-create") return 0;
      const std::string id = event["body"]["id"].as_string();
      const auto index = std::find(ids_.begin(), ids_.end(), id) - ids_.begin();
      if (index == 1) return 400;
      if (index == 2 && !told_) return 503;
      taken_.insert(id);
      return 0;
    });
  }

  std::function<void(HttpReply&)> damage_;
  bool told_ = false;             // the client has got the verdict on the third
  std::vector<std::string> ids_;  // of the round's items
  std::set<std::string> taken_;   // of those that the server has
  std::string first_body_;        // as the server said it
  std::size_t judged_requests_ = 0;
  std::uint64_t scores_ = 0;
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
