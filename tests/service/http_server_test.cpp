// The server's own promises, in this process.
#include "samples/observability_service/http_server.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <memory>

#include "tests/support/oversized_headers.h"

namespace service::testing {
namespace {

class NoHandler final : public HttpHandler {
 public:
  HttpResponse handle(const HttpRequest&) override { return {}; }
  HttpResponse refuse(const HttpRequest&, HttpResponse refusal) override { return refusal; }
};

TEST(HttpServer, EndsWithoutHarmWhileHeadersComeThatAreTooLarge) {
  NoHandler handler;
  llmtrace::tests::end_amid_oversized_headers(
      [&] { return std::make_unique<HttpServer>(HttpServerOptions{}, handler); },
      [](const HttpServer& server) { return server.port(); });
}

TEST(HttpServer, ClosesItsListenerOnceHoweverOftenItIsDrained) {
  NoHandler handler;
  HttpServer server({}, handler);

  EXPECT_TRUE(server.drain(std::chrono::milliseconds(0)));
  const int next = ::open("/dev/null", O_RDONLY | O_CLOEXEC);  // gets the listener's number
  EXPECT_TRUE(server.drain(std::chrono::milliseconds(0)));

  EXPECT_EQ(::close(next), 0) << "somebody else has closed it";
}

}  // namespace
}  // namespace service::testing
