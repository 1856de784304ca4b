// BadRequest is what the decoders throw on input that they cannot read; the route that called them
// answers 400 with its text. It never leaves the collector.
#pragma once

#include <stdexcept>

namespace llmtrace::collector {

class BadRequest : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The input can be read and says what it must not; answered with 422.
class UnprocessableEntity : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The input is about something that is not here; answered with 404.
class NotFound : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The input is larger than allowed once unpacked; answered with 413.
class PayloadTooLarge : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace llmtrace::collector
