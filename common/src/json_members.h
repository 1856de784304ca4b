// JsonMembers merges the members of JSON objects: the order in which their keys first came, the
// last value of each.
#pragma once

#include <llmtrace/export.h>

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace {
inline namespace v0 {

class LLMTRACE_EXPORT JsonMembers {
 public:
  struct Member {
    std::string key;         // unescaped
    std::string_view value;  // JSON text inside the object that was added
  };

  /// `object` is valid JSON text and must outlive this.
  void add(std::string_view object);
  const std::vector<Member>& members() const noexcept { return members_; }
  std::string to_text() const;

 private:
  std::size_t find_or_add(std::string& key);

  std::vector<Member> members_;
  std::map<std::string, std::size_t, std::less<>> index_;  // of all but the first few
};

}  // namespace v0
}  // namespace llmtrace
