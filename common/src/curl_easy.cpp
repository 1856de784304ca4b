#include "common/src/curl_easy.h"

#include <llmtrace/version.h>
#include <openssl/crypto.h>
#include <sys/socket.h>

#include <cstring>
#include <mutex>
#include <new>
#include <stdexcept>
#include <string>

#include "common/src/credentials.h"
#include "common/src/http_text.h"

namespace llmtrace {
inline namespace v0 {
namespace {

// Younger than what servers keep: the shortest known closes idle connections after 110 s.
constexpr long kMaxConnectionAgeSeconds = 100;
constexpr long kUploadBufferBytes = 512L
                                    << 10;  // half the system calls and CPU of the default 64 KiB
constexpr std::size_t kLargeBodyBytes = 64 * 1024;

// A program that the process executes must not inherit the connections, and the TLS state behind
// them.
curl_socket_t on_open_socket(void*, curlsocktype, curl_sockaddr* address) noexcept {
  return ::socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

// An option that is a text, which libcurl copies. Without its proxy or its authorities a request
// must not go out.
void set_text(CURL* easy, CURLoption option, const char* text) {
  if ((curl_easy_setopt)(easy, option, text) == CURLE_OUT_OF_MEMORY) throw std::bad_alloc();
}

}  // namespace

void CurlListDeleter::operator()(curl_slist* list) const noexcept {
  for (curl_slist* line = list; line != nullptr; line = line->next) {
    OPENSSL_cleanse(line->data, std::strlen(line->data));
  }
  curl_slist_free_all(list);
}

void initialise_curl() {
  static std::once_flag once;
  std::call_once(once, [] {
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
      throw std::runtime_error("libcurl could not be initialised");
    }
  });
}

CurlHeaderList make_header_list(const std::vector<HttpHeader>& headers) {
  CurlHeaderList list;
  const auto append = [&list](const std::string& line) {
    curl_slist* const longer = curl_slist_append(list.get(), line.c_str());
    if (longer == nullptr) throw std::bad_alloc();
    static_cast<void>(list.release());
    list.reset(longer);
  };
  for (const HttpHeader& header : headers) {
    // What is not valid was refused where it came from; this is the last gate before the wire.
    if (is_header_name(header.name) && is_header_value(header.value)) {
      std::string line = joined({header.name, ": ", header.value});
      append(line);
      wipe(line);
    }
  }
  append("Expect:");  // no round trip before a large body
  return list;
}

void set_request(CURL* easy, const HttpRequest& request, curl_slist* headers) {
  set_text(easy, CURLOPT_URL, request.url.c_str());
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers);
  set_text(easy, CURLOPT_USERAGENT, "llmtrace-cpp/" LLMTRACE_VERSION_STRING);
  if (request.method == "GET") {
    curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L);
  } else {
    curl_easy_setopt(easy, CURLOPT_POST, 1L);
    set_text(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
    curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    if (request.body.size() > kLargeBodyBytes) {
      curl_easy_setopt(easy, CURLOPT_UPLOAD_BUFFERSIZE, kUploadBufferBytes);
    }
  }
  const auto timeout = static_cast<long>(request.timeout.count());
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, timeout);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, timeout);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_LIMIT, 1024L);
  curl_easy_setopt(easy, CURLOPT_LOW_SPEED_TIME, 10L);
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
  set_text(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  set_text(easy, CURLOPT_REDIR_PROTOCOLS_STR, "");
  curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
  curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
  curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
  curl_easy_setopt(easy, CURLOPT_MAXAGE_CONN, kMaxConnectionAgeSeconds);
  curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
  curl_easy_setopt(easy, CURLOPT_OPENSOCKETFUNCTION, &on_open_socket);
  if (request.proxy) set_text(easy, CURLOPT_PROXY, request.proxy->c_str());
  if (!request.ca_file.empty()) set_text(easy, CURLOPT_CAINFO, request.ca_file.c_str());
  if (!request.client_certificate.empty()) {
    set_text(easy, CURLOPT_SSLCERT, request.client_certificate.c_str());
    set_text(easy, CURLOPT_SSLKEY, request.client_key.c_str());
  }
}

}  // namespace v0
}  // namespace llmtrace
