// The environment, as the vendors' configurations read it: blank is unset, and a set-uid program
// does not trust it. A value that cannot be read throws std::invalid_argument, naming the variable,
// the rule and the value.
#pragma once

#include <llmtrace/export.h>
#include <llmtrace/http_client.h>
#include <llmtrace/secret.h>

#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace llmtrace {
inline namespace v0 {

/// "NAME must be RULE, got "VALUE"".
[[noreturn]] LLMTRACE_EXPORT void wrong_value(std::string_view name, std::string_view rule,
                                              std::string_view value);

/// One row of the table that docs/configuration.md shows of a vendor.
struct VariableInfo {
  const char* name;
  const char* option;  ///< the member of Config; empty: there is none
  const char* meaning;
};

LLMTRACE_EXPORT std::optional<std::string> environment_variable(const char* name);
/// The first of `names` that is set.
LLMTRACE_EXPORT std::optional<std::string> environment_variable(
    std::initializer_list<const char*> names);
/// true, 1, yes, on and their opposites, in any case.
LLMTRACE_EXPORT std::optional<bool> boolean_variable(std::initializer_list<const char*> names);
/// A whole number of at least `minimum`; more than 10^12 counts as that.
LLMTRACE_EXPORT std::optional<std::size_t> size_variable(std::initializer_list<const char*> names,
                                                         std::size_t minimum = 1);
/// A number of seconds, 0.001 to 86,400.
LLMTRACE_EXPORT std::optional<std::chrono::milliseconds> seconds_variable(
    std::initializer_list<const char*> names);

/// A whole number of milliseconds; 0 counts as 1, more than a day as a day.
LLMTRACE_EXPORT std::optional<std::chrono::milliseconds> milliseconds_variable(
    std::initializer_list<const char*> names);

/// The file name under which the program was started; may be empty.
LLMTRACE_EXPORT std::string program_name();
/// As OpenTelemetry names a service that nobody named: "unknown_service:" and the program's name.
LLMTRACE_EXPORT std::string unknown_service_name();

/// Code over environment over default.
LLMTRACE_EXPORT std::string text_option(const ConfigText& given,
                                        std::initializer_list<const char*> names,
                                        std::string_view fallback);
/// Between 1 ms and 24 h.
LLMTRACE_EXPORT std::chrono::milliseconds checked_duration(std::chrono::milliseconds value,
                                                           std::string_view name);
/// In [0, 1]; `names` when the code gives none, else 1.
LLMTRACE_EXPORT double sample_rate_option(const std::optional<double>& given,
                                          std::initializer_list<const char*> names);
/// `headers`, each with a name and a value that may stand in a request; `option` gave them.
LLMTRACE_EXPORT std::vector<HttpHeader> checked_headers(
    const std::vector<HttpHeader>& headers, std::string_view option = "Config::additional_headers");
/// ASCII letters in lower case.
LLMTRACE_EXPORT std::string lower_case(std::string text);

}  // namespace v0
}  // namespace llmtrace
