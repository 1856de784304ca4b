// SpanAttributes answers the mapper's questions about a span: the first of several names, on the
// span or on its resource, as text, JSON or flag. It also notes what was asked, because attributes
// that nothing reads become metadata. Lives while one span is mapped.
#pragma once

#include <functional>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "collector/metadata_text.h"
#include "collector/otlp_trace.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {

class SpanAttributes {
 public:
  using Names = std::initializer_list<std::string_view>;

  SpanAttributes(const OtlpAttributes& span, const OtlpAttributes& resource)
      : span_(span), resource_(resource) {}

  /// The first of `names` that the span has and that is not empty, as text.
  std::optional<std::string> text(Names names);
  /// As `text`, with the resource asked after the span for each name.
  std::optional<std::string> text_or_resource(Names names);
  std::optional<std::string> resource_text(Names names) const;
  std::optional<bool> flag(Names names);
  /// As `text`, parsed; nothing unless it is a JSON object.
  std::optional<JsonValue> object(Names names);

  /// Calls `visit(rest of the name, value)` for each attribute that starts with `prefix`.
  void for_each(std::string_view prefix,
                const std::function<void(const std::string&, const OtlpValue&)>& visit);

  /// The value as it came, marked as read.
  const OtlpValue* find(std::string_view name);
  /// The attributes that nothing has asked for, as one JSON object.
  std::string unread_json() const;

 private:
  const OtlpAttributes& span_;
  const OtlpAttributes& resource_;
  std::set<std::string, std::less<>> read_;
};

/// Attributes as the text of a JSON object.
std::string attributes_json(const OtlpAttributes& attributes);

}  // namespace llmtrace::collector
