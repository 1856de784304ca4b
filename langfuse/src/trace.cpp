#include <langfuse/trace.h>

#include "common/src/cell.h"
#include "common/src/guard.h"
#include "langfuse/src/trace_attributes.h"

namespace langfuse {
inline namespace v0 {
namespace {

void overwrite(std::string& target, std::string&& value) {
  if (!value.empty()) target = std::move(value);
}

}  // namespace

void merge(llmtrace::TraceAttributes& attributes, TraceUpdate update) {
  overwrite(attributes.trace_name, std::move(update.name));
  overwrite(attributes.user_id, std::move(update.user_id));
  overwrite(attributes.session_id, std::move(update.session_id));
  overwrite(attributes.version, std::move(update.version));
  overwrite(attributes.release_name, std::move(update.release));
  attributes.metadata.merge(std::move(update.metadata));
  llmtrace::add_tags(attributes, update.tags);
  if (update.is_public) attributes.is_public = update.is_public;
}

void Trace::update(TraceUpdate update) const noexcept {
  llmtrace::Cell* const cell = root_.cell();
  if (cell == nullptr) return;
  llmtrace::guarded(*cell, [&] {
    llmtrace::ObservationUpdate root{
        .name = update.name, .input = std::move(update.input), .output = std::move(update.output)};
    const auto current = llmtrace::inherited_attributes(*cell);
    auto attributes = llmtrace::copy_attributes(current.get());
    merge(*attributes, std::move(update));
    llmtrace::replace_attributes(
        *cell, llmtrace::Ref<const llmtrace::TraceAttributes>::adopt(attributes.detach()));
    llmtrace::update_cell(*cell, std::move(root));
  });
}

}  // namespace v0
}  // namespace langfuse
