// JsonMembers merges the members of JSON objects: the order in which their keys first came, the
// last value of each.
#pragma once

#include <llmtrace/export.h>

#include <cstddef>
#include <deque>
#include <map>
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
  const std::vector<Member>& members() const noexcept { return members_; }
  std::string to_text() const;

 private:
  std::size_t find_or_add(std::string_view key);

  std::vector<Member> members_;
  std::map<std::string_view, std::size_t> index_;  // of all but the first few
  std::deque<std::string> unescaped_;              // keys that hold escapes
};

}  // namespace v0
}  // namespace llmtrace
