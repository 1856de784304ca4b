// POST /runs/multipart: the framing, the parts, and what stands in them.
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "tests/collector/langsmith_client.h"

namespace llmtrace::collector::testing {
namespace {

const std::string kPost = std::string("post.") + kRootId;
const std::string kPatch = std::string("patch.") + kRootId;

Part root_part() { return {.name = kPost, .content = root_post().text()}; }

void expect_refused(const Reply& reply, const std::string& text) {
  EXPECT_EQ(reply.status, 422) << text;
  EXPECT_NE(reply.json()["error"].as_string().find(text), std::string::npos) << reply.body;
}

void expect_part_refused(const Part& part, const std::string& text) {
  const RunningCollector server;
  const LangSmithClient client(server);
  expect_refused(client.post_parts({root_part(), part}), text);
  EXPECT_EQ(client.get(std::string("/runs/") + kRootId).status, 404);
}

std::string framed(const std::string& headers, const std::string& content) {
  return "--" + std::string(kBoundary) + "\r\n" + headers + "\r\n\r\n" + content + "\r\n--" +
         kBoundary + "--\r\n";
}

const std::string kDisposition = "Content-Disposition: form-data; name=\"" + kPost + "\"";

std::string type_with_length(std::size_t length) {
  return "Content-Type: application/json; length=" + std::to_string(length);
}

TEST(Multipart, TakesARunInParts) {
  const RunningCollector server;
  const LangSmithClient client(server);

  const Reply reply = client.post_parts(
      {{.name = kPost, .content = root_post().without("inputs").text()},
       {.name = kPost + ".inputs", .content = R"({"question":"in its part"})"},
       {.name = kPost + ".events", .content = R"([{"name":"start"}])"},
       {.name = kPost + ".extra", .content = R"({"metadata":{"thread_id":"t-1"}})"},
       {.name = kPost + ".serialized", .content = R"({"kwargs":{}})"},
       {.name = kPatch, .content = root_patch().text()},
       {.name = kPatch + ".outputs", .content = R"({"answer":"in its part"})"},
       {.name = kPatch + ".error", .content = R"("it \"failed\"")"}});

  EXPECT_EQ(reply.status, 202) << reply.body;
  const JsonValue run = client.run(kRootId);
  EXPECT_EQ(run["inputs"]["question"].as_string(), "in its part");
  EXPECT_EQ(run["outputs"]["answer"].as_string(), "in its part");
  EXPECT_EQ(run["error"].as_string(), "it \"failed\"");
  EXPECT_EQ(run["events"].elements().size(), 1U);
  EXPECT_EQ(run["thread_id"].as_string(), "t-1");
  EXPECT_TRUE(run["serialized"]["kwargs"].is_object());
}

TEST(Multipart, TakesPartsInAnyOrder) {
  const RunningCollector server;
  const LangSmithClient client(server);

  const Reply reply =
      client.post_parts({{.name = kPost + ".outputs", .content = R"({"a":1})"}, root_part()});

  EXPECT_EQ(reply.status, 202) << reply.body;
  EXPECT_EQ(client.run(kRootId)["outputs"]["a"].as_integer(), 1);
}

TEST(Multipart, TakesTheLengthFromEitherHeader) {
  const std::string json = root_post().text();
  const std::string header = "\r\nContent-Length: " + std::to_string(json.size());
  for (const std::string& headers : {kDisposition + "\r\nContent-Type: application/json" + header,
                                     kDisposition + "\r\n" + type_with_length(json.size()),
                                     kDisposition + "\r\n" + type_with_length(json.size()) + header,
                                     "content-disposition: form-data; name=" + kPost +
                                         "\r\ncontent-type: Application/JSON" + header}) {
    const RunningCollector server;
    EXPECT_EQ(LangSmithClient(server).post_multipart(framed(headers, json)).status, 202) << headers;
  }
}

TEST(Multipart, RefusesAPartWithoutOrWithAWrongLength) {
  const std::string json = root_post().text();
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string type = kDisposition + "\r\nContent-Type: application/json";

  expect_refused(client.post_multipart(framed(type, json)), "needs its length");
  for (const std::string& wrong :
       {std::to_string(json.size() - 1), std::to_string(json.size() + 1), std::string("-1"),
        std::string("x"), std::string(), std::string("99999999999999999999999")}) {
    expect_refused(client.post_multipart(framed(type + "\r\nContent-Length: " + wrong, json)),
                   "declares a length of '" + wrong.substr(0, 32) + "'");
    expect_refused(client.post_multipart(framed(type + "; length=" + wrong, json)),
                   "declares a length of");
  }
  expect_refused(
      client.post_multipart(framed(
          kDisposition + "\r\n" + type_with_length(json.size()) + "\r\nContent-Length: 1", json)),
      "declares a length of '1'");
}

TEST(Multipart, RefusesAPartWithoutType) {
  const std::string json = root_post().text();
  const RunningCollector server;

  expect_refused(LangSmithClient(server).post_multipart(framed(
                     kDisposition + "\r\nContent-Length: " + std::to_string(json.size()), json)),
                 "needs a Content-Type");
}

TEST(Multipart, RefusesAPartThatIsCompressedByItself) {
  Part part{.name = kPost + ".outputs", .content = "{}"};
  part.headers = {"Content-Encoding: gzip"};
  expect_part_refused(part, "has a Content-Encoding");
}

TEST(Multipart, RefusesAPartWithoutName) {
  const std::string json = root_post().text();
  const RunningCollector server;
  for (const char* disposition :
       {"X-Nothing: 1", "Content-Disposition: form-data", "Content-Disposition: attachment; name=a",
        "Content-Disposition: form-data; filename=\"name=a\"",
        "Content-Disposition: form-data; name"}) {
    expect_refused(LangSmithClient(server).post_multipart(framed(
                       std::string(disposition) + "\r\n" + type_with_length(json.size()), json)),
                   "a part needs Content-Disposition");
  }
}

TEST(Multipart, RefusesPartsOfNoKnownKind) {
  for (const std::string& name :
       {std::string("post"), std::string("post."), std::string("."), std::string("post.1"),
        std::string("post.") + kRootId + "x", std::string("run.") + kRootId, std::string(kRootId),
        kPost + ".tags", kPost + ".inputs.more", kPost + ".",
        std::string("feedback.") + kRootId + ".x", std::string("attachment.") + kRootId}) {
    Part part{.name = name, .content = "{}"};
    expect_part_refused(part, "part '" + name + "' ");
  }
}

TEST(Multipart, RefusesPartsThatAreNoJson) {
  expect_part_refused({.name = kPost + ".outputs", .content = "{"}, "is not valid JSON");
  expect_part_refused({.name = kPost + ".outputs", .content = ""}, "is not valid JSON");
  expect_part_refused({.name = kPost + ".outputs", .content = "{}", .content_type = "text/plain"},
                      "must be application/json");
  expect_part_refused({.name = kPost + ".outputs", .content = "[]"}, "'outputs' must be an object");
}

TEST(Multipart, RefusesFieldsOfARunThatIsNotThere) {
  expect_part_refused({.name = kPatch + ".outputs", .content = "{}"},
                      "belongs to no run of this request");
}

TEST(Multipart, RefusesARunUnderAnotherId) {
  expect_part_refused({.name = std::string("post.") + kChildId, .content = root_post().text()},
                      "'id' is not the id that the request names");
}

TEST(Multipart, NeedsARunOrFeedback) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string attachment = std::string("attachment.") + kRootId + ".a";

  expect_refused(client.post_parts({}), "neither a run nor feedback");
  expect_refused(
      client.post_parts({{.name = attachment, .content = "x", .content_type = "text/plain"}}),
      "neither a run nor feedback");
}

TEST(Multipart, NeedsABoundary) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string body = multipart_body({root_part()});
  for (const std::string& type :
       {std::string("multipart/form-data"), std::string("multipart/form-data; boundary="),
        std::string("application/json"), std::string("multipart/mixed; boundary=") + kBoundary,
        "multipart/form-data; boundary=" + std::string(71, 'b')}) {
    const Reply reply = client.send("POST", "/runs/multipart", body, {"Content-Type: " + type});
    EXPECT_EQ(reply.status, 422) << type;
  }
  const Reply quoted =
      client.send("POST", "/runs/multipart", body,
                  {std::string("Content-Type: multipart/form-data; charset=utf-8; boundary=\"") +
                   kBoundary + "\""});
  EXPECT_EQ(quoted.status, 202) << quoted.body;
}

TEST(Multipart, CutAnywhereIsRefused) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string body = multipart_body({root_part()});
  const std::size_t complete = body.size() - 2;  // without the last line end

  for (std::size_t size = 0; size < complete; ++size) {
    const Reply reply = client.post_multipart(body.substr(0, size));
    ASSERT_EQ(reply.status, 422) << "cut at " << size;
  }
  expect_refused(client.post_multipart(body.substr(0, body.size() / 2)),
                 "multipart: NextPart: EOF");
  EXPECT_EQ(client.get(std::string("/runs/") + kRootId).status, 404);
  EXPECT_EQ(client.post_multipart(body.substr(0, complete)).status, 202);
}

TEST(Multipart, WithAnyByteChangedNeverHarms) {
  const std::string body = multipart_body({root_part()});
  const RunningCollector server;
  const LangSmithClient client(server);
  for (std::size_t i = 0; i < body.size(); ++i) {
    for (const char mask : {'\x01', '\x20', '\x80'}) {
      std::string changed = body;
      changed[i] = static_cast<char>(changed[i] ^ mask);
      const long status = client.post_multipart(changed).status;
      ASSERT_TRUE(status == 202 || status == 400 || status == 409 || status == 422)
          << status << " at " << i;
    }
  }
}

TEST(Multipart, WithoutStrictLineEndsIsRefused) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string body = multipart_body({root_part()});
  std::string bare = body;
  for (std::size_t at = bare.find("\r\n"); at != std::string::npos; at = bare.find("\r\n")) {
    bare.replace(at, 2, "\n");
  }

  EXPECT_EQ(client.post_multipart(bare).status, 422);
  EXPECT_EQ(client.post_multipart("\r\n" + body).status, 422);
  EXPECT_EQ(client.post_multipart("preamble\r\n" + body).status, 422);
  expect_refused(client.post_multipart(body + "epilogue"), "data after the closing boundary");
  EXPECT_EQ(client.post_multipart(body).status, 202);
}

TEST(Multipart, LimitsTheHeadersOfAPart) {
  Part part = root_part();
  part.headers = {"X-Filler: " + std::string(20'000, 'x')};
  const RunningCollector server;

  expect_refused(LangSmithClient(server).post_parts({part}), "headers are larger than 16 KiB");
}

TEST(Multipart, TakesContentThatLooksLikeABoundary) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string content = "--" + std::string(kBoundary) + "--\n--" + kBoundary + "\n";
  const std::string name = std::string("attachment.") + kRootId + ".a";

  EXPECT_EQ(client
                .post_parts(
                    {root_part(), {.name = name, .content = content, .content_type = "text/plain"}})
                .status,
            202);
}

TEST(Attachments, AreKeptAsTheyCame) {
  const RunningCollector server;
  const LangSmithClient client(server);
  const std::string bytes = std::string("\x89PNG\r\n\x1A\n\0\xFF", 10) + std::string(100'000, '\0');
  const std::string name = std::string("attachment.") + kRootId + ".a picture";

  const Reply reply = client.post_parts(
      {root_part(), {.name = name, .content = bytes, .content_type = "image/png"}});

  EXPECT_EQ(reply.status, 202) << reply.body;
  const JsonValue urls = client.run(kRootId)["s3_urls"];
  EXPECT_EQ(urls["attachment.a picture"]["mime_type"].as_string(), "image/png");
  const std::string url = urls["attachment.a picture"]["presigned_url"].as_string();
  ASSERT_TRUE(url.starts_with(server.collector.url() + "/runs/")) << url;
  const Reply read = client.get(url.substr(server.collector.url().size()));
  EXPECT_EQ(read.body, bytes);
  EXPECT_EQ(read.content_type, "application/octet-stream");
}

TEST(Attachments, HaveNamesWithoutDots) {
  for (const char* name : {"a.png", "", ".."}) {
    expect_part_refused({.name = std::string("attachment.") + kRootId + "." + name,
                         .content = "x",
                         .content_type = "image/png"},
                        "must name its attachment");
  }
}

TEST(Attachments, ThatAreNotThereAreA404) {
  const RunningCollector server;
  const LangSmithClient client(server);
  for (const std::string& path :
       {std::string("/runs/") + kRootId + "/attachments/a",
        std::string("/runs/") + kRootId + "/attachments/", std::string("/runs/x/attachments/a"),
        std::string("/runs/") + kRootId + "/attachments/..%2F..%2Fetc%2Fpasswd"}) {
    EXPECT_EQ(client.get(path).status, 404) << path;
  }
}

}  // namespace
}  // namespace llmtrace::collector::testing
