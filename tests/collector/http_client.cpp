#include "tests/collector/http_client.h"

#include <curl/curl.h>
#include <gtest/gtest.h>

#include <memory>

#include "tests/support/loopback_connection.h"

namespace llmtrace::collector::testing {
namespace {

std::size_t append_bytes(char* bytes, std::size_t size, std::size_t count, void* text) {
  static_cast<std::string*>(text)->append(bytes, size * count);
  return size * count;
}

using Headers = std::unique_ptr<curl_slist, decltype(&curl_slist_free_all)>;

Headers header_list(const std::vector<std::string>& lines) {
  Headers list(nullptr, &curl_slist_free_all);
  for (const std::string& line : lines) {
    list.reset(curl_slist_append(list.release(), line.c_str()));
  }
  return list;
}

}  // namespace

JsonValue Reply::json() const {
  auto value = JsonValue::parse(body);
  if (!value) ADD_FAILURE() << "not JSON: " << body;
  return value.value_or(JsonValue());
}

HttpClient::HttpClient(std::string base_url) : base_url_(std::move(base_url)) {}

Reply HttpClient::send(const Request& request) const {
  const std::unique_ptr<CURL, decltype(&curl_easy_cleanup)> curl(curl_easy_init(),
                                                                 &curl_easy_cleanup);
  const Headers headers = header_list(request.headers);
  const std::string url = base_url_ + request.path;
  Reply reply;
  curl_easy_setopt(curl.get(), CURLOPT_URL, url.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_PATH_AS_IS, 1L);
  curl_easy_setopt(curl.get(), CURLOPT_NOPROXY, "*");
  curl_easy_setopt(curl.get(), CURLOPT_TIMEOUT, 60L);
  if (request.method != "GET") {
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl.get(), CURLOPT_POSTFIELDS, request.body.c_str());
    curl_easy_setopt(curl.get(), CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  if (!request.keys.empty()) curl_easy_setopt(curl.get(), CURLOPT_USERPWD, request.keys.c_str());
  curl_easy_setopt(curl.get(), CURLOPT_WRITEFUNCTION, &append_bytes);
  curl_easy_setopt(curl.get(), CURLOPT_WRITEDATA, &reply.body);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERFUNCTION, &append_bytes);
  curl_easy_setopt(curl.get(), CURLOPT_HEADERDATA, &reply.headers);
  const CURLcode code = curl_easy_perform(curl.get());
  if (code != CURLE_OK && request.may_break) return {};
  EXPECT_EQ(code, CURLE_OK) << curl_easy_strerror(code) << " for " << url;
  curl_easy_getinfo(curl.get(), CURLINFO_RESPONSE_CODE, &reply.status);
  const char* content_type = nullptr;
  curl_easy_getinfo(curl.get(), CURLINFO_CONTENT_TYPE, &content_type);
  if (content_type != nullptr) reply.content_type = content_type;
  return reply;
}

Reply HttpClient::get(const std::string& path) const { return send({.path = path}); }

Reply HttpClient::post_json(const std::string& path, const std::string& body) const {
  return send({.method = "POST",
               .path = path,
               .body = body,
               .headers = {"Content-Type: application/json"}});
}

std::string send_raw(std::uint16_t port, const std::string& bytes) {
  const llmtrace::tests::LoopbackConnection connection(port);
  connection.send(bytes);
  std::string reply;
  for (;;) {
    const auto received = connection.receive();
    EXPECT_TRUE(received) << "the server kept the connection open";
    if (!received || received->empty()) return reply;
    reply += *received;
  }
}

}  // namespace llmtrace::collector::testing
