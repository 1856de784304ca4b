// ObservedCurl records a call that the program makes with a libcurl handle of its own. It takes
// CURLOPT_WRITEFUNCTION and hands what arrives on to the function it is given; all else of the
// handle is the program's.
//
//   curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str()); ...
//   llmtrace::openai::ObservedCurl call(curl, body, &my_write, &my_buffer);
//   CURLcode code = static_cast<CURLcode>(call.perform());
//
// The handle is given as void* (what libcurl's CURL is), so that this header needs no
// <curl/curl.h>.
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/observation.h>

#include <cstddef>
#include <memory>
#include <string_view>

namespace llmtrace {
inline namespace v0 {
namespace openai {

class LLMTRACE_EXPORT ObservedCurl {
 public:
  using WriteFunction = std::size_t (*)(char* data, std::size_t size, std::size_t count,
                                        void* user);

  /// Starts the generation. `request_body` is what the handle will post; only read here. The handle
  /// must outlive this object. A null `write` discards what arrives.
  ObservedCurl(void* curl, std::string_view request_body, WriteFunction write, void* user);
  /// Ends the generation, if `perform` was never called as an error.
  ~ObservedCurl();
  ObservedCurl(const ObservedCurl&) = delete;
  ObservedCurl& operator=(const ObservedCurl&) = delete;

  /// curl_easy_perform, and the end of the generation; its CURLcode.
  int perform();
  /// For hosts that run the handle in a multi handle: the transfer ended with that CURLcode.
  void finish(int code);
  const Observation& observation() const noexcept;

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
