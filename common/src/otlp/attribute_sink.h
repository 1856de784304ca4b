// AttributeSink receives the attributes of one span, span event or resource, whatever the encoding
// behind it. A destination that speaks OTLP gives a mapper that says what a record is as a span.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "common/src/record.h"

namespace llmtrace {
inline namespace v0 {

class AttributeSink {
 public:
  virtual ~AttributeSink() = default;

  virtual void string(std::string_view key, std::string_view value) = 0;
  virtual void boolean(std::string_view key, bool value) = 0;
  virtual void integer(std::string_view key, std::int64_t value) = 0;
  /// `value` is finite.
  virtual void number(std::string_view key, double value) = 0;
  virtual void strings(std::string_view key, const std::vector<std::string>& values) = 0;

  /// A plain string as it is, any other value as its JSON text: structured values travel as text.
  /// Nothing when absent.
  void json(std::string_view key, const Json& value) {
    if (!value.is_absent()) string(key, value.text());
  }
  /// Nothing when empty.
  void text(std::string_view key, std::string_view value) {
    if (!value.empty()) string(key, value);
  }
};

using WriteAttributes = std::function<void(AttributeSink&)>;

/// What a destination says of a record; returns how many invalid numbers it left out.
using AttributeMapper = std::function<std::uint64_t(const Record&, AttributeSink&)>;

/// What a destination says of every span: the resource and the instrumentation scope.
struct OtlpResource {
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string scope_name;
  std::string scope_version;
};

}  // namespace v0
}  // namespace llmtrace
