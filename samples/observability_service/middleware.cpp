#include "samples/observability_service/middleware.h"

#include <exception>
#include <memory>
#include <string>
#include <utility>

#include "samples/observability_service/observed_request.h"
#include "samples/observability_service/request_id.h"

namespace service {
namespace {

// As nginx counts a client that went before it had its answer: no fault of the service's.
constexpr int kClientClosedRequest = 499;

// The stream of an answer, whose request ends when it does.
class ObservedBody final : public BodySource {
 public:
  ObservedBody(std::unique_ptr<BodySource> body, std::unique_ptr<ObservedRequest> request)
      : body_(std::move(body)), request_(std::move(request)) {}
  ~ObservedBody() override {
    request_->set_status(kClientClosedRequest);  // too late for a request that has ended
    request_->finish(body_->failure());
  }

  std::string next() override {
    std::string bytes = body_->next();
    if (bytes.empty()) request_->finish(body_->failure());
    return bytes;
  }
  bool is_cut() const noexcept override { return body_->is_cut(); }

 private:
  std::unique_ptr<BodySource> body_;
  std::unique_ptr<ObservedRequest> request_;
};

}  // namespace

HttpResponse Middleware::handle(const HttpRequest& request) {
  return observe(request, [&](const std::string& id) { return service_.handle(request, id); });
}

HttpResponse Middleware::refuse(const HttpRequest& request, HttpResponse refusal) {
  return observe(request, [&](const std::string&) { return std::move(refusal); });
}

template <class Answer>
HttpResponse Middleware::observe(const HttpRequest& request, Answer answer) const {
  const std::string id = request_id_of(request);
  const auto answered = [&]() -> HttpResponse {
    try {
      return answer(id);
    } catch (const std::exception& error) {
      return error_response(500, error.what());
    }
  };
  HttpResponse response;
  if (observability_ == nullptr) {
    response = answered();
  } else {
    auto observed = std::make_unique<ObservedRequest>(*observability_, request, id);
    const llmtrace::ContextScope scope(observed->context());
    response = answered();
    observed->set_status(response.status);
    if (response.stream != nullptr) {
      response.stream =
          std::make_unique<ObservedBody>(std::move(response.stream), std::move(observed));
    } else {
      observed->finish(response.failure);
    }
  }
  response.headers.push_back({"X-Request-Id", id});
  return response;
}

}  // namespace service
