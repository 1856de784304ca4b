#include "common/src/credentials.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include <algorithm>
#include <utility>

#include "common/src/environment.h"

namespace llmtrace {
inline namespace v0 {
namespace {

// Empty when `text` is no base64.
Secret decode_base64(std::string_view text) {
  std::string bytes(text.size(), '\0');
  const int size = EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),       // NOLINT
                                   reinterpret_cast<const unsigned char*>(text.data()),  // NOLINT
                                   static_cast<int>(text.size()));
  bytes.resize(static_cast<std::size_t>(std::max(size, 0)));
  while (bytes.ends_with('\0')) bytes.pop_back();  // OpenSSL's reading of the padding
  return {std::move(bytes)};
}

// How much of the text's beginning is the secret or enough of its beginning. A backslash before a
// character may be JSON's, as in "\/".
std::size_t echo_length(std::string_view text, std::string_view secret) noexcept {
  constexpr std::size_t kTelling = 8;
  std::size_t length = 0;
  std::size_t matched = 0;
  for (; matched < secret.size(); ++matched) {
    const char next = secret[matched];
    if (next != '\\' && text.substr(length).starts_with('\\')) ++length;
    if (!text.substr(length).starts_with(next)) break;
    ++length;
  }
  return matched >= std::min(secret.size(), kTelling) ? length : 0;
}

// Backends each have a name of their own for the header that holds the key: "x-api-key",
// "wandb-api-key", "dd-api-key", "x-honeycomb-team-token", ...
bool holds_credential(std::string_view name) {
  const std::string lower = lower_case(std::string(name));
  const auto says = [&lower](std::string_view word) {
    return lower.find(word) != std::string::npos;
  };
  if (says("public")) return false;
  return says("key") || says("token") || says("secret") || says("password") || says("cookie");
}

}  // namespace

void wipe(std::string& text) noexcept {
  text.resize(text.capacity());  // a longer text may have been there before
  OPENSSL_cleanse(text.data(), text.size());
  text.clear();
}

std::string joined(std::initializer_list<std::string_view> texts) {
  std::size_t size = 0;
  for (const std::string_view text : texts) size += text.size();
  std::string all;
  all.reserve(size);
  for (const std::string_view text : texts) all.append(text);
  return all;
}

HeaderWiper::~HeaderWiper() {
  for (HttpHeader& header : request_.headers) wipe(header.value);
}

std::vector<Secret> credentials_of(const HttpRequest& request) {
  std::vector<Secret> credentials;
  for (const HttpHeader& header : request.headers) {
    const std::string_view value = header.value;
    if (holds_credential(header.name)) credentials.emplace_back(value);
    if (!lower_case(header.name).ends_with("authorization")) continue;
    const std::string_view token = value.substr(value.rfind(' ') + 1);
    credentials.emplace_back(token);
    const Secret pair = decode_base64(token);
    const std::size_t colon = pair.reveal().find(':');
    if (colon != std::string::npos) credentials.emplace_back(pair.reveal().substr(colon + 1));
  }
  std::erase_if(credentials, [](const Secret& credential) { return credential.empty(); });
  return credentials;
}

std::string redacted(std::string_view text, const std::vector<Secret>& credentials) {
  std::string out;
  while (!text.empty()) {
    std::size_t length = 0;
    for (const Secret& credential : credentials) {
      length = std::max(length, echo_length(text, credential.reveal()));
    }
    if (length == 0) {
      out.push_back(text.front());
      text.remove_prefix(1);
    } else {
      out.append("[redacted]");
      text.remove_prefix(length);
    }
  }
  return out;
}

}  // namespace v0
}  // namespace llmtrace
