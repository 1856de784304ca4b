// A model's server-sent events, cut where the first two bytes say: whole and in pieces they say the
// same.
#include <llmtrace/openai/recording.h>

#include "tests/fuzz/fuzz_input.h"

namespace {

using llmtrace::openai::ChatCompletion;
using llmtrace::openai::StreamReader;

void require_same(const ChatCompletion& one, const ChatCompletion& other) {
  require(one.choices.size() == other.choices.size());
  require(one.text() == other.text());
  require(one.finish_reason() == other.finish_reason());
  require(one.tool_calls().size() == other.tool_calls().size());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 2) return 0;
  const std::string_view text = fuzz_text(data + 2, size - 2);
  const std::size_t piece = data[0] % 64U + 1;
  StreamReader whole;
  const std::string all = whole.feed(text);
  StreamReader cut;
  std::string pieces;
  for (std::size_t at = 0; at < text.size(); at += piece)
    pieces += cut.feed(text.substr(at, piece));
  require(all == pieces);
  require(whole.error() == cut.error());
  require(whole.is_complete() == cut.is_complete());
  require_same(whole.completion(), cut.completion());
  static_cast<void>(llmtrace::openai::update_of({.reply = text}));
  return 0;
}
