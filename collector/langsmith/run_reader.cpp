#include "collector/langsmith/run_reader.h"

#include <algorithm>
#include <array>

#include "collector/character_count.h"
#include "collector/iso_time.h"
#include "collector/langsmith/dotted_order.h"
#include "collector/langsmith/uuid.h"

namespace llmtrace::collector {
namespace {

constexpr std::array<std::string_view, 19> kFields = {"id",
                                                      "trace_id",
                                                      "parent_run_id",
                                                      "dotted_order",
                                                      "name",
                                                      "run_type",
                                                      "status",
                                                      "start_time",
                                                      "end_time",
                                                      "error",
                                                      "inputs",
                                                      "outputs",
                                                      "extra",
                                                      "events",
                                                      "tags",
                                                      "serialized",
                                                      "session_id",
                                                      "session_name",
                                                      "reference_example_id"};

constexpr std::array<std::string_view, 7> kRunTypes = {"tool",      "chain",  "llm",   "retriever",
                                                       "embedding", "prompt", "parser"};

std::string read_id(const JsonFields& fields, const RunRules& rules) {
  const auto id = fields.uuid("id");
  if (!id && rules.id.empty()) fields.reject("id", "is required");
  if (id && !rules.id.empty() && *id != rules.id) {
    fields.reject("id", "is not the id that the request names, " + rules.id);
  }
  return id.value_or(rules.id);
}

std::optional<std::string> read_run_type(const JsonFields& fields) {
  auto run_type = fields.text("run_type");
  if (run_type && std::find(kRunTypes.begin(), kRunTypes.end(), *run_type) == kRunTypes.end()) {
    fields.reject("run_type",
                  "must be one of tool, chain, llm, retriever, embedding, prompt, parser");
  }
  return run_type;
}

std::optional<std::string> read_name(const JsonFields& fields, std::size_t limit) {
  auto name = fields.text("name");
  if (name && limit != 0 && character_count(*name) > limit) {
    fields.reject("name", "must have at most " + std::to_string(limit) + " characters");
  }
  return name;
}

void check_post(const JsonFields& fields, const Run& run) {
  if (!run.name) fields.reject("name", "is required");
  if (!run.run_type) fields.reject("run_type", "is required");
  if (!run.start_us) fields.reject("start_time", "is required");
}

void check_place(const JsonFields& fields, const RunRules& rules, Run& run) {
  const bool is_post = rules.operation == Operation::Post;
  if (rules.is_single && !run.trace_id && !run.dotted_order) {
    if (!is_post) return;
    if (!run.parent_id) {
      run.trace_id = run.id;
      run.dotted_order = root_dotted_order(*run.start_us, run.id);
      return;
    }
  }
  if (!run.trace_id) fields.reject("trace_id", "is required");
  if (!run.dotted_order) fields.reject("dotted_order", "is required");
  check_dotted_order(*run.dotted_order,
                     {.id = run.id,
                      .trace_id = *run.trace_id,
                      .parent_id = run.parent_id ? std::string_view(*run.parent_id) : "",
                      .is_root = is_post && !run.parent_id});
}

// A post that names no project belongs to "default"; a patch changes nothing then.
std::optional<ProjectRow> read_project(const JsonFields& fields, Operation operation) {
  const auto id = fields.uuid("session_id");
  auto name = fields.text("session_name");
  if (id) return ProjectRow{.id = *id, .name = name.value_or(*id), .created_us = now_us()};
  if (!name && operation == Operation::Patch) return std::nullopt;
  if (!name || name->empty()) name = "default";
  return ProjectRow{.id = uuid_of_name("project " + *name), .name = *name, .created_us = now_us()};
}

}  // namespace

JsonFields run_fields(std::string_view json, std::string what) {
  return {json, std::move(what), kFields};
}

RunOperation read_run(const JsonFields& fields, const RunRules& rules) {
  const bool is_post = rules.operation == Operation::Post;
  Run run{.id = read_id(fields, rules),
          .trace_id = fields.uuid("trace_id"),
          .parent_id = fields.uuid("parent_run_id"),
          .dotted_order = fields.text("dotted_order"),
          .name = read_name(fields, rules.name_limit),
          .run_type = read_run_type(fields),
          .start_us = fields.time_us("start_time"),
          .end_us = fields.time_us("end_time"),
          .status = fields.text("status"),
          .error = fields.text("error"),
          .inputs = fields.object("inputs"),
          .outputs = fields.object("outputs"),
          .extra = fields.object("extra"),
          .events = fields.array("events", '{'),
          .tags = fields.array("tags", '"'),
          .serialized = fields.object("serialized"),
          .reference_example_id = fields.uuid("reference_example_id"),
          .is_posted = is_post,
          .is_patched = !is_post};
  if (is_post) check_post(fields, run);
  check_place(fields, rules, run);
  RunOperation operation{.operation = rules.operation,
                         .project = read_project(fields, rules.operation)};
  if (operation.project) run.session_id = operation.project->id;
  operation.run = std::move(run);
  return operation;
}

}  // namespace llmtrace::collector
