// Secret holds an API key. It has no stream operator and no JSON form, shows at most its last four
// characters, and overwrites its memory when it goes. ConfigText is a plain option text. Both take
// null, so `Config{.secret_key = std::getenv("KEY")}` is safe when the variable is not set.
#pragma once

#include <llmtrace/export.h>

#include <string>
#include <string_view>
#include <utility>

namespace llmtrace {
inline namespace v0 {

class JsonWriter;

class LLMTRACE_EXPORT Secret {
 public:
  Secret() noexcept = default;
  Secret(const char* text);         // NOLINT(google-explicit-constructor)
  Secret(std::string_view text);    // NOLINT(google-explicit-constructor)
  Secret(const std::string& text);  // NOLINT(google-explicit-constructor)
  /// Takes the text over: what `text` held is nowhere else then.
  Secret(std::string&& text) noexcept;  // NOLINT(google-explicit-constructor)
  Secret(const Secret& other);
  Secret(Secret&& other) noexcept;
  Secret& operator=(Secret other) noexcept;
  ~Secret();

  bool empty() const noexcept { return text_.empty(); }
  /// The key itself, for the one place that puts it into a request header.
  std::string_view reveal() const noexcept { return text_; }
  /// "...1234" for a key of at least 12 characters, "[hidden]" for a shorter one, "" when empty.
  std::string masked() const;

 private:
  friend void to_json(JsonWriter&, const Secret&) = delete;
  std::string text_;
};

class ConfigText {
 public:
  ConfigText() noexcept = default;
  ConfigText(const char* text)  // NOLINT(google-explicit-constructor)
      : text_(text == nullptr ? "" : text) {}
  ConfigText(std::string_view text) : text_(text) {}        // NOLINT(google-explicit-constructor)
  ConfigText(std::string text) : text_(std::move(text)) {}  // NOLINT(google-explicit-constructor)

  bool empty() const noexcept { return text_.empty(); }
  const std::string& str() const noexcept { return text_; }

 private:
  std::string text_;
};

}  // namespace v0
}  // namespace llmtrace
