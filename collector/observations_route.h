// GET /api/public/v2/observations: the read side of servers of version 4. As there, a request that
// names no `fields` gets the groups core and basic only.
#pragma once

#include "collector/http_message.h"
#include "collector/store.h"

namespace llmtrace::collector {

class ObservationsRoute {
 public:
  explicit ObservationsRoute(Store& store) : store_(store) {}

  HttpResponse get(const HttpRequest& request);

 private:
  Store& store_;
};

}  // namespace llmtrace::collector
