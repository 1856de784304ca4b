// Reads a run as POST and PATCH take it, and judges it by the server's rules.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "collector/langsmith/json_fields.h"
#include "collector/langsmith/project_row.h"
#include "collector/langsmith/run.h"

namespace llmtrace::collector {

enum class Operation { Post, Patch };

/// What one post or patch says.
struct RunOperation {
  Operation operation = Operation::Post;
  Run run{};
  std::optional<ProjectRow> project{};  // made unless there is one
};

struct RunRules {
  Operation operation = Operation::Post;
  /// The id that the run must have, from the path or the part's name; empty = its own.
  std::string id{};
  /// A request of its own: a root need not say its place, and a patch its trace.
  bool is_single = false;
  std::size_t name_limit = 0;  // characters; 0 = none
};

/// The members of a run. `json` is valid JSON and outlives them; `what` names it in messages.
JsonFields run_fields(std::string_view json, std::string what);

/// Throws UnprocessableEntity about a field, BadRequest about the run's place in its trace.
RunOperation read_run(const JsonFields& fields, const RunRules& rules);

}  // namespace llmtrace::collector
