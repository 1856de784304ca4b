#include "common/src/otlp_exporter/otel_variables.h"

#include <algorithm>
#include <stdexcept>

#include "common/src/environment.h"
#include "common/src/http_text.h"

namespace llmtrace {
inline namespace v0 {
namespace {

std::string_view trimmed(std::string_view text) noexcept {
  const auto is_blank = [](char c) { return c == ' ' || c == '\t'; };
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

}  // namespace

template <class Read>
auto OtelVariables::first_readable(Names names, Read read) {
  decltype(read(*names.begin())) value;
  for (const char* name : names) {
    try {
      value = read(name);
    } catch (const std::invalid_argument& error) {
      warn(std::string(error.what()) + "; it is ignored");
    }
    if (value) break;
  }
  return value;
}

std::optional<std::string> OtelVariables::text(Names names) const {
  return environment_variable(names);
}

std::optional<std::chrono::milliseconds> OtelVariables::milliseconds(Names names) {
  return first_readable(names, [](const char* name) { return milliseconds_variable({name}); });
}

std::optional<std::size_t> OtelVariables::count(Names names, std::size_t minimum) {
  return first_readable(names, [&](const char* name) { return size_variable({name}, minimum); });
}

std::optional<double> OtelVariables::ratio(const char* name) {
  return first_readable({name}, [](const char* known) -> std::optional<double> {
    if (!environment_variable(known)) return std::nullopt;
    return sample_rate_option(std::nullopt, {known});
  });
}

bool OtelVariables::is_true(const char* name) {
  const auto value = environment_variable(name);
  if (!value) return false;
  const std::string text = lower_case(std::string(trimmed(*value)));
  if (text != "true" && text != "false") {
    warn(std::string(name) + " must be true or false, got \"" + *value + "\"; it counts as false");
  }
  return text == "true";
}

std::optional<std::size_t> OtelVariables::choice(Names names,
                                                 std::initializer_list<std::string_view> choices) {
  return first_readable(names, [&](const char* name) -> std::optional<std::size_t> {
    const auto value = environment_variable(name);
    if (!value) return std::nullopt;
    const auto known = std::find(choices.begin(), choices.end(),
                                 std::string_view(lower_case(std::string(trimmed(*value)))));
    if (known != choices.end()) return static_cast<std::size_t>(known - choices.begin());
    std::string rule = "one of";
    for (const std::string_view possible : choices) {
      rule.append(rule == "one of" ? " " : ", ").append(possible);
    }
    wrong_value(name, rule, *value);
  });
}

std::vector<std::pair<std::string, std::string>> OtelVariables::pairs(Names names) {
  std::vector<std::pair<std::string, std::string>> read;
  for (const char* name : names) {
    const auto value = environment_variable(name);
    if (!value) continue;
    std::string_view rest = *value;
    while (!rest.empty()) {
      const std::size_t comma = std::min(rest.find(','), rest.size());
      const std::string_view member = trimmed(rest.substr(0, comma));
      rest.remove_prefix(std::min(comma + 1, rest.size()));
      const std::size_t equals = member.find('=');
      const std::string_view key = trimmed(member.substr(0, equals));
      if (member.empty()) continue;
      if (equals == std::string_view::npos || key.empty()) {
        warn(
            std::string(name) +
            " must be a list of key=value, separated by commas, with what is special in a value as "
            "%XX; a member without a key and an equals sign is ignored");
        continue;
      }
      read.emplace_back(percent_decoded(key), percent_decoded(trimmed(member.substr(equals + 1))));
    }
    break;
  }
  return read;
}

}  // namespace v0
}  // namespace llmtrace
