// What servers put into headers: Retry-After as seconds or a date, times in bodies.
#include "common/src/http_text.h"
#include "common/src/time_text.h"
#include "common/src/verdict.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text = fuzz_text(data, size);
  const llmtrace::Timestamp now{std::chrono::hours(500'000)};
  if (const auto delay = llmtrace::parse_retry_after(text, now)) {
    require(*delay >= std::chrono::milliseconds(0) && *delay <= std::chrono::hours(1));
  }
  if (const auto time = llmtrace::parse_rfc3339(text)) {
    std::string written;
    llmtrace::append_rfc3339(written, *time);
    require(llmtrace::parse_rfc3339(written).has_value());
  }
  if (llmtrace::is_header_value(text)) {
    require(text.find_first_of("\r\n") == std::string_view::npos);
    require(text.find('\0') == std::string_view::npos);
  }
  return 0;
}
