// Json is a parameter type: any value a caller gives (`.input = x`, `.metadata = {{"k", 1}}`),
// turned into JSON text at once, so that nothing refers to the caller's data afterwards. A string
// is kept as it is (moved when given as an rvalue) and escaped only where a wire needs it. A
// default Json is absent: "not given". An object is written {{"key", value}, ...}, an array {value,
// value}, an array of objects std::vector<llmtrace::Json>{...}.
//
// A user's to_json that throws, or writes malformed JSON, leaves "<error: ...>".
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/json_writer.h>

#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace llmtrace {
inline namespace v0 {

class JsonMember;

class LLMTRACE_EXPORT Json {
 public:
  Json() noexcept = default;

  template <class Value>
  requires(!std::same_as<std::remove_cvref_t<Value>, Json> &&
           !std::same_as<std::remove_cvref_t<Value>, JsonMember>)
      Json(Value&& value) {  // NOLINT(google-explicit-constructor): `.input = x` is the point
    if constexpr (std::same_as<Value, std::string>) {
      text_ = std::move(value);
      kind_ = Kind::String;
    } else if constexpr (detail::StringLike<std::remove_cvref_t<Value>> &&
                         !std::is_pointer_v<std::decay_t<Value>> &&
                         !detail::HasToJson<std::remove_cvref_t<Value>>) {
      text_ = static_cast<std::string_view>(value);
      kind_ = Kind::String;
    } else {
      assign(detail::json_ref(value));
    }
  }
  /// For llmtrace itself: a value that is only referred to.
  explicit Json(detail::JsonRef value) { assign(value); }
  Json(const char* value);  // NOLINT(google-explicit-constructor); null gives JSON null
  Json(std::initializer_list<JsonMember> members);
  template <class Value>
  Json(std::initializer_list<Value> elements) {
    assign(detail::json_ref(elements));
  }

  /// Text that already is JSON. If it is not, or is nested deeper than JsonWriter::kMaxDepth, the
  /// text is kept as a plain string, so that no invalid JSON ever reaches a wire.
  static Json from_text(std::string text);
  /// For llmtrace itself: text that is known to be JSON, nested at most `levels` deep.
  static Json from_valid_text(std::string text, int levels = JsonWriter::kMaxDepth) noexcept;

  /// True when nothing was given. A given null is not absent.
  bool is_absent() const noexcept { return kind_ == Kind::Absent; }
  /// True when the value is a plain string; `text()` is then the string itself, unescaped.
  bool is_string() const noexcept { return kind_ == Kind::String; }
  /// The JSON text, or the plain string when `is_string()`.
  const std::string& text() const& noexcept { return text_; }
  std::string text() && noexcept { return std::move(text_); }
  /// For llmtrace itself: the text is nested so deep, or less.
  int levels() const noexcept { return levels_; }
  /// The value as JSON text in both cases; "null" when absent.
  std::string to_text() const;

  /// When both are objects, adds the members of `other`, replacing those of the same key; otherwise
  /// `other` replaces the value. An absent `other` changes nothing.
  void merge(Json other);

 private:
  enum class Kind : unsigned char { Absent, String, Value };

  void assign(detail::JsonRef value);
  bool is_object() const noexcept;

  std::string text_;
  Kind kind_ = Kind::Absent;
  unsigned char levels_ = 0;
};

/// One member of an object in braces. Two arguments always, so that `{{x}}` is never an object; the
/// key is deduced, so that `{{"a", "b"}, ...}` is never a key (std::string_view would take two
/// pointers for a range).
class JsonMember {
 public:
  template <class Key>
  requires std::convertible_to<const Key&, std::string_view> JsonMember(const Key& key, Json value)
      : key_(static_cast<std::string_view>(key)), value_(std::move(value)) {}
  const std::string& key() const noexcept { return key_; }
  const Json& value() const noexcept { return value_; }

 private:
  std::string key_;
  Json value_;
};

/// JSON text in the hands of a mask function: always one complete JSON value.
struct JsonText {
  std::string text{};
};

/// A list of strings (tags) that reads `{"a", "b"}` and `{{"a", "b"}}`-like slips correctly:
/// std::vector<std::string> would take two pointers for an iterator pair.
class StringList {
 public:
  class Item {
   public:
    template <class Text>
    requires std::convertible_to<Text, std::string_view> Item(Text&& text)
        : text_(std::string_view(text)) {}  // NOLINT(google-explicit-constructor)
    const std::string& text() const noexcept { return text_; }

   private:
    std::string text_;
  };

  StringList() noexcept = default;
  StringList(std::initializer_list<Item> items) {
    items_.reserve(items.size());
    for (const Item& item : items) items_.push_back(item.text());
  }
  StringList(std::vector<std::string> items) noexcept  // NOLINT(google-explicit-constructor)
      : items_(std::move(items)) {}

  const std::vector<std::string>& items() const& noexcept { return items_; }
  std::vector<std::string> items() && noexcept { return std::move(items_); }
  bool empty() const noexcept { return items_.empty(); }

 private:
  std::vector<std::string> items_;
};

}  // namespace v0
}  // namespace llmtrace
