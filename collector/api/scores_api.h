// GET, POST and DELETE of /api/scores. What the page adds is an annotation among Langfuse's scores.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "collector/database.h"
#include "collector/http_message.h"
#include "collector/store.h"

namespace llmtrace::collector {

class ScoresApi {
 public:
  ScoresApi(Database& database, Store& store) : database_(database), store_(store) {}

  HttpResponse list(const HttpRequest& request) const;
  HttpResponse post(const HttpRequest& request);
  HttpResponse remove(std::string_view id);

 private:
  Database& database_;
  Store& store_;
};

}  // namespace llmtrace::collector
