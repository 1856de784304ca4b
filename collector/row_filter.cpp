#include "collector/row_filter.h"

#include <iterator>
#include <utility>

namespace llmtrace::collector {
namespace {

std::string placeholders(std::size_t count) {
  std::string text = "(";
  for (std::size_t i = 0; i < count; ++i) text += i == 0 ? "?" : ",?";
  return text + ")";
}

}  // namespace

void RowFilter::equal(const char* column, Value value) {
  add(std::string(column) + " = ?");
  values_.push_back(std::move(value));
}

void RowFilter::any_of(const char* column, const std::vector<std::string>& values) {
  add(std::string(column) + " IN " + placeholders(values.size()));
  values_.insert(values_.end(), values.begin(), values.end());
}

void RowFilter::at_least(const char* column, std::int64_t value) {
  add(std::string(column) + " >= ?");
  values_.emplace_back(value);
}

void RowFilter::less_than(const char* column, std::int64_t value) {
  add(std::string(column) + " < ?");
  values_.emplace_back(value);
}

void RowFilter::contains(const char* column, std::string_view part) {
  add("INSTR(" + std::string(column) + ", ?) > 0");
  values_.emplace_back(std::string(part));
}

void RowFilter::is_null(const char* column) { add(std::string(column) + " IS NULL"); }

void RowFilter::after(const char* columns, std::vector<Value> values) {
  compare(columns, " < ", std::move(values));
}

void RowFilter::after_ascending(const char* columns, std::vector<Value> values) {
  compare(columns, " > ", std::move(values));
}

void RowFilter::compare(const char* columns, const char* operation, std::vector<Value> values) {
  add("(" + std::string(columns) + ")" + operation + placeholders(values.size()));
  append(std::move(values));
}

void RowFilter::where(const char* condition, std::vector<Value> values) {
  add(std::string("(") + condition + ")");
  append(std::move(values));
}

void RowFilter::append(std::vector<Value> values) {
  values_.insert(values_.end(), std::make_move_iterator(values.begin()),
                 std::make_move_iterator(values.end()));
}

std::string RowFilter::sql() const { return sql_; }

void RowFilter::add(std::string condition) {
  sql_ += (sql_.empty() ? " WHERE " : " AND ") + std::move(condition);
}

}  // namespace llmtrace::collector
