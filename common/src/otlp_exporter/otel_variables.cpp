#include "common/src/otlp_exporter/otel_variables.h"

#include <algorithm>
#include <stdexcept>

#include "common/src/environment.h"
#include "common/src/http_text.h"

namespace llmtrace {
inline namespace v0 {
namespace {

constexpr std::chrono::milliseconds kDay = std::chrono::hours(24);

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

std::optional<std::chrono::milliseconds> OtelVariables::milliseconds(Names names,
                                                                     std::size_t minimum) {
  const auto number = count(names, minimum);
  if (!number) return std::nullopt;
  return std::min(std::chrono::milliseconds(*number), kDay);
}

std::optional<std::chrono::milliseconds> OtelVariables::timeout(Names names) {
  const auto time = milliseconds(names);
  return time == std::chrono::milliseconds(0) ? kDay : time;
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
  const std::string text = lower_case(std::string(without_blanks(*value)));
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
                                 std::string_view(lower_case(std::string(without_blanks(*value)))));
    if (known != choices.end()) return static_cast<std::size_t>(known - choices.begin());
    std::string rule = "one of";
    for (const std::string_view possible : choices) {
      rule.append(rule == "one of" ? " " : ", ").append(possible);
    }
    wrong_value(name, rule, *value);
  });
}

OtelVariables::Pairs OtelVariables::pairs(Names names) {
  Pairs read;
  for (const char* name : names) {
    const auto value = environment_variable(name);
    if (!value) continue;
    read.name = name;
    for_each_list_member(*value, [&](std::string_view member) {
      const std::size_t equals = member.find('=');
      const std::string_view key = without_blanks(member.substr(0, equals));
      if (member.empty()) return;
      if (equals == std::string_view::npos || key.empty()) {
        read.has_bad_member = true;
        return;
      }
      if (!is_percent_encoded(member)) read.has_bad_escape = true;
      read.pairs.emplace_back(percent_decoded(key),
                              percent_decoded(without_blanks(member.substr(equals + 1))));
    });
    break;
  }
  return read;
}

}  // namespace v0
}  // namespace llmtrace
