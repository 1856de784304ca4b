// A server may repeat a request's credentials in its reply, and what a reply says goes to the log
// and to error callbacks: they are taken out before.
#pragma once

#include <llmtrace/http_client.h>
#include <llmtrace/secret.h>

#include <string>
#include <string_view>
#include <vector>

namespace llmtrace {
inline namespace v0 {

/// What of a request is secret: the token of its Authorization header, the password in it when it
/// is a Basic one, and headers whose names say so (x-api-key, wandb-api-key, ...).
LLMTRACE_EXPORT std::vector<Secret> credentials_of(const HttpRequest& request);

/// `text` with "[redacted]" for every credential. The first eight characters of one are enough, so
/// that none shows where the text was cut.
LLMTRACE_EXPORT std::string redacted(std::string_view text, const std::vector<Secret>& credentials);

}  // namespace v0
}  // namespace llmtrace
