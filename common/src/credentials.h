// Where credentials go, and how they do not stay there. A server may repeat a request's credentials
// in its reply, and what a reply says goes to the log and to error callbacks: they are taken out
// before. Memory keeps what it held until something else is written there, and a core dump shows
// it: texts that held a credential are overwritten.
#pragma once

#include <llmtrace/http_client.h>
#include <llmtrace/secret.h>

#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace {
inline namespace v0 {

/// Overwrites the text, all that its memory holds, and empties it.
LLMTRACE_EXPORT void wipe(std::string& text) noexcept;

/// The texts in one, without growing: that would leave copies behind.
LLMTRACE_EXPORT std::string joined(std::initializer_list<std::string_view> texts);

/// Overwrites the values of the request's headers at the end of the block that sends it.
class LLMTRACE_EXPORT HeaderWiper {
 public:
  explicit HeaderWiper(HttpRequest& request) noexcept : request_(request) {}
  ~HeaderWiper();
  HeaderWiper(const HeaderWiper&) = delete;
  HeaderWiper& operator=(const HeaderWiper&) = delete;

 private:
  HttpRequest& request_;
};

/// What of a request is secret: the token of its Authorization header, the password in it when it
/// is a Basic one, and headers whose names say so (x-api-key, wandb-api-key, ...).
LLMTRACE_EXPORT std::vector<Secret> credentials_of(const HttpRequest& request);

/// `text` with "[redacted]" for every credential. The first eight characters of one are enough, so
/// that none shows where the text was cut.
LLMTRACE_EXPORT std::string redacted(std::string_view text, const std::vector<Secret>& credentials);

}  // namespace v0
}  // namespace llmtrace
