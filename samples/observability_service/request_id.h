// The id by which a request is found in logs and traces.
#pragma once

#include <string>

#include "samples/observability_service/http_message.h"

namespace service {

/// The client's X-Request-Id when it is a token of at most 128 letters, digits and "-_.:"; else a
/// new one. Anything else could forge lines of a log.
std::string request_id_of(const HttpRequest& request);

}  // namespace service
