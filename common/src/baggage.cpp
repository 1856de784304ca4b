#include "common/src/baggage.h"

#include <algorithm>

#include "common/src/http_text.h"
#include "common/src/utf8.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::size_t kMaxBytes = 8192;
constexpr std::size_t kMaxMembers = 64;

// W3C Baggage's baggage-octet: printable ASCII but blanks, quotes, commas, semicolons, backslashes.
bool is_value(std::string_view text) noexcept {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c < 0x7f && std::string_view("\",;\\").find(c) == std::string_view::npos;
  });
}

// What a %XX makes that is no UTF-8 is replaced by U+FFFD.
std::string decoded(std::string_view text) {
  std::string out;
  append_utf8(out, percent_decoded(text));
  return out;
}

}  // namespace

void Baggage::add(std::string_view key, std::string_view value) { items_.emplace_back(key, value); }

std::string_view Baggage::find(std::string_view key) const noexcept {
  for (const auto& [name, value] : items_) {
    if (name == key) return value;
  }
  return {};
}

void Baggage::parse(std::string_view header) {
  const std::size_t room = kMaxBytes - parsed_bytes_;
  if (header.size() > room) {  // without the member that is cut in two
    const std::size_t comma = header.rfind(',', room);
    header = header.substr(0, comma == std::string_view::npos ? 0 : comma);
  }
  parsed_bytes_ += header.size();
  for_each_list_member(header, [this](std::string_view member) {
    member = without_blanks(member.substr(0, member.find(';')));
    const std::size_t equals = member.find('=');
    if (equals == std::string_view::npos || items_.size() >= kMaxMembers) return;
    const std::string_view key = without_blanks(member.substr(0, equals));
    const std::string_view value = without_blanks(member.substr(equals + 1));
    if (is_header_name(key) && is_value(value)) add(decoded(key), decoded(value));
  });
}

std::string Baggage::text() const {
  std::string out;
  std::size_t members = 0;
  for (const auto& [key, value] : items_) {
    if (members == kMaxMembers) break;
    // Keys hold users' words too, and no line break of those may end the header.
    const std::string member =
        (out.empty() ? "" : ",") + percent_encoded(key) + "=" + percent_encoded(value);
    if (out.size() + member.size() > kMaxBytes) continue;
    out.append(member);
    ++members;
  }
  return out;
}

}  // namespace v0
}  // namespace llmtrace
