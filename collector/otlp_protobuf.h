// OTLP's protobuf encoding, read field by field with protozero.
#pragma once

#include <string_view>

#include "collector/otlp_trace.h"

namespace llmtrace::collector {

/// Throws BadRequest when `body` is not a well-formed protobuf message. Unknown fields are skipped;
/// strings that are not UTF-8 are repaired with U+FFFD; ids come out as lower-case hexadecimal.
OtlpTrace decode_otlp_protobuf(std::string_view body, Keep keep = Keep::Attributes);

}  // namespace llmtrace::collector
