// What every libcurl request of llmtrace has in common: handles that clean up after themselves, and
// the options that keep it safe (no redirects, http and https only, TLS 1.2 and checked).
#pragma once

#include <curl/curl.h>
#include <llmtrace/export.h>
#include <llmtrace/http_client.h>

#include <memory>
#include <vector>

namespace llmtrace {
inline namespace v0 {

struct CurlEasyDeleter {
  void operator()(CURL* handle) const noexcept { curl_easy_cleanup(handle); }
};
using CurlEasy = std::unique_ptr<CURL, CurlEasyDeleter>;

/// Overwrites the lines first: credentials are among them.
struct LLMTRACE_EXPORT CurlListDeleter {
  void operator()(curl_slist* list) const noexcept;
};
using CurlHeaderList = std::unique_ptr<curl_slist, CurlListDeleter>;

/// Initialises libcurl, once. Throws std::runtime_error when it cannot be.
LLMTRACE_EXPORT void initialise_curl();

/// What is no valid header is left out.
LLMTRACE_EXPORT CurlHeaderList make_header_list(const std::vector<HttpHeader>& headers);

/// Everything of a request but its callbacks; `headers` and the body must outlive the transfer.
/// Throws std::bad_alloc: without its proxy or its authorities a request must not go out.
LLMTRACE_EXPORT void set_request(CURL* easy, const HttpRequest& request, curl_slist* headers);

}  // namespace v0
}  // namespace llmtrace
