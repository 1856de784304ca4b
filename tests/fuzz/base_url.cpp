// Base URLs from configuration: what is accepted is http or https, has a host, and holds no
// credentials.
#include <stdexcept>

#include "common/src/http_text.h"
#include "tests/fuzz/fuzz_input.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  try {
    const std::string url = llmtrace::checked_base_url(fuzz_text(data, size), "BASE_URL");
    require(url.size() > 7 && !url.ends_with('/'));
    require(!llmtrace::url_host(url).empty());
    require(url.find_first_of("\r\n ") == std::string::npos);
    llmtrace::is_loopback_url(url);
  } catch (const std::invalid_argument&) {  // refused, as most inputs are
  }
  return 0;
}
