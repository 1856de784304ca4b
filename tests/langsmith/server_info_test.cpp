// /info and what follows from it: limits, compression, the form of the body.
#include <zlib.h>
#include <zstd.h>

#include "tests/langsmith/langsmith_fixture.h"

namespace langsmith::testing {
namespace {

class ServerInfoTest : public LangsmithTest {
 protected:
  static void finish(Client& client, int count) {
    for (int i = 0; i < count; ++i) client.start_run({.name = "run-" + std::to_string(i)}).end();
  }
  static std::string unzstd(const std::string& body) {
    std::string out(1 << 20, '\0');
    const std::size_t size = ZSTD_decompress(out.data(), out.size(), body.data(), body.size());
    EXPECT_FALSE(ZSTD_isError(size));
    out.resize(ZSTD_isError(size) ? 0 : size);
    return out;
  }
  static std::string gunzip(const std::string& body) {
    std::string out(1 << 20, '\0');
    z_stream stream{};
    EXPECT_EQ(inflateInit2(&stream, 15 + 16), Z_OK);
    stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(body.data()));  // NOLINT
    stream.avail_in = static_cast<uInt>(body.size());
    stream.next_out = reinterpret_cast<Bytef*>(out.data());  // NOLINT
    stream.avail_out = static_cast<uInt>(out.size());
    EXPECT_EQ(inflate(&stream, Z_FINISH), Z_STREAM_END);
    out.resize(stream.total_out);
    inflateEnd(&stream);
    return out;
  }
};

TEST_F(ServerInfoTest, IsAskedOnceBeforeTheFirstBatchAndWithoutTheKey) {
  Client client(config());
  finish(client, 3);
  EXPECT_TRUE(client.flush(seconds(10)));
  clock->advance(hours(2));
  finish(client, 3);
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto requests = http->requests();
  ASSERT_GE(requests.size(), 3U);
  EXPECT_EQ(requests[0].method, "GET");
  EXPECT_EQ(requests[0].url, "https://ls.test/info");
  EXPECT_EQ(requests[0].header("x-api-key"), "");
  EXPECT_EQ(requests_to("/info").size(), 1U);
}

TEST_F(ServerInfoTest, NothingGoesBeforeItsAnswer) {
  http->hold();
  Client client(config());
  finish(client, 450);  // more than wake the flusher
  client.create_feedback({.run_id = "r", .key = "k", .score = 1});
  ASSERT_TRUE(http->wait_for_requests(1));
  clock->advance(seconds(5));
  ASSERT_TRUE(http->wait_idle());
  EXPECT_EQ(http->request_count(), 1U);
  serve({});
  http->answer(0, reply_with(200, kInfo));
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(sent().size(), 450U);
}

TEST_F(ServerInfoTest, ItsLimitsHoldFromTheFirstBatchOn) {
  serve({}, R"({"batch_ingest_config":{"use_multipart_endpoint":true,"size_limit":7,)"
            R"("size_limit_bytes":20000}})");
  Client client(config());
  finish(client, 120);
  client.start_run({.name = "large", .inputs = std::string(12'000, 'x')}).end();
  client.start_run({.name = "large", .inputs = std::string(12'000, 'x')}).end();
  EXPECT_TRUE(client.flush(seconds(10)));
  for (const auto& request : requests_to("/runs/multipart")) {
    EXPECT_LE(runs_in(request).size(), 7U);
    EXPECT_LE(request.body.size(), 20'200U);
  }
  EXPECT_EQ(sent().size(), 122U);
  EXPECT_EQ(client.stats().delivered, 122U);
}

TEST_F(ServerInfoTest, TheConfiguredSizeWinsOverTheServers) {
  Config small = config();
  small.max_batch_items = 2;
  Client client(small);
  finish(client, 5);
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(requests_to("/runs/multipart").size(), 3U);
}

TEST_F(ServerInfoTest, ZstdWhereTheServerTakesIt) {
  Config packed = config();
  packed.compression = Compression::Zstd;
  Client client(packed);
  finish(client, 20);
  EXPECT_TRUE(client.flush(seconds(10)));
  auto requests = requests_to("/runs/multipart");
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].header("Content-Encoding"), "zstd");
  requests[0].body = unzstd(requests[0].body);
  EXPECT_EQ(runs_in(requests[0]).size(), 20U);
}

TEST_F(ServerInfoTest, GzipWhereItTakesOnlyThat) {
  serve({}, R"({"batch_ingest_config":{"use_multipart_endpoint":true},)"
            R"("instance_flags":{"gzip_body_enabled":true}})");
  Config packed = config();
  packed.compression = {};
  Client client(packed);
  finish(client, 20);
  EXPECT_TRUE(client.flush(seconds(10)));
  auto requests = requests_to("/runs/multipart");
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests[0].header("Content-Encoding"), "gzip");
  requests[0].body = gunzip(requests[0].body);
  EXPECT_EQ(runs_in(requests[0]).size(), 20U);
}

TEST_F(ServerInfoTest, NoCompressionThatTheServerDidNotOffer) {
  serve({}, R"({"batch_ingest_config":{"use_multipart_endpoint":true}})");
  Config packed = config();
  packed.compression = Compression::Zstd;
  Client client(packed);
  finish(client, 1);
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(requests_to("/runs/multipart").at(0).header("Content-Encoding"), "");
}

TEST_F(ServerInfoTest, WithoutMultipartTheSameGoesInline) {
  serve({}, R"({"batch_ingest_config":{"use_multipart_endpoint":false}})");
  Client client(config());
  const langsmith::Run open = client.start_run(
      {.name = "open", .run_type = RunType::Llm, .inputs = {{"q", 1}}, .serialized = {{"s", 1}}});
  client.flush(seconds(10));
  clock->advance(seconds(1));
  ASSERT_TRUE(http->wait_for_requests(2));
  open.end({.outputs = {{"a", 2}}, .error = "no", .metadata = {{"k", "v"}}});
  EXPECT_TRUE(client.flush(seconds(10)));

  const auto requests = requests_to("/runs/batch");
  ASSERT_EQ(requests.size(), 2U);
  EXPECT_EQ(requests[0].header("Content-Type"), "application/json");
  const JsonValue first = parsed(requests[0].body);
  ASSERT_EQ(first["post"].elements().size(), 1U);
  EXPECT_EQ(first["patch"].elements().size(), 0U);
  EXPECT_EQ(first["post"].elements()[0]["inputs"].to_text(), R"({"q":1})");
  EXPECT_EQ(first["post"].elements()[0]["serialized"].to_text(), R"({"s":1})");
  const JsonValue second = parsed(requests[1].body);
  ASSERT_EQ(second["patch"].elements().size(), 1U);
  const JsonValue& patch = second["patch"].elements()[0];
  EXPECT_EQ(patch["id"].as_string(), open.id());
  EXPECT_EQ(patch["outputs"].to_text(), R"({"a":2})");
  EXPECT_EQ(patch["error"].as_string(), "no");
  EXPECT_EQ(patch["extra"]["metadata"]["k"].as_string(), "v");
  EXPECT_EQ(patch["name"].as_string(), "open");
}

TEST_F(ServerInfoTest, AFailureMeansTheDefaultsAndAnotherTryAfterAMinute) {
  int asked = 0;
  http->respond([&](const FakeHttpClient::Request& request) {
    if (!request.url.ends_with("/info")) return std::optional(reply_with(202));
    return std::optional(++asked == 1 ? reply_with(500) : reply_with(200, kInfo));
  });
  Client client(config());
  finish(client, 1);
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(requests_to("/runs/multipart").size(), 1U);
  clock->advance(seconds(59));
  finish(client, 1);
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(asked, 1);
  clock->advance(seconds(2));
  finish(client, 1);
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(asked, 2);
  EXPECT_EQ(client.stats().delivered, 3U);
}

TEST_F(ServerInfoTest, JunkIsNoAnswer) {
  for (const char* body :
       {"<html>", "[]", "null", R"({"batch_ingest_config":{"size_limit":-5}})"}) {
    serve({}, body);
    Client client(config());
    finish(client, 1);
    EXPECT_TRUE(client.flush(seconds(10))) << body;
    EXPECT_EQ(client.stats().delivered, 1U) << body;
  }
}

TEST_F(ServerInfoTest, A404MeetsSeveralRequestsAndLosesNothing) {
  http->respond([](const FakeHttpClient::Request& request) -> std::optional<HttpReply> {
    if (request.url.ends_with("/info")) return reply_with(200, kInfo);
    if (request.url.ends_with("/runs/multipart")) return std::nullopt;  // held
    return reply_with(202);
  });
  Client client(config());
  finish(client, 400);
  ASSERT_TRUE(http->wait_for_requests(5)) << "/info and four batches at once";
  for (std::size_t i = 1; i <= 4; ++i) http->answer(i, reply_with(404, "no such route"));
  EXPECT_TRUE(client.flush(seconds(10)));
  finish(client, 1);
  EXPECT_TRUE(client.flush(seconds(10)));

  EXPECT_EQ(client.stats().delivered, 401U);
  EXPECT_EQ(requests_to("/runs/multipart").size(), 4U) << "remembered";
  EXPECT_EQ(requests_to("/runs/batch").size(), 5U);
}

TEST_F(ServerInfoTest, AServerThatTakesNoRunsIsNamedAndWhatItIsSentKept) {
  for (const int status : {404, 405}) {
    serve([status](const auto&) { return std::optional(reply_with(status)); });
    const std::size_t before = http->request_count();
    Client client(config());
    finish(client, 1);
    EXPECT_FALSE(client.flush(milliseconds(0)));
    ASSERT_TRUE(http->wait_for_requests(before + 3));
    ASSERT_TRUE(http->wait_idle());
    EXPECT_EQ(http->request_count(), before + 3) << "/info and each of the two routes once";
    EXPECT_TRUE(log->contains("LANGSMITH_ENDPOINT (https://ls.test)")) << log->text();
    EXPECT_EQ(client.stats().in_memory, 1U) << "it may be a gateway before a server that starts";

    clock->advance(seconds(1));  // the backoff
    ASSERT_TRUE(http->wait_for_requests(before + 5));
    ASSERT_TRUE(http->wait_idle());
    EXPECT_EQ(http->request_count(), before + 5);
    serve({});
    EXPECT_TRUE(client.flush(seconds(10)));
    EXPECT_EQ(http->requests().back().url, "https://ls.test/runs/multipart");
    EXPECT_EQ(client.stats().delivered, 1U);
    expect_conserved(client);
  }
}

TEST_F(ServerInfoTest, TheFallbackLastsAnHour) {
  serve([](const auto& request) {
    return std::optional(reply_with(request.url.ends_with("/runs/multipart") ? 404 : 202));
  });
  Client client(config());
  const auto send = [&] {
    finish(client, 1);
    EXPECT_TRUE(client.flush(seconds(10)));
    return http->requests().back().url;
  };
  EXPECT_EQ(send(), "https://ls.test/runs/batch");
  serve({});
  clock->advance(std::chrono::minutes(59));
  EXPECT_EQ(send(), "https://ls.test/runs/batch");
  clock->advance(std::chrono::minutes(2));
  EXPECT_EQ(send(), "https://ls.test/runs/multipart");
  EXPECT_EQ(client.stats().delivered, 3U);
}

TEST_F(ServerInfoTest, OnlyMultipartBodiesAreCompressed) {
  serve([](const auto& request) {
    return std::optional(reply_with(request.url.ends_with("/runs/multipart") ? 404 : 202));
  });
  Config packed = config();
  packed.compression = Compression::Zstd;
  Client client(packed);
  finish(client, 20);
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(requests_to("/runs/multipart").at(0).header("Content-Encoding"), "zstd");
  EXPECT_EQ(requests_to("/runs/batch").at(0).header("Content-Encoding"), "");
  EXPECT_EQ(parsed(requests_to("/runs/batch").at(0).body)["post"].elements().size(), 20U);
}

TEST_F(ServerInfoTest, AServerThatTakesNoCompressedBodyAfterAllGetsAPlainOne) {
  serve([](const auto& request) {
    return std::optional(reply_with(request.header("Content-Encoding").empty() ? 202 : 415));
  });
  Config packed = config();
  packed.compression = Compression::Zstd;
  Client client(packed);
  finish(client, 1);
  EXPECT_TRUE(client.flush(seconds(10)));
  finish(client, 1);
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(requests_to("/runs/multipart").size(), 3U) << "remembered";
  EXPECT_EQ(client.stats().delivered, 2U);

  serve([](const auto&) { return std::optional(reply_with(415)); });
  finish(client, 1);
  EXPECT_FALSE(client.flush(seconds(10))) << "it was not for the compression";
  EXPECT_EQ(client.stats().dropped_by(llmtrace::DropReason::Rejected), 1U);
}

TEST_F(ServerInfoTest, AttachmentsOfRunsThatMetTheFallbackAreNamed) {
  serve([](const auto& request) {
    return std::optional(reply_with(request.url.ends_with("/runs/multipart") ? 404 : 202));
  });
  Client client(config());
  const langsmith::Run run = client.start_run(
      {.name = "x",
       .metadata = {{"k", "v"}},
       .attachments = {{"page", "image/png", "bytes"}, {"sound", "audio/wav", "bytes"}}});
  run.end();
  client.start_run({.name = "y", .attachments = {{"only", "image/png", "bytes"}}}).end();
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_NE(requests_to("/runs/multipart").at(0).body.find("attachment."), std::string::npos);
  const JsonValue body = parsed(requests_to("/runs/batch").at(0).body);
  const JsonValue& metadata = body["post"].elements().at(0)["extra"]["metadata"];
  EXPECT_EQ(metadata["attachments_left_out"].to_text(), R"(["page","sound"])");
  EXPECT_EQ(metadata["k"].as_string(), "v");
  EXPECT_EQ(body["post"].elements().at(1)["extra"]["metadata"]["attachments_left_out"].to_text(),
            R"(["only"])");
}

TEST_F(ServerInfoTest, AQuestionThatHangsHoldsNothingBackForLong) {
  http->respond([](const FakeHttpClient::Request& request) {
    return request.url.ends_with("/info") ? std::nullopt : std::optional(reply_with(202));
  });
  Client client(config());
  finish(client, 3);
  client.flush(milliseconds(0));
  ASSERT_TRUE(http->wait_for_requests(1));
  EXPECT_LE(http->requests().at(0).timeout, seconds(1)) << "the default shutdown lasts two";
  clock->advance(http->requests().at(0).timeout);
  http->answer(0, no_reply(true));
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(client.stats().delivered, 3U);

  clock->advance(seconds(61));
  finish(client, 3);
  EXPECT_TRUE(client.flush(seconds(10))) << "asked again, beside the runs";
  EXPECT_EQ(client.stats().delivered, 6U);
  EXPECT_EQ(http->held_count(), 1U);
  http->answer(2, reply_with(200, R"({"batch_ingest_config":{"use_multipart_endpoint":false}})"));
  ASSERT_TRUE(http->wait_idle());
  finish(client, 1);
  EXPECT_TRUE(client.flush(seconds(10)));
  EXPECT_EQ(http->requests().back().url, "https://ls.test/runs/batch") << "and learned from";
}

}  // namespace
}  // namespace langsmith::testing
