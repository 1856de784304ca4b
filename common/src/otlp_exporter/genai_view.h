// GenAiView is a record as the parts of GenAiMapper see it: with its metadata read and its
// operation named. It lives for one span.
#pragma once

#include <algorithm>
#include <string>
#include <string_view>

#include "common/src/json_members.h"
#include "common/src/json_text.h"
#include "common/src/otlp_exporter/genai_mapper.h"
#include "common/src/otlp_exporter/genai_names.h"

namespace llmtrace {
inline namespace v0 {

struct GenAiView {
  const Record& record;
  const JsonMembers& metadata;
  std::string_view operation;  // gen_ai.operation.name; empty: none
  const GenAiOptions& options;

  /// Empty where the version has no such attribute: sinks leave that out.
  std::string_view name(GenAi attribute) const noexcept {
    return name_of(attribute, options.conventions);
  }
  /// The JSON text of a member; empty when there is none.
  std::string_view metadata_json(std::string_view key) const noexcept {
    const auto& members = metadata.members();
    const auto found = std::find_if(members.begin(), members.end(),
                                    [key](const auto& member) { return member.key == key; });
    return found == members.end() ? std::string_view() : found->value;
  }
  /// A member that is a text; empty when it is none.
  std::string metadata_text(std::string_view key) const {
    const std::string_view json = metadata_json(key);
    return json.starts_with('"') ? unescape_json_string(json) : std::string();
  }
};

/// Inputs and outputs, which are sent only when asked for.
void map_content(const GenAiView& view, AttributeSink& sink);

}  // namespace v0
}  // namespace llmtrace
