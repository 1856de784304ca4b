// OTLP's JSON encoding (proto3 JSON with hexadecimal ids).
#pragma once

#include <optional>
#include <string_view>

#include "collector/otlp_trace.h"
#include "common/src/json_value.h"

namespace llmtrace::collector {

/// Throws BadRequest for text that is no JSON, is nested too deep, or has something else where the
/// format has an array. Ids are taken as they stand; OtlpRoute judges them.
OtlpTrace decode_otlp_json(std::string_view body, Keep keep = Keep::Attributes);

/// The parts of an export by themselves.
OtlpSpan decode_otlp_span(const JsonValue& json, Keep keep = Keep::Attributes);
OtlpAttributes decode_otlp_attributes(const JsonValue& object, Keep keep = Keep::Attributes);

/// An AnyValue as the server keeps it: scalars as themselves, an array as a JSON array, and a
/// key-value list, bytes or an array without elements as the raw JSON text of the AnyValue. Nothing
/// when unset.
std::optional<OtlpValue> otlp_value(const JsonValue& any_value);

}  // namespace llmtrace::collector
