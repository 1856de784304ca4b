#include "collector/otlp_trace.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

namespace llmtrace::collector {
namespace {

bool is_dangerous(std::string_view key) {
  while (true) {
    const std::size_t dot = key.find('.');
    const std::string_view segment = key.substr(0, dot);
    if (segment == "__proto__" || segment == "constructor" || segment == "prototype") return true;
    if (dot == std::string_view::npos) return false;
    key.remove_prefix(dot + 1);
  }
}

}  // namespace

bool is_content(std::string_view key) noexcept {
  constexpr std::array<std::string_view, 9> kContent = {"gen_ai.completion",
                                                        "gen_ai.input.",
                                                        "gen_ai.output.messages",
                                                        "gen_ai.prompt",
                                                        "gen_ai.system_instructions",
                                                        "input.value",
                                                        "llm.input_messages.",
                                                        "llm.output_messages.",
                                                        "output.value"};
  return std::any_of(kContent.begin(), kContent.end(),
                     [key](std::string_view name) { return key.starts_with(name); });
}

void add_attribute(OtlpAttributes& attributes, std::string key, OtlpValue value) {
  if (!is_dangerous(key)) attributes.insert_or_assign(std::move(key), std::move(value));
}

std::optional<std::int64_t> nanoseconds_to_us(std::uint64_t nanoseconds) {
  constexpr std::uint64_t kLatest = std::numeric_limits<std::int64_t>::max();  // the year 2262
  if (nanoseconds == 0) return std::nullopt;
  return static_cast<std::int64_t>(std::min(nanoseconds, kLatest) / 1000);
}

}  // namespace llmtrace::collector
