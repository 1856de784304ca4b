#include "common/src/environment.h"

#include <errno.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <stdexcept>

#include "common/src/http_text.h"

namespace llmtrace {
inline namespace v0 {
namespace {

using std::chrono::milliseconds;

struct Variable {
  const char* name;
  std::string value;
};

std::optional<Variable> first_of(std::initializer_list<const char*> names) {
  for (const char* name : names) {
    if (auto value = environment_variable(name)) return Variable{name, std::move(*value)};
  }
  return std::nullopt;
}

double number_of(const Variable& variable) {
  double number = 0;
  const char* const end = variable.value.data() + variable.value.size();
  const auto result = std::from_chars(variable.value.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end || !std::isfinite(number)) {
    wrong_value(variable.name, "a number", variable.value);
  }
  return number;
}

std::optional<std::size_t> whole_number(std::string_view text) {
  text = without_blanks(text);
  const char* const end = text.data() + text.size();
  std::size_t number = 0;
  const auto result = std::from_chars(text.data(), end, number);
  if (result.ec != std::errc() || result.ptr != end) return std::nullopt;
  return number;
}

}  // namespace

void wrong_value(std::string_view name, std::string_view rule, std::string_view value) {
  throw std::invalid_argument(std::string(name) + " must be " + std::string(rule) + ", got \"" +
                              std::string(value) + "\"");
}

std::optional<std::string> environment_variable(const char* name) {
  const char* const value = secure_getenv(name);
  if (value == nullptr ||
      std::string_view(value).find_first_not_of(" \t\r\n") == std::string::npos) {
    return std::nullopt;
  }
  return value;
}

std::optional<std::string> environment_variable(std::initializer_list<const char*> names) {
  auto variable = first_of(names);
  return variable ? std::optional(std::move(variable->value)) : std::nullopt;
}

std::optional<bool> boolean_variable(std::initializer_list<const char*> names) {
  const auto variable = first_of(names);
  if (!variable) return std::nullopt;
  const std::string text = lower_case(variable->value);
  if (text == "true" || text == "1" || text == "yes" || text == "on") return true;
  if (text == "false" || text == "0" || text == "no" || text == "off") return false;
  wrong_value(variable->name, "true or false", variable->value);
}

std::optional<std::size_t> size_variable(std::initializer_list<const char*> names,
                                         std::size_t minimum) {
  const auto variable = first_of(names);
  if (!variable) return std::nullopt;
  constexpr std::size_t kMost = 1'000'000'000'000;
  const auto number = whole_number(variable->value);
  if (!number || *number < minimum) {
    wrong_value(variable->name, "a whole number of at least " + std::to_string(minimum),
                variable->value);
  }
  return std::min(*number, kMost);
}

std::optional<milliseconds> seconds_variable(std::initializer_list<const char*> names) {
  const auto variable = first_of(names);
  if (!variable) return std::nullopt;
  const double number = number_of(*variable);
  if (number < 0.001 || number > 86'400) {
    wrong_value(variable->name, "a number of seconds between 0.001 and 86400", variable->value);
  }
  return milliseconds(std::llround(number * 1000));
}

std::optional<milliseconds> milliseconds_variable(std::initializer_list<const char*> names) {
  const auto variable = first_of(names);
  if (!variable) return std::nullopt;
  constexpr std::size_t kDay = 86'400'000;
  const auto number = whole_number(variable->value);
  if (!number) {
    wrong_value(variable->name, "a whole number of milliseconds", variable->value);
  }
  return milliseconds(std::clamp<std::size_t>(*number, 1, kDay));
}

std::string program_name() { return program_invocation_short_name; }

std::string unknown_service_name() {
  const std::string program = program_name();
  return program.empty() ? "unknown_service" : "unknown_service:" + program;
}

std::string text_option(const ConfigText& given, std::initializer_list<const char*> names,
                        std::string_view fallback) {
  if (!given.empty()) return given.str();
  return environment_variable(names).value_or(std::string(fallback));
}

milliseconds checked_duration(milliseconds value, std::string_view name) {
  if (value <= milliseconds(0) || value > std::chrono::hours(24)) {
    wrong_value(name, "between 1 ms and 24 h", std::to_string(value.count()) + " ms");
  }
  return value;
}

double sample_rate_option(const std::optional<double>& given,
                          std::initializer_list<const char*> names) {
  const auto variable = given ? std::nullopt : first_of(names);
  const double rate = given ? *given : variable ? number_of(*variable) : 1;
  if (!(rate >= 0 && rate <= 1)) {
    wrong_value(variable ? variable->name : "Config::sample_rate", "in [0, 1]",
                variable ? variable->value : std::to_string(rate));
  }
  return rate;
}

std::vector<HttpHeader> checked_headers(const std::vector<HttpHeader>& headers,
                                        std::string_view option) {
  for (const HttpHeader& header : headers) {
    if (!is_header_name(header.name)) {
      wrong_value(option, "header names of letters, digits and hyphens", header.name);
    }
    if (!header.value.empty() && !is_header_value(header.value)) {
      // The value is not repeated: it may be a credential.
      throw std::invalid_argument(std::string(option) + ": the value of \"" + header.name +
                                  "\" holds a control character; remove line breaks");
    }
  }
  return headers;
}

std::string lower_case(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

}  // namespace v0
}  // namespace llmtrace
