// RowFilter collects the conditions of a read as SQL with placeholders. Column names come from our
// own code; every value from outside is bound.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace llmtrace::collector {

class RowFilter {
 public:
  using Value = std::variant<std::string, std::int64_t, double>;

  void equal(const char* column, Value value);
  void any_of(const char* column, const std::vector<std::string>& values);
  void at_least(const char* column, std::int64_t value);
  void less_than(const char* column, std::int64_t value);
  void is_null(const char* column);
  /// Rows whose column has `part` somewhere in it.
  void contains(const char* column, std::string_view part);
  /// Rows that sort behind `values` in the descending order of `columns`, e.g. "start_ms, id".
  void after(const char* columns, std::vector<Value> values);
  /// The same in ascending order.
  void after_ascending(const char* columns, std::vector<Value> values);
  /// A constant condition, with a value for each "?" in it.
  void where(const char* condition, std::vector<Value> values = {});

  /// " WHERE ... AND ...", or empty.
  [[nodiscard]] std::string sql() const;
  [[nodiscard]] const std::vector<Value>& values() const noexcept { return values_; }

 private:
  void add(std::string condition);
  void append(std::vector<Value> values);
  void compare(const char* columns, const char* operation, std::vector<Value> values);

  std::string sql_;
  std::vector<Value> values_;
};

}  // namespace llmtrace::collector
