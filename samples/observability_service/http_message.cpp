#include "samples/observability_service/http_message.h"

#include <llmtrace/json.h>
#include <strings.h>

namespace service {

std::string_view HttpRequest::header(std::string_view name) const noexcept {
  for (const llmtrace::HttpHeader& header : headers) {
    if (header.name.size() == name.size() &&
        ::strncasecmp(header.name.data(), name.data(), name.size()) == 0) {
      return header.value;
    }
  }
  return {};
}

HttpResponse error_response(int status, std::string_view message) {
  return {.status = status,
          .body = llmtrace::Json{{"error", message}}.to_text(),
          .failure = std::string(message)};
}

}  // namespace service
