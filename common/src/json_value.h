// JsonValue is the small tree into which JSON from outside is read: server replies, and in the
// collector what clients send. Reading is bounded: at most `max_depth` levels, kMaxNodes values
// and nothing after the first; RapidJSON's own DOM is not used because its parser and destructor
// recurse without bound on hostile input. A tree belongs to one thread; copying is deep.
#pragma once

#include <llmtrace/export.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmtrace {
inline namespace v0 {

class LLMTRACE_EXPORT JsonValue {
 public:
  enum class Type : unsigned char {
    Null,
    Boolean,
    Integer,
    Unsigned,
    Double,
    String,
    Array,
    Object
  };
  using Member = std::pair<std::string, JsonValue>;

  static constexpr int kDefaultMaxDepth = 64;
  /// The most values in a tree. A hostile reply, "[0,0,0,...", has one in every two bytes and they
  /// take a hundred each: with no more than these the tree of a reply, which has at most 1 MiB,
  /// stays below 64 MiB. A longer text may have one for every four of its bytes.
  static constexpr std::size_t kMaxNodes = std::size_t{1} << 18;

  /// Reads exactly one JSON value; nothing when `text` is not valid JSON, is nested deeper than
  /// `max_depth` or has more values than kMaxNodes allows. Numbers outside 64 bits become doubles.
  /// The last of repeated keys wins in `find`.
  static std::optional<JsonValue> parse(std::string_view text, int max_depth = kDefaultMaxDepth);

  /// Whether `text` is exactly one valid JSON value of at most `max_depth` levels; builds nothing.
  static bool is_valid(std::string_view text, int max_depth = kDefaultMaxDepth);

  JsonValue() noexcept = default;

  Type type() const noexcept { return type_; }
  bool is_null() const noexcept { return type_ == Type::Null; }
  bool is_string() const noexcept { return type_ == Type::String; }
  bool is_array() const noexcept { return type_ == Type::Array; }
  bool is_object() const noexcept { return type_ == Type::Object; }
  /// True for integers in the range of int64_t.
  bool is_integer() const noexcept { return type_ == Type::Integer; }
  bool is_number() const noexcept {
    return type_ == Type::Integer || type_ == Type::Unsigned || type_ == Type::Double;
  }

  /// Each of these returns an empty or zero value when the type is another one.
  bool as_bool() const noexcept { return type_ == Type::Boolean && integer_ != 0; }
  std::int64_t as_integer() const noexcept;
  double as_double() const noexcept;
  const std::string& as_string() const noexcept;
  const std::vector<JsonValue>& elements() const noexcept { return elements_; }
  const std::vector<Member>& members() const noexcept { return members_; }

  /// The member of an object, or null when there is none (or this is no object).
  const JsonValue* find(std::string_view key) const noexcept;
  /// `find`, with a null value instead of a null pointer: `reply["error"]["message"].as_string()`.
  const JsonValue& operator[](std::string_view key) const noexcept;

  /// The value as compact JSON text.
  std::string to_text() const;

 private:
  friend class JsonValueBuilder;

  Type type_ = Type::Null;
  std::int64_t integer_ = 0;  // also the boolean, and the bits of an unsigned
  double double_ = 0;
  std::string string_;
  std::vector<JsonValue> elements_;
  std::vector<Member> members_;
};

}  // namespace v0
}  // namespace llmtrace
