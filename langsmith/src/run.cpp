#include <langsmith/run.h>
#include <llmtrace/propagation.h>

#include <algorithm>

#include "common/src/client_core.h"
#include "common/src/guard.h"
#include "common/src/http_text.h"
#include "langsmith/src/feedback_fields.h"
#include "langsmith/src/run_fields.h"
#include "langsmith/src/run_params.h"

namespace langsmith {
inline namespace v0 {
namespace {

using llmtrace::Cell;
using llmtrace::Destination;
using llmtrace::DestinationSet;
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

bool is_attachment_name(std::string_view name) noexcept {
  return !name.empty() && std::all_of(name.begin(), name.end(), [](char c) {
    return static_cast<unsigned char>(c) > 0x20 && c != '.' && c != '"' && c != '\\' && c != 0x7f;
  });
}

// Its name and its type stand in headers of the request's parts.
bool may_be_sent(const Attachment& attachment, llmtrace::RateLimitedLog& log) {
  const bool valid_type =
      !attachment.mime_type.empty() && llmtrace::is_header_value(attachment.mime_type);
  if (is_attachment_name(attachment.name) && valid_type) return true;
  log.log(llmtrace::LogKind::UserCode, llmtrace::LogLevel::Warning,
          "an attachment is left out: its name must hold no dots, blanks and quotes, and it needs "
          "a MIME type");
  return false;
}

void append_attachment(RunDetails& run, Attachment&& attachment) {
  run.attachments.push_back(
      {std::move(attachment.name), std::move(attachment.mime_type), std::move(attachment.bytes)});
}

// Those that know runs.
Ref<const DestinationSet> run_destinations(const DestinationSet& all) {
  std::vector<Ref<Destination>> knowing;
  for (const Ref<Destination>& destination : all.destinations()) {
    if (destination->options().run_tree) knowing.push_back(destination);
  }
  if (knowing.size() == all.destinations().size()) return Ref<const DestinationSet>::share(&all);
  return Ref<const DestinationSet>::adopt(new DestinationSet(std::move(knowing)));
}

bool is_continued(const Record& record) noexcept {
  const Record* root = &record;
  while (root->parent != nullptr) root = root->parent;
  return root->remote && !root->remote->run_path.empty();
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

llmtrace::StartOptions start_options(RunParams& params, llmtrace::RateLimitedLog& log) {
  llmtrace::StartOptions options;
  options.project = std::move(params.project_name);
  const bool any = !params.tags.empty() || !params.extra.is_absent() ||
                   !params.serialized.is_absent() || !params.reference_example_id.empty() ||
                   !params.attachments.empty();
  if (!any) return options;
  options.run = Ref<RunDetails>::make();
  append_tags(*options.run, params.tags);
  options.run->extra = std::move(params.extra);
  options.run->serialized = std::move(params.serialized);
  options.run->reference_example_id = std::move(params.reference_example_id);
  for (Attachment& attachment : params.attachments) {
    if (may_be_sent(attachment, log)) append_attachment(*options.run, std::move(attachment));
  }
  return options;
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
  Cell* const parent = observation_.cell();
  if (parent == nullptr) {  // beneath a run of nothing there is nothing either
    return Observation(llmtrace::start_child(observation_.identity(), {}).detach());
  }
  Ref<Cell> child;
  llmtrace::guarded([&] {
    llmtrace::StartOptions options = start_options(params, parent->destinations_->keeper().log());
    child = llmtrace::start_child(parent, observation_params(params), std::move(options));
  });
  return Observation(child.detach());
}

void Run::update(RunUpdate update) const noexcept {
  Cell* const cell = observation_.cell();
  if (cell == nullptr) return;
  if (!update.tags.empty()) add_tags(std::move(update.tags));
  llmtrace::guarded(*cell, [&] { llmtrace::update_cell(*cell, update_of(std::move(update))); });
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

void Run::set_usage(UsageMetadata usage) const noexcept { update({.usage_metadata = usage}); }

void Run::first_token() const noexcept { observation_.first_token(); }

void Run::add_attachment(Attachment attachment) const noexcept {
  Cell* const cell = observation_.cell();
  if (cell == nullptr) return;
  llmtrace::guarded(*cell, [&] {
    if (!may_be_sent(attachment, cell->destinations_->keeper().log())) return;
    change_details(observation_,
                   [&](RunDetails& run) { append_attachment(run, std::move(attachment)); });
  });
}

void Run::end(RunUpdate update) const noexcept {
  Cell* const cell = observation_.cell();
  if (cell == nullptr) return;
  if (!update.tags.empty()) add_tags(std::move(update.tags));
  ObservationUpdate last;
  llmtrace::guarded(*cell, [&] { last = update_of(std::move(update)); });
  observation_.end(std::move(last));  // without memory for what was given it ends all the same
}

std::string Run::create_feedback(FeedbackParams params) const noexcept {
  std::string id;
  Cell* const cell = observation_.cell();
  if (cell == nullptr) return id;
  llmtrace::guarded(*cell, [&] {
    params.run_id = this->id();
    // The root of a continued trace may be another process's, which may not have sent it yet.
    params.trace_id = is_continued(cell->record) ? std::string() : trace_id();
    params.project_id.clear();
    const auto destinations = run_destinations(*cell->destinations_);
    if (destinations->empty()) return;
    id = submit_feedback(std::move(params), std::string(llmtrace::project_of(cell->record)),
                         *destinations);
  });
  return id;
}

std::vector<llmtrace::HttpHeader> Run::to_headers() const {
  return llmtrace::inject(observation_, {.baggage = true});
}

}  // namespace v0
}  // namespace langsmith
