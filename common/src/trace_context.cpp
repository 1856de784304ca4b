#include "common/src/trace_context.h"

#include <algorithm>

#include "common/src/http_text.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::uint8_t kSampledFlag = 1;
constexpr std::uint8_t kRandomFlag = 2;

constexpr std::size_t kMaxStateMembers = 32;
constexpr std::size_t kMaxStateBytes = 4096;
constexpr std::size_t kMaxStateTextBytes = 256;  // of a key and of a value
constexpr std::size_t kLargeStateMember = 128;   // those above it go first

// Lower case alone: a digit in upper case makes the header malformed.
template <std::size_t Size>
bool read_hex(std::string_view text, std::array<std::uint8_t, Size>& bytes) noexcept {
  for (std::size_t i = 0; i < Size; ++i) {
    unsigned value = 0;
    for (const char c : text.substr(2 * i, 2)) {
      const bool digit = c >= '0' && c <= '9';
      if (!digit && !(c >= 'a' && c <= 'f')) return false;
      value = value * 16 + static_cast<unsigned>(digit ? c - '0' : c - 'a' + 10);
    }
    bytes[i] = static_cast<std::uint8_t>(value);
  }
  return true;
}

bool is_state_key(std::string_view key) noexcept {
  const auto is_plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9'); };
  const auto is_allowed = [&](char c) {
    return is_plain(c) || std::string_view("_-*/@").find(c) != std::string_view::npos;
  };
  return !key.empty() && key.size() <= kMaxStateTextBytes && is_plain(key.front()) &&
         std::all_of(key.begin(), key.end(), is_allowed);
}

bool is_state_value(std::string_view value) noexcept {
  const auto is_allowed = [](char c) { return c >= 0x20 && c < 0x7f && c != ',' && c != '='; };
  return !value.empty() && value.size() <= kMaxStateTextBytes && value.back() != ' ' &&
         std::all_of(value.begin(), value.end(), is_allowed);
}

using Members = std::vector<std::string_view>;

// Of what is one member more: known already, malformed, or too many.
bool add_state_member(Members& members, std::string_view member) {
  const std::size_t equals = member.find('=');
  if (equals == std::string_view::npos || members.size() == kMaxStateMembers) return false;
  const std::string_view key = member.substr(0, equals);
  if (!is_state_key(key) || !is_state_value(member.substr(equals + 1))) return false;
  const bool is_known = std::any_of(members.begin(), members.end(), [&](std::string_view other) {
    return other.substr(0, other.find('=')) == key;
  });
  if (!is_known) members.push_back(member);
  return !is_known;
}

// Whole members go: the large ones first, then from the right, where the oldest are.
void shorten(Members& members) {
  std::size_t bytes = members.size() - 1;  // the commas
  for (const std::string_view member : members) bytes += member.size();
  for (const std::size_t kept_size : {kLargeStateMember, std::size_t{0}}) {
    for (std::size_t i = members.size(); i-- > 0 && bytes > kMaxStateBytes;) {
      if (members[i].size() <= kept_size) continue;
      bytes -= members[i].size() + 1;
      members.erase(members.begin() + static_cast<std::ptrdiff_t>(i));
    }
  }
}

}  // namespace

// "00-" 32 hex "-" 16 hex "-" 2 hex.
std::optional<TraceParent> parse_traceparent(std::string_view text) noexcept {
  constexpr std::size_t kLength = 55;
  text = without_blanks(text);
  if (text.size() < kLength || text[2] != '-' || text[35] != '-' || text[52] != '-') return {};
  if (text.size() > kLength && (text.starts_with("00") || text[kLength] != '-')) return {};
  std::array<std::uint8_t, 1> version{};
  std::array<std::uint8_t, 1> flags{};
  TraceParent parent;
  const bool is_readable = read_hex(text.substr(0, 2), version) && version[0] != 0xff &&
                           read_hex(text.substr(3, 32), parent.trace_id) &&
                           read_hex(text.substr(36, 16), parent.span_id) &&
                           read_hex(text.substr(53, 2), flags);
  if (!is_readable || parent.trace_id == TraceId() || parent.span_id == SpanId()) return {};
  parent.sampled = (flags[0] & kSampledFlag) != 0;
  parent.random_trace_id = (flags[0] & kRandomFlag) != 0;
  return parent;
}

std::string traceparent_text(const TraceParent& parent) {
  const std::array<std::uint8_t, 1> flags{static_cast<std::uint8_t>(
      (parent.sampled ? kSampledFlag : 0) | (parent.random_trace_id ? kRandomFlag : 0))};
  return "00-" + to_hex(parent.trace_id) + "-" + to_hex(parent.span_id) + "-" + to_hex(flags);
}

std::string traceparent_of(const Record& record, bool sampled) {
  return traceparent_text({record.trace_id, record.span_id, sampled, record.has_random_trace_id});
}

std::string checked_trace_state(const std::vector<std::string_view>& headers) {
  Members members;
  bool is_valid = true;
  for (const std::string_view header : headers) {
    for_each_list_member(header, [&](std::string_view member) {
      is_valid = is_valid && (member.empty() || add_state_member(members, member));
    });
  }
  std::string state;
  if (!is_valid || members.empty()) return state;
  shorten(members);
  for (const std::string_view member : members) {
    state.append(state.empty() ? "" : ",").append(member);
  }
  return state;
}

}  // namespace v0
}  // namespace llmtrace
