// Prints what our writer makes of random bytes: a line each with the bytes in hex, a blank, and the
// JSON of {bytes: bytes}.   random_lines COUNT
#include <llmtrace/json.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tests/support/byte_source.h"

namespace {

std::string hex_of(const std::string& bytes) {
  constexpr const char* kDigits = "0123456789abcdef";
  std::string hex;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    hex += {kDigits[byte >> 4], kDigits[byte & 15]};
  }
  return hex;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  llmtrace::tests::ByteSource source;
  for (long left = std::atol(argv[1]); left > 0; --left) {
    const std::string bytes = source.next();
    std::printf("%s %s\n", hex_of(bytes).c_str(),
                llmtrace::Json({{bytes, bytes}}).to_text().c_str());
  }
  return 0;
}
