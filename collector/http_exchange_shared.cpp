#include "collector/http_exchange_shared.h"

namespace llmtrace::collector {

HttpExchangeShared::HttpExchangeShared(HttpHandler& answering, const HttpExchangeSettings& settings)
    : handler(answering),
      idle_timeout(settings.idle_timeout),
      keep_alive(settings.keep_alive),
      body_workers(settings.body_workers),
      read_workers(settings.read_workers) {}

void HttpExchangeShared::add(const std::shared_ptr<EventStream>& stream) {
  const std::lock_guard lock(mutex_);
  std::erase_if(streams_, [](const auto& one) { return one.expired(); });
  streams_.push_back(stream);
  if (is_stopped_) stream->close();
}

void HttpExchangeShared::stop() {
  body_workers.stop();
  read_workers.stop();
  const std::lock_guard lock(mutex_);
  is_stopped_ = true;
  for (const auto& one : streams_) {
    if (const auto stream = one.lock()) stream->close();
  }
}

}  // namespace llmtrace::collector
