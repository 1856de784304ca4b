#include "common/src/json_members.h"

#include <algorithm>
#include <utility>

#include "common/src/json_text.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::size_t kSearched = 16;  // so few are found faster one by one than in a tree

}  // namespace

void JsonMembers::add(std::string_view object) {
  JsonObjectReader reader(object);
  std::string_view literal;
  std::string_view value;
  std::string buffer;
  while (reader.next_literal(literal, value)) {
    if (members_.empty()) members_.reserve(kSearched);
    std::string_view key = unescape_json_string(literal, buffer);
    if (key.data() == buffer.data()) key = unescaped_.emplace_back(std::move(buffer));
    members_[find_or_add(key)].value = value;
  }
}

void JsonMembers::clear() noexcept {
  members_.clear();
  index_.clear();
  unescaped_.clear();
}

std::size_t JsonMembers::find_or_add(std::string_view key) {
  const std::size_t searched = std::min(members_.size(), kSearched);
  for (std::size_t i = 0; i < searched; ++i) {
    if (members_[i].key == key) return i;
  }
  const std::size_t next = members_.size();
  if (next >= kSearched) {
    const auto [position, is_new] = index_.try_emplace(key, next);
    if (!is_new) return position->second;
  }
  members_.push_back({key, {}});
  return next;
}

std::string JsonMembers::to_text() const {
  std::size_t size = 2;
  for (const Member& member : members_) size += member.key.size() + member.value.size() + 4;
  std::string text;
  text.reserve(size);
  text.push_back('{');
  for (const Member& member : members_) {
    if (text.size() > 1) text.push_back(',');
    append_json_string(text, member.key);
    text.push_back(':');
    text.append(member.value);
  }
  text.push_back('}');
  return text;
}

}  // namespace v0
}  // namespace llmtrace
