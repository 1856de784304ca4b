#include "collector/langsmith/list_query.h"

#include <charconv>

#include "collector/bad_request.h"
#include "collector/langsmith/uuid.h"

namespace llmtrace::collector {

void ListQuery::filter_any_of(RowFilter& filter, std::string_view name, const char* column) const {
  const std::vector<std::string> given = values(name);
  if (!given.empty()) filter.any_of(column, given);
}

void ListQuery::filter_uuids(RowFilter& filter, std::string_view name, const char* column) const {
  std::vector<std::string> ids;
  for (const std::string& text : values(name)) {
    const auto id = read_uuid(text);
    if (!id) throw UnprocessableEntity("'" + std::string(name) + "' must be a UUID");
    ids.push_back(*id);
  }
  if (!ids.empty()) filter.any_of(column, ids);
}

RowPage ListQuery::page() const {
  const RowPage page{.limit = number("limit", 100), .offset = number("offset", 0)};
  if (page.limit < 1 || page.limit > 100) throw UnprocessableEntity("'limit' must be 1 to 100");
  return page;
}

std::vector<std::string> ListQuery::values(std::string_view name) const {
  std::vector<std::string> found;
  for (const NameValue& parameter : request_.query) {
    if (parameter.first == name) found.push_back(parameter.second);
  }
  return found;
}

std::int64_t ListQuery::number(std::string_view name, std::int64_t fallback) const {
  const auto text = request_.parameter(name);
  if (!text) return fallback;
  std::int64_t number = -1;
  const auto result = std::from_chars(text->data(), text->data() + text->size(), number);
  if (result.ec != std::errc() || result.ptr != text->data() + text->size() || number < 0) {
    throw UnprocessableEntity("'" + std::string(name) + "' must be an integer from 0 on");
  }
  return number;
}

}  // namespace llmtrace::collector
