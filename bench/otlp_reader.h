// Reads OTLP trace bodies as a server does, but keeps nothing except the span ids: protobuf with
// protozero, JSON with RapidJSON's SAX parser in place. The whole structure is checked; a body with
// one fault gives nothing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace llmtrace::bench {

/// Appends the span ids (big-endian); false when the body is no ExportTraceServiceRequest.
bool read_otlp_protobuf(std::string_view body, std::vector<std::uint64_t>& span_ids);

/// The same for JSON. Overwrites the body; `body[size]` must be a zero byte.
bool read_otlp_json(char* body, std::size_t size, std::vector<std::uint64_t>& span_ids);

/// The value of exactly 16 hex digits; 0 for any other text.
std::uint64_t span_id_from_hex(std::string_view text) noexcept;

}  // namespace llmtrace::bench
