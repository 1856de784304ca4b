#include "common/src/http_text.h"

#include <curl/curl.h>
#include <llmtrace/http_client.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <stdexcept>

namespace llmtrace {
inline namespace v0 {
namespace {

char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool is_token_character(char c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("!#$%&'*+-.^_`|~").find(c) != std::string_view::npos;
}

std::size_t scheme_length(std::string_view url) noexcept {
  for (const std::string_view scheme : {"https://", "http://"}) {
    if (same_ignoring_case(url.substr(0, scheme.size()), scheme)) return scheme.size();
  }
  return 0;
}

}  // namespace

bool same_ignoring_case(std::string_view left, std::string_view right) noexcept {
  return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                    [](char a, char b) { return lower(a) == lower(b); });
}

std::string_view HttpReply::header(std::string_view name) const noexcept {
  for (const HttpHeader& candidate : headers) {
    if (same_ignoring_case(candidate.name, name)) return candidate.value;
  }
  return {};
}

bool is_header_name(std::string_view text) noexcept {
  return !text.empty() && std::all_of(text.begin(), text.end(), is_token_character);
}

bool is_header_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return (byte >= 0x20 && byte != 0x7F) || byte == '\t';
  });
}

std::string_view without_blanks(std::string_view text) noexcept {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

namespace {

// Without `parts`, as libcurl's own parser reads it: what passes here is what it will connect to.
// Empty when it is no http or https URL.
std::string url_without(std::string_view url, std::initializer_list<CURLUPart> parts) {
  const std::unique_ptr<CURLU, decltype(&curl_url_cleanup)> parsed(curl_url(), &curl_url_cleanup);
  const bool readable =
      parsed && scheme_length(url) != 0 && is_header_value(url) &&
      curl_url_set(parsed.get(), CURLUPART_URL, std::string(url).c_str(), 0) == CURLUE_OK;
  std::string result;
  if (!readable) return result;
  for (const CURLUPart part : parts) curl_url_set(parsed.get(), part, nullptr, 0);
  char* text = nullptr;
  if (curl_url_get(parsed.get(), CURLUPART_URL, &text, 0) == CURLUE_OK) result = text;
  curl_free(text);
  return url_host(result).empty() ? std::string() : result;
}

[[noreturn]] void refuse_url(std::string_view url, std::string_view option) {
  // What stands before an @ is not repeated: it may be a password.
  throw std::invalid_argument(std::string(option) +
                              " must be an http:// or https:// URL with a host, e.g. "
                              "https://cloud.example.com, got \"" +
                              std::string(url.substr(url.rfind('@') + 1)) + "\"");
}

}  // namespace

std::string checked_base_url(std::string_view url, std::string_view option) {
  std::string result = url_without(url, {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS,
                                         CURLUPART_QUERY, CURLUPART_FRAGMENT});
  while (result.ends_with('/')) result.pop_back();
  if (result.empty()) refuse_url(url, option);
  return result;
}

std::string checked_url(std::string_view url, std::string_view option) {
  std::string result =
      url_without(url, {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_FRAGMENT});
  if (result.empty()) refuse_url(url, option);
  return result;
}

std::string_view url_host(std::string_view url) noexcept {
  std::string_view rest = url.substr(scheme_length(url));
  rest = rest.substr(0, rest.find_first_of("/?#"));
  if (const std::size_t at = rest.rfind('@'); at != std::string_view::npos)
    rest.remove_prefix(at + 1);
  if (rest.starts_with('[')) return rest.substr(1, rest.find(']') - 1);
  return rest.substr(0, rest.find(':'));
}

bool is_loopback_url(std::string_view url) noexcept {
  const std::string_view host = url_host(url);
  return same_ignoring_case(host, "localhost") || host == "::1" ||
         (host.starts_with("127.") &&
          host.find_first_not_of("0123456789.") == std::string_view::npos);
}

std::string base64(std::string_view data) {
  static constexpr char kAlphabet[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((data.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < data.size(); i += 3) {
    std::uint32_t group = 0;
    for (std::size_t j = 0; j < 3; ++j) {
      group = (group << 8U) | (i + j < data.size() ? static_cast<unsigned char>(data[i + j]) : 0U);
    }
    for (std::size_t j = 0; j < 4; ++j) {
      out.push_back(i + j <= data.size() ? kAlphabet[(group >> (18U - 6 * j)) & 0x3FU] : '=');
    }
  }
  return out;
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_' || c == '~';
    if (plain) {
      out.push_back(c);
      continue;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.push_back('%');
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out;
}

namespace {

// The byte that a %XX at the start of `text` stands for.
std::optional<char> percent_byte(std::string_view text) noexcept {
  const auto digit = [](char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
  };
  if (text.size() < 3 || text[0] != '%') return std::nullopt;
  const int high = digit(text[1]);
  const int low = digit(text[2]);
  if (high < 0 || low < 0) return std::nullopt;
  return static_cast<char>(high * 16 + low);
}

}  // namespace

std::string percent_decoded(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const auto byte = percent_byte(text);
    out.push_back(byte.value_or(text[0]));
    text.remove_prefix(byte ? 3 : 1);
  }
  return out;
}

bool is_percent_encoded(std::string_view text) noexcept {
  for (std::size_t at = text.find('%'); at != std::string_view::npos; at = text.find('%', at + 1)) {
    if (!percent_byte(text.substr(at))) return false;
  }
  return true;
}

}  // namespace v0
}  // namespace llmtrace
