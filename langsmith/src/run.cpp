#include <langsmith/run.h>
#include <llmtrace/propagation.h>

#include <algorithm>
#include <mutex>

#include "common/src/client_core.h"
#include "common/src/guard.h"
#include "common/src/http_text.h"
#include "langsmith/src/run_fields.h"
#include "langsmith/src/run_params.h"

namespace langsmith {
inline namespace v0 {
namespace {

using llmtrace::Cell;
using llmtrace::Observation;
using llmtrace::ObservationUpdate;
using llmtrace::Record;
using llmtrace::Ref;
using llmtrace::RunDetails;

// Changes what only runs have, while the run is open; counts it as late otherwise.
template <class Change>
void change_details(const Observation& observation, Change&& change) noexcept {
  Cell* const cell = observation.cell();
  if (cell == nullptr) return;
  llmtrace::guarded(*cell, [&] {
    llmtrace::change_open(*cell, [&](Record& record) {
      if (!record.run) record.run = Ref<RunDetails>::make();
      change(*record.run);
    });
  });
}

void append_tags(RunDetails& run, const StringList& tags) {
  for (const std::string& tag : tags.items()) {
    if (std::find(run.tags.begin(), run.tags.end(), tag) == run.tags.end()) run.tags.push_back(tag);
  }
}

ObservationUpdate update_of(RunUpdate&& update) {
  ObservationUpdate result{.name = std::move(update.name),
                           .input = std::move(update.inputs),
                           .output = std::move(update.outputs),
                           .metadata = std::move(update.metadata),
                           .model = std::move(update.model),
                           .usage_details = usage_details(update.usage_metadata),
                           .cost_details = cost_details(update.usage_metadata),
                           .end_time = update.end_time};
  if (!update.error.empty()) {
    result.level = llmtrace::Level::Error;
    result.status_message = std::move(update.error);
  }
  return result;
}

}  // namespace

llmtrace::ObservationParams observation_params(RunParams& params) {
  return {.name = std::move(params.name),
          .as_type = observation_type_of(params.run_type),
          .input = std::move(params.inputs),
          .output = std::move(params.outputs),
          .metadata = std::move(params.metadata),
          .model = std::move(params.model),
          .start_time = params.start_time};
}

bool is_attachment_name(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != '.' && c != '"' && c != '\\' && c != 0x7f;
  });
}

void add_details(const Observation& observation, RunParams&& params) noexcept {
  const bool any = !params.tags.empty() || !params.extra.is_absent() ||
                   !params.serialized.is_absent() || !params.project_name.empty() ||
                   !params.reference_example_id.empty();
  if (any) {
    change_details(observation, [&](RunDetails& run) {
      append_tags(run, params.tags);
      run.extra = std::move(params.extra);
      run.serialized = std::move(params.serialized);
      run.project = std::move(params.project_name);
      run.reference_example_id = std::move(params.reference_example_id);
    });
  }
  for (Attachment& attachment : params.attachments) add_attachment(observation, std::move(attachment));
}

void add_attachment(const Observation& observation, Attachment attachment) noexcept {
  Cell* const cell = observation.cell();
  if (cell == nullptr) return;
  // Both stand in headers of the request's parts.
  const bool valid_type = llmtrace::is_header_value(attachment.mime_type);
  if (!is_attachment_name(attachment.name) || !valid_type) {
    cell->destinations_->keeper().log().write(
        llmtrace::LogLevel::Warning,
        "an attachment is left out: its name must hold no dots, blanks and quotes, and it needs a "
        "MIME type");
    return;
  }
  change_details(observation, [&](RunDetails& run) {
    run.attachments.push_back({std::move(attachment.name), std::move(attachment.mime_type),
                               std::move(attachment.bytes)});
  });
}

std::string Run::id() const {
  Cell* const cell = observation_.cell();
  return cell == nullptr ? std::string() : llmtrace::uuid_text(cell->record.uuid);
}

std::string Run::trace_id() const {
  Cell* const cell = observation_.cell();
  return cell == nullptr ? std::string() : llmtrace::uuid_text(place_of(cell->record).trace_id);
}

std::string Run::dotted_order() const {
  Cell* const cell = observation_.cell();
  return cell == nullptr ? std::string() : place_of(cell->record).dotted_order;
}

Run Run::start_run(RunParams params) const noexcept {
  Run child(observation_.start_observation(observation_params(params)));
  if (params.project_name.empty()) {
    Cell* const cell = observation_.cell();
    llmtrace::guarded([&] {
      if (cell == nullptr) return;
      const std::lock_guard lock(cell->lock);
      if (cell->record.run) params.project_name = cell->record.run->project;
    });
  }
  add_details(child.observation_, std::move(params));
  return child;
}

void Run::update(RunUpdate update) const noexcept {
  if (!update.tags.empty()) add_tags(std::move(update.tags));
  observation_.update(update_of(std::move(update)));
}

void Run::add_event(std::string_view name, Json fields) const noexcept {
  Cell* const cell = observation_.cell();
  if (cell == nullptr) return;
  const Timestamp now = cell->destinations_->keeper().clock().now();
  change_details(observation_, [&](RunDetails& run) {
    run.events.push_back({std::string(name), now, std::move(fields)});
  });
}

void Run::add_tags(StringList tags) const noexcept {
  change_details(observation_, [&](RunDetails& run) { append_tags(run, tags); });
}

void Run::add_metadata(Json metadata) const noexcept {
  observation_.update({.metadata = std::move(metadata)});
}

void Run::set_usage(UsageMetadata usage) const noexcept {
  observation_.update(
      {.usage_details = usage_details(usage), .cost_details = cost_details(usage)});
}

void Run::first_token() const noexcept { observation_.first_token(); }

void Run::add_attachment(Attachment attachment) const noexcept {
  langsmith::add_attachment(observation_, std::move(attachment));
}

void Run::end(RunUpdate update) const noexcept {
  if (!update.tags.empty()) add_tags(std::move(update.tags));
  observation_.end(update_of(std::move(update)));
}

std::vector<llmtrace::HttpHeader> Run::to_headers() const {
  return llmtrace::inject(observation_, {.baggage = true});
}

}  // namespace v0
}  // namespace langsmith
