// Checks on what goes into a request: header names and values (no way to smuggle a second header
// in) and base URLs.
#pragma once

#include <llmtrace/export.h>

#include <algorithm>
#include <string>
#include <string_view>

namespace llmtrace {
inline namespace v0 {

/// Whether two header names are the same: ASCII letters of either case.
LLMTRACE_EXPORT bool same_ignoring_case(std::string_view left, std::string_view right) noexcept;

/// An RFC 9110 token.
LLMTRACE_EXPORT bool is_header_name(std::string_view text) noexcept;
/// No control characters; not empty at its ends.
LLMTRACE_EXPORT bool is_header_value(std::string_view text) noexcept;

/// The URL without a trailing slash and without user information. Throws std::invalid_argument,
/// naming `option`, unless it is http:// or https:// with a host.
LLMTRACE_EXPORT std::string checked_base_url(std::string_view url, std::string_view option);

/// The URL without user information and fragment, with at least "/" as its path. Throws as
/// `checked_base_url` does.
LLMTRACE_EXPORT std::string checked_url(std::string_view url, std::string_view option);

/// Without the blanks and tabs at its ends.
LLMTRACE_EXPORT std::string_view without_blanks(std::string_view text) noexcept;

/// Calls `visit` with each part between the commas of a header's list, without blanks; some may be
/// empty.
template <class Visit>
void for_each_list_member(std::string_view list, Visit visit) {
  while (!list.empty()) {
    const std::size_t comma = std::min(list.find(','), list.size());
    visit(without_blanks(list.substr(0, comma)));
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
}

/// The host of an http or https URL, without port and brackets.
LLMTRACE_EXPORT std::string_view url_host(std::string_view url) noexcept;

/// Whether the URL's host is this machine: localhost, 127.0.0.0/8 or ::1.
LLMTRACE_EXPORT bool is_loopback_url(std::string_view url) noexcept;

/// All but letters, digits, "-", ".", "_" and "~" as %XX.
LLMTRACE_EXPORT std::string percent_encoded(std::string_view text);
/// The opposite; what is no %XX stays as it is.
LLMTRACE_EXPORT std::string percent_decoded(std::string_view text);
/// Whether each % begins a %XX.
LLMTRACE_EXPORT bool is_percent_encoded(std::string_view text) noexcept;

/// RFC 4648 base64, for Basic authentication.
LLMTRACE_EXPORT std::string base64(std::string_view data);

}  // namespace v0
}  // namespace llmtrace
