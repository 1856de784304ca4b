// Service is what the program answers to, by path and method.
#pragma once

#include <stop_token>
#include <string>
#include <string_view>

#include "samples/observability_service/completion_route.h"
#include "samples/observability_service/http_message.h"
#include "samples/observability_service/observability.h"

namespace service {

class Service {
 public:
  /// A null `observability`: there are no metrics to tell.
  Service(const llmtrace::openai::ChatClient& model, const Observability* observability,
          std::stop_token ending)
      : completion_(model, std::move(ending)), observability_(observability) {}

  HttpResponse handle(const HttpRequest& request, const std::string& request_id) const;
  /// The route's own path; "other" for all that is none.
  static std::string_view route_of(std::string_view path) noexcept;

 private:
  HttpResponse metrics(const HttpRequest& request) const;
  HttpResponse health() const;

  const CompletionRoute completion_;
  const Observability* const observability_;
};

}  // namespace service
