#include "collector/authenticator.h"

#include <utility>

#include "collector/base64.h"
#include "common/src/http_text.h"

namespace llmtrace::collector {
namespace {

// What follows "<scheme> " in a credential of that scheme.
std::optional<std::string_view> after_scheme(std::string_view credential, std::string_view scheme) {
  if (credential.size() <= scheme.size() || credential[scheme.size()] != ' ' ||
      !same_ignoring_case(credential.substr(0, scheme.size()), scheme)) {
    return std::nullopt;
  }
  return credential.substr(scheme.size() + 1);
}

}  // namespace

bool is_same_key(std::string_view given, std::string_view key) noexcept {
  if (given.size() != key.size()) return false;
  unsigned difference = 0;
  for (std::size_t i = 0; i < key.size(); ++i) {
    difference |= static_cast<unsigned char>(given[i]) ^ static_cast<unsigned char>(key[i]);
  }
  return difference == 0;
}

std::optional<std::string_view> bearer_token(const HttpRequest& request) {
  return after_scheme(request.header("Authorization").value_or(""), "Bearer");
}

Authenticator::Authenticator(std::string public_key, std::string secret_key)
    : public_key_(std::move(public_key)), secret_key_(std::move(secret_key)) {}

Access Authenticator::access_of(const HttpRequest& request) const {
  if (const auto token = bearer_token(request)) {
    return is_same_key(*token, public_key_) ? Access::Scores : Access::Nobody;
  }
  const auto basic = after_scheme(request.header("Authorization").value_or(""), "Basic");
  if (!basic) return Access::Nobody;
  const std::string keys = decode_base64(*basic).value_or("");
  const std::size_t colon = keys.find(':');
  if (colon == std::string::npos) return Access::Nobody;
  return is_same_key(std::string_view(keys).substr(colon + 1), secret_key_) ? Access::Project
                                                                            : Access::Nobody;
}

}  // namespace llmtrace::collector
