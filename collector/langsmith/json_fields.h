// JSON from outside without a tree: a run's inputs may be megabytes that nobody here looks into, so
// values stay the text that they came as. Both readers want text that `is_json` has approved; the
// text must outlive them.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace llmtrace::collector {

/// Whether `text` is one JSON value of at most 128 levels.
bool is_json(std::string_view text);

/// The members of one object that a reader asked for. A member that is null counts as absent; of
/// repeated ones the last counts. A value of the wrong type is an UnprocessableEntity.
class JsonFields {
 public:
  /// Throws UnprocessableEntity when `json` is no object; `what` names it in every message.
  /// `names` outlives the fields.
  JsonFields(std::string_view json, std::string what, std::span<const std::string_view> names);

  /// The value as it stands in the text; empty when absent.
  [[nodiscard]] std::string_view raw(std::string_view name) const;
  /// True for a member that is there and says null.
  [[nodiscard]] bool is_null(std::string_view name) const;
  /// Puts a value in the place of the one in the text, for fields that came apart from it.
  void replace(std::string_view name, std::string_view json);

  [[nodiscard]] std::optional<std::string> text(std::string_view name) const;
  /// In lower case.
  [[nodiscard]] std::optional<std::string> uuid(std::string_view name) const;
  [[nodiscard]] std::optional<bool> boolean(std::string_view name) const;
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view name) const;
  /// ISO 8601 with an offset, or a number of milliseconds; as Unix microseconds.
  [[nodiscard]] std::optional<std::int64_t> time_us(std::string_view name) const;
  /// JSON text of an object.
  [[nodiscard]] std::optional<std::string> object(std::string_view name) const;
  /// JSON text of an array whose elements begin with `element`: '{' for objects, '"' for strings.
  [[nodiscard]] std::optional<std::string> array(std::string_view name, char element) const;
  /// JSON text of any value whose first character is in `kinds`: "{\"" for an object or a string.
  [[nodiscard]] std::optional<std::string> any(std::string_view name, std::string_view kinds,
                                               std::string_view wanted) const;

  /// Throws UnprocessableEntity about the field.
  [[noreturn]] void reject(std::string_view name, std::string_view problem) const;

 private:
  std::string what_;
  std::span<const std::string_view> names_;
  std::vector<std::pair<std::string_view, std::string_view>> found_;
};

/// The elements of a JSON array, one by one.
class JsonArrayReader {
 public:
  explicit JsonArrayReader(std::string_view array) noexcept;
  explicit JsonArrayReader(std::string&& gone_too_soon) = delete;
  /// False at the end, or when the text is no array.
  bool next(std::string_view& element);

 private:
  std::string_view rest_;
};

/// The member of an object that may not be there, at a path such as {"metadata", "thread_id"};
/// empty when there is none.
std::string_view json_member(std::string_view json, std::initializer_list<std::string_view> path);

}  // namespace llmtrace::collector
