// OTLP's protobuf as OTLP's JSON: hexadecimal ids, integers of 64 bits as text. One form is enough
// for what is stored, read back and exported, whichever way it came.
#pragma once

#include <protozero/pbf_reader.hpp>
#include <string>
#include <string_view>

namespace llmtrace::collector {

// Cases match field number and wire type together: a known field of another wire type is skipped
// like an unknown one, because protozero only asserts that the two agree.
constexpr std::uint32_t bytes_field(protozero::pbf_tag_type number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::length_delimited);
}
constexpr std::uint32_t varint_field(protozero::pbf_tag_type number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::varint);
}
constexpr std::uint32_t fixed64_field(protozero::pbf_tag_type number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::fixed64);
}

constexpr std::uint32_t fixed32_field(protozero::pbf_tag_type number) {
  return protozero::tag_and_type(number, protozero::pbf_wire_type::fixed32);
}

inline std::string_view view_of(protozero::pbf_reader& message) {
  const protozero::data_view view = message.get_view();
  return {view.data(), view.size()};
}

/// A KeyValue, its key as it came.
struct KeyValueView {
  std::string_view key{};
  protozero::pbf_reader value{};  // an AnyValue; without fields when there is none
};
KeyValueView read_key_value(protozero::pbf_reader message);

/// The AnyValue as OTLP's JSON has it, so that otlp_value() is the one place that interprets it.
/// What is nested too deep in it becomes JsonWriter::kTooDeepMark, in all of these.
std::string any_value_json(protozero::pbf_reader message);

std::string otlp_span_json(protozero::pbf_reader message);
std::string otlp_log_record_json(protozero::pbf_reader message);
std::string otlp_scope_json(protozero::pbf_reader message);
std::string otlp_resource_json(protozero::pbf_reader message);

}  // namespace llmtrace::collector
