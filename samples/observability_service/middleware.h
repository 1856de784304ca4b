// Middleware stands before the service: every request gets an id, a trace that continues its
// client's, a line in the log and a place in the metrics. With observability off, an id only.
#pragma once

#include "samples/observability_service/http_message.h"
#include "samples/observability_service/observability.h"
#include "samples/observability_service/service.h"

namespace service {

class Middleware final : public HttpHandler {
 public:
  /// Both must outlive it; a null `observability` is off.
  Middleware(const Service& service, const Observability* observability)
      : service_(service), observability_(observability) {}

  HttpResponse handle(const HttpRequest& request) override;
  HttpResponse refuse(const HttpRequest& request, HttpResponse refusal) override;

 private:
  template <class Answer>
  HttpResponse observe(const HttpRequest& request, Answer answer) const;

  const Service& service_;
  const Observability* const observability_;
};

}  // namespace service
