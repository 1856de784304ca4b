// JsonMembers merges the members of JSON objects: the order in which their keys first came, the
// last value of each.
#pragma once

#include <llmtrace/export.h>

#include <array>
#include <cstddef>
#include <forward_list>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace {
inline namespace v0 {

class LLMTRACE_EXPORT JsonMembers {
 public:
  struct Member {
    std::string_view key;    // unescaped
    std::string_view value;  // JSON text
  };

  JsonMembers() noexcept = default;
  JsonMembers(const JsonMembers&) = delete;
  JsonMembers& operator=(const JsonMembers&) = delete;

  /// `object` is valid JSON text and must outlive this: members are views of it.
  void add(std::string_view object);
  void clear() noexcept;
  std::span<const Member> members() const noexcept {
    return {many_.empty() ? few_.data() : many_.data(), count_};
  }
  std::string to_text() const;
  /// `prefix` and `key`, with one more prefix as long as there is a member of that name.
  std::string free_name(std::string_view prefix, std::string_view key) const;

 private:
  Member& find_or_add(std::string_view key);

  static constexpr std::size_t kFew = 16;  // they take no memory, and are found one by one

  std::array<Member, kFew> few_;  // all, as long as there are no more
  std::vector<Member> many_;      // all, once there are
  std::size_t count_ = 0;
  std::map<std::string_view, std::size_t> index_;  // of all but the first few
  std::forward_list<std::string> unescaped_;       // keys that hold escapes
};

}  // namespace v0
}  // namespace llmtrace
