// ProjectRow is a tracing project ("session" in LangSmith's API); the first run that names one
// makes it.
#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace llmtrace::collector {

/// The one workspace that all projects are in.
inline constexpr std::string_view kTenantId = "00000000-0000-4000-8000-000000000001";

struct ProjectRow {
  static constexpr std::string_view kTable = "projects";
  static constexpr std::string_view kKey = "id";

  std::string id{};
  std::string name{};
  std::int64_t created_us = 0;
};

/// As visit_columns of Observation.
template <class Row, class Visitor>
requires std::same_as<std::remove_cvref_t<Row>, ProjectRow>
void visit_columns(Row&& row, Visitor&& visit) {
  visit("id", row.id);
  visit("name", row.name);
  visit("created_us", row.created_us);
}

}  // namespace llmtrace::collector
