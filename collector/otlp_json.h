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

/// An AnyValue: scalars as themselves, an array as a JSON array, a key-value list as a JSON object,
/// bytes as base64 text. Of Keep::Attributes, where Langfuse's server keeps them so, what is
/// neither a scalar nor an array with elements is the raw JSON text of the AnyValue. Nothing when
/// unset.
std::optional<OtlpValue> otlp_value(const JsonValue& any_value, Keep keep);

}  // namespace llmtrace::collector
