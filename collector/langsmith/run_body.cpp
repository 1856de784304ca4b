#include "collector/langsmith/run_body.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <string>
#include <utility>

#include "collector/bad_request.h"
#include "collector/langsmith/feedback_reader.h"
#include "collector/langsmith/json_fields.h"
#include "collector/langsmith/uuid.h"
#include "common/src/http_text.h"

namespace llmtrace::collector {
namespace {

constexpr std::array<std::string_view, 2> kBatchFields = {"post", "patch"};
constexpr std::array<std::string_view, 6> kPartFields = {"inputs", "outputs", "events",
                                                         "extra",  "error",   "serialized"};

// The name of a part, "post.<run id>.inputs", taken apart.
struct PartName {
  std::string_view kind{};
  std::string id{};
  std::optional<std::string_view> rest{};  // behind the second '.'
};

[[noreturn]] void refuse(const MultipartPart& part, std::string_view problem) {
  throw UnprocessableEntity("part '" + part.name + "' " + std::string(problem));
}

PartName read_name(const MultipartPart& part) {
  const std::string_view name = part.name;
  const std::size_t first = std::min(name.find('.'), name.size());
  const std::size_t second = std::min(name.find('.', first + 1), name.size());
  const auto id = read_uuid(name.substr(std::min(first + 1, name.size()), second - first - 1));
  if (!id)
    refuse(part,
           "has no id: name it post.<id>, patch.<id>, attachment.<id>.<name> or "
           "feedback.<id>");
  PartName read{.kind = name.substr(0, first), .id = *id};
  if (second < name.size()) read.rest = name.substr(second + 1);
  return read;
}

void check_json(const MultipartPart& part) {
  if (!same_ignoring_case(part.content_type, "application/json")) {
    refuse(part, "must be application/json");
  }
  if (!is_json(part.content)) refuse(part, "is not valid JSON");
}

class RunParts {
 public:
  explicit RunParts(const RunBodyRules& rules) : rules_(rules) {}

  void add(const MultipartPart& part) {
    const PartName name = read_name(part);
    if (name.kind == "post" || name.kind == "patch") {
      check_json(part);
      add_run_part(part, name);
    } else if (name.kind == "feedback" && !name.rest) {
      check_json(part);
      batch_.feedback.push_back(read_feedback(part.content, "part '" + part.name + "'",
                                              {.id = name.id,
                                               .needs_trace = true,
                                               .needs_session = rules_.feedback_needs_session,
                                               .received_us = rules_.received_us}));
    } else if (name.kind == "attachment" && name.rest) {
      add_attachment(part, name);
    } else {
      refuse(part, "is of no known kind");
    }
  }

  RunBatch finish() {
    add_fields();
    for (const Pending& run : runs_) {
      batch_.operations.push_back(read_run(
          run.fields, {.operation = run.operation, .id = run.id, .name_limit = rules_.name_limit}));
    }
    return std::move(batch_);
  }

 private:
  struct Pending {
    Operation operation = Operation::Post;
    std::string id{};
    JsonFields fields;
  };
  struct Field {
    const MultipartPart* part = nullptr;
    std::pair<Operation, std::string> run{};
    std::string_view name{};
  };

  void add_run_part(const MultipartPart& part, const PartName& name) {
    const Operation operation = name.kind == "post" ? Operation::Post : Operation::Patch;
    if (!name.rest) {
      // The first of two with one name gets the fields; the second is a repetition either way.
      first_.try_emplace({operation, name.id}, runs_.size());
      runs_.push_back({.operation = operation,
                       .id = name.id,
                       .fields = run_fields(part.content, "part '" + part.name + "'")});
      return;
    }
    if (std::find(kPartFields.begin(), kPartFields.end(), *name.rest) == kPartFields.end()) {
      refuse(part, "is of no known kind");
    }
    fields_.push_back({.part = &part, .run = {operation, name.id}, .name = *name.rest});
  }

  void add_attachment(const MultipartPart& part, const PartName& name) {
    if (name.rest->empty() || name.rest->find('.') != std::string_view::npos) {
      refuse(part, "must name its attachment, without '.'");
    }
    batch_.attachments.push_back({.info = {.run_id = name.id,
                                           .name = std::string(*name.rest),
                                           .mime_type = std::string(part.content_type)},
                                  .content = {std::string(part.content)}});
  }

  // A run's own part may come behind its fields.
  void add_fields() {
    for (const Field& field : fields_) {
      const auto found = first_.find(field.run);
      if (found == first_.end()) refuse(*field.part, "belongs to no run of this request");
      runs_[found->second].fields.replace(field.name, field.part->content);
    }
  }

  RunBodyRules rules_;
  RunBatch batch_;
  std::vector<Pending> runs_;
  std::vector<Field> fields_;
  std::map<std::pair<Operation, std::string>, std::size_t> first_;  // index in runs_
};

}  // namespace

RunBatch read_run_batch(std::string_view json, const RunBodyRules& rules) {
  if (!is_json(json)) throw UnprocessableEntity("the body is not valid JSON");
  const JsonFields body(json, "the body", kBatchFields);
  RunBatch batch;
  for (const std::string_view list : kBatchFields) {
    const Operation operation = list == "post" ? Operation::Post : Operation::Patch;
    JsonArrayReader reader(body.raw(list));
    if (!body.raw(list).empty() && !body.raw(list).starts_with('[')) {
      body.reject(list, "must be an array");
    }
    std::size_t index = 0;
    for (std::string_view element; reader.next(element); ++index) {
      const std::string what = std::string(list) + " " + std::to_string(index);
      batch.operations.push_back(read_run(
          run_fields(element, what), {.operation = operation, .name_limit = rules.name_limit}));
    }
  }
  if (batch.operations.empty()) throw UnprocessableEntity("the body has no run");
  return batch;
}

RunBatch read_run_parts(const std::vector<MultipartPart>& parts, const RunBodyRules& rules) {
  RunParts reader(rules);
  for (const MultipartPart& part : parts) reader.add(part);
  RunBatch batch = reader.finish();
  if (batch.operations.empty() && batch.feedback.empty()) {
    throw UnprocessableEntity("the body has neither a run nor feedback");
  }
  return batch;
}

}  // namespace llmtrace::collector
