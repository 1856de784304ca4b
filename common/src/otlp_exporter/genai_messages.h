// Inputs and outputs in the form that the GenAI conventions give to messages:
// [{"role": "user", "parts": [{"type": "text", "content": "..."}]}].
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/json.h>

#include <string>
#include <string_view>
#include <vector>

namespace llmtrace {
inline namespace v0 {

enum class Direction : unsigned char { Input, Output };

/// Of the messages of a chat as OpenAI's and Anthropic's APIs have them: one, a list of them, or an
/// object with the member "messages". Any other value is one message with one text, of the user or,
/// for an output, the assistant. Every message of an output has a finish reason: of
/// `finish_reasons` that of its place, else `otherwise`.
LLMTRACE_EXPORT std::string messages_of(const Json& value, Direction direction,
                                        const std::vector<std::string>& finish_reasons = {},
                                        std::string_view otherwise = "stop");

/// The parts of what a request tells the model apart from its messages: the members "system" and
/// "instructions" of an object; empty without any.
LLMTRACE_EXPORT std::string instructions_of(const Json& value);

}  // namespace v0
}  // namespace llmtrace
