// ApiError leaves a route of /api/ with the status and the body that docs/collector.md gives it.
#pragma once

#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>

#include "collector/bad_request.h"
#include "collector/http_message.h"

namespace llmtrace::collector {

class ApiError : public std::runtime_error {
 public:
  ApiError(int status, std::string code, const std::string& message, std::string parameter = "")
      : std::runtime_error(message),
        status_(status),
        code_(std::move(code)),
        parameter_(std::move(parameter)) {}

  [[nodiscard]] int status() const noexcept { return status_; }
  [[nodiscard]] const std::string& code() const noexcept { return code_; }
  [[nodiscard]] const std::string& parameter() const noexcept { return parameter_; }

 private:
  int status_;
  std::string code_;
  std::string parameter_;
};

inline ApiError bad_parameter(const std::string& name, const std::string& problem) {
  return {400, "bad_parameter", name + " " + problem, name};
}
inline ApiError not_found(const std::string& what) {
  return {404, "not_found", what + " is not there"};
}

/// {"error": {"code", "message", "parameter"}}
HttpResponse api_error_reply(const ApiError& error);

/// What `answer` returns, or the reply to what it throws.
template <class Answer>
HttpResponse api_answer(const Answer& answer) {
  try {
    return answer();
  } catch (const ApiError& error) {
    return api_error_reply(error);
  } catch (const BadRequest& error) {
    return api_error_reply({400, "bad_body", error.what()});
  } catch (const PayloadTooLarge& error) {
    return api_error_reply({413, "too_large", error.what()});
  } catch (const std::exception& error) {
    return api_error_reply({500, "internal", error.what()});
  }
}

}  // namespace llmtrace::collector
