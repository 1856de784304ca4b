// SpanMapper says what a record is as an OTLP span: its name and kind, its attributes and its
// events. One per destination; the flusher thread asks it for one record after the other, `head`
// first.
#pragma once

#include <llmtrace/clock.h>

#include <cstdint>
#include <string_view>

#include "common/src/otlp/attribute_sink.h"

namespace llmtrace {
inline namespace v0 {

/// The numbers are those of trace.proto.
enum class SpanKind : unsigned char { Internal = 1, Server = 2, Client = 3 };

struct SpanHead {
  /// Valid until the next record. Backends refuse or hide spans without one.
  std::string_view name;
  SpanKind kind = SpanKind::Internal;
  /// Whether W3C's trace flags and trace state are told.
  bool has_context = false;
};

/// Receives the events of one span.
class EventSink {
 public:
  virtual ~EventSink() = default;
  virtual void event(std::string_view name, Timestamp time, const WriteAttributes& attributes) = 0;
};

/// What limits made a mapper leave out of one span.
struct DroppedCounts {
  std::uint32_t attributes = 0;
  std::uint32_t events = 0;
};

class SpanMapper {
 public:
  virtual ~SpanMapper() = default;

  virtual SpanHead head(const Record& record) {
    return {record.name.empty() ? to_string(record.type) : std::string_view(record.name)};
  }
  /// Returns how many invalid numbers it left out.
  virtual std::uint64_t attributes(const Record& record, AttributeSink& sink) = 0;
  virtual void events(const Record& /*record*/, EventSink& /*sink*/) {}
  /// Of the record whose attributes and events were asked for.
  virtual DroppedCounts dropped() const noexcept { return {}; }
};

}  // namespace v0
}  // namespace llmtrace
