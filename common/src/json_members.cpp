#include "common/src/json_members.h"

#include <algorithm>
#include <utility>

#include "common/src/json_text.h"

namespace llmtrace {
inline namespace v0 {

void JsonMembers::add(std::string_view object) {
  JsonObjectReader reader(object);
  std::string_view literal;
  std::string_view value;
  std::string buffer;
  while (reader.next_literal(literal, value)) {
    std::string_view key = unescape_json_string(literal, buffer);
    if (key.data() == buffer.data()) key = unescaped_.emplace_front(std::move(buffer));
    find_or_add(key).value = value;
  }
}

void JsonMembers::clear() noexcept {
  many_.clear();
  count_ = 0;
  index_.clear();
  unescaped_.clear();
}

JsonMembers::Member& JsonMembers::find_or_add(std::string_view key) {
  Member* const all = many_.empty() ? few_.data() : many_.data();
  const std::size_t searched = std::min(count_, kFew);
  for (std::size_t i = 0; i < searched; ++i) {
    if (all[i].key == key) return all[i];
  }
  if (count_ < kFew) return few_[count_++] = {key, {}};
  const auto [position, is_new] = index_.try_emplace(key, count_);
  if (!is_new) return many_[position->second];
  if (many_.empty()) many_.assign(few_.begin(), few_.end());
  ++count_;
  return many_.emplace_back(Member{key, {}});
}

std::string JsonMembers::to_text() const {
  std::size_t size = 2;
  for (const Member& member : members()) size += member.key.size() + member.value.size() + 4;
  std::string text;
  text.reserve(size);
  text.push_back('{');
  for (const Member& member : members()) {
    if (text.size() > 1) text.push_back(',');
    append_json_string(text, member.key);
    text.push_back(':');
    text.append(member.value);
  }
  text.push_back('}');
  return text;
}

std::string JsonMembers::free_name(std::string_view prefix, std::string_view key) const {
  std::string name(key);
  const auto is_taken = [&] {
    return std::any_of(members().begin(), members().end(),
                       [&](const Member& member) { return member.key == name; });
  };
  do {
    name.insert(0, prefix);
  } while (is_taken());
  return name;
}

}  // namespace v0
}  // namespace llmtrace
