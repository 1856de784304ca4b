// JsonWriter appends JSON text to a string. Users meet it in one place: the function
//
//   namespace app {
//   void to_json(llmtrace::JsonWriter& writer, const Document& document) {
//     writer.object({{"id", document.id}, {"score", document.score}});
//   }
//   }
//
// which makes their own type usable wherever llmtrace takes a value. It is found by
// argument-dependent lookup, so nothing of llmtrace is specialized or opened.
//
// The text is always valid JSON: invalid UTF-8 becomes U+FFFD, NaN and infinities become null, and
// a value nested deeper than kMaxDepth becomes the string kTooDeepMark. A writer belongs to one
// thread.
#pragma once

#include <llmtrace/export.h>

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

class JsonWriter;

namespace detail {

/// A value that is only referred to: where it is and how to write it. Lives for one full
/// expression.
struct JsonRef {
  const void* value;
  void (*write)(JsonWriter&, const void*);
};

template <class Value>
JsonRef json_ref(const Value& value) noexcept;

}  // namespace detail

/// One member of `JsonWriter::object`: a key and a reference to any serializable value.
struct JsonField {
  template <class Value>
  JsonField(std::string_view name, const Value& member) noexcept
      : key(name), value(detail::json_ref(member)) {}

  std::string_view key;
  detail::JsonRef value;
};

class LLMTRACE_EXPORT JsonWriter {
 public:
  static constexpr int kMaxDepth = 64;
  static constexpr std::string_view kTooDeepMark = "<nested too deep>";

  /// Appends to `out`, which must outlive the writer.
  explicit JsonWriter(std::string& out) noexcept : out_(&out) {}

  void null();
  void boolean(bool value);
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);
  /// Shortest text that reads back as the same double; null for NaN and infinities.
  void number(double value);
  void string(std::string_view value);
  /// Appends `json` as one value. The caller vouches that it is valid JSON, and that no more than
  /// `levels` of its containers, themselves at most kMaxDepth, stand inside each other.
  void raw(std::string_view json, int levels = kMaxDepth);

  void begin_object();
  void key(std::string_view name);
  void end_object();
  void begin_array();
  void end_array();

  /// Writes any serializable value (see <llmtrace/to_json.h> for the order of conversions).
  template <class Value>
  void value(const Value& value);

  /// Writes a whole object: `writer.object({{"id", id}, {"score", score}})`.
  void object(std::initializer_list<JsonField> fields);

  /// Where the writer stands; `rewind` returns there after a value failed half-way.
  struct Position {
    std::size_t size;
    std::uint64_t has_element;
    std::uint64_t is_object;
    int depth;
    bool after_key;
    bool has_root;
    bool malformed;
  };
  Position position() const noexcept;
  void rewind(const Position& position) noexcept;
  /// Whether what was written since `start` is one well-formed value.
  bool is_complete_since(const Position& start) const noexcept;
  /// So many containers, or fewer, stand inside each other in what was written.
  int levels() const noexcept { return levels_; }

 private:
  bool begin_value();
  void separate();
  void begin_container(char bracket);
  void end_container(char bracket);
  bool in_object() const noexcept;

  std::string* out_;
  std::uint64_t has_element_ = 0;  // bit d: the container at depth d already has an element
  std::uint64_t is_object_ = 0;    // bit d: the container at depth d is an object
  int depth_ = 0;                  // may pass kMaxDepth; what is deeper is not written
  int levels_ = 0;
  bool after_key_ = false;
  bool has_root_ = false;
  bool malformed_ = false;  // a key, value or bracket stood where JSON has none
};

}  // namespace v0
}  // namespace llmtrace

#include <llmtrace/to_json.h>  // the templates above need the conversions
