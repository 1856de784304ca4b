#include "samples/observability_service/request_log.h"

namespace service {

void RequestLog::write(const HandledRequest& request) const noexcept {
  const double milliseconds = std::chrono::duration<double, std::milli>(request.duration).count();
  if (request.failure.empty()) {
    logger_.log(request.level, "request",
                {{"method", request.method},
                 {"path", request.path},
                 {"status", request.status},
                 {"duration_ms", milliseconds}});
    return;
  }
  logger_.log(request.level, "request",
              {{"method", request.method},
               {"path", request.path},
               {"status", request.status},
               {"duration_ms", milliseconds},
               {"error", request.failure}});
}

}  // namespace service
