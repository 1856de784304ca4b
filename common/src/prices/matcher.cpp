#include "common/src/prices/matcher.h"

#include <re2/re2.h>

#include <algorithm>

#include "common/src/environment.h"

namespace llmtrace {
inline namespace v0 {

Matcher::Matcher(const JsonValue& condition) {
  if (condition.members().empty()) return;
  const auto& [key, value] = condition.members().front();
  text_ = lower_case(value.as_string());
  if (key == "equals") kind_ = Kind::Equals;
  if (key == "starts_with") kind_ = Kind::StartsWith;
  if (key == "ends_with") kind_ = Kind::EndsWith;
  if (key == "contains") kind_ = Kind::Contains;
  if (key == "regex") {
    re2::RE2::Options options;
    options.set_case_sensitive(false);
    options.set_log_errors(false);
    pattern_ = std::make_unique<re2::RE2>(value.as_string(), options);
    if (pattern_->ok()) kind_ = Kind::Regex;
  }
  if (key == "or" || key == "and") {
    kind_ = key == "or" ? Kind::Any : Kind::All;
    for (const JsonValue& part : value.elements()) parts_.emplace_back(part);
  }
}

Matcher::Matcher(Matcher&&) noexcept = default;
Matcher::~Matcher() = default;

bool Matcher::matches(std::string_view name) const {
  const auto part_matches = [&](const Matcher& part) { return part.matches(name); };
  switch (kind_) {
    case Kind::Nothing:
      return false;
    case Kind::Equals:
      return name == text_;
    case Kind::StartsWith:
      return name.starts_with(text_);
    case Kind::EndsWith:
      return name.ends_with(text_);
    case Kind::Contains:
      return name.find(text_) != std::string_view::npos;
    case Kind::Regex:
      return re2::RE2::PartialMatch(re2::StringPiece(name.data(), name.size()), *pattern_);
    case Kind::Any:
      return std::any_of(parts_.begin(), parts_.end(), part_matches);
    case Kind::All:
      return std::all_of(parts_.begin(), parts_.end(), part_matches);
  }
  return false;
}

}  // namespace v0
}  // namespace llmtrace
