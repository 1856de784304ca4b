// Who a request to the Langfuse routes comes from, by its Authorization header. As at the real
// server the secret key decides and a wrong public key beside the right secret is let through; the
// public key alone, as a Bearer token, may send scores and nothing else.
#pragma once

#include <optional>
#include <string>
#include <string_view>

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

/// Compares in time that depends on the lengths alone.
bool is_same_key(std::string_view given, std::string_view key) noexcept;
/// The token of an "Authorization: Bearer ..." header.
std::optional<std::string_view> bearer_token(const HttpRequest& request);

}  // namespace llmtrace::collector
