// Anonymizers for Config::anonymizer, in LangSmith's words; see <llmtrace/redaction.h>.
#pragma once

#include <llmtrace/redaction.h>

#include <vector>

namespace langsmith {
inline namespace v0 {

using llmtrace::RedactionRule;

/// Replaces what the rules match in every text. Throws std::invalid_argument for a pattern that RE2
/// does not take.
inline llmtrace::Mask create_anonymizer(std::vector<RedactionRule> rules) {
  return llmtrace::redact(std::move(rules));
}

/// The built-in rules for API keys, tokens, private keys and passwords in URLs.
inline llmtrace::Mask create_secret_anonymizer() {
  return llmtrace::redact(llmtrace::secret_rules());
}

}  // namespace v0
}  // namespace langsmith
