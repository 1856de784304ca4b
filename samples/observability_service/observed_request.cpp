#include "samples/observability_service/observed_request.h"

#include <llmtrace/log.h>
#include <llmtrace/observed_scope.h>
#include <llmtrace/propagation.h>

#include "samples/observability_service/service.h"

namespace service {
namespace {

// Paths that are no routes are the client's to choose: they make no names.
std::string span_name(const HttpRequest& request, std::string_view route) {
  return request.method + " " + std::string(route);
}

}  // namespace

ObservedRequest::ObservedRequest(const Observability& observability, const HttpRequest& request,
                                 const std::string& request_id)
    : observability_(observability),
      method_(request.method),
      path_(request.path),
      route_(Service::route_of(request.path)),
      start_(std::chrono::steady_clock::now()) {
  const llmtrace::ContextScope client(llmtrace::extract(request.headers));
  span_ = llmtrace::start_observation(
      {.name = span_name(request, route_),
       .metadata = {
           {"request_id", request_id}, {"http.request.method", method_}, {"url.path", path_}}});
  const auto active = span_.activate();
  const auto fields = llmtrace::set_context({{"request_id", request_id}});
  context_ = llmtrace::Context::current();
  observability_.requests().begin();
}

ObservedRequest::~ObservedRequest() { finish("no answer was made"); }

void ObservedRequest::finish(std::string_view failure) noexcept {
  if (is_finished_) return;
  is_finished_ = true;
  const auto duration = std::chrono::steady_clock::now() - start_;
  const llmtrace::ContextScope scope(context_);
  const llmtrace::LogLevel how_bad = level(failure);
  observability_.requests().end({.route = route_,
                                 .status = status_,
                                 .duration = duration,
                                 .is_failure = how_bad == llmtrace::LogLevel::Error});
  observability_.log().write({.level = how_bad,
                              .method = method_,
                              .path = path_,
                              .status = status_,
                              .duration = duration,
                              .failure = failure});
  span_.update({.metadata = {{"http.response.status_code", status_}}});
  if (how_bad == llmtrace::LogLevel::Error) span_.error(failure);
  if (how_bad == llmtrace::LogLevel::Warning) {
    span_.update({.level = llmtrace::Level::Warning, .status_message = std::string(failure)});
  }
  span_.end();
}

llmtrace::LogLevel ObservedRequest::level(std::string_view failure) const noexcept {
  if (failure.empty()) return llmtrace::LogLevel::Info;
  return status_ >= 400 && status_ < 500 ? llmtrace::LogLevel::Warning : llmtrace::LogLevel::Error;
}

}  // namespace service
