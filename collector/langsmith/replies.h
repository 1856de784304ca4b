// The refusals of LangSmith's API, in the two forms in which its servers write them: {"error"}
// where runs come in, {"detail"} everywhere else.
#pragma once

#include <string>
#include <string_view>

#include "collector/bad_request.h"
#include "collector/http_message.h"
#include "collector/json_reply.h"

namespace llmtrace::collector {

/// {"detail": <text>}
HttpResponse detail_reply(int status, std::string_view detail);
/// 422 {"detail": [{"loc": ["body"], "msg": <text>, "type": "value_error"}]}
HttpResponse invalid_body_reply(std::string_view message);

/// What `work` answers; what it throws about its input, as {"error"}.
template <class Work>
HttpResponse ingest_reply(const Work& work) {
  try {
    return work();
  } catch (const BadRequest& error) {
    return error_reply(400, std::string("Bad request: ") + error.what());
  } catch (const UnprocessableEntity& error) {
    return error_reply(422, std::string("Unprocessable entity: ") + error.what());
  } catch (const NotFound& error) {
    return error_reply(404, error.what());
  } catch (const PayloadTooLarge& error) {
    return error_reply(413, std::string("Request entity too large: ") + error.what());
  }
}

/// What `work` answers; what it throws about its input, as {"detail"}.
template <class Work>
HttpResponse api_reply(const Work& work) {
  try {
    return work();
  } catch (const BadRequest& error) {
    return detail_reply(400, error.what());
  } catch (const UnprocessableEntity& error) {
    return invalid_body_reply(error.what());
  } catch (const NotFound& error) {
    return detail_reply(404, error.what());
  } catch (const PayloadTooLarge& error) {
    return detail_reply(413, error.what());
  }
}

}  // namespace llmtrace::collector
