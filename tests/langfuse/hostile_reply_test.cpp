// R8: a server that answers with more than anybody can read. What the process holds grows by a few
// megabytes at most, the item waits for a better server, and no reply takes long.
#include <zlib.h>

#include "tests/langfuse/langfuse_fixture.h"
#include "tests/support/resident_memory.h"
#include "tests/support/run_length.h"
#include "tests/support/scripted_server.h"

namespace langfuse::testing {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::size_t kMebibyte = std::size_t{1} << 20;
constexpr char kAccepted[] = R"({"successes":[],"errors":[]})";

class HostileReply : public LangfuseTest {
 protected:
  // The client on libcurl; `reply` for the first request, then an ack.
  void expect_survived(const std::string& what, ServerReply reply) {
    const auto first = std::make_shared<const ServerReply>(std::move(reply));
    server.respond([this, first](const ServerRequest&, std::size_t before) {
      return before == answered ? *first : ServerReply{.status = 207, .body = kAccepted};
    });
    const bool measured = reset_peak_memory() && !kSanitized;
    const std::size_t before = memory_field("VmRSS:");
    const auto start = SteadyClock::now();
    client->span({.name = "x"}).end();
    while (client->stats().in_memory != 0 && SteadyClock::now() - start < seconds(60)) {
      client->flush(milliseconds(100));
    }
    const auto took = std::chrono::duration_cast<milliseconds>(SteadyClock::now() - start);
    const std::size_t peak = memory_field("VmHWM:");
    const std::size_t grown = peak > before ? peak - before : 0;

    std::printf("%s: %d ms, memory grew by %zu KiB\n", what.c_str(), static_cast<int>(took.count()),
                grown / 1024);
    if (measured) {
      EXPECT_LE(grown, 8 * kMebibyte) << what;
    }
    EXPECT_LT(took, seconds(10)) << what;  // 1 s on a quiet machine
    EXPECT_EQ(client->stats().in_memory, 0U) << what;
    EXPECT_EQ(client->stats().delivered, ++delivered) << what;
    answered = server.request_count();
  }

  ScriptedServer server;
  std::size_t answered = 0;
  std::uint64_t delivered = 0;
  std::unique_ptr<Client> client = [this] {
    Config legacy = config();
    legacy.protocol = Protocol::Legacy;
    legacy.compression.reset();
    legacy.base_url = server.url();
    legacy.transport = llmtrace::Transport::create({.log_sink = log});
    return std::make_unique<Client>(std::move(legacy));
  }();
};

std::string gzip_of_zeros(std::size_t size) {
  const std::string plain(size, '\0');
  std::string packed(size / 100, '\0');
  z_stream stream{};
  deflateInit2(&stream, 9, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(plain.data()));  // NOLINT
  stream.avail_in = static_cast<uInt>(plain.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());  // NOLINT
  stream.avail_out = static_cast<uInt>(packed.size());
  EXPECT_EQ(deflate(&stream, Z_FINISH), Z_STREAM_END);
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

TEST_F(HostileReply, CostsLittleMemoryAndTime) {
  const std::string head = "HTTP/1.1 207 Multi-Status\r\n";
  const std::string block(65536, 'x');
  expect_survived("an honest reply", {.status = 503});  // what the first request ever costs

  expect_survived(
      "1 GiB, announced",
      {.raw = head + "Content-Length: 1073741824\r\n\r\n", .flood = block, .floods = 16384});
  expect_survived("1 GiB, without an end", {.raw = head + "\r\n", .flood = block, .floods = 16384});
  expect_survived("100,000 headers",
                  {.raw = head, .flood = "X-Flood: 0123456789\r\n", .floods = 100'000});
  expect_survived("one endless header",
                  {.raw = head + "X-Flood: ", .flood = block, .floods = 1024});
  // 60 members of 16 MiB each: a gigabyte, were it decoded, in one that is read.
  const std::string member = gzip_of_zeros(16 * kMebibyte);
  expect_survived("a gzip bomb", {.raw = head + "Content-Encoding: gzip\r\n\r\n",
                                  .flood = member,
                                  .floods = kMebibyte / member.size()});
  expect_survived("a million levels of arrays",
                  {.raw = head + "\r\n", .flood = std::string(10'000, '['), .floods = 100});
  std::string objects;
  for (int i = 0; i < 1000; ++i) objects += "{\"errors\":";
  expect_survived("a hundred thousand levels of objects",
                  {.raw = head + "\r\n", .flood = objects, .floods = 100});
}

}  // namespace
}  // namespace langfuse::testing
