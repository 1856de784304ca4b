// The HttpClient that libcurl makes: one multi handle, kept-alive connections, HTTP/2 where
// offered. No redirects, TLS 1.2 or newer with full verification, http and https only, replies of
// at most 1 MiB.
#pragma once

#include <llmtrace/http_client.h>

#include <memory>

namespace llmtrace {
inline namespace v0 {

/// Initialises libcurl for the process at the first call. Throws std::runtime_error when libcurl
/// cannot.
std::shared_ptr<HttpClient> make_curl_http_client();

}  // namespace v0
}  // namespace llmtrace
