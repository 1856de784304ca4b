// SseParser reads server-sent events (WHATWG HTML, 9.2) as they arrive, cut anywhere: only their
// data, for nothing else is used here.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace llmtrace {
inline namespace v0 {
namespace openai {

class SseParser {
 public:
  explicit SseParser(std::size_t max_event_bytes) noexcept : max_event_bytes_(max_event_bytes) {}

  /// Calls `visit` with the data of each event that ends in `bytes`.
  template <class Visit>
  void feed(std::string_view bytes, Visit visit) {
    for (const char c : bytes) {
      if (c == '\n' && after_return_) {  // the second half of a line's end
        after_return_ = false;
        continue;
      }
      after_return_ = c == '\r';
      if (c != '\r' && c != '\n') {
        add(c);
      } else if (end_line()) {
        visit(std::string_view(data_));
        data_.clear();
        has_data_ = false;
      }
    }
  }
  /// An event was longer than allowed; its rest was thrown away.
  bool has_overflowed() const noexcept { return overflowed_; }

 private:
  void add(char c);
  /// True when an event is complete: `data_` is its data.
  bool end_line();

  const std::size_t max_event_bytes_;
  std::string line_;
  std::string data_;
  bool has_data_ = false;
  bool after_return_ = false;
  bool overflowed_ = false;
  bool is_first_line_ = true;
};

}  // namespace openai
}  // namespace v0
}  // namespace llmtrace
