// Redaction by rules: `redact` makes a mask, for set_mask or a client's own, that replaces in every
// string of a value what the rules match. Patterns are RE2's: matching takes linear time, whatever
// the text. Keys of objects, numbers and the shape of the value stay.
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/observation.h>

#include <string>
#include <vector>

namespace llmtrace {
inline namespace v0 {

struct RedactionRule {
  std::string pattern{};               ///< RE2 syntax
  std::string replace = "[redacted]";  ///< \1 to \9 stand for the pattern's groups
};

/// Throws std::invalid_argument for a pattern that RE2 does not take, naming it. The mask may be
/// called from any thread.
LLMTRACE_EXPORT Mask redact(std::vector<RedactionRule> rules);

/// Rules for what is secret wherever it stands: the API keys of common services, JSON web tokens,
/// private keys, Authorization headers, passwords in URLs and in "password = ..." texts. Each
/// becomes
/// "[SECRET_DETECTED]".
LLMTRACE_EXPORT std::vector<RedactionRule> secret_rules();

}  // namespace v0
}  // namespace llmtrace
