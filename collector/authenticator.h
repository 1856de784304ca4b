// Who a request comes from, by its Authorization header. As at the real server the secret key
// decides and a wrong public key beside the right secret is let through; the public key alone, as a
// Bearer token, may send scores and nothing else.
#pragma once

#include <string>

#include "collector/http_message.h"

namespace llmtrace::collector {

enum class Access { Nobody, Scores, Project };

class Authenticator {
 public:
  Authenticator(std::string public_key, std::string secret_key);

  [[nodiscard]] Access access_of(const HttpRequest& request) const;

 private:
  std::string public_key_;
  std::string secret_key_;
};

}  // namespace llmtrace::collector
