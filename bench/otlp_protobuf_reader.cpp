#include <protozero/exception.hpp>
#include <protozero/pbf_reader.hpp>

#include "bench/otlp_reader.h"

namespace llmtrace::bench {
namespace {

using protozero::pbf_reader;
using protozero::pbf_wire_type;
using protozero::tag_and_type;

constexpr auto kBytes = pbf_wire_type::length_delimited;
constexpr int kMaxDepth = 64;
constexpr std::size_t kTraceIdSize = 16;
constexpr std::size_t kSpanIdSize = 8;

struct Malformed : protozero::exception {};

// A message of which only the framing is checked.
void walk(pbf_reader message) {
  while (message.next()) message.skip();
}

void walk_key_value(pbf_reader message, int depth);

void walk_any_value(pbf_reader message, int depth) {
  if (depth > kMaxDepth) throw Malformed();
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(5, kBytes): {  // array_value
        pbf_reader values = message.get_message();
        while (values.next(1, kBytes)) walk_any_value(values.get_message(), depth + 1);
        break;
      }
      case tag_and_type(6, kBytes): {  // kvlist_value
        pbf_reader members = message.get_message();
        while (members.next(1, kBytes)) walk_key_value(members.get_message(), depth + 1);
        break;
      }
      default:
        message.skip();
    }
  }
}

void walk_key_value(pbf_reader message, int depth) {
  bool has_key = false;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kBytes):
        has_key = message.get_view().size() != 0;
        break;
      case tag_and_type(2, kBytes):
        walk_any_value(message.get_message(), depth);
        break;
      default:
        message.skip();
    }
  }
  if (!has_key) throw Malformed();
}

void walk_resource(pbf_reader message) {
  while (message.next()) {
    if (message.tag_and_type() == tag_and_type(1, kBytes)) {
      walk_key_value(message.get_message(), 0);
    } else {
      message.skip();
    }
  }
}

std::uint64_t span_id_of(protozero::data_view bytes) {
  if (bytes.size() != kSpanIdSize) throw Malformed();
  std::uint64_t id = 0;
  for (std::size_t i = 0; i < kSpanIdSize; ++i) {
    id = (id << 8U) | static_cast<unsigned char>(bytes.data()[i]);
  }
  return id;
}

std::uint64_t walk_span(pbf_reader message) {
  std::uint64_t id = 0;
  bool has_trace_id = false;
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kBytes):
        has_trace_id = message.get_view().size() == kTraceIdSize;
        break;
      case tag_and_type(2, kBytes):
        id = span_id_of(message.get_view());
        break;
      case tag_and_type(9, kBytes):
        walk_key_value(message.get_message(), 0);
        break;
      case tag_and_type(11, kBytes):  // event
      case tag_and_type(13, kBytes):  // link
      case tag_and_type(15, kBytes):  // status
        walk(message.get_message());
        break;
      default:
        message.skip();
    }
  }
  if (!has_trace_id || id == 0) throw Malformed();
  return id;
}

void walk_scope_spans(pbf_reader message, std::vector<std::uint64_t>& span_ids) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kBytes):
        walk(message.get_message());
        break;
      case tag_and_type(2, kBytes):
        span_ids.push_back(walk_span(message.get_message()));
        break;
      default:
        message.skip();
    }
  }
}

void walk_resource_spans(pbf_reader message, std::vector<std::uint64_t>& span_ids) {
  while (message.next()) {
    switch (message.tag_and_type()) {
      case tag_and_type(1, kBytes):
        walk_resource(message.get_message());
        break;
      case tag_and_type(2, kBytes):
        walk_scope_spans(message.get_message(), span_ids);
        break;
      default:
        message.skip();
    }
  }
}

}  // namespace

bool read_otlp_protobuf(std::string_view body, std::vector<std::uint64_t>& span_ids) {
  const std::size_t before = span_ids.size();
  try {
    pbf_reader request(body.data(), body.size());
    while (request.next()) {
      if (request.tag_and_type() != tag_and_type(1, kBytes)) throw Malformed();
      walk_resource_spans(request.get_message(), span_ids);
    }
    return true;
  } catch (const protozero::exception&) {
    span_ids.resize(before);
    return false;
  }
}

}  // namespace llmtrace::bench
